"""From a dataset to the problem a solver is given, and the cells kept from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells, Dataset, Mask, Matrix, Objective, Problem
from nmflab.splits.choices import Positions, Split
from nmflab.splits.freezing import read_only
from nmflab.weighting import Weighting

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MAX_EXPLICIT_CELLS = 30_000_000
"""Most cells of a complete sparse X that a split may spell out: 13 bytes each."""


@dataclass(frozen=True)
class SplitCells:
    """The cells of a dataset, told apart by who may see them.

    Parameters
    ----------
    X : ndarray or csr_array
        The training cells, as in `nmflab.contracts.Problem`.
    observed : None, ndarray of bool, or csr_array of bool
        Which cells those are, as in `nmflab.contracts.Problem`.
    validation, test : Cells or None
        Held out, with their values in float64; None where the split has none.
    notes : tuple of str
    """

    X: Matrix | csr_array
    observed: Mask | csr_array | None
    validation: Cells | None = None
    test: Cells | None = None
    notes: tuple[str, ...] = ()


def split(dataset: Dataset, config: Split, rng: np.random.Generator) -> SplitCells:
    """Divide the observed cells of a dataset as `config` says.

    Raises
    ------
    ValueError
        If nothing can be held out, or X is sparse, complete and too large for a list
        of its training cells.
    """
    if dataset.mask is not None and not isinstance(dataset.X, np.ndarray):
        raise ValueError(
            "dataset: X is sparse with a mask; materialise it first, which makes it a"
            " CSR of its observed cells"
        )
    if not config.holds_out:
        return _whole(dataset)
    if isinstance(dataset.X, np.ndarray):
        return _split_dense(dataset, config, rng)
    return _split_csr(dataset, config, rng)


def make_problem(
    dataset: Dataset,
    weighting: Weighting,
    split_config: Split,
    objective: Objective,
    dtype: npt.DTypeLike,
    *,
    rng: np.random.Generator,
    missing_as_zero: bool = False,
) -> tuple[Problem, Cells | None, Cells | None, list[str]]:
    """Return the problem, the validation cells, the test cells, and notes.

    X is weighted first, then split, then raised to `Objective.floor` in the cells to
    fit. Where nothing is missing, held out, floored or converted, X stays the memory
    map it was opened as. All arrays are read-only.

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

    Raises
    ------
    ValueError
        From the weighting or the split, naming the key; or if a floor would make a
        sparse X dense.
    """
    given = replace(dataset, missing="none", mask=None) if missing_as_zero else dataset
    if missing_as_zero and dataset.mask is not None:
        given = replace(given, X=_zero_where_unobserved(dataset.X, dataset.mask))
    weighted = weighting.apply(given)
    weighted = replace(weighted, missing=dataset.missing, mask=dataset.mask)
    cells = split(weighted, split_config, rng)
    notes = list(cells.notes)
    if cells.test is not None or cells.validation is not None:
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
    return problem, cells.validation, cells.test, notes


def _whole(dataset: Dataset) -> SplitCells:
    X: Any = dataset.X
    if dataset.missing == "none":
        return SplitCells(X, None)
    if dataset.mask is not None:
        return SplitCells(_zero_where_unobserved(X, dataset.mask), dataset.mask)
    return SplitCells(X, _pattern(X))


def _split_dense(
    dataset: Dataset, config: Split, rng: np.random.Generator
) -> SplitCells:
    X: Any = dataset.X
    mask = dataset.mask
    n_features = X.shape[1]
    flat = np.arange(X.size) if mask is None else np.flatnonzero(mask)
    held = config.hold_out(flat // n_features, flat % n_features, rng)
    observed = np.ones(X.shape, dtype=bool) if mask is None else np.array(mask)
    found = []
    for positions in (held.validation, held.test):
        rows, columns = np.divmod(flat[positions], n_features)
        found.append(_cells(rows, columns, X[rows, columns]))
        observed[rows, columns] = False
    training = _zero_where_unobserved(X, observed)
    return SplitCells(training, observed, found[0], found[1], held.notes)


def _split_csr(dataset: Dataset, config: Split, rng: np.random.Generator) -> SplitCells:
    from scipy.sparse import csr_array

    X: Any = dataset.X if dataset.missing == "unstored" else _spelled_out(dataset.X)
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    columns = X.indices.astype(np.intp, copy=False)
    held = config.hold_out(rows, columns, rng)
    is_training = np.ones(rows.size, dtype=bool)
    found = []
    for positions in (held.validation, held.test):
        is_training[positions] = False
        found.append(_cells(rows[positions], columns[positions], X.data[positions]))
    n_kept = np.bincount(rows[is_training], minlength=X.shape[0])
    indptr = np.concatenate(([0], np.cumsum(n_kept))).astype(X.indptr.dtype)
    arrays = (X.data[is_training], X.indices[is_training], indptr)
    training: Any = csr_array(arrays, shape=X.shape)
    return SplitCells(training, _pattern(training), found[0], found[1], held.notes)


def _spelled_out(X: Any) -> Any:
    """Return a complete CSR with every cell stored, the zeros too."""
    from scipy.sparse import csr_array

    n_samples, n_features = X.shape
    n_cells = n_samples * n_features
    if n_cells > MAX_EXPLICIT_CELLS:
        raise ValueError(
            "split: holding out cells of a sparse X whose zeros are values needs a list"
            f" of all {n_cells:,} cells, more than {MAX_EXPLICIT_CELLS:,}; load it with"
            " dataset.storage=dense, or dataset.zeros=missing if zeros are unknown"
        )
    data: Any = np.zeros(n_cells, dtype=X.dtype)
    rows = np.repeat(np.arange(n_samples), np.diff(X.indptr))
    data[rows * n_features + X.indices] = X.data
    columns = np.tile(np.arange(n_features, dtype=np.int32), n_samples)
    indptr = np.arange(n_samples + 1, dtype=np.int32) * n_features
    return csr_array((data, columns, indptr), shape=X.shape)


def _cells(rows: Positions, columns: Positions, values: Any) -> Cells | None:
    if not rows.size:
        return None
    return Cells(rows, columns, np.asarray(values, dtype=np.float64))


def _zero_where_unobserved(X: Any, observed: Mask) -> Any:
    """Return X with 0 in the unobserved cells: X itself where it is so already."""
    # NaN counts as "not 0" here, and so is replaced.
    return np.where(observed, X, X.dtype.type(0)) if X[~observed].any() else X


def _pattern(X: Any) -> Any:
    from scipy.sparse import csr_array

    stored = np.ones(X.data.size, dtype=bool)
    return csr_array((stored, X.indices, X.indptr), shape=X.shape, copy=False)


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
