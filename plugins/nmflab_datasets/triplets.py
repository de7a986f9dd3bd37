"""Lists of cells as a CSR in canonical order, with what is said of each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Positions: TypeAlias = npt.NDArray[np.intp]
Repeats: TypeAlias = Literal["sum", "last", "refuse"]


def csr_from_triplets(
    rows: npt.ArrayLike,
    columns: npt.ArrayLike,
    values: npt.ArrayLike,
    shape: tuple[int, int],
    *,
    duplicates: Repeats = "refuse",
    **cell_extras: npt.NDArray[Any],
) -> tuple[csr_array, dict[str, npt.NDArray[Any]]]:
    """Return a canonical CSR of a list of cells, and what is said of them in its order.

    Parameters
    ----------
    rows, columns, values : array_like of shape (n_entries,)
        Zero values stay stored.
    shape : tuple of int
    duplicates : {"refuse", "sum", "last"}
        What becomes of a cell that is listed more than once. Its extras are those of
        its last entry.
    **cell_extras : ndarray of shape (n_entries,)
        Timestamps, folds and the like.

    Returns
    -------
    X : csr_array of float64
        Indices are int32 where they fit.
    extras : dict
        The `cell_extras`, an entry for each stored cell of X.

    Raises
    ------
    ValueError
        If a position lies outside `shape`, or a cell is listed twice where that is
        refused; naming it.
    """
    i, j = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    x = np.asarray(values, dtype=np.float64)
    _check_positions(i, j, shape)
    order = canonical_order(i, j, shape)
    i, j, x = i[order], j[order], x[order]
    is_last = np.append((i[1:] != i[:-1]) | (j[1:] != j[:-1]), np.True_)[: x.size]
    if not is_last.all():
        if duplicates == "refuse":
            raise _twice(int(i[np.argmin(is_last)]), int(j[np.argmin(is_last)]))
        starts = np.append(0, np.flatnonzero(is_last)[:-1] + 1)
        x = np.add.reduceat(x, starts) if duplicates == "sum" else x[is_last]
        i, j, order = i[is_last], j[is_last], order[is_last]
    X = canonical_csr(i, j, x, shape)
    return X, {name: extra[order] for name, extra in cell_extras.items()}


def canonical_order(
    rows: Positions, columns: Positions, shape: tuple[int, int]
) -> Positions:
    """Return the order of CSR: by row, then by column; entries of a cell keep theirs.

    Narrow integers, where they fit, are sorted by radix: ten times as fast.
    """
    keys = (columns, shape[1]), (rows, shape[0])
    return np.lexsort(
        [at.astype(np.min_scalar_type(max(length, 1))) for at, length in keys]
    )


def _twice(row: int, column: int) -> ValueError:
    return ValueError(
        f"row {row + 1}, column {column + 1} is listed more than once; say what such a"
        " cell becomes"
    )


def _check_positions(
    rows: Positions, columns: Positions, shape: tuple[int, int]
) -> None:
    for what, at, length in (("row", rows, shape[0]), ("column", columns, shape[1])):
        outside = (at < 0) | (at >= length)
        if outside.any():
            raise ValueError(
                f"entry {int(np.argmax(outside)) + 1} is for {what}"
                f" {int(at[np.argmax(outside)]) + 1}, and there are {length}"
            )


def canonical_csr(
    rows: Positions, columns: Positions, values: npt.NDArray[Any], shape: Any
) -> csr_array:
    """Return a CSR of cells that are in canonical order already."""
    from scipy.sparse import csr_array

    fits = max(*shape, values.size) <= np.iinfo(np.int32).max
    dtype = np.int32 if fits else np.int64
    indptr = np.zeros(shape[0] + 1, dtype=dtype)
    np.cumsum(np.bincount(rows, minlength=shape[0]), out=indptr[1:])
    return csr_array((values, columns.astype(dtype), indptr), shape=shape)
