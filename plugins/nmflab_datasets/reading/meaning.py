"""What the zeros, blanks and missing cells of a table mean, and how X is held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import Dataset, Extra
from nmflab_datasets.reading.scale import check_on_scale, ends_of
from nmflab_datasets.reading.table import Table
from nmflab_datasets.views import transposed

if TYPE_CHECKING:
    from nmflab_datasets.file import File


def interpret(table: Table, options: File) -> Dataset:
    """Return the dataset that a table is under its options.

    Raises
    ------
    ValueError
        For the first NaN where they are refused, or for unknown cells that the storage
        asked for cannot tell from zeros.
    """
    if isinstance(table.X, np.ndarray):
        dataset = _from_dense(table, options)
    else:
        dataset = _from_listed(table, options)
    extras: dict[str, Extra] = {**dataset.extras, "source": options.path}
    if options.rating_scale is not None:
        ends = ends_of(options.rating_scale)
        check_on_scale(dataset, ends)
        extras["rating_scale"] = np.array(ends)
    dataset = replace(
        dataset,
        row_names=table.row_names,
        column_names=table.column_names,
        extras=extras,
    )
    return transposed(dataset) if options.transpose else dataset


def _from_dense(table: Table, options: File) -> Dataset:
    X: Any = table.X
    unknown = np.isnan(X)
    if options.nan.name == "refuse" and unknown.any():
        row, column = np.argwhere(unknown)[0]
        raise _nan(table, options, int(row), int(column))
    if _zeros_missing(options):
        unknown |= X == 0
    if not unknown.any():
        return Dataset(X=_to_csr(X) if options.storage.name == "csr" else X)
    X, observed = np.where(unknown, 0, X), ~unknown
    if options.storage.name == "csr":
        return Dataset(X=_listed(X, observed), missing="unstored")
    return Dataset(X=X, missing="mask", mask=observed)


def _from_listed(table: Table, options: File) -> Dataset:
    X: Any = table.X
    unknown = np.isnan(X.data)
    if options.nan.name == "refuse" and unknown.any():
        at = int(np.argmax(unknown))
        row = int(np.searchsorted(X.indptr, at, side="right")) - 1
        raise _nan(table, options, row, int(X.indices[at]))
    zeros_missing = _zeros_missing(options)
    if options.storage.name == "dense":
        dataset = _unlisted_dense(X, unknown, zeros_missing=zeros_missing)
        return _timed(dataset, table, ~unknown, options)
    if not unknown.any():
        if zeros_missing:
            return _timed(Dataset(X=X, missing="unstored"), table, ~unknown, options)
        # Zeros that are values like those left out have no time of their own.
        kept = X.data != 0 if table.times is not None else ~unknown
        events = X if kept.all() else _stored(X, kept)
        return _timed(Dataset(X=events), table, kept, options)
    if not zeros_missing:
        raise ValueError(
            f"dataset.path={options.path}: it lists {int(unknown.sum()):,} NaN, unknown"
            " cells among zeros that are values; sparse storage cannot tell them apart:"
            " give dataset.storage=dense, or dataset.zeros=missing"
        )
    listed = Dataset(X=_stored(X, ~unknown), missing="unstored")
    return _timed(listed, table, ~unknown, options)


def _timed(dataset: Dataset, table: Table, kept: Any, options: File) -> Dataset:
    """Return the dataset with the times of its cells, those of the list that are kept.

    Raises
    ------
    ValueError
        If it holds other known cells besides, which have no time.
    """
    if table.times is None:
        return dataset
    times = table.times[kept]
    if isinstance(dataset.X, np.ndarray):
        n_cells = dataset.X.size if dataset.mask is None else int(dataset.mask.sum())
        if n_cells != times.size:
            raise ValueError(
                f"dataset.path={options.path}: it gives times of {times.size:,} cells,"
                f" and {n_cells - times.size:,} zeros that it does not list are values"
                " too; leave out dataset.storage=dense, or give dataset.zeros=missing"
            )
    return replace(dataset, extras={"timestamps": times})


def _zeros_missing(options: File) -> bool:
    """Whether 0, or a cell that is not listed, is unknown: of a list, unless told."""
    if options.zeros is None:
        return options.layout.name == "long"
    return options.zeros.name == "missing"


def _unlisted_dense(X: Any, unknown: Any, *, zeros_missing: bool) -> Dataset:
    """Return a full array of a CSR of which some stored cells are unknown."""
    values = X.copy()
    values.data = np.where(unknown, 0, X.data)
    full = values.toarray()
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    observed = np.full(X.shape, fill_value=not zeros_missing)
    observed[rows, X.indices] = ~unknown
    if observed.all():
        return Dataset(X=full)
    return Dataset(X=full, missing="mask", mask=observed)


def _stored(X: Any, kept: Any) -> Any:
    """Return a CSR of some of the stored cells."""
    from scipy.sparse import csr_array

    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))[kept]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=X.shape[0]))))
    return csr_array((X.data[kept], X.indices[kept], indptr), shape=X.shape)


def _listed(X: Any, observed: Any) -> Any:
    """Return a CSR of the observed cells of a full array, its zeros among them."""
    from scipy.sparse import csr_array

    _, columns = np.nonzero(observed)
    indptr = np.concatenate(([0], np.cumsum(observed.sum(axis=1))))
    return csr_array((X[observed], columns, indptr), shape=X.shape)


def _to_csr(X: Any) -> Any:
    from scipy.sparse import csr_array

    return csr_array(X)


def _nan(table: Table, options: File, row: int, column: int) -> ValueError:
    names = []
    for what, at, known in (
        ("row", row, table.row_names),
        ("column", column, table.column_names),
    ):
        names.append(f"{what} {at + 1}" + (f" ({known[at]!r})" if known else ""))
    return ValueError(
        f"dataset.path={options.path}: the cell at {', '.join(names)} is NaN or blank;"
        " fill it in, or give dataset.nan=missing if it is unknown"
    )
