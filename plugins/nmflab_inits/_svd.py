"""Leading singular triplets, and the nonnegative halves NNDSVD takes from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from nmflab.contracts import Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Triplets: TypeAlias = tuple[Matrix, Matrix, Matrix]

_SMALL_SIDE = 256
_SMALL_CELLS = 2**16


def leading_triplets(X: Matrix | csr_array, n_components: int) -> Triplets:
    """Return U, s and V' of the largest singular values, in float64.

    Shapes ``(n_samples, n_components)``, ``(n_components,)``, ``(n_components,
    n_features)``; s falls. Each pair is signed so that the entry of u of largest
    magnitude is positive. Pairs whose singular value is 0 to rounding are set to 0.

    LAPACK's full decomposition serves where it is cheap: X has at most 256 rows or
    columns (a CSR: at most 65,536 cells), or at least half of all triplets are wanted,
    so that a dense X is no more than twice the size of a factor. Elsewhere ARPACK
    iterates to machine precision from a fixed vector, without making a CSR dense. Both
    are deterministic.
    """
    dense, shortest = isinstance(X, np.ndarray), min(X.shape)
    small = shortest <= _SMALL_SIDE if dense else math.prod(X.shape) <= _SMALL_CELLS
    if small or 2 * n_components >= shortest:
        U, s, Vt = _by_lapack(X, n_components)
        rounding = np.finfo(s.dtype).eps * max(X.shape)
    else:
        U, s, Vt = _by_arpack(X, n_components)
        # ARPACK works on X'X, whose eigenvalues are the squares.
        rounding = math.sqrt(np.finfo(s.dtype).eps)
    return signed(U, s, Vt, rounding)


def signed(U: Matrix, s: Matrix, Vt: Matrix, rounding: float) -> Triplets:
    """Return triplets in float64 whose u has a positive entry of largest magnitude.

    Those with a singular value of at most `rounding` times the first become 0.
    """
    kept = s > rounding * s[0]
    signs = np.where(kept, np.sign(U[np.abs(U).argmax(axis=0), np.arange(s.size)]), 0)
    U, s, Vt = (np.asarray(part, dtype=np.float64) for part in (U, s, Vt))
    return U * signs, np.where(kept, s, 0.0), signs[:, None] * Vt


def _by_lapack(X: Matrix | csr_array, n_components: int) -> Triplets:
    full: Matrix = X if isinstance(X, np.ndarray) else X.toarray()
    U, s, Vt = np.linalg.svd(full, full_matrices=False)
    return U[:, :n_components], s[:n_components], Vt[:n_components]


def _by_arpack(X: Matrix | csr_array, n_components: int) -> Triplets:
    from scipy.sparse.linalg import svds

    values = X if isinstance(X, np.ndarray) else X.data
    peak = float(values.max(initial=0))
    n_samples, n_features = X.shape
    if peak == 0:
        shapes = (
            (n_samples, n_components),
            (n_components,),
            (n_components, n_features),
        )
        U, s, Vt = (np.zeros(shape, dtype=X.dtype) for shape in shapes)
        return U, s, Vt
    # ARPACK calls eigenvalues of X'X below an absolute 4e-11 converged, and the powers
    # of large numbers overflow: outside of this range X is given in units of its peak.
    unit = 1.0 if 1 <= peak < math.pow(np.finfo(X.dtype).max, 0.25) else peak
    # Positive, as the first singular vectors are, and without any symmetry that could
    # hide another vector from the iteration. Fixed: no seed changes the result.
    v0 = 0.5 + np.random.default_rng(0).random(min(X.shape))
    U, s, Vt = svds(X if unit == 1 else X / unit, k=n_components, v0=v0.astype(X.dtype))
    order = np.argsort(s)[::-1]
    return U[:, order], s[order] * unit, Vt[order]


def nonnegative_halves(
    U: Matrix, s: Matrix, Vt: Matrix, *, threshold: float
) -> tuple[Matrix, Matrix]:
    """Return W and H of NNDSVD (Boutsidis & Gallopoulos 2008, table 1).

    The first pair is nonnegative by Perron and Frobenius. Of each other pair (u, v) the
    positive or the negative parts are taken, whichever have the larger product of norms
    m, scaled to ``sqrt(s m)``. Entries below `threshold` become 0.
    """
    W, H = np.zeros_like(U), np.zeros_like(Vt)
    W[:, 0] = np.sqrt(s[0]) * np.abs(U[:, 0])
    H[0] = np.sqrt(s[0]) * np.abs(Vt[0])
    for j in range(1, s.size):
        u, v = U[:, j], Vt[j]
        up, vp, larger = np.maximum(u, 0), np.maximum(v, 0), 0.0
        un, vn = np.maximum(-u, 0), np.maximum(-v, 0)
        positive, negative = _norm(up) * _norm(vp), _norm(un) * _norm(vn)
        if positive > negative:
            u, v, larger = up, vp, positive
        else:
            u, v, larger = un, vn, negative
        if larger > 0:
            length = np.sqrt(s[j] * larger)
            W[:, j] = length * (u / _norm(u))
            H[j] = length * (v / _norm(v))
    for factor in (W, H):
        factor[factor < threshold] = 0
    return W, H


def _norm(x: Matrix) -> float:
    return math.sqrt(x @ x)
