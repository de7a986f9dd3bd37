"""Rows of one factor, each solved on its observed cells with the other factor fixed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix

Index = npt.NDArray[np.integer]


def solve_rows(
    starts: Index,
    columns: Index,
    values: Matrix,
    table: Matrix,
    start: Matrix,
    terms: Matrix,
    *,
    used: int,
    sweeps: int,
    measure: bool,
    new: Matrix,
    n_threads: int,
) -> float:
    """Sweep over each row w of a factor: ``min ½ Σ (x_j − w·t_j)²`` plus penalties.

    The Gram matrix of a row's observed cells is formed once and its gradient kept up to
    date, so that a sweep costs ``2 used²`` operations however many cells there are.

    Parameters
    ----------
    starts, columns, values
        A CSR: the observed cells of each row.
    table : ndarray of shape (n_columns, width)
        The other factor, a row ``t_j`` for each column, ``width − used`` zeros behind.
    start, new : ndarray of shape (n_rows, width)
        Where the sweeps start from, and where their result goes; may be the same.
    terms : ndarray of shape (5, width)
        For each entry of w: a first-order weight a and second-order ones b and c, of
        the penalty ``a w + ½ (b + c n) w²`` with n the row's observed cells; its lower
        bound; 1, or 0 if it is not to move.
    used, sweeps : int
        Entries of w that count, and cyclic sweeps over them.
    measure : bool
        Whether to return the error, which takes another pass over the cells.
    n_threads : int
        Rows are independent: the result is the same with any number.

    Returns
    -------
    float
        ``Σ (x_j − w·t_j)²`` over all rows after the sweeps, 0 if not to be measured.
    """
    error = 0.0
    for row, (first, end) in enumerate(pairwise(starts)):
        A, x = table[columns[first:end], :used], values[first:end]
        w = np.maximum(start[row, :used], terms[3, :used])
        sweep_row(A.T @ A, A.T @ x, w, terms[:, :used], int(end - first), sweeps)
        new[row, :used] = w
        if measure:
            residual = x - A @ w
            error += float(residual @ residual)
    return error


def sweep_row(
    G: Matrix, c: Matrix, w: Matrix, terms: Matrix, count: int, sweeps: int
) -> None:
    """Sweep w in place towards ``min ½ w'Gw − c'w`` plus penalties within its bounds.

    An entry without curvature stays, unless a penalty alone acts on it: it goes to 0.
    """
    first, second, per_cell, low, moves = terms
    G = G + np.diag(second + count * per_cell)
    curvature, c = np.diag(G), c - first
    curved = (curvature >= np.finfo(G.dtype).tiny) & (moves > 0)
    alone = ~curved & (moves > 0) & (c < 0)
    w[alone] = np.maximum(low[alone], 0)
    # Below, an entry's step would be what rounding leaves of the others' share.
    largest = float(curvature[moves > 0].max(initial=0))
    curved &= curvature >= largest * float(np.finfo(G.dtype).eps) ** 2
    for _ in range(sweeps):
        for a in np.flatnonzero(curved):
            w[a] = max(low[a], w[a] + (c[a] - G[a] @ w) / curvature[a])
