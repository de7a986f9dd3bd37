"""Euclidean projection onto vectors of a given sparseness, as Hoyer measures it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix


def sparseness_l1(length: int, sparseness: float, l2: float = 1.0) -> float:
    """Return the L1 norm ``l2 (√m − S (√m − 1))`` of a vector of sparseness S.

    S is Hoyer's measure ``(√m − ‖x‖₁/‖x‖₂) / (√m − 1)`` of a vector of length m: 0
    where all entries are equal, 1 where one alone is not 0.

    References
    ----------
    P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness Constraints", JMLR
    5, 2004, section 3.1.
    """
    root = math.sqrt(length)
    return l2 * (root - sparseness * (root - 1))


def project_to_norms(x: Matrix, l1: float, l2: float) -> npt.NDArray[np.float64]:
    """Return the nearest s with ``s >= 0``, ``Σ s = l1`` and ``‖s‖₂ = l2``.

    The solution is ``s = max(x − t, 0)``, times a positive number; the ratio of its
    norms falls as t grows, so t is found exactly among the sorted entries instead of by
    Hoyer's alternating steps, whose fixed point it is.

    Parameters
    ----------
    x : ndarray of shape (length,)
        Finite; may be negative. Not written to.
    l1, l2 : float
        ``l2 <= l1 <= √length·l2``, both > 0.

    Returns
    -------
    ndarray of shape (length,)
        float64. Where the largest entries of x are equal and too many of them would
        have to stay, the nearest vector is not unique; earlier entries are favoured.

    Raises
    ------
    ValueError
        If no vector of this length has these norms.

    References
    ----------
    P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness Constraints", JMLR
    5, 2004, section 3.1.
    M. Thom, G. Palm, "Sparse Activity and Sparse Connectivity in Supervised Learning",
    JMLR 14, 2013 (the projection as shrinking and scaling).
    """
    ratio = _ratio(x.size, l1, l2)
    order = np.argsort(-x, kind="stable")
    # Relative to the largest entry: what all entries share must not cancel.
    falling = x[order].astype(np.float64)
    falling -= falling[0]
    shape = _shrunk(falling, ratio)
    projected = np.empty(x.size)
    # Shrinking once more removes what rounding left of the ratio.
    projected[order] = _shrunk(shape - shape[0], ratio) * l1
    return projected


def _ratio(length: int, l1: float, l2: float) -> float:
    """Return ``l1/l2``, clipped to what rounding alone may have moved it beyond."""
    slack = 1e-12
    root = math.sqrt(length)
    if not (0 < l2 * (1 - slack) <= l1 <= root * l2 * (1 + slack)):
        raise ValueError(
            f"no vector of length {length} has L1 norm {l1:g} and L2 norm {l2:g}; the"
            f" L1 norm must lie between the L2 norm and {root:.6g} times it"
        )
    return min(max(l1 / l2, 1.0), root)


def _shrunk(falling: npt.NDArray[Any], ratio: float) -> npt.NDArray[np.float64]:
    """Return ``max(falling − t, 0)`` with L1 norm 1 and L2 norm ``1/ratio``.

    ``falling`` is sorted from 0 downwards. With n entries kept, sum S and sum V of
    squares around their mean, the L1 norm u solves ``u² = ratio² (V + u²/n)``.
    """
    scale = -float(falling[-1])
    if scale > 0:
        falling = falling / scale  # squares of tiny differences would vanish
    n = _n_kept(falling, ratio)
    kept = falling[:n]
    spread = float(((kept - kept.mean()) ** 2).sum())
    room = 1 - ratio**2 / n
    shape = np.zeros(falling.size)
    if room <= 1e-14:  # as dense as n entries can be: all equal
        shape[:n] = 1 / n
    elif spread > 0:
        u = ratio * math.sqrt(spread / room)
        shape[:n] = np.maximum(kept - kept.mean() + u / n, 0) / u
    else:
        ramp = -np.arange(n, dtype=np.float64)
        shape[:n] = _shrunk(ramp, ratio)
    return shape


def _n_kept(falling: npt.NDArray[Any], ratio: float) -> int:
    """Return how many entries stay positive: the fewest that can reach the ratio."""
    counts = np.arange(1, falling.size, dtype=np.float64)
    sums, squares = np.cumsum(falling)[:-1], np.cumsum(falling**2)[:-1]
    t = falling[1:]  # shrunk by the next entry, n = 1, 2, ... are left
    l1 = sums - counts * t
    l2_squared = squares - 2 * t * sums + counts * t**2
    reached = (l1**2 >= ratio**2 * l2_squared) & (l1 > 0)
    return int(reached.argmax()) + 1 if reached.any() else falling.size
