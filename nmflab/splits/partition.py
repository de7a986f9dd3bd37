"""Which cells of a dataset are fitted, and which are kept from the solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import CELL_EXTRAS, Cells, Dataset, Extra, Mask, Matrix
from nmflab.splits.bi_cv import BiCrossValidation, Block
from nmflab.splits.cells import Candidates, HeldOut, ObservedCells, Positions, Split
from nmflab.splits.resampling import Resampling

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
    block : Block or None
        What completes factors of X for the rows and columns a bi-cross-validation
        took out of it.
    """

    X: Matrix | csr_array
    observed: Mask | csr_array | None
    validation: Cells | None = None
    test: Cells | None = None
    notes: tuple[str, ...] = ()
    block: Block | None = None


def split(
    dataset: Dataset,
    config: Split,
    rng: np.random.Generator,
    *,
    refit: bool = False,
) -> SplitCells:
    """Divide the observed cells of a dataset as `config` says.

    Parameters
    ----------
    dataset : Dataset
    config : Split
    rng : numpy.random.Generator
    refit : bool, default False
        Whether the validation cells are put back among the training cells; the test
        cells are the same.

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
    if isinstance(config, BiCrossValidation):
        return _split_block(dataset, config, rng)
    if isinstance(config, Resampling):
        return _resampled(dataset, config, rng)
    if holds_events(config):
        return _split_events(dataset, config, rng, refit)
    if isinstance(dataset.X, np.ndarray):
        return _split_dense(dataset, config, rng, refit)
    return _split_csr(dataset, config, rng, refit)


def holds_events(config: Split) -> bool:
    """Return whether a split holds out nonzero cells, which count as 0 in training."""
    return getattr(config, "cells", None) is Candidates.positive


def _whole(dataset: Dataset) -> SplitCells:
    X: Any = dataset.X
    if dataset.missing == "none":
        return SplitCells(X, None)
    if dataset.mask is not None:
        return SplitCells(zero_where_unobserved(X, dataset.mask), dataset.mask)
    return SplitCells(X, _pattern(X))


def _split_dense(
    dataset: Dataset, config: Split, rng: np.random.Generator, refit: bool
) -> SplitCells:
    X: Any = dataset.X
    mask = dataset.mask
    flat = np.arange(X.size) if mask is None else np.flatnonzero(mask)
    cells = _candidates(dataset, *np.divmod(flat, X.shape[1]), X.ravel()[flat])
    held = config.hold_out(cells, rng)
    observed = np.ones(X.shape, dtype=bool) if mask is None else np.array(mask)
    validation, test = _held(cells, held)
    for kept in (test, None if refit else validation):
        if kept is not None:
            observed[kept.rows, kept.columns] = False
    training = zero_where_unobserved(X, observed)
    return _told(training, observed, validation, test, held, refit)


def _split_csr(
    dataset: Dataset, config: Split, rng: np.random.Generator, refit: bool
) -> SplitCells:
    is_listed = dataset.missing == "unstored"
    X: Any = dataset.X if is_listed else _spelled_out(dataset.X)
    # What a dataset knows of its stored cells is not known of the zeros beside them.
    known = dataset if is_listed else _without_cell_extras(dataset)
    cells = _candidates(known, _rows(X), X.indices.astype(np.intp, copy=False), X.data)
    held = config.hold_out(cells, rng)
    validation, test = _held(cells, held)
    training = _without(X, cells.rows, _taken(held, refit))
    return _told(training, _pattern(training), validation, test, held, refit)


def _split_events(
    dataset: Dataset, config: Split, rng: np.random.Generator, refit: bool
) -> SplitCells:
    """Hold out nonzero cells of complete data; they count as 0 in training."""
    if dataset.missing != "none":
        raise ValueError(
            "split.cells=positive holds out events of data in which 0 means that there"
            " was none; here cells are missing. Use split.cells=observed, or a view of"
            " the data without missing cells (dataset.view=implicit)"
        )
    X: Any = dataset.X
    if not isinstance(X, np.ndarray):
        columns = X.indices.astype(np.intp, copy=False)
        cells = _candidates(dataset, _rows(X), columns, X.data)
        held = config.hold_out(cells, rng)
        training = _without(X, cells.rows, _taken(held, refit))
        return _told(training, None, *_held(cells, held), held, refit)
    flat = np.flatnonzero(X)
    rows, columns = np.divmod(flat, X.shape[1])
    shown = replace(dataset, extras=_of_cells(dataset.extras, flat, X.size))
    cells = _candidates(shown, rows, columns, X[rows, columns])
    held = config.hold_out(cells, rng)
    training = np.array(X)
    taken = _taken(held, refit)
    training[rows[taken], columns[taken]] = 0
    return _told(training, None, *_held(cells, held), held, refit)


def _split_block(
    dataset: Dataset, config: BiCrossValidation, rng: np.random.Generator
) -> SplitCells:
    if dataset.missing != "none":
        raise ValueError(
            "split=bi_cv leaves out whole rows and columns of complete data; here cells"
            " are missing. Use split=speckled or k_folds"
        )
    X, test, block = config.cut(dataset.X, rng)
    note = (
        f"{len(test):,} cells of {block.rows.sum():,} rows and {block.columns.sum():,}"
    )
    return SplitCells(
        X,
        None,
        None,
        test,
        (
            f"{note} columns are tested; their factors are found by non-negative least"
            " squares from the rest of these rows and columns",
        ),
        block,
    )


def _resampled(
    dataset: Dataset, config: Resampling, rng: np.random.Generator
) -> SplitCells:
    if dataset.missing != "none":
        raise ValueError(
            "split=row_sample, bootstrap and shuffled draw complete data anew; here"
            " cells are missing. Use split=speckled or k_folds"
        )
    drawn = config.resample(dataset.X, rng)
    return SplitCells(drawn.X, None, notes=(drawn.note,), block=drawn.block)


def _candidates(
    dataset: Dataset, rows: Positions, columns: Positions, values: Any
) -> ObservedCells:
    n_samples, n_features = dataset.X.shape
    return ObservedCells(
        rows=rows,
        columns=columns,
        values=values,
        shape=(int(n_samples), int(n_features)),
        extras=dataset.extras,
    )


def _of_cells(
    extras: Mapping[str, Extra], flat: Positions, n_cells: int
) -> dict[str, Extra]:
    """Return extras in which what has an entry for each cell is cut to some."""
    return {
        key: value[flat]
        if isinstance(value, np.ndarray) and value.shape == (n_cells,)
        else value
        for key, value in extras.items()
    }


def _without_cell_extras(dataset: Dataset) -> Dataset:
    extras = {k: v for k, v in dataset.extras.items() if k not in CELL_EXTRAS}
    return replace(dataset, extras=extras)


def _held(cells: ObservedCells, held: HeldOut) -> tuple[Cells | None, Cells | None]:
    """Return the validation and the test cells; None where there are none."""
    return _cells(cells, held.validation), _cells(cells, held.test)


def _taken(held: HeldOut, refit: bool) -> Positions:
    """Return the positions that are not for training."""
    return held.test if refit else np.concatenate((held.validation, held.test))


def _told(
    X: Any,
    observed: Any,
    validation: Cells | None,
    test: Cells | None,
    held: HeldOut,
    refit: bool,
) -> SplitCells:
    kept = None if refit else validation
    return SplitCells(X, observed, kept, test, held.notes)


def _rows(X: Any) -> Positions:
    """Return the row of each stored cell of a CSR."""
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))


def _without(X: Any, rows: Positions, taken: Positions) -> Any:
    """Return a CSR without some of its stored cells."""
    from scipy.sparse import csr_array

    stays = np.ones(X.data.size, dtype=bool)
    stays[taken] = False
    n_kept = np.bincount(rows[stays], minlength=X.shape[0])
    indptr = np.concatenate(([0], np.cumsum(n_kept))).astype(X.indptr.dtype)
    return csr_array((X.data[stays], X.indices[stays], indptr), shape=X.shape)


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


def _cells(cells: ObservedCells, at: Positions) -> Cells | None:
    if not at.size:
        return None
    values = np.asarray(cells.values[at], dtype=np.float64)
    return Cells(cells.rows[at], cells.columns[at], values)


def zero_where_unobserved(X: Any, observed: Mask) -> Any:
    """Return X with 0 in the unobserved cells: X itself where it is so already."""
    # NaN counts as "not 0" here, and so is replaced.
    return np.where(observed, X, X.dtype.type(0)) if X[~observed].any() else X


def _pattern(X: Any) -> Any:
    from scipy.sparse import csr_array

    stored = np.ones(X.data.size, dtype=bool)
    return csr_array((stored, X.indices, X.indptr), shape=X.shape, copy=False)
