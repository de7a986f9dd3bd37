"""One pass over a CSR that updates a factor, in NumPy.

Factors stand in blocks of 256 bytes of columns, shape ``(n_blocks, n_components * n)``,
n numbers a component; tables hold a row for each feature, padded to a multiple of 64
bytes and flattened.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from nmflab.contracts import Matrix
from nmflab.kernels.plain.hals import WIDTH, sweep_block

CHUNK = 64
"""Bytes; rows of tables are padded to a multiple."""


def solve(
    indptr: Any,
    indices: Any,
    data: Matrix,
    table: Matrix,
    sums: Matrix,
    *,
    over_samples: bool,
    n_rows: int,
    start: Matrix,
    G: Matrix,
    l1: float,
    most: int,
    delta: float,
    last: Matrix,
    beta: float,
    new: Matrix,
    ahead: Matrix,
    grams: Matrix,
) -> float:
    """Sweep one factor and leave behind what the other's update needs.

    Over samples, W is swept with the products of X and `table`, and the products of
    ``X'`` with its extrapolation are summed into `sums`; over features, H is swept with
    `sums` as its products, and `table` becomes its extrapolation. Sweeps are those of
    `nmflab.kernels.plain.hals.sweep`; extrapolations of H are brought back to at least
    0, those of W are not.

    Parameters
    ----------
    indptr, indices, data : ndarray
        X, as a CSR of shape (n_samples, n_features).
    table : ndarray
        The extrapolated H, a row a feature; written over features.
    sums : ndarray of shape (n_parts, table.size)
        ``X' W`` of the extrapolated W, a row a feature; written over samples, one part
        a thread, to be added up by the caller. Over features the first is read.
    over_samples : bool
        Which factor is updated: W, or H.
    n_rows : int
        Rows of that factor: n_samples or n_features.
    start, last, new, ahead : ndarray of shape (n_blocks, n_components * n)
        As in `nmflab.kernels.plain.hals.sweep`, in blocks.
    G : ndarray of shape (n_components, n_components)
    l1, most, delta, beta
        With ``most=0`` nothing is swept: `start` is taken as it is.
    grams : float64 ndarray of shape (n_parts, 2, n_components, n_components)
        Written, upper halves: inner products of `new` (over samples, where beta is not
        0) and of `ahead`.

    Returns
    -------
    float
        ``⟨C − l1, new⟩``, C the products.
    """
    k, n = G.shape[0], WIDTH // start.itemsize
    n_features = table.size // padded_size(k, start.dtype)
    rows = table.reshape(n_features, -1)
    first = sums[0].reshape(n_features, -1)
    X = csr_array((data, indices, indptr), shape=(indptr.size - 1, n_features))
    C = X @ rows[:, :k] if over_samples else first[:, :k]
    dot, F = 0.0, np.zeros((n_rows, k), start.dtype)
    grams[:] = 0
    for block in range(start.shape[0]):
        cut = slice(block * n, (block + 1) * n)
        f, c = start[block].reshape(k, n).copy(), np.zeros((k, n), start.dtype)
        if most > 0:
            c[:, : C[cut].shape[0]] = C[cut].T - start.dtype.type(l1)
            sweep_block(f, c, G, most, delta)
            dot += float(np.vdot(c, f))
        y = f + start.dtype.type(beta) * (f - last[block].reshape(k, n))
        y = y if over_samples else np.maximum(y, 0)
        new[block], ahead[block] = f.ravel(), y.ravel()
        F[cut] = y.T[: F[cut].shape[0]]
        if over_samples and beta != 0:
            grams[0, 0] += np.triu(f @ f.T)
        grams[0, 1] += np.triu(y @ y.T)
    if over_samples:
        sums[:] = 0
        first[:, :k] = X.T @ F
    else:
        rows[:, :k] = F
    return dot


def padded_size(n_components: int, dtype: Any) -> int:
    """Return how many numbers a row of a table takes."""
    chunk = CHUNK // int(np.dtype(dtype).itemsize)
    return -(-n_components // chunk) * chunk
