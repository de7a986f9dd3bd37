"""Necessary conditions for the columns of a nonnegative matrix to be well scattered."""

from __future__ import annotations

import numpy as np

from nmflab.contracts import Mask, Matrix


def unmet_conditions(rows: Matrix, threshold: float, tolerance: float) -> str:
    """Return which necessary condition is not met, in words; "" where all are.

    Parameters
    ----------
    rows : ndarray of shape (n_components, n_columns)
        Nonnegative, none of them 0.
    threshold : float
        What counts as 0, as a share of the row's largest entry.
    tolerance : float
        Relative distance from the cone of the columns that counts as being in it.
    """
    held = rows > threshold * rows.max(axis=1, keepdims=True)
    return _too_few_zeros(held) or _within(held) or _outside(rows, held, tolerance)


def cone_distance(A: Matrix, b: Matrix) -> float:
    """Return ``min_{x >= 0} ‖A x − b‖ / ‖b‖``: 0 where b is in the cone of the columns.

    Columns enter one by one, that of the smallest angle with the residual first, so
    that the least-squares problems stay as small as A has rows.

    Parameters
    ----------
    A : ndarray of shape (n_rows, n_columns)
    b : ndarray of shape (n_rows,)
        Not 0.

    References
    ----------
    C. L. Lawson, R. J. Hanson, "Solving Least Squares Problems", 1974, ch. 23.
    """
    from scipy.optimize import nnls

    lengths = np.linalg.norm(A, axis=0)
    unit = A[:, lengths > 0] / lengths[lengths > 0]
    size = float(np.linalg.norm(b))
    entered = np.empty(0, dtype=np.intp)
    residual, left = b.astype(np.float64), size
    while left > 1e-15 * size:
        angles = residual @ unit
        angles[entered] = -np.inf
        best = int(angles.argmax())
        if angles[best] <= 1e-12 * left:
            break
        candidates = np.append(entered, best)
        x, distance = nnls(unit[:, candidates], b)
        if not distance < left:  # rounding is all that is left to gain
            break
        entered, left = candidates[x > 0], distance
        residual = b - unit[:, candidates] @ x
    return float(left / size)


def _too_few_zeros(held: Mask) -> str:
    n_components, n_columns = held.shape
    zeros = n_columns - held.sum(axis=1)
    few = np.flatnonzero(zeros < n_components - 1)
    if not few.size:
        return ""
    k = int(few[zeros[few].argmin()])
    return (
        f"{few.size} of {n_components} components have fewer than {n_components - 1}"
        f" zeros (component {k + 1} has {zeros[k]})"
    )


def _within(held: Mask) -> str:
    counts = held.astype(np.int64)
    inside = counts @ counts.T == counts.sum(axis=1)[:, None]
    np.fill_diagonal(inside, False)
    pairs = np.argwhere(inside)
    if not len(pairs):
        return ""
    k, other = pairs[0] + 1
    return f"the support of component {k} lies within that of component {other}"


def _outside(rows: Matrix, held: Mask, tolerance: float) -> str:
    A = np.where(held, rows, 0.0)
    A = A / A.sum(axis=1, keepdims=True)
    for k in range(len(A)):
        b = np.ones(len(A))
        b[k] = 0.0
        distance = cone_distance(A, b)
        if distance > tolerance:
            return (
                f"e - e_{k + 1} is outside the cone of the columns (relative distance"
                f" {distance:.2g})"
            )
    return ""
