"""What is odd about factors made elsewhere, in sentences beside their scores."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nmflab.contracts import FittedRun
from nmflab.scoring.posing import Posed

_OFF_SCALE = 1.1
"""How far from 1 the best scalar of WH may be before it is worth a sentence."""


def oddities(posed: Posed, run: FittedRun, objective: float) -> list[str]:
    """Return what a reader of the scores must know about the factors."""
    said = [*_negative(run), *_off_scale(posed, run, objective)]
    if posed.axes["split"]["name"] != "none":
        said.append(
            "whether the test cells were kept from whoever made the factors is not"
            " known here: only then are they held out"
        )
    return said


def _negative(run: FittedRun) -> Iterator[str]:
    for name, factor in (("W", run.factors.W), ("H", run.factors.H)):
        n_below = int(np.count_nonzero(factor < 0))
        if n_below:
            yield (
                f"{name} holds {n_below:,} entries below 0 (the lowest"
                f" {factor.min():.3g}): metrics of non-negative factors do not apply,"
                f" and kappa takes {name} as free of sign"
            )


def _off_scale(posed: Posed, run: FittedRun, objective: float) -> Iterator[str]:
    factors = run.factors
    has_offset = factors.row_offset is not None or factors.column_offset is not None
    if has_offset or not math.isfinite(objective):
        return
    scale = posed.prepared.evaluator.optimal_scale(factors)
    if not 1 / _OFF_SCALE < scale < _OFF_SCALE:
        yield (
            f"WH fits X best when multiplied by {scale:.4g}: the factors are of X in"
            " another unit or weighted otherwise (weighting=..., dataset.x=...), or of"
            " another model, and errors say so"
        )
