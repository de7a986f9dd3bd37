"""How much the components of one factorization resemble each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import unit_rows

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class ComponentOverlap:
    """Overlap ``mean_{k<l} cos(h_k, h_l)`` of the rows of H; dimensionless.

    0 where no two components share a feature, 1 where all are proportional (below 0
    only where H is signed). Zero rows are left out. High where a background is shared
    by all components. Suffix "W": the same of the columns of W, 0 where no sample has
    two components.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        W, H = run.factors.W.T, run.factors.H
        alive = W.any(axis=1) & H.any(axis=1)
        if alive.sum() < 2:
            raise NotApplicable(
                f"needs at least 2 components that are not 0, the run has {alive.sum()}"
            )
        return {"": _mean_cosine(H[alive]), "W": _mean_cosine(W[alive])}


def _mean_cosine(rows: Matrix) -> float:
    units = unit_rows(rows)
    cosines = (units @ units.T)[np.triu_indices(len(units), k=1)]
    return float(np.clip(cosines, -1.0, 1.0).mean())


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Mean cosine between the components of a run."""
    yield MetricSpec(
        name="component_overlap",
        metric=ComponentOverlap,
        direction="lower",
        range=(-1.0, 1.0),
        examples=(ComponentOverlap(),),
    )
