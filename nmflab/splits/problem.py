"""From a dataset to the problem a solver is given, and the cells kept from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells, Dataset, Objective, Problem
from nmflab.splits.bi_cv import Block
from nmflab.splits.cells import Split
from nmflab.splits.freezing import read_only
from nmflab.splits.partition import (
    SplitCells,
    holds_events,
    split,
    zero_where_unobserved,
)
from nmflab.weighting import Weighting


@dataclass(frozen=True, kw_only=True)
class Posed:
    """A problem, and what was kept from its solver.

    Parameters
    ----------
    problem : Problem
    validation, test : Cells or None
        Held out, with values in float64; None where the split has none.
    notes : tuple of str
        What a reader must know, in sentences.
    block : Block or None
        What completes the factors after a bi-cross-validation.
    events : bool
        Whether held-out cells are events that count as 0 in training.
    """

    problem: Problem
    validation: Cells | None = None
    test: Cells | None = None
    notes: tuple[str, ...] = ()
    block: Block | None = None
    events: bool = False


def pose(
    dataset: Dataset,
    weighting: Weighting,
    split_config: Split,
    objective: Objective,
    dtype: npt.DTypeLike,
    *,
    rng: np.random.Generator,
    missing_as_zero: bool = False,
    refit: bool = False,
) -> Posed:
    """Return the problem a run is to solve, and what is held out from it.

    X is weighted first, then split, then raised to `Objective.floor` in the cells to
    fit. Where events are held out it is split first: what is left is weighted, and the
    held-out cells with the scales of what is left. Where nothing is missing, held out,
    floored or converted, X stays the memory map it was opened as. All arrays are
    read-only.

    Parameters
    ----------
    dataset : Dataset
        As opened: C-ordered or CSR with sorted indices.
    weighting, split_config
        Configured choices of `nmflab.weighting.WEIGHTINGS` and `nmflab.splits.SPLITS`.
    objective : Objective
    dtype : float32 or float64
        Of the problem; held-out values are float64 in any case.
    rng : numpy.random.Generator
        From ``split.seed``.
    missing_as_zero : bool, default False
        Give every cell that is not for training the value 0 and call X complete: what
        a solver without a mask needs, and what makes the figures worse. Held-out cells
        are still taken from the observed ones only.
    refit : bool, default False
        Put the validation cells back among the training cells.

    Raises
    ------
    ValueError
        From the weighting or the split, naming the key; or if a floor would make a
        sparse X dense.
    """
    if holds_events(split_config):
        cells = _events(dataset, weighting, split_config, rng, refit)
    else:
        weighted = _weighted(dataset, weighting, missing_as_zero)
        cells = split(weighted, split_config, rng, refit=refit)
    notes = list(cells.notes)
    if not holds_events(split_config) and (cells.test or cells.validation):
        notes += _leak(weighting)
    observed = cells.observed
    if missing_as_zero and observed is not None:
        notes += _invented(cells)
        cells = replace(cells, X=_without_zeros(cells.X))
        observed = None
    floored = _floored(cells.X, observed, objective.floor)
    X, observed = read_only(floored, observed, np.dtype(dtype))
    problem = Problem(
        X=X, observed=observed, objective=objective, dtype=np.dtype(dtype)
    )
    return Posed(
        problem=problem,
        validation=cells.validation,
        test=cells.test,
        notes=tuple(notes),
        block=cells.block,
        events=holds_events(split_config),
    )


def _weighted(dataset: Dataset, weighting: Weighting, missing_as_zero: bool) -> Dataset:
    given = replace(dataset, missing="none", mask=None) if missing_as_zero else dataset
    if missing_as_zero and dataset.mask is not None:
        given = replace(given, X=zero_where_unobserved(dataset.X, dataset.mask))
    weighted = weighting.apply(given)
    return replace(weighted, missing=dataset.missing, mask=dataset.mask)


def _events(
    dataset: Dataset,
    weighting: Weighting,
    config: Split,
    rng: np.random.Generator,
    refit: bool,
) -> SplitCells:
    """Split first: scales come from the training events alone."""
    cells = split(dataset, config, rng, refit=refit)
    training = replace(dataset, X=cells.X)
    whole: Any = weighting.apply(dataset, seen=training).X
    return replace(
        cells,
        X=weighting.apply(training).X,
        test=_revalued(cells.test, whole),
        validation=_revalued(cells.validation, whole),
    )


def _revalued(cells: Cells | None, X: Any) -> Cells | None:
    if cells is None:
        return None
    values = np.asarray(X[cells.rows, cells.columns], dtype=np.float64).ravel()
    return replace(cells, values=values)


def _without_zeros(X: Any) -> Any:
    """Return X; a CSR without the zeros it stores, which say no more than the rest."""
    if isinstance(X, np.ndarray) or X.data.all():
        return X
    X = X.copy()
    X.eliminate_zeros()
    return X


def _floored(X: Any, observed: Any, floor: float) -> Any:
    """Return ``max(X, floor)`` in the cells to fit: X itself where that is X."""
    if not floor > 0:
        return X
    if isinstance(X, np.ndarray):
        low = np.less(X, floor)
        if observed is not None:
            low &= observed
        return np.where(low, X.dtype.type(floor), X) if low.any() else X
    if observed is None and X.data.size < X.shape[0] * X.shape[1]:
        raise ValueError(
            f"objective.floor={floor:g} would make every cell of the sparse X nonzero,"
            " and X dense; use objective.floor=0, a dense X, or data whose unstored"
            " cells are unknown"
        )
    if not (X.data < floor).any():
        return X
    from scipy.sparse import csr_array

    data = np.maximum(X.data, X.data.dtype.type(floor))
    return csr_array((data, X.indices, X.indptr), shape=X.shape)


def _leak(weighting: Weighting) -> list[str]:
    if weighting.elementwise:
        return []
    return [
        "the weighting was computed from all observed cells, the held-out ones among"
        " them: its scales know a little of what is tested"
    ]


def _invented(cells: SplitCells) -> list[str]:
    observed: Any = cells.observed
    n_cells = observed.shape[0] * observed.shape[1]
    n_invented = n_cells - int(
        observed.sum() if isinstance(observed, np.ndarray) else observed.data.size
    )
    if not n_invented:
        return []
    return [
        f"{n_invented:,} of {n_cells:,} cells are unknown to the solver and were given"
        " the value 0 (missing_as_zero=true); it fits these inventions"
    ]
