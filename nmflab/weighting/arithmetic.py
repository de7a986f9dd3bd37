"""Arithmetic on X that keeps its storage, its pattern and its precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix

Vector: TypeAlias = npt.NDArray[np.float64]


def map_cells(X: Any, function: Callable[[Matrix], Matrix]) -> Any:
    """Return the function of each cell; it must map 0 to 0."""
    if isinstance(X, np.ndarray):
        return function(X)
    return _like(X, function(X.data))


def divide_rows(X: Any, divisors: Vector) -> Any:
    """Return ``x_ij / divisors_i``."""
    if isinstance(X, np.ndarray):
        return (X / divisors[:, None]).astype(X.dtype, copy=False)
    return _like(X, (X.data / divisors[_rows(X)]).astype(X.dtype, copy=False))


def divide_columns(X: Any, divisors: Vector) -> Any:
    """Return ``x_ij / divisors_j``."""
    if isinstance(X, np.ndarray):
        return (X / divisors).astype(X.dtype, copy=False)
    return _like(X, (X.data / divisors[X.indices]).astype(X.dtype, copy=False))


def scale_columns(X: Any, factors: Vector) -> Any:
    """Return ``x_ij * factors_j``."""
    if isinstance(X, np.ndarray):
        return (X * factors).astype(X.dtype, copy=False)
    return _like(X, (X.data * factors[X.indices]).astype(X.dtype, copy=False))


def scale(X: Any, factor: float) -> Any:
    """Return ``factor * x_ij``; X itself for 1."""
    if factor == 1:
        return X
    return map_cells(X, lambda cells: (cells * factor).astype(cells.dtype, copy=False))


def row_lengths(X: Any) -> Vector:
    """Return ``‖x_i‖`` in float64, 1 for rows of 0."""
    if isinstance(X, np.ndarray):
        largest = np.abs(X).max(axis=1, initial=0).astype(np.float64)
        largest[largest == 0] = 1
        squares = np.square(X / largest[:, None], dtype=np.float64).sum(axis=1)
    else:
        rows = _rows(X)
        largest = np.zeros(X.shape[0])
        np.maximum.at(largest, rows, np.abs(X.data))
        largest[largest == 0] = 1
        squares = _grouped(rows, np.square(X.data / largest[rows]), X.shape[0])
    # Divided by the largest cell first: squares of tiny or huge cells leave the range.
    lengths: Vector = np.sqrt(squares) * largest
    return or_one(lengths)


def row_sums(X: Any) -> Vector:
    """Return ``Σ_j x_ij`` in float64."""
    if isinstance(X, np.ndarray):
        sums: Vector = X.sum(axis=1, dtype=np.float64)
        return sums
    return _grouped(_rows(X), X.data, X.shape[0])


def column_sums(X: Any) -> Vector:
    """Return ``Σ_i x_ij`` in float64."""
    if isinstance(X, np.ndarray):
        sums: Vector = X.sum(axis=0, dtype=np.float64)
        return sums
    return _grouped(X.indices, X.data, X.shape[1])


def column_counts(X: Any) -> npt.NDArray[np.intp]:
    """Return in how many rows each column is not 0."""
    if isinstance(X, np.ndarray):
        counts: npt.NDArray[np.intp] = np.count_nonzero(X, axis=0)
        return counts
    return np.bincount(X.indices[X.data != 0], minlength=X.shape[1])


def largest_cell(X: Any) -> float:
    """Return the largest cell, 1 where all are 0."""
    cells = X if isinstance(X, np.ndarray) else X.data
    return float(cells.max(initial=0)) or 1.0


def or_one(divisors: Vector) -> Vector:
    """Return divisors with 1 in the place of 0: what is 0 everywhere stays 0."""
    return np.where(divisors > 0, divisors, 1.0)


def _grouped(lines: npt.NDArray[np.integer], cells: Any, n_lines: int) -> Vector:
    """Return the sum of the cells of each line, in float64."""
    sums: Vector = np.bincount(lines, cells, minlength=n_lines).astype(np.float64)
    return sums


def _rows(X: Any) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))


def _like(X: Any, data: Matrix) -> Any:
    """Return a CSR with the pattern of X, sharing its index arrays."""
    from scipy.sparse import csr_array

    made: Any = csr_array((data, X.indices, X.indptr), shape=X.shape, copy=False)
    made.has_sorted_indices = True
    made.has_canonical_format = True
    return made
