"""Coordinate-descent sweeps over one block of a factor's columns.

A block holds, for each of k components, 256 bytes of neighbouring entries: the part of
a factor that belongs to a few rows (or columns) of X. Given the Gram matrix of the
other factor these entries depend on nothing outside, so all sweeps over a block run in
the first-level cache. Blocks are one-dimensional; what X does not fill holds zeros.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from nmflab.kernels.compiled.simd import (
    add_product,
    add_scaled,
    at_least_zero,
    load256,
    store,
    subtract,
    subtract_scaled,
    total,
    zeros_like,
)

WIDTH = 256
"""Bytes of one component in a block."""


@njit(cache=True)
def reciprocals(G: Any) -> Any:
    """Return one over the diagonal of G; 0 where that would overflow."""
    steps = np.zeros_like(G[0])
    smallest = np.finfo(G.dtype).tiny
    for q in range(G.shape[0]):
        if G[q, q] >= smallest:
            steps[q] = 1 / G[q, q]
    return steps


@njit(cache=True, inline="never")
def _sweep_once(f: Any, c: Any, g: Any, steps: Any, k: int, n: int) -> Any:
    """Update the k rows of a block in turn; return the squared change.

    Two rows are prepared at once, so that each load serves two sums; what the first
    row's change does to the second's sum is added before the second is updated.
    """
    change = zeros_like(load256(c, 0))
    for q in range(0, k, 2):
        other = q + (q + 1 < k)
        a, b = load256(c, q * n), load256(c, other * n)
        for j in range(k):
            row = load256(f, j * n)
            a = subtract_scaled(a, g[q * k + j], row)
            b = subtract_scaled(b, g[other * k + j], row)
        old = load256(f, q * n)
        new = at_least_zero(add_scaled(old, steps[q], a))
        moved = subtract(new, old)
        store(f, q * n, new)
        change = add_product(change, moved, moved)
        if other > q:
            b = subtract_scaled(b, g[other * k + q], moved)
            old = load256(f, other * n)
            new = at_least_zero(add_scaled(old, steps[other], b))
            moved = subtract(new, old)
            store(f, other * n, new)
            change = add_product(change, moved, moved)
    return total(change)


@njit(cache=True, inline="never")
def sweep_block(
    f: Any, c: Any, g: Any, steps: Any, k: int, n: int, most: int, delta: float
) -> Any:
    """Sweep until a sweep changes little or `most` are done; return the last change.

    Parameters
    ----------
    f : array of k * n numbers, updated
        A block of the factor.
    c : array of k * n numbers
        Products of X with the other factor, less the L1 weight.
    g : array of k * k numbers
        Gram matrix of the other factor, the L2 weight on its diagonal.
    steps : array of k numbers
        Of `reciprocals`; where 0, a component stays, brought back to at least 0.
    k, n : int
        Components, and numbers of each in a block.
    most : int
    delta : float
        A sweep that moves the block by no more than this share of what the first did
        is the last.
    """
    first = change = _sweep_once(f, c, g, steps, k, n)
    for _ in range(most - 1):
        if first == 0 or (change < first and change <= delta * delta * first):
            break
        change = _sweep_once(f, c, g, steps, k, n)
    return change


@njit(cache=True, inline="never")
def extrapolate(
    f: Any, c: Any, last: Any, beta: Any, project: bool, y: Any, k: int, n: int
) -> Any:
    """Write ``f + beta (f − last)`` to y, at least 0 if asked; return ``⟨c, f⟩``."""
    dot = zeros_like(load256(c, 0))
    for q in range(0, k * n, n):
        value = load256(f, q)
        dot = add_product(dot, load256(c, q), value)
        forward = add_scaled(value, beta, subtract(value, load256(last, q)))
        if project:
            forward = at_least_zero(forward)
        store(y, q, forward)
    return total(dot)
