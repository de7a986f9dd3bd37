"""How much of X is noise, from the singular values that a low rank leaves over."""

from __future__ import annotations

from typing import Any

import numpy as np

_DENSE_UP_TO = 400
"""Smaller side of X up to which all singular values are computed."""


def noise_variance(X: Any, rank: int) -> float:
    """Return ``Σ_{j>r} s_j² / ((n − r)(m − r))``, what a rank r leaves of X per cell.

    The variance of independent noise on a matrix of rank r or less, in units of X
    squared; ``n m − r(n + m − r)`` cells are left when rank r has its freedom.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n, m)
        Without missing cells.
    rank : int
        r, at least the rank of what is not noise. 0 is returned where it leaves
        nothing over: r is the smaller side of X, or X has rank r.
    """
    n, m = X.shape
    if rank >= min(n, m):
        return 0.0
    total = _squares(X)
    largest = _singular_values(X, rank)
    left = total - float(np.square(largest).sum())
    if left <= 1e-12 * total:  # what rounding leaves of an exact low rank
        return 0.0
    return float(left / ((n - rank) * (m - rank)))


def _squares(X: Any) -> float:
    cells = X if isinstance(X, np.ndarray) else X.data
    return float(np.square(cells, dtype=np.float64).sum())


def _singular_values(X: Any, rank: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    if min(X.shape) <= _DENSE_UP_TO:
        dense = X if isinstance(X, np.ndarray) else X.toarray()
        values = np.linalg.svd(dense.astype(np.float64), compute_uv=False)
        return np.asarray(values[:rank])
    from scipy.sparse.linalg import svds

    start = np.ones(min(X.shape))
    found = svds(X.astype(np.float64), k=rank, return_singular_vectors=False, v0=start)
    return np.asarray(found)
