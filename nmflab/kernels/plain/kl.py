"""Rows of one factor updated for the Kullback-Leibler loss, the other factor fixed.

The loss of a row w is ``Σ_j y_j − x_j log y_j``, with ``y_j = w·t_j`` and ``t_j`` a row
of the other factor's table. Its gradient is ``S − N`` with ``S = Σ t_j``, over all
columns or over the observed ones, and ``N = Σ t_j x_j / y_j``.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.kernels.plain.masked import Index, sweep_row

_MOST_TRIALS = 40

Float64 = npt.NDArray[np.float64]


def multiply_rows(
    starts: Index,
    columns: Index,
    values: Matrix,
    table: Matrix,
    start: Matrix,
    sums: Matrix,
    terms: Matrix,
    *,
    used: int,
    masked: bool,
    smallest: float,
    measure: bool,
    new: Matrix,
    n_threads: int,
) -> float:
    """Replace each row w by ``max(low, w N / (S + a))``.

    With a second-order penalty b the denominator D becomes ``(D + √(D² + 4 b w N))/2``.

    Parameters
    ----------
    starts, columns, values, table, start, terms, used, new, n_threads
        See `nmflab.kernels.plain.masked.solve_rows`; penalties for each cell are not
        looked at, and every entry moves.
    sums : ndarray of shape (width,)
        S where every column counts.
    masked : bool
        Whether S is over the cells of the row instead.
    smallest : float
        Least value that y is taken for.
    measure : bool
        Whether to return the loss.

    Returns
    -------
    float
        ``Σ y − x log y`` of all rows *before* the update; 0 if not to be measured.
    """
    loss, width = 0.0, slice(used)
    for row, (first, end) in enumerate(pairwise(starts)):
        A, x, w = table[columns[first:end], width], values[first:end], start[row, width]
        rise = A.sum(axis=0) if masked else sums[width]
        y = np.maximum((A @ w).astype(np.float64), smallest)
        if measure:
            loss += _loss(x, y, rise, w)
        up, down = w * (A.T @ (x / y)), rise + terms[0, width]
        root = np.sqrt(down * down + 4 * terms[1, width] * up)
        down = np.where(terms[1, width] > 0, (down + root) / 2, down)
        unmoved = np.where(terms[1, width] > 0, 0.0, w)
        moved = np.divide(up, down, out=unmoved, where=down > 0)
        new[row, width] = np.maximum(terms[3, width], moved)
    return loss


def newton_rows(
    starts: Index,
    columns: Index,
    values: Matrix,
    table: Matrix,
    start: Matrix,
    sums: Matrix,
    terms: Matrix,
    *,
    used: int,
    masked: bool,
    sweeps: int,
    smallest: float,
    measure: bool,
    new: Matrix,
    n_threads: int,
) -> float:
    """Sweep over the second-order model of each row's loss, then search along the line.

    With ``G = Σ t_j t_j' x_j / y_j²``, for which ``G w = N``, the model at the point v
    is ``½ v'Gv − (2 N − S)'v``, whose gradient at w is ``S − N``.

    Parameters
    ----------
    starts, columns, values, table, start, sums, terms, used, masked, smallest, new,
    n_threads
        See `multiply_rows`.
    sweeps : int
        Cyclic sweeps over the entries of each row.

    Returns
    -------
    float
        ``Σ y − x log y`` of all rows after the update; 0 if not to be measured.
    """
    loss, width = 0.0, slice(used)
    for row, (first, end) in enumerate(pairwise(starts)):
        A, x = table[columns[first:end], width], values[first:end]
        old = np.maximum(start[row, width], terms[3, width])
        rise = A.sum(axis=0) if masked else sums[width]
        y = np.maximum((A @ old).astype(np.float64), smallest)
        B = A * (np.sqrt(x) / y)[:, None].astype(A.dtype)
        w = old.copy()
        products = 2 * (B.T @ np.sqrt(x)) - rise
        sweep_row(B.T @ B, products, w, terms[:, width], 0, sweeps)
        d = w.astype(np.float64) - old
        flat = float((rise + terms[0, width] + terms[1, width] * old) @ d)
        dy = np.maximum((A @ w).astype(np.float64), smallest) - y
        t = step_length(x, y, dy, flat, float(terms[1, width] @ (d * d)))
        new[row, width] = w if t == 1 else np.maximum(terms[3, width], old + t * d)
        if measure:
            loss += _loss(x, np.maximum(y + t * dy, smallest), rise, new[row, width])
    return loss


def step_length(x: Matrix, y: Float64, dy: Float64, flat: float, bend: float) -> float:
    """Return a t in (0, 1] up to which a row's loss falls all the way.

    Its slope along the step, ``flat + bend t − Σ x dy/(y + t dy)``, rises with t. A
    first t at which it is at most 0 is looked for from 1 downwards, by steps a tenth
    longer than Newton's: they pass the root, where his may approach it for ever.
    Where t = 1 is too far, no y with x > 0 loses more than nine tenths: from close to 0
    it would only grow by doubling.
    """
    t = 1.0
    for _ in range(_MOST_TRIALS):
        # What is left of y may be nothing but rounding, of either sign.
        ratio = dy / np.maximum(y + t * dy, 2e-16 * y)
        slope = flat + t * bend - float(x @ ratio)
        curve = bend + float(x @ (ratio * ratio))
        if slope <= 0:
            return t
        t = t - 1.1 * slope / curve if 1.1 * slope < t * curve else t / 2
        t = min(t, 0.9 / max(0.9, float(np.max(-dy / y, where=x > 0, initial=0.0))))
    return t


def _loss(x: Matrix, y: Float64, rise: Matrix, w: Matrix) -> float:
    return float(rise.astype(np.float64) @ w) - float(x @ np.log(y))
