"""Mixtures: vectors of weights at least 0 whose sum is 1, or at most 1."""

from __future__ import annotations

import numpy as np

from nmflab.contracts import Matrix
from nmflab.numerics.nnls import nnls

_EXACT = 1e-12  # of a sum that is to be 1; what is left is divided away
_MOST_ROUNDS = 20


def project_to_simplex(V: Matrix, *, at_most: bool = False) -> Matrix:
    """Return, for each column v, the nearest h with ``h >= 0`` and ``Σ h = 1``.

    ``h = max(v − t, 0)`` with the one t that makes it sum to 1, found by sorting
    (O(k log k) a column).

    Parameters
    ----------
    V : ndarray of shape (n_components, n_columns)
        Finite; not written to.
    at_most : bool
        Project onto ``Σ h <= 1`` instead: where ``max(v, 0)`` satisfies that, it is the
        projection.

    Returns
    -------
    ndarray of shape (n_components, n_columns)
        Of V's dtype.

    References
    ----------
    M. Held, P. Wolfe, H. P. Crowder, "Validation of subgradient optimization",
    Mathematical Programming 6, 1974.
    """
    # Measured from the largest entry, so that a large common part does not cancel.
    top = V.max(axis=0)
    shifted = V - top
    falling = -np.sort(-shifted, axis=0)
    counts = np.arange(1, V.shape[0] + 1, dtype=V.dtype)[:, None]
    thresholds = (np.cumsum(falling, axis=0) - 1) / counts
    # The first entry always lies above its own threshold, so there is at least one.
    n_kept = np.count_nonzero(falling > thresholds, axis=0)
    t = thresholds[n_kept - 1, np.arange(V.shape[1])]
    if at_most:
        inside = np.maximum(V, 0).sum(axis=0) <= 1
        t = np.where(inside, -top, t)
    projected: Matrix = np.maximum(shifted - t, 0)
    return projected


def simplex_least_squares(
    gram: Matrix,
    products: Matrix,
    start: Matrix | None = None,
    *,
    at_most: bool = False,
) -> Matrix:
    """Minimise ``½ h' gram h − c' h`` over mixtures h, for each column c of `products`.

    With ``gram = S S'`` and ``c = S x`` this is ``½‖x − S'h‖²`` less a constant: x as a
    mixture of the rows of S, "fully constrained least squares". The sum is enforced by
    the method of multipliers, each of whose few rounds is an exact non-negative least
    squares problem.

    Parameters
    ----------
    gram : ndarray of shape (n_components, n_components)
        Symmetric, positive semidefinite.
    products : ndarray of shape (n_components, n_columns)
    start : ndarray of shape (n_components, n_columns), optional
        A point near the solution; only where it is positive matters.
    at_most : bool
        Whether sums below 1 are allowed, or 1 alone.

    Returns
    -------
    ndarray of shape (n_components, n_columns)
        float64.

    References
    ----------
    D. C. Heinz, C.-I Chang, "Fully Constrained Least Squares Linear Spectral Mixture
    Analysis Method for Material Quantification in Hyperspectral Imagery", IEEE TGRS
    39(3), 2001 (the sum as a heavily weighted equation).
    D. P. Bertsekas, "Constrained Optimization and Lagrange Multiplier Methods", 1982
    (the multipliers that make it exact).
    """
    G, C = np.asarray(gram, np.float64), np.asarray(products, np.float64)
    if not at_most:
        return _summing_to_one(G, C, start)
    h = nnls(G, C, start)
    over = h.sum(axis=0) > 1
    if over.any():
        # Where the bound is broken without it, it holds with equality at the optimum.
        h[:, over] = _summing_to_one(G, C[:, over], h[:, over])
    return h


def _summing_to_one(G: Matrix, C: Matrix, start: Matrix | None) -> Matrix:
    """Minimise with the penalty ``½ M (Σ h − 1)²`` and a multiplier for each column."""
    largest = float(np.linalg.eigvalsh(G)[-1])
    if not largest > 0:
        return np.full(C.shape, 1 / len(G))
    # Each round shrinks the excess by about this factor; a larger one costs digits.
    weight = 1e4 * largest
    h, multipliers = start, np.zeros(C.shape[1])
    for _ in range(_MOST_ROUNDS):
        h = nnls(G + weight, C + (weight - multipliers), h)
        excess = h.sum(axis=0) - 1
        multipliers += weight * excess
        if np.abs(excess).max(initial=0.0) <= _EXACT:
            break
    assert h is not None
    mixtures: Matrix = h / h.sum(axis=0)
    return mixtures
