"""Views of one dataset: the other way round, without rare rows, as events only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Extra, Factors
from nmflab_datasets.selection import (
    COUNTERPARTS,
    PER_CELL,
    cells_of,
    selected,
    stored_cells,
)
from nmflab_datasets.triplets import Positions, canonical_csr, csr_from_triplets

__all__ = [
    "COUNTERPARTS",
    "PER_CELL",
    "CountView",
    "View",
    "as_binary",
    "check_min_counts",
    "csr_from_triplets",
    "prepared",
    "selected",
    "stored_cells",
    "transposed",
    "unique_names",
    "viewed",
    "with_min_counts",
]


class View(Enum):
    """Ratings with unrated cells unknown, how often, or whether at all."""

    explicit = "explicit"
    implicit = "implicit"
    binary = "binary"


class CountView(Enum):
    """How often, or whether at all; for data without ratings."""

    implicit = "implicit"
    binary = "binary"


def transposed(dataset: Dataset) -> Dataset:
    """Return ``X.T`` with names, labels, metadata and truth the other way round.

    Extras of cells follow the order of the new X. What is said of rows in one extra
    and of columns in another changes places (`COUNTERPARTS`), so that twice is the
    identity.
    """
    X: Any = dataset.X
    rows, columns = stored_cells(dataset)
    # Stable: the columns are the new rows, and within one the old rows keep rising.
    order = np.argsort(columns, kind="stable")
    if isinstance(X, np.ndarray):
        Y: Any = np.ascontiguousarray(X.T)
    else:
        shape = (int(X.shape[1]), int(X.shape[0]))
        Y = canonical_csr(columns[order], rows[order], X.data[order], shape)
    labels: Any = dataset.extras.get("column_labels")
    return replace(
        dataset,
        X=Y,
        mask=None if dataset.mask is None else np.ascontiguousarray(dataset.mask.T),
        row_names=dataset.column_names,
        column_names=dataset.row_names,
        row_labels=labels,
        truth=None if dataset.truth is None else _transposed_factors(dataset.truth),
        extras=_transposed_extras(dataset, order),
    )


def with_min_counts(dataset: Dataset, rows: int, columns: int) -> Dataset:
    """Return the dataset without rows and columns of too few cells.

    Dropped until both hold, since a column may fall below its count when rows go.
    Counted are the stored cells of a CSR, the observed cells of a masked array, and
    the nonzero cells of another.

    Parameters
    ----------
    rows, columns : int
        Fewest cells of a row and of a column of X; 0 keeps also empty ones.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    n_rows, n_columns = dataset.X.shape
    row_kept, column_kept = _frequent(dataset, rows, columns)
    if row_kept.all() and column_kept.all():
        return dataset
    if not row_kept.any() or not column_kept.any():
        raise ValueError(
            f"dataset.min_row_count={rows} with dataset.min_column_count={columns}"
            f" leaves nothing of {n_rows} rows and {n_columns} columns; give smaller"
            " counts"
        )
    left_out = (
        f"left out {n_rows - row_kept.sum():,} of {n_rows:,} rows with fewer cells than"
        f" {rows:,}, and {n_columns - column_kept.sum():,} of {n_columns:,} columns"
        f" with fewer than {columns:,}"
    )
    kept = selected(dataset, np.flatnonzero(row_kept), np.flatnonzero(column_kept))
    return prepared(kept, left_out)


def as_binary(dataset: Dataset) -> Dataset:
    """Return events: 1 where X is not 0, all else a 0 that is known.

    Stored zeros go, and so does the scale of ratings.
    """
    X: Any = dataset.X
    rows, columns = stored_cells(dataset)
    values = X[rows, columns] if isinstance(X, np.ndarray) else X.data
    is_event = values != 0
    rows, columns = rows[is_event], columns[is_event]
    extras = dict(dataset.extras)
    extras.pop("rating_scale", None)
    if isinstance(X, np.ndarray):
        Y: Any = np.zeros(X.shape)
        Y[rows, columns] = 1.0
        # A dense X without missing cells has an entry for every cell, event or not.
        for name in PER_CELL if dataset.mask is not None else ():
            extras.pop(name, None)
    else:
        Y = canonical_csr(rows, columns, np.ones(rows.size), X.shape)
        extras |= cells_of(extras, is_event)
    return replace(dataset, X=Y, missing="none", mask=None, extras=extras)


def viewed(
    dataset: Dataset,
    *,
    binary: bool,
    transpose: bool,
    min_row_count: int,
    min_column_count: int,
) -> Dataset:
    """Return events only, then the other way round, then without rare rows, as asked.

    Counts are of the rows and columns of X as it is returned.
    """
    if binary:
        dataset = as_binary(dataset)
    if transpose:
        dataset = transposed(dataset)
    return with_min_counts(dataset, min_row_count, min_column_count)


def prepared(dataset: Dataset, sentence: str) -> Dataset:
    """Return the dataset with a sentence more in its extra ``preparation``."""
    before = str(dataset.extras.get("preparation", ""))
    text = f"{before}; {sentence}" if before else sentence
    return replace(dataset, extras={**dataset.extras, "preparation": text})


def check_min_counts(dataset: Any) -> None:
    """Refuse a negative ``min_row_count`` or ``min_column_count``.

    Raises
    ------
    ValueError
        Naming the key and the value.
    """
    for key in ("min_row_count", "min_column_count"):
        count = getattr(dataset, key)
        if count < 0:
            raise ValueError(
                f"dataset.{key} must be at least 0, got {count}; 0 drops nothing"
            )


def unique_names(names: Sequence[str], ids: Sequence[object]) -> list[str]:
    """Return the names, those shared by several followed by their id."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return [
        f"{name} [{ident}]" if seen[name] > 1 else name
        for name, ident in zip(names, ids, strict=True)
    ]


def _transposed_extras(dataset: Dataset, order: Positions) -> dict[str, Extra]:
    names = {**COUNTERPARTS, **{there: here for here, there in COUNTERPARTS.items()}}
    extras = {
        names.get(name, name): extra
        for name, extra in dataset.extras.items()
        if name != "column_labels"
    }
    if dataset.row_labels is not None:
        extras["column_labels"] = dataset.row_labels
    for name in PER_CELL:
        if name in extras:
            extras[name] = np.asarray(extras[name])[order]
    return extras


def _counted_cells(dataset: Dataset) -> tuple[Positions, Positions]:
    if isinstance(dataset.X, np.ndarray) and dataset.mask is None:
        rows, columns = np.nonzero(dataset.X)
        return rows, columns
    return stored_cells(dataset)


def _frequent(
    dataset: Dataset, rows: int, columns: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which rows and columns stay once both counts hold."""
    i, j = _counted_cells(dataset)
    n_rows, n_columns = dataset.X.shape
    while True:
        row_kept = np.bincount(i, minlength=n_rows) >= rows
        column_kept = np.bincount(j, minlength=n_columns) >= columns
        there = row_kept[i] & column_kept[j]
        if there.all():
            return row_kept, column_kept
        i, j = i[there], j[there]


def _transposed_factors(truth: Factors) -> Factors:
    return Factors(truth.H.T, truth.W.T, truth.column_offset, truth.row_offset)
