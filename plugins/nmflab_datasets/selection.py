"""Some rows and columns of a dataset, with all that is said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import CELL_EXTRAS, Dataset, Extra, Factors
from nmflab_datasets.triplets import Positions, canonical_csr

PER_CELL = (*CELL_EXTRAS, "test_ua", "test_ub")
"""Extras that hold one entry for each stored cell, in the order of X."""

COUNTERPARTS: Mapping[str, str] = {
    "row_metadata": "column_metadata",
    "sample_shape": "image_shape",
    "tokens": "column_tokens",
    "times": "column_times",
    "row_wavelengths": "wavelengths",
    "row_frequencies": "frequencies",
}
"""Extras of rows, and what the same is called where it belongs to columns."""


def selected(dataset: Dataset, rows: Positions, columns: Positions) -> Dataset:
    """Return some rows and columns, given by rising positions, with all that is theirs.

    The shapes of images go where their pixels do not all stay.
    """
    X: Any = dataset.X
    row_at = _new_positions(rows, X.shape[0])
    column_at = _new_positions(columns, X.shape[1])
    i, j = stored_cells(dataset)
    is_kept = (row_at[i] >= 0) & (column_at[j] >= 0)
    if isinstance(X, np.ndarray):
        Y: Any = X[np.ix_(rows, columns)]
    else:
        shape = (rows.size, columns.size)
        Y = canonical_csr(
            row_at[i[is_kept]], column_at[j[is_kept]], X.data[is_kept], shape
        )
    extras = dict(dataset.extras)
    extras |= cells_of(extras, is_kept)
    for axis, positions, whole in ((0, rows, X.shape[0]), (1, columns, X.shape[1])):
        _select_extras(extras, axis, positions, is_whole=positions.size == whole)
    return replace(
        dataset,
        X=Y,
        mask=None if dataset.mask is None else dataset.mask[np.ix_(rows, columns)],
        row_names=_picked(dataset.row_names, rows),
        column_names=_picked(dataset.column_names, columns),
        row_labels=None if dataset.row_labels is None else dataset.row_labels[rows],
        truth=None if dataset.truth is None else _cut(dataset.truth, rows, columns),
        extras=extras,
    )


def stored_cells(dataset: Dataset) -> tuple[Positions, Positions]:
    """Return rows and columns of the cells that extras of cells speak of, in order."""
    X: Any = dataset.X
    if not isinstance(X, np.ndarray):
        n_stored = np.diff(X.indptr)
        return np.repeat(np.arange(X.shape[0]), n_stored), X.indices.astype(np.intp)
    if dataset.mask is not None:
        rows, columns = np.nonzero(dataset.mask)
        return rows, columns
    rows, columns = np.divmod(np.arange(X.size), X.shape[1])
    return rows, columns


def cells_of(
    extras: Mapping[str, Extra], is_kept: npt.NDArray[np.bool_]
) -> dict[str, Extra]:
    """Return the extras of cells, for some of the cells."""
    return {
        name: np.asarray(extras[name])[is_kept] for name in PER_CELL if name in extras
    }


def _cut(truth: Factors, rows: Positions, columns: Positions) -> Factors:
    return Factors(
        truth.W[rows],
        truth.H[:, columns],
        None if truth.row_offset is None else truth.row_offset[rows],
        None if truth.column_offset is None else truth.column_offset[columns],
    )


def _select_extras(
    extras: dict[str, Extra], axis: int, positions: Positions, *, is_whole: bool
) -> None:
    if is_whole:
        return
    for pair in COUNTERPARTS.items():
        name = pair[axis]
        if name in ("sample_shape", "image_shape"):
            extras.pop(name, None)
        elif name in extras:
            extra: Any = extras[name]
            is_array = isinstance(extra, np.ndarray)
            extras[name] = extra[positions] if is_array else _picked(extra, positions)


def _picked(names: Sequence[str] | None, positions: Positions) -> Any:
    return None if names is None else [names[at] for at in positions]


def _new_positions(kept: Positions, length: int) -> Positions:
    at = np.full(length, -1, dtype=np.intp)
    at[kept] = np.arange(kept.size)
    return at
