"""One pass over a CSR that updates a factor; see `nmflab.kernels.plain.hals_csr`.

Row block by row block: products with the other factor, sweeps, extrapolation, and what
the block adds to the sums for the other factor. What stored entries read and add to are
rows of tables, padded to whole cache lines.
"""

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
from nmflab.kernels.compiled.simd import (
    add_scaled,
    load64,
    load128,
    load256,
    store,
    take,
    zeros_like,
)

CHUNK = 64
"""Bytes; rows of tables are padded to a multiple."""


@njit(cache=True, inline="never")
def _gather(
    data: Any, indices: Any, begin: int, end: int, table: Any, out: Any, to: int, k: int
) -> None:
    """Write ``Σ data · table[index]`` over a stored row; k numbers a row of `table`.

    256 bytes of the sum are held in registers at a time, then what is left.
    """
    chunk = CHUNK // out.itemsize
    at = 0
    while at + 4 * chunk <= k:
        a = zeros_like(load256(out, to))
        for p in range(begin, end):
            row = load256(table, take(indices, p) * k + at)
            a = add_scaled(a, take(data, p), row)
        store(out, to + at, a)
        at += 4 * chunk
    if at + 2 * chunk <= k:
        b = zeros_like(load128(out, to))
        for p in range(begin, end):
            half = load128(table, take(indices, p) * k + at)
            b = add_scaled(b, take(data, p), half)
        store(out, to + at, b)
        at += 2 * chunk
    if at + chunk <= k:
        c = zeros_like(load64(out, to))
        for p in range(begin, end):
            quarter = load64(table, take(indices, p) * k + at)
            c = add_scaled(c, take(data, p), quarter)
        store(out, to + at, c)


@njit(cache=True, inline="never")
def _scatter(
    data: Any,
    indices: Any,
    begin: int,
    end: int,
    rows: Any,
    of: int,
    table: Any,
    k: int,
) -> None:
    """Add ``data · row`` to the rows of `table` that a stored row names."""
    chunk = CHUNK // rows.itemsize
    at = 0
    while at + 4 * chunk <= k:
        row = load256(rows, of + at)
        for p in range(begin, end):
            to = take(indices, p) * k + at
            store(table, to, add_scaled(load256(table, to), take(data, p), row))
        at += 4 * chunk
    if at + 2 * chunk <= k:
        half = load128(rows, of + at)
        for p in range(begin, end):
            to = take(indices, p) * k + at
            store(table, to, add_scaled(load128(table, to), take(data, p), half))
        at += 2 * chunk
    if at + chunk <= k:
        quarter = load64(rows, of + at)
        for p in range(begin, end):
            to = take(indices, p) * k + at
            store(table, to, add_scaled(load64(table, to), take(data, p), quarter))


@njit(cache=True, inline="never")
def _columns_of(
    rows: Any, at: int, padded: int, m: int, block: Any, k: int, n: int
) -> None:
    """Write m rows of a table as the columns of a block, zeros behind them."""
    for q in range(k):
        for r in range(m):
            block[q * n + r] = rows[at + r * padded + q]
        for r in range(m, n):
            block[q * n + r] = 0


@njit(cache=True, inline="never")
def _rows_of(
    block: Any, rows: Any, at: int, padded: int, m: int, k: int, n: int
) -> None:
    """Write m columns of a block as rows of a table."""
    for r in range(m):
        for q in range(k):
            rows[at + r * padded + q] = block[q * n + r]


@njit(cache=True, inline="never")
def _add_gram(rows: Any, pair: Any, gram: Any, padded: int, k: int, m: int) -> None:
    """Add the inner products of a table's m rows to the upper half of `gram`.

    Summed in the table's dtype, added in gram's; two rows of the matrix at once, and
    what stands left of the diagonal is left out.
    """
    chunk = CHUNK // rows.itemsize
    end = m * padded
    for q in range(0, k, 2):
        other = q + (q + 1 < k)
        at = q - q % chunk
        while at + 4 * chunk <= padded:
            a = zeros_like(load256(rows, at))
            b = a
            for r in range(0, end, padded):
                row = load256(rows, r + at)
                a = add_scaled(a, take(rows, r + q), row)
                b = add_scaled(b, take(rows, r + other), row)
            store(pair, at, a)
            store(pair, padded + at, b)
            at += 4 * chunk
        while at < padded:
            d = zeros_like(load64(rows, at))
            e = d
            for r in range(0, end, padded):
                piece = load64(rows, r + at)
                d = add_scaled(d, take(rows, r + q), piece)
                e = add_scaled(e, take(rows, r + other), piece)
            store(pair, at, d)
            store(pair, padded + at, e)
            at += chunk
        for j in range(q, k):
            gram[q, j] += pair[j]
        if other > q:
            for j in range(other, k):
                gram[other, j] += pair[padded + j]


def _solve(
    indptr: Any,
    indices: Any,
    data: Any,
    table: Any,
    sums: Any,
    over_samples: bool,
    m: int,
    start: Any,
    G: Any,
    l1: Any,
    most: int,
    delta: float,
    last: Any,
    beta: Any,
    new: Any,
    ahead: Any,
    grams: Any,
) -> Any:
    n_blocks, size = start.shape
    k, n = G.shape[0], WIDTH // start.itemsize
    chunk = CHUNK // start.itemsize
    padded = (k + chunk - 1) // chunk * chunk
    g, steps = G.ravel(), reciprocals(G)
    n_parts = grams.shape[0]
    dots = np.zeros(n_parts)
    for part in prange(n_parts):
        c, pair = np.zeros(size, start.dtype), np.zeros(2 * padded, start.dtype)
        rows = np.zeros(padded * n, start.dtype)
        mine = sums[part if over_samples else 0]
        if over_samples:
            mine[:] = 0
        grams[part] = 0
        first, end = n_blocks * part // n_parts, n_blocks * (part + 1) // n_parts
        for block in range(first, end):
            at = block * n
            width = min(n, m - at)
            f, y = new[block], ahead[block]
            f[:] = start[block]
            if most > 0:
                if over_samples:
                    for r in range(width):
                        p, q = indptr[at + r], indptr[at + r + 1]
                        _gather(data, indices, p, q, table, rows, r * padded, padded)
                    _columns_of(rows, 0, padded, width, c, k, n)
                else:
                    _columns_of(mine, at * padded, padded, width, c, k, n)
                if l1 != 0:
                    for i in range(size):
                        c[i] -= l1
                sweep_block(f, c, g, steps, k, n, most, delta)
            dots[part] += extrapolate(
                f, c, last[block], beta, not over_samples, y, k, n
            )
            if over_samples and beta != 0:
                _rows_of(f, rows, 0, padded, width, k, n)
                _add_gram(rows, pair, grams[part, 0], padded, k, width)
            _rows_of(y, rows, 0, padded, width, k, n)
            _add_gram(rows, pair, grams[part, 1], padded, k, width)
            if over_samples:
                for r in range(width):
                    p, q = indptr[at + r], indptr[at + r + 1]
                    _scatter(data, indices, p, q, rows, r * padded, mine, padded)
            else:
                for i in range(width * padded):
                    table[at * padded + i] = rows[i]
    return dots.sum()


_solve_one = njit(cache=True)(_solve)
_solve_many = njit(cache=True, parallel=True)(_solve)


def solve(
    indptr: Any,
    indices: Any,
    data: Any,
    table: Any,
    sums: Any,
    *,
    over_samples: bool,
    n_rows: int,
    start: Any,
    G: Any,
    l1: float,
    most: int,
    delta: float,
    last: Any,
    beta: float,
    new: Any,
    ahead: Any,
    grams: Any,
) -> float:
    """See `nmflab.kernels.plain.hals_csr.solve`."""
    run = _solve_one if grams.shape[0] == 1 else _solve_many
    number = start.dtype.type
    stored = indptr, indices, data
    limits = number(l1), most, delta
    forward = last, number(beta), new, ahead
    tables = table, sums, over_samples, n_rows
    return float(run(*stored, *tables, start, G, *limits, *forward, grams))
