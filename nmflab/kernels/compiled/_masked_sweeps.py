"""Quadratic programs over the small matrices of `_masked_gram`, four rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from nmflab.kernels.compiled._masked_gram import Work
from nmflab.kernels.compiled.simd import (
    add_vectors,
    load64,
    store,
    subtract_scaled,
    take,
    zeros_like,
)


@njit(cache=True, error_model="numpy", inline="never")
def prepare(work: Work, r: int, terms: Any, used: int, count: int) -> None:
    """Make a row ready for sweeps: penalties into g and the diagonal of G, and steps.

    On entry g is the gradient downwards of the data term alone. An entry without
    curvature is to stay, unless a penalty alone acts on it: then it goes to 0.
    """
    G, g, w, first = work.G, work.g, work.w, r * work.width
    smallest = np.finfo(G.dtype).tiny
    # Below, an entry's step would be what rounding leaves of the others' share.
    relevant, precision = smallest, np.finfo(G.dtype).eps
    for a in range(used):
        if terms[4, a] > 0:
            own = G[r * work.square + a * (work.width + 1)]
            relevant = max(relevant, own * precision * precision)
    for a in range(used):
        at, d = first + a, r * work.square + a * (work.width + 1)
        second = terms[1, a] + count * terms[2, a]
        g[at] -= terms[0, a] + second * w[at]
        G[d] += second
        curved = G[d] >= smallest and terms[4, a] > 0
        work.step[at] = 1 / G[d] if curved and G[d] >= relevant else 0
        if not curved and terms[4, a] > 0 and g[at] < 0:
            w[at] = max(terms[3, a], 0)


@njit(cache=True, inline="never")
def subtract_product(work: Work, r: int, used: int) -> None:
    """Subtract ``G w`` from g for the r-th row, two columns at once."""
    G, g, w, width = work.G, work.g, work.w, work.width
    first, lanes = r * width, 64 // G.itemsize
    for c in range(0, width, lanes):
        a = load64(g, first + c)
        b = zeros_like(a)
        row = r * work.square + c
        for q in range(first, first + used - 1, 2):
            a = subtract_scaled(a, w[q], load64(G, row))
            b = subtract_scaled(b, w[q + 1], load64(G, row + width))
            row += 2 * width
        if used % 2:
            a = subtract_scaled(a, w[first + used - 1], load64(G, row))
        store(g, first + c, add_vectors(a, b))


@njit(cache=True, inline="never")
def _raised(change: Any, least: Any) -> Any:
    """Return the larger of two numbers without asking which of them is NaN."""
    return least if change < least else change


@njit(cache=True, inline="never", fastmath={"contract"})
def sweep_together(work: Work, low: Any, used: int, sweeps: int) -> None:
    """Sweep cyclically over ``min ½ w'Gw − c'w, w ≥ low`` for four rows side by side.

    ``g = c − Gw`` is kept up to date; `step` is one over the diagonal of G, 0 where an
    entry is to stay. The next entry's gradients are computed ahead: to read them back
    from the vectors just written would take longer.
    """
    G, g, w, step = work.G, work.g, work.w, work.step
    width, square = work.width, work.square
    s0, s1, s2, s3 = g[0], g[width], g[2 * width], g[3 * width]
    for _ in range(sweeps):
        for a in range(used):
            b, bound = width + a, take(low, a)
            c, d = b + width, b + 2 * width
            d0 = _raised(s0 * take(step, a), bound - take(w, a))
            d1 = _raised(s1 * take(step, b), bound - take(w, b))
            d2 = _raised(s2 * take(step, c), bound - take(w, c))
            d3 = _raised(s3 * take(step, d), bound - take(w, d))
            w[a] += d0
            w[b] += d1
            w[c] += d2
            w[d] += d3
            after = a + 1 if a + 1 < used else 0
            at = a * width + after
            s0 = take(g, after) - d0 * take(G, at)
            s1 = take(g, width + after) - d1 * take(G, at + square)
            s2 = take(g, 2 * width + after) - d2 * take(G, at + 2 * square)
            s3 = take(g, 3 * width + after) - d3 * take(G, at + 3 * square)
            _follow(work, a, d0, d1, d2, d3)


@njit(cache=True, inline="never")
def _follow(work: Work, a: int, d0: Any, d1: Any, d2: Any, d3: Any) -> None:
    """Carry the changes of one entry in each of four rows into their gradients."""
    G, g, width, square = work.G, work.g, work.width, work.square
    lanes = 64 // G.itemsize
    for c in range(0, width, lanes):
        at = a * width + c
        v0 = subtract_scaled(load64(g, c), d0, load64(G, at))
        v1 = subtract_scaled(load64(g, width + c), d1, load64(G, at + square))
        v2 = subtract_scaled(load64(g, 2 * width + c), d2, load64(G, at + 2 * square))
        v3 = subtract_scaled(load64(g, 3 * width + c), d3, load64(G, at + 3 * square))
        store(g, c, v0)
        store(g, width + c, v1)
        store(g, 2 * width + c, v2)
        store(g, 3 * width + c, v3)
