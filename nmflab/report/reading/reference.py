"""The reference of a comparison: the objective of the best fit of one component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nmflab.contracts import Objective, Problem
from nmflab.numerics.rank_one import rank_one_objective
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.statistics.targets import LEAST_RANGE

if TYPE_CHECKING:
    from nmflab.store import StoredDataset


@dataclass(frozen=True)
class Reference:
    """What targets are measured from.

    Parameters
    ----------
    value : float or None
        The objective of the best fit of rank one; None where targets have no sense.
    said : str
        Where it is from, or why there is none, in words that follow "the reference".
    """

    value: float | None
    said: str


RECORDED = "was computed when the runs were made"
COMPUTED = "was computed from the data stored with the study"
UNKNOWN = (
    "is not known: it was not recorded with these runs (an earlier nmflab made them, or"
    " their objective allows none), and the study does not hold the data as they were"
    " fitted"
)
UNDEFINED = "has no known closed form for this objective"
NO_ROOM = "is no higher than the best known objective, so that there is no way to go"


def reference_of(
    material: Material, group: Group, runs: pd.DataFrame, best: float
) -> Reference:
    """Return the reference of a contest.

    Parameters
    ----------
    group : Group
        Any of its groups.
    runs : DataFrame
        Its runs.
    best : float
        The best known objective.
    """
    values = runs["objective_rank_one"].dropna()
    if len(values):
        found = Reference(float(values.min()), RECORDED)
    else:
        found = _computed(material, group)
    if found.value is None or found.value - best > LEAST_RANGE * abs(found.value):
        return found
    return Reference(None, NO_ROOM)


def _computed(material: Material, group: Group) -> Reference:
    """Return the reference from the stored data, where runs fitted them as they are."""
    dataset = material.datasets.get(str(group.labels["fingerprint"]))
    plain = all(group.labels[n] in ("", "none") for n in ("weighting", "split"))
    if dataset is None or dataset.X is None or not plain:
        return Reference(None, UNKNOWN)
    config = material.store.config(group.best_key)
    if not config.get("objective"):  # written by an early nmflab
        return Reference(None, UNKNOWN)
    goal = Objective(**config["objective"])
    if goal.floor:
        return Reference(None, UNKNOWN)
    try:
        value = rank_one_objective(_posed(dataset, goal, group))
    except (ValueError, ArithmeticError, MemoryError):
        value = None
    return Reference(value, UNDEFINED if value is None else COMPUTED)


def _posed(dataset: StoredDataset, goal: Objective, group: Group) -> Problem:
    X: Any = dataset.X
    observed: Any = None
    if not group.labels["zero_filled"]:
        observed = dataset.mask
        if dataset.facts.get("missing") == "unstored":
            from scipy.sparse import csr_array

            ones = np.ones(X.data.size, dtype=bool)
            observed = csr_array((ones, X.indices, X.indptr), shape=X.shape)
    if dataset.mask is not None:
        X = np.where(dataset.mask, X, 0.0)
    dtype = np.dtype(str(group.labels["dtype"]))
    return Problem(X=X, observed=observed, objective=goal, dtype=dtype)
