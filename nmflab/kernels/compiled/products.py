"""Products of a few rows with a dense matrix; see `nmflab.kernels.plain.products`.

BLAS is made for products of large matrices; with a factor of a few dozen components it
runs at half its speed or less. Here a panel of X is brought into the cache once for all
components, and fetched from memory while the panel before it is worked on. Which of the
two does a product is decided by dtype, shape and processor alone: the same run twice
has the same digits.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding
from numba import njit, prange

from nmflab.contracts import Matrix
from nmflab.kernels.compiled.simd import load64, load256, store, take
from nmflab.kernels.compiled.tiles import tile
from nmflab.kernels.plain import products as plain

_LEAST_WORK = 1 << 20  # multiplications; below, BLAS is done before a panel is packed
# Rows of F, by bytes of a number. Above, BLAS comes near its peak; with fewer, memory
# is the limit: along columns of X it reads as fast as tiles do, along rows slower.
_MOST_ROWS = {4: 64, 8: 32}
_FEWEST_ROWS = {4: 8, 8: 16}
_FEWEST_TABLE_ROWS = {4: 4, 8: 4}
_UNTILED = 7  # rows that are no sum of tiles of 4, 5 and 6
_LENGTH = 512  # terms of a sum while it is in registers
_PANELS = 4  # panels of columns worked on together
_ROWS = 480  # rows of X worked on together, a multiple of 6


def _compiled(n_rows: int, pieces: tuple[int, ...], *, along: bool = False) -> Any:
    """Return a tile as a function of its own, cached with those that call it."""
    multiply = tile(n_rows, pieces, along=along)

    @njit(inline="never")
    def run(
        S: Any,
        s: int,
        s_step: int,
        B: Any,
        b: int,
        b_step: int,
        n: int,
        C: Any,
        c: int,
        c_step: int,
        ahead: Any,
        of: int,
        of_step: int,
    ) -> None:
        multiply(S, s, s_step, B, b, b_step, n, C, c, c_step, ahead, of, of_step)

    return run


_wide_6, _wide_5, _wide_4 = (_compiled(rows, (64,) * 4) for rows in (6, 5, 4))
_slim_6, _slim_5, _slim_4 = (_compiled(rows, (64,)) for rows in (6, 5, 4))
_row_256, _row_192, _row_128 = (_compiled(6, (64,) * n, along=True) for n in (4, 3, 2))
_row_64, _row_32, _row_16 = (_compiled(6, (size,), along=True) for size in (64, 32, 16))


@njit(cache=True, inline="never")
def _pack(
    X: Any, at: int, m: int, height: int, width: int, panel: Any, n: int, chunk: int
) -> None:
    """Copy columns of X into a panel of rows of n numbers, zeros to a whole chunk."""
    whole = width // chunk * chunk
    for i in range(height):
        for j in range(0, whole, chunk):
            store(panel, i * n + j, load64(X, at + i * m + j))
        if whole < width:
            for j in range(whole, width):
                panel[i * n + j] = X[at + i * m + j]
            for j in range(width, whole + chunk):
                panel[i * n + j] = 0


@njit(cache=True, inline="never")
def _columns(
    F: Any,
    at: int,
    length: int,
    k: int,
    panel: Any,
    height: int,
    width: int,
    n: int,
    chunk: int,
    sums: Any,
    to: int,
    X: Any,
    later: int,
    m: int,
) -> None:
    """Add the products of all rows of F with one panel to the sums."""
    tiles = (k + 5) // 6
    for t in range(tiles):
        q, rows = k * t // tiles, k * (t + 1) // tiles - k * t // tiles
        s, of = q * length + at, later + (min(4 * t // tiles, 3) + 1) * chunk - 1
        if width > 2 * chunk and width == n:
            c = to + q * n
            if rows == 6:
                _wide_6(F, s, length, panel, 0, n, height, sums, c, n, X, of, m)
            elif rows == 5:
                _wide_5(F, s, length, panel, 0, n, height, sums, c, n, X, of, m)
            else:
                _wide_4(F, s, length, panel, 0, n, height, sums, c, n, X, of, m)
        else:
            for b in range(0, width, chunk):
                c = to + q * n + b
                if rows == 6:
                    _slim_6(F, s, length, panel, b, n, height, sums, c, n, X, of, m)
                elif rows == 5:
                    _slim_5(F, s, length, panel, b, n, height, sums, c, n, X, of, m)
                else:
                    _slim_4(F, s, length, panel, b, n, height, sums, c, n, X, of, m)


@njit(cache=True, inline="never")
def _spill(
    sums: Any, at: int, n: int, out: Any, to: int, m: int, k: int, width: int
) -> None:
    """Copy the sums of a panel to columns of the product."""
    if width == n:
        for q in range(k):
            store(out, to + q * m, load256(sums, at + q * n))
    else:
        for q in range(k):
            for j in range(width):
                out[to + q * m + j] = sums[at + q * n + j]


def _times(F: Any, X: Any, out: Any, n_parts: int) -> None:
    k, length = F.shape
    m, chunk = X.shape[1], 64 // X.itemsize
    n = 4 * chunk
    f, x = F.ravel(), X.ravel()
    n_panels = (m + n - 1) // n
    for part in prange(n_parts):
        first, end = n_panels * part // n_parts, n_panels * (part + 1) // n_parts
        panel = np.empty(_LENGTH * n, X.dtype)
        sums = np.empty(_PANELS * k * n, X.dtype)
        for group in range(first, end, _PANELS):
            last = min(group + _PANELS, end)
            sums[:] = 0
            for i in range(0, length, _LENGTH):
                height = min(_LENGTH, length - i)
                for p in range(group, last):
                    width = min(n, m - p * n)
                    _pack(x, i * m + p * n, m, height, width, panel, n, chunk)
                    later = i * m + (p + 2) * n
                    if p + 2 >= last and i + _LENGTH < length:
                        later += _LENGTH * m - (last - group) * n
                    to = (p - group) * k * n
                    _columns(
                        f,
                        i,
                        length,
                        k,
                        panel,
                        height,
                        width,
                        n,
                        chunk,
                        sums,
                        to,
                        x,
                        later,
                        m,
                    )
            for p in range(group, last):
                at, width = (p - group) * k * n, min(n, m - p * n)
                _spill(sums, at, n, out.ravel(), p * n, m, k, width)


@njit(cache=True, inline="never")
def _rows(
    X: Any,
    s: int,
    m: int,
    table: Any,
    padded: int,
    width: int,
    height: int,
    sums: Any,
    c: int,
    chunk: int,
) -> None:
    """Add the products of six rows of X with all columns of a table to the sums.

    The rows behind them are fetched, up to the line that their eighth number ends in.
    """
    b, p, of = 0, padded, s + 6 * m + 7
    while b + 4 * chunk <= width:
        _row_256(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)
        b += 4 * chunk
    if b + 3 * chunk <= width:
        _row_192(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)
        b += 3 * chunk
    elif b + 2 * chunk <= width:
        _row_128(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)
        b += 2 * chunk
    elif b + chunk <= width:
        _row_64(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)
        b += chunk
    if b + chunk // 4 < width:
        _row_32(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)
    elif b < width:
        _row_16(X, s, m, table, b, p, height, sums, c + b, p, X, of, m)


@njit(cache=True, inline="never")
def _spill_rows(
    sums: Any, c: int, padded: int, out: Any, at: int, n: int, k: int
) -> None:
    """Copy the sums of six rows of X to columns of the product."""
    for q in range(k):
        for r in range(6):
            out[q * n + at + r] = sums[c + r * padded + q]


@njit(cache=True, inline="never")
def _tabulate(
    F: Any, at: int, m: int, k: int, height: int, table: Any, padded: int
) -> None:
    """Write columns of F as rows of a table."""
    for j in range(height):
        for q in range(k):
            table[j * padded + q] = take(F, q * m + at + j)


def _times_transposed(F: Any, X: Any, out: Any, n_parts: int) -> None:
    k, m = F.shape
    n, chunk = X.shape[0], 64 // X.itemsize
    padded = (k + chunk - 1) // chunk * chunk
    spared = (padded - k) // (chunk // 4)
    width = padded - (spared if spared > 1 else 0) * (chunk // 4)
    f, x, products = F.ravel(), X.ravel(), out.ravel()
    n_sixes = (n + 5) // 6
    for part in prange(n_parts):
        first, end = n_sixes * part // n_parts * 6, n_sixes * (part + 1) // n_parts * 6
        sums = np.empty(_ROWS * padded, X.dtype)
        table = np.zeros(_LENGTH * padded, X.dtype)
        for group in range(first, end, _ROWS):
            last = min(group + _ROWS, end)
            sums[:] = 0
            for j in range(0, m, _LENGTH):
                height = min(_LENGTH, m - j)
                _tabulate(f, j, m, k, height, table, padded)
                for i in range(group, last, 6):
                    at, c = min(i, n - 6) * m + j, (i - group) * padded
                    _rows(x, at, m, table, padded, width, height, sums, c, chunk)
            for i in range(group, last, 6):
                at, c = min(i, n - 6), (i - group) * padded
                _spill_rows(sums, c, padded, products, at, n, k)


_times_one = njit(cache=True)(_times)
_times_many = njit(cache=True, parallel=True)(_times)
_transposed_one = njit(cache=True)(_times_transposed)
_transposed_many = njit(cache=True, parallel=True)(_times_transposed)


@cache
def _has_wide_registers() -> bool:
    return bool(binding.get_host_cpu_features().get("avx512f", False))


def _pays(F: Matrix, X: Matrix, fewest: dict[int, int]) -> bool:
    """Return whether the product is large, of few rows, and tiles fit the registers."""
    k, size = F.shape[0], X.itemsize
    if k * X.size < _LEAST_WORK or X.shape[0] < 6 or k == _UNTILED:
        return False
    return fewest[size] <= k <= _MOST_ROWS[size] and _has_wide_registers()


def times(F: Matrix, X: Matrix, out: Matrix, *, n_threads: int) -> None:
    """See `nmflab.kernels.plain.products.times`."""
    if not _pays(F, X, _FEWEST_ROWS):
        plain.times(F, X, out, n_threads=n_threads)
    elif n_threads == 1:
        _times_one(F, X, out, 1)
    else:
        _times_many(F, X, out, n_threads)


def times_transposed(F: Matrix, X: Matrix, out: Matrix, *, n_threads: int) -> None:
    """See `nmflab.kernels.plain.products.times_transposed`."""
    if not _pays(F, X, _FEWEST_TABLE_ROWS):
        plain.times_transposed(F, X, out, n_threads=n_threads)
    elif n_threads == 1:
        _transposed_one(F, X, out, 1)
    else:
        _transposed_many(F, X, out, n_threads)
