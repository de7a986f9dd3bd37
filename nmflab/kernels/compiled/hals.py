"""HALS sweeps over a component-major factor; see `nmflab.kernels.plain.hals`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from nmflab.kernels.compiled.blocks import (
    WIDTH,
    extrapolate,
    reciprocals,
    sweep_block,
)
from nmflab.kernels.compiled.simd import load256, store


@njit(cache=True, inline="never")
def _fill(block: Any, source: Any, at: int, m: int, k: int, n: int) -> None:
    """Copy columns of a component-major array into a block, zeros behind the last."""
    if at + n <= m:
        for q in range(k):
            store(block, q * n, load256(source, q * m + at))
        return
    for q in range(k):
        for r in range(n):
            block[q * n + r] = source[q * m + at + r] if at + r < m else 0


@njit(cache=True, inline="never")
def _spill(block: Any, target: Any, at: int, m: int, k: int, n: int) -> None:
    """Copy a block back; what lies behind the last column is left out."""
    if at + n <= m:
        for q in range(k):
            store(target, q * m + at, load256(block, q * n))
        return
    for q in range(k):
        for r in range(m - at):
            target[q * m + at + r] = block[q * n + r]


def _sweep(
    start: Any,
    C: Any,
    G: Any,
    l1: Any,
    most: int,
    delta: float,
    last: Any,
    beta: Any,
    project: bool,
    new: Any,
    ahead: Any,
    n_parts: int,
) -> tuple[float, float]:
    k, m = start.shape
    n = WIDTH // start.itemsize
    g, steps = G.ravel(), reciprocals(G)
    starts, products, lasts = start.ravel(), C.ravel(), last.ravel()
    news, aheads = new.ravel(), ahead.ravel()
    n_blocks = (m + n - 1) // n
    dots, changes = np.zeros(n_parts), np.zeros(n_parts)
    for part in prange(n_parts):
        f, c = np.empty(k * n, start.dtype), np.empty(k * n, start.dtype)
        before, y = np.empty(k * n, start.dtype), np.empty(k * n, start.dtype)
        first, end = n_blocks * part // n_parts, n_blocks * (part + 1) // n_parts
        for at in range(first * n, end * n, n):
            _fill(f, starts, at, m, k, n)
            _fill(c, products, at, m, k, n)
            _fill(before, lasts, at, m, k, n)
            if l1 != 0:
                for i in range(k * n):
                    c[i] -= l1
            changes[part] += sweep_block(f, c, g, steps, k, n, most, delta)
            dots[part] += extrapolate(f, c, before, beta, project, y, k, n)
            _spill(f, news, at, m, k, n)
            _spill(y, aheads, at, m, k, n)
    return dots.sum(), changes.sum()


_sweep_one = njit(cache=True)(_sweep)
_sweep_many = njit(cache=True, parallel=True)(_sweep)


def sweep(
    start: Any,
    C: Any,
    G: Any,
    *,
    l1: float,
    most: int,
    delta: float,
    last: Any,
    beta: float,
    project: bool,
    new: Any,
    ahead: Any,
    n_threads: int,
) -> tuple[float, float]:
    """See `nmflab.kernels.plain.hals.sweep`."""
    run = _sweep_one if n_threads == 1 else _sweep_many
    number = start.dtype.type
    limits = number(l1), most, delta
    forward = last, number(beta), project
    dot, change = run(start, C, G, *limits, *forward, new, ahead, n_threads)
    return float(dot), float(change)
