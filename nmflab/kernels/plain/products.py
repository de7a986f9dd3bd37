"""Products of a few rows with a dense matrix, in NumPy."""

from __future__ import annotations

import numpy as np

from nmflab.contracts import Matrix


def times(F: Matrix, X: Matrix, out: Matrix, *, n_threads: int) -> None:
    """Write ``F X``.

    Parameters
    ----------
    F : ndarray of shape (k, n)
    X : ndarray of shape (n, m)
    out : ndarray of shape (k, m)
        Written; C-ordered, as the others.
    n_threads : int
        Among how many threads the product is shared; here, as BLAS is set.
    """
    np.matmul(F, X, out=out)


def times_transposed(F: Matrix, X: Matrix, out: Matrix, *, n_threads: int) -> None:
    """Write ``F X'``.

    Parameters
    ----------
    F : ndarray of shape (k, m)
    X : ndarray of shape (n, m)
    out : ndarray of shape (k, n)
    n_threads : int
    """
    np.matmul(F, X.T, out=out)
