"""Products with X that respect how it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BLOCK_CELLS = 1_000_000  # 8 MB of float64: a block stays near the cache


def times(G: Matrix, X: Matrix | csr_array) -> Matrix:
    """Return ``G X`` of shape ``(n_components, n_features)``, C-ordered."""
    if isinstance(X, np.ndarray):
        product: Matrix = G @ X
        return product
    return np.ascontiguousarray((X.T @ G.T).T)


def times_transposed(G: Matrix, X: Matrix | csr_array) -> Matrix:
    """Return ``G X'`` of shape ``(n_components, n_samples)``, C-ordered."""
    if isinstance(X, np.ndarray):
        product: Matrix = G @ X.T
        return product
    return np.ascontiguousarray((X @ G.T).T)


def stored_cells(X: csr_array) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return row and column of each stored entry, in the order they are stored."""
    rows = np.repeat(
        np.arange(X.shape[0], dtype=X.indices.dtype), np.diff(X.indptr).astype(np.intp)
    )
    return rows, X.indices


def product_at(
    Wt: Matrix, H: Matrix, rows: npt.NDArray[Any], columns: npt.NDArray[Any]
) -> Matrix:
    """Return ``WH`` at some cells, shape ``(len(rows),)``, without forming ``WH``."""
    W, Ht = np.ascontiguousarray(Wt.T), np.ascontiguousarray(H.T)
    values = np.empty(rows.size, dtype=H.dtype)
    length = max(1, _BLOCK_CELLS // max(1, W.shape[1]))
    for at in range(0, rows.size, length):
        cut = slice(at, at + length)
        np.einsum("ck,ck->c", W[rows[cut]], Ht[columns[cut]], out=values[cut])
    return values


def row_blocks(n_samples: int, n_features: int) -> list[slice]:
    """Return slices of rows whose dense blocks hold about a million cells each."""
    length = max(1, _BLOCK_CELLS // max(1, n_features))
    return [slice(at, at + length) for at in range(0, n_samples, length)]
