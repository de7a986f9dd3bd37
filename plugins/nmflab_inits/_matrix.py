"""Products and lengths that respect how X is stored, and units that are safe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab_inits._starts import mean_observed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BLOCK_CELLS = 1_000_000  # 8 MB of float64


def times(G: Matrix, X: Matrix | csr_array) -> Matrix:
    """Return ``G X`` of shape ``(len(G), n_features)``, C-ordered."""
    if isinstance(X, np.ndarray):
        product: Matrix = G @ X
        return product
    return np.ascontiguousarray((X.T @ G.T).T)


def times_transposed(G: Matrix, X: Matrix | csr_array) -> Matrix:
    """Return ``G X'`` of shape ``(len(G), n_samples)``, C-ordered."""
    if isinstance(X, np.ndarray):
        product: Matrix = G @ X.T
        return product
    return np.ascontiguousarray((X @ G.T).T)


def dense_row(X: Matrix | csr_array, row: int) -> Matrix:
    """Return one row of X, in float64."""
    dense = np.zeros(X.shape[1])
    if isinstance(X, np.ndarray):
        dense += X[row]
    else:
        stored = slice(int(X.indptr[row]), int(X.indptr[row + 1]))
        dense[X.indices[stored]] = X.data[stored]
    return dense


def square_lengths(X: Matrix | csr_array) -> Matrix:
    """Return the squared Euclidean length of each row of X, in float64.

    X is converted block by block: neither a square of it nor a float64 copy is kept.
    """
    n_rows = X.shape[0]
    if isinstance(X, np.ndarray):
        lengths = np.empty(n_rows)
        height = max(1, _BLOCK_CELLS // max(1, X.shape[1]))
        for at in range(0, n_rows, height):
            block = X[at : at + height].astype(np.float64)
            np.einsum("ij,ij->i", block, block, out=lengths[at : at + height])
        return lengths
    rows = np.repeat(np.arange(n_rows), np.diff(X.indptr))
    squares = X.data.astype(np.float64) ** 2
    sums: Matrix = np.bincount(rows, squares, n_rows).astype(np.float64)  # none stored
    return sums


def in_safe_units(problem: Problem) -> tuple[Matrix | csr_array, float]:
    """Return X in units whose squares and cubes stay in range, and the root of them.

    Factors found for what is returned are those of X once multiplied by the root. The
    unit is a power of four, its root a power of two: neither rounds anything. X itself
    is returned, with 1, where its scale is harmless.
    """
    X, mean = problem.X, mean_observed(problem)
    exponent = 2 * round(math.log2(mean) / 2) if mean > 0 else 0
    if abs(exponent) <= np.finfo(problem.dtype).maxexp // 6:
        return X, 1.0
    unit, root = 2.0**exponent, 2.0 ** (exponent // 2)
    if isinstance(X, np.ndarray):
        scaled: Matrix = X / unit
        return scaled, root
    from scipy.sparse import csr_array

    return csr_array((X.data / unit, X.indices, X.indptr), shape=X.shape), root
