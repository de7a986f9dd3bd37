"""How an objective becomes the error that a convergence figure shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nmflab.report.drawing.curves import Vector
from nmflab.report.reading.contests import Contest
from nmflab.report.reading.material import Material


@dataclass(frozen=True)
class Scale:
    """How an objective becomes the error that is drawn.

    Parameters
    ----------
    kind : {"frobenius", "rank_one", "start"}
        ``sqrt(2 D) / ‖X‖``, ``D / D_1`` with the best fit of rank one, or ``D`` over
        the mean objective of the starts.
    unit : float
        ``‖X‖_F``, or the objective divided by.
    least : float
        The error of the best run known.
    """

    kind: str
    unit: float
    least: float

    def above(self, objective: Vector) -> Vector:
        """Return the error above the best known."""
        return _error(self.kind, self.unit)(objective) - self.least


def scale_of(
    material: Material, contest: Contest, traces: Sequence[pd.DataFrame]
) -> Scale:
    """Return the scale of a contest; `traces` are those of the runs drawn."""
    best = np.array([contest.best.value])
    kind, unit = "frobenius", _norm(material, contest)
    if not unit:
        kind, unit = "rank_one", contest.reference.value or 0.0
    if not unit > 0:
        kind = "start"
        unit = float(np.mean([trace["objective"].iloc[0] for trace in traces]))
    return Scale(kind, unit, float(_error(kind, unit)(best)[0]))


def _norm(material: Material, contest: Contest) -> float:
    """Return ``‖X‖_F`` of the cells fitted, 0 where it does not follow from a run.

    A run's objective is ``½‖X − WH‖_F²`` and its relative error that norm over this.
    """
    keys = [trial.key for trial in contest.trials if trial.ok]
    runs = material.runs.set_index("key").loc[keys]
    if set(runs["objective"]) != {"frobenius"}:
        return 0.0
    for name in ("relative_error_all", "relative_error_train_observed"):
        if name not in material.metrics:
            continue
        errors = material.metrics[name].reindex(keys).to_numpy(float)
        if (errors > _NEARLY_EXACT).any():
            worst = int(np.nanargmax(errors))  # the one with most digits to divide
            value = float(runs["objective_value"].to_numpy(float)[worst])
            return float(np.sqrt(2 * value) / errors[worst])
    return 0.0


_NEARLY_EXACT = 1e-6
"""Relative error below which a residual is too much rounding to tell the norm of X."""


def _error(kind: str, unit: float) -> Callable[[Vector], Vector]:
    if kind == "frobenius":
        return lambda objective: np.sqrt(2 * np.maximum(objective, 0.0)) / unit
    return lambda objective: objective / unit
