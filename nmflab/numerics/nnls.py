"""Nonnegative least squares for many right-hand sides, exactly, from a Gram matrix.

With ``G = W'W`` and ``C = W'X`` each column of H is the minimiser of
``½⟨h, Gh⟩ − ⟨c, h⟩`` over h >= 0: X itself is not needed, and may be sparse.

References
----------
J. Kim, H. Park, "Fast Nonnegative Matrix Factorization: An Active-Set-Like Method and
Comparisons", SIAM J. Sci. Comput. 33(6), 2011 (algorithm 2, grouping of section 3.3).
J. J. Júdice, F. M. Pires, "A block principal pivoting algorithm for large-scale
strictly monotone linear complementarity problems", Computers & Operations Research
21(5), 1994 (the backup rule).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix

__all__ = ["nnls", "nnls_gap"]

_EPS = float(np.finfo(np.float64).eps)
_FULL_EXCHANGES = 3  # Kim & Park 2011, section 3.2
_MOST_SWEEPS = 1000


def nnls(
    gram: npt.ArrayLike, products: npt.ArrayLike, start: Matrix | None = None
) -> Matrix:
    """Return the F >= 0 that minimises ``½⟨F, GF⟩ − ⟨C, F⟩``, column by column.

    Block principal pivoting: each column guesses which entries are positive (its
    passive set), solves for those, and exchanges all entries that contradict the guess;
    where that stops making progress, one at a time. Columns with the same passive set
    share a Cholesky factorization.

    Parameters
    ----------
    gram : array of shape (n_components, n_components)
        G, symmetric and positive semidefinite. L2 penalties belong on its diagonal.
    products : array of shape (n_components, n_columns)
        C. An L1 penalty is subtracted from it.
    start : ndarray of shape (n_components, n_columns), optional
        A point near the solution; only where it is positive matters.

    Returns
    -------
    ndarray of shape (n_components, n_columns)
        float64. A component whose Gram diagonal is 0 gets zeros.

    Raises
    ------
    ValueError
        If shapes do not match, an entry is not finite, or G has a clearly negative
        eigenvalue.

    Notes
    -----
    A numerically singular G, as of two equal components, has many minimisers, and what
    C was rounded by would decide between them. A ridge of ``20 n_components`` roundings
    of its (scaled) diagonal singles one out; a regular G gets none. Roundings are those
    of the coarser of the dtypes given, so that G and C in float32 may be handed over as
    they are. Components may differ in size by any factor: the work is done in float64
    and in units that put the diagonal of G near 1.
    """
    G, C, precision = _checked(gram, products)
    F = np.zeros_like(C)
    alive = G.diagonal() >= np.finfo(np.float64).tiny
    if not (alive.any() and C.size):
        return F
    # powers of two: a change of unit that rounds nothing
    unit = np.exp2(-np.round(np.log2(G.diagonal()[alive]) / 2))[:, None]
    passive: Mask = np.zeros(F[alive].shape, dtype=np.bool_)
    if start is not None:
        passive = start[alive] > 0
    scaled = _regular(G[np.ix_(alive, alive)] * unit * unit.T, precision)
    F[alive] = unit * _pivot(scaled, C[alive] * unit, passive)
    return F


def nnls_gap(
    gram: Matrix, products: Matrix, F: Matrix, sums: Matrix, n_rows: int
) -> Matrix:
    """Return how far each column is from the least ``½‖x − Wf‖²``: a bound, 0 there.

    The duality gap at the dual point ``θ = ρ − t 1``, with ``ρ = x − Wf`` and the least
    t >= 0 that makes θ feasible. Written as a sum of terms of one sign,
    ``Σ_k f_k (t (1'w_k) − w_k'ρ) + ½ n t²``, in which nothing cancels.

    Parameters
    ----------
    gram, products : ndarray
        ``W'W`` and ``W'X``, without penalties.
    F : ndarray of shape (n_components, n_columns)
        Feasible: at least 0.
    sums : ndarray of shape (n_components,)
        ``1'W``, the column sums of a nonnegative W.
    n_rows : int
        Rows of W.

    Returns
    -------
    ndarray of shape (n_columns,)
        In units of X squared.
    """
    F = np.asarray(F, dtype=np.float64)
    alive = np.asarray(sums) > 0
    s = np.asarray(sums, dtype=np.float64)[alive, None]
    slope = (products - gram @ F)[alive]
    t = (slope / s).max(axis=0, initial=0.0)
    room = np.maximum(t * s - slope, 0)  # t was the largest slope / s, but for rounding
    gap: Matrix = (F[alive] * room).sum(axis=0) + n_rows * t**2 / 2
    return gap


def _checked(
    gram: npt.ArrayLike, products: npt.ArrayLike
) -> tuple[Matrix, Matrix, float]:
    """Return G and C in float64, and the precision of the coarser of them."""
    given = np.asarray(gram), np.asarray(products)
    precision = max(
        float(np.finfo(one.dtype).eps) if one.dtype.kind == "f" else _EPS
        for one in given
    )
    G, C = (one.astype(np.float64) for one in given)
    if C.ndim != 2 or G.shape != (C.shape[0], C.shape[0]):
        raise ValueError(
            f"nnls: gram has shape {G.shape} and products {C.shape}; they must be"
            " (n_components, n_components) and (n_components, n_columns)"
        )
    if not (np.isfinite(G).all() and np.isfinite(C).all()):
        raise ValueError("nnls: gram and products must be finite")
    return G, C, precision


def _regular(G: Matrix, precision: float) -> Matrix:
    """Return G with its smallest eigenvalue lifted above rounding, where it is not.

    Then every principal submatrix has a Cholesky factor, by interlacing, and pivoting
    ends: there is one solution for each passive set.
    """
    smallest = float(np.linalg.eigvalsh(G)[0])
    if smallest < -1e-3:  # below what products in float32 could bring about
        raise ValueError(
            "nnls: gram must be positive semidefinite; with its diagonal scaled to"
            f" about 1, its smallest eigenvalue is {smallest:.3g}"
        )
    ridge = max(0.0, 20 * len(G) * precision - smallest)
    regular: Matrix = G + ridge * np.eye(len(G))
    return regular


def _pivot(G: Matrix, C: Matrix, passive: Mask) -> Matrix:
    """Exchange entries between the passive set and its complement until none is wrong.

    An entry is wrong where it is passive and negative, or left out with a gradient that
    is negative beyond rounding.
    """
    n_components, n_columns = C.shape
    F = np.empty_like(C)
    fewest = np.full(n_columns, n_components + 1)
    patience = np.full(n_columns, _FULL_EXCHANGES)
    at = np.arange(n_columns)
    for _ in range(100 + 20 * n_components):
        F[:, at] = _solve(G, C[:, at], passive[:, at])
        wrong = _wrong(G, C[:, at], F[:, at], passive[:, at])
        n_wrong = wrong.sum(axis=0)
        unfinished = n_wrong > 0
        at, wrong = at[unfinished], wrong[:, unfinished]
        if not at.size:
            return np.maximum(F, 0)
        n_wrong = n_wrong[unfinished]
        fewer = n_wrong < fewest[at]
        fewest[at] = np.where(fewer, n_wrong, fewest[at])
        patience[at] = np.where(fewer, _FULL_EXCHANGES, patience[at] - 1)
        single = patience[at] < 0
        wrong[:, single] = _last_only(wrong[:, single])
        passive[:, at] ^= wrong
    np.maximum(F, 0, out=F)
    F[:, at] = _descend(G, C[:, at], F[:, at])
    return F


def _wrong(G: Matrix, C: Matrix, F: Matrix, passive: Mask) -> Mask:
    gradient = G @ F - C
    # what the sums of the gradient may round to, for each column
    rounding = 8 * len(G) * _EPS * (np.abs(C).max(axis=0) + np.abs(F).sum(axis=0))
    wrong: Mask = np.where(passive, F < 0, gradient < -rounding)
    return wrong


def _last_only(wrong: Mask) -> Mask:
    """Keep the last wrong entry of each column: the rule that cannot cycle."""
    last = len(wrong) - 1 - np.argmax(wrong[::-1], axis=0)
    kept: Mask = np.arange(len(wrong))[:, None] == last
    return kept


def _solve(G: Matrix, C: Matrix, passive: Mask) -> Matrix:
    """Solve each column for its passive entries; the others are 0."""
    from scipy.linalg.lapack import dposv

    F = np.zeros_like(C)
    for rows, columns in _groups(passive):
        if rows.size:
            part = np.ix_(rows, columns)
            _, F[part], _ = dposv(G[np.ix_(rows, rows)], C[part])
    return F


def _groups(
    passive: Mask,
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Yield the passive rows and the columns of each group that shares them."""
    codes = np.ascontiguousarray(np.packbits(passive, axis=0).T)
    keys = codes.view(np.dtype((np.void, codes.shape[1]))).ravel()
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    cuts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    for columns in np.split(order, cuts):
        yield np.flatnonzero(passive[:, columns[0]]), columns


def _descend(G: Matrix, C: Matrix, F: Matrix) -> Matrix:
    """Return F after coordinate descent: for columns that rounding keeps from settling.

    Slower than pivoting but it cannot cycle.
    """
    for _ in range(_MOST_SWEEPS):
        before = F.copy()
        for f, c, g, curvature in zip(F, C, G, G.diagonal(), strict=True):
            np.maximum(f + (c - g @ F) / curvature, 0, out=f)
        if (np.abs(F - before) <= 4 * _EPS * np.abs(F).max(axis=0)).all():
            break
    return F
