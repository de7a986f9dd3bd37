"""Greedy coordinate descent, compiled; see `nmflab.kernels.plain.gcd`."""

from __future__ import annotations

import numpy as np
from numba import njit

from nmflab.contracts import Matrix


@njit(cache=True)
def descend(F: Matrix, gradient: Matrix, gram: Matrix, tol: float, most: int) -> int:
    """Lower ``½⟨f, Gf⟩ − ⟨c, f⟩`` for each row f >= 0; return the number of updates.

    Parameters and result as in the plain twin.
    """
    n_rows, n_components = F.shape
    largest = 0.0
    for i in range(n_rows):
        largest = max(largest, _best(F[i], gradient[i], gram)[2])
    enough = tol * largest
    n_updates = 0
    for i in range(n_rows):
        f, g = F[i], gradient[i]
        for _ in range(most):
            k, step, gain = _best(f, g, gram)
            if not gain > enough:
                break
            f[k] += step
            for j in range(n_components):
                g[j] += step * gram[k, j]
            n_updates += 1
    return n_updates


@njit(cache=True)
def _best(f: Matrix, g: Matrix, gram: Matrix) -> tuple[int, float, float]:
    """Return the entry with the largest gain, its step, and the gain."""
    tiny = np.finfo(gram.dtype).tiny
    best, best_step, best_gain = 0, 0.0, 0.0
    for k in range(f.size):
        curvature = np.float64(gram[k, k])
        if curvature < tiny:
            continue
        step = max(f[k] - g[k] / curvature, 0.0) - f[k]
        gain = -step * (g[k] + curvature * step / 2)
        if gain > best_gain:
            best, best_step, best_gain = k, step, gain
    return best, best_step, best_gain
