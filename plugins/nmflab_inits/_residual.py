"""One more component for a factorization: the best one for what it leaves of X."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab_inits._matrix import dense_row, times, times_transposed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_N_ROUNDS = 10


def with_residual_components(
    X: Matrix | csr_array, lengths: Matrix, Wt: Matrix, H: Matrix, n_more: int
) -> tuple[Matrix, Matrix]:
    """Return W' and H with `n_more` components added; see `residual_component`."""
    for _ in range(n_more):
        w, h = residual_component(X, lengths, Wt, H)
        Wt, H = np.vstack([Wt, w]), np.vstack([H, h])
    return Wt, H


def residual_component(
    X: Matrix | csr_array, lengths: Matrix, Wt: Matrix, H: Matrix
) -> tuple[Matrix, Matrix]:
    """Return w and h that fit ``R = X − WH`` well: a nonnegative rank-one fit of R.

    ``w ← max(0, Rh)/‖h‖²``, ``h ← max(0, R'w)/‖w‖²``, ten rounds, from h the positive
    part of the row that is fitted worst. Each half is the exact minimiser of
    ``‖R − wh‖`` given the other, so the fit only improves. R is never formed: a round
    is one product of X, and of W and H, with a vector for each half.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    lengths : ndarray of shape (n_samples,)
        Squared lengths of its rows, in float64.
    Wt : ndarray of shape (n_components, n_samples)
        May hold no component at all.
    H : ndarray of shape (n_components, n_features)

    Returns
    -------
    w, h : ndarray
        Of equal length. Both all 0 where that row has no positive residual beyond
        rounding: no component would help there.
    """
    h = _worst_row(X, lengths, Wt, H)
    w = np.zeros(Wt.shape[1], dtype=H.dtype)
    for _ in range(_N_ROUNDS):
        w = _half(times_transposed(h[None], X)[0] - (h @ H.T) @ Wt, h)
        h = _half(times(w[None], X)[0] - (w @ Wt.T) @ H, w)
    length_w, length_h = np.linalg.norm(w), np.linalg.norm(h)
    if not (length_w > 0 and length_h > 0):
        return np.zeros_like(w), np.zeros_like(h)
    root = np.sqrt(length_w * length_h)
    return w * (root / length_w), h * (root / length_h)


def _half(product: Matrix, other: Matrix) -> Matrix:
    """Return ``max(0, product)/‖other‖²``; 0 where the other half is."""
    square = other @ other
    if not square > np.finfo(other.dtype).tiny:
        return np.zeros_like(product)
    half: Matrix = np.maximum(product, 0) / square
    return half


def _worst_row(X: Matrix | csr_array, lengths: Matrix, Wt: Matrix, H: Matrix) -> Matrix:
    """Return the positive part of the longest row of R, entries at rounding level 0."""
    left = lengths - 2 * np.einsum("ki,ki->i", times_transposed(H, X), Wt)
    left += np.einsum("ki,ki->i", (H @ H.T) @ Wt, Wt)
    row = int(left.argmax())
    x, y = dense_row(X, row), Wt[:, row] @ H
    residual = x - y
    # what the sums of y, and the sweeps that made it, may have rounded to
    residual[residual <= 64 * np.finfo(H.dtype).eps * (x + y)] = 0
    return residual.astype(H.dtype)
