"""What the Kullback-Leibler kernels do with the cells of one row.

``y`` is the model's value at each cell and is float64 throughout; tables have the dtype
of the factors. The rows of a table are whole vectors of 64 bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from nmflab.kernels.compiled.simd import (
    add_product,
    add_scaled,
    add_vectors,
    load64,
    load128,
    store,
    total,
    zeros_like,
)

_REORDERED = {"reassoc", "contract", "nsz"}  # sums fill vectors; NaN stays NaN

_MOST_TRIALS = 40
"""Of a line search; two or three are usual."""


@njit(cache=True, inline="never")
def predict(
    table: Any, columns: Any, first: int, n: int, w: Any, at: int, width: int,
    smallest: float, y: Any,
) -> None:  # fmt: skip
    """Write the product of ``w[at:]`` with each cell's row of the table to y.

    At least `smallest`. Two cells at once, so that their sums do not wait for each
    other.
    """
    lanes = 64 // w.itemsize
    zero = zeros_like(load64(w, at))
    for p in range(0, n, 2):
        q = min(p + 1, n - 1)
        left, right = columns[first + p] * width, columns[first + q] * width
        a, b = zero, zero
        for c in range(0, width, lanes):
            vec = load64(w, at + c)
            a = add_product(a, load64(table, left + c), vec)
            b = add_product(b, load64(table, right + c), vec)
        y[p] = max(total(a), smallest)
        y[q] = max(total(b), smallest)


@njit(cache=True, inline="never")
def add_weighted(table: Any, columns: Any, first: int, n: int, r: Any, N: Any) -> None:
    """Add ``Σ r_p · table[column_p]`` over a row's cells to N."""
    width, lanes = N.size, 64 // N.itemsize
    c = 0
    while c < width:
        if c + 2 * lanes <= width:
            _add_weighted128(table, columns, first, n, r, N, c, width)
            c += 2 * lanes
        else:
            _add_weighted64(table, columns, first, n, r, N, c, width)
            c += lanes


@njit(cache=True, inline="never")
def _add_weighted128(
    table: Any, columns: Any, first: int, n: int, r: Any, N: Any, c: int, width: int
) -> None:
    a = load128(N, c)
    b = zeros_like(a)
    for p in range(0, n - 1, 2):
        at = columns[first + p] * width + c
        a = add_scaled(a, r[p], load128(table, at))
        at = columns[first + p + 1] * width + c
        b = add_scaled(b, r[p + 1], load128(table, at))
    if n % 2:
        at = columns[first + n - 1] * width + c
        a = add_scaled(a, r[n - 1], load128(table, at))
    store(N, c, add_vectors(a, b))


@njit(cache=True, inline="never")
def _add_weighted64(
    table: Any, columns: Any, first: int, n: int, r: Any, N: Any, c: int, width: int
) -> None:
    a = load64(N, c)
    b = zeros_like(a)
    for p in range(0, n - 1, 2):
        at = columns[first + p] * width + c
        a = add_scaled(a, r[p], load64(table, at))
        at = columns[first + p + 1] * width + c
        b = add_scaled(b, r[p + 1], load64(table, at))
    if n % 2:
        at = columns[first + n - 1] * width + c
        a = add_scaled(a, r[n - 1], load64(table, at))
    store(N, c, add_vectors(a, b))


@njit(cache=True, error_model="numpy", inline="never")
def gather_scaled(
    table: Any, columns: Any, first: int, n: int, roots: Any, y: Any, skip: int,
    used: int, A: Any, width: int,
) -> None:  # fmt: skip
    """Copy rows of a table to A, each times √x/y, with √x behind its numbers."""
    lanes = 64 // A.itemsize
    zero = zeros_like(load64(A, 0))
    for p in range(n):
        source, target = columns[first + p] * width, p * width
        root = roots[skip + p]
        scale = A.dtype.type(root / y[skip + p])
        for c in range(0, width, lanes):
            store(A, target + c, add_scaled(zero, scale, load64(table, source + c)))
        A[target + used] = root
    if n % 2:
        A[n * width : (n + 1) * width] = 0


@njit(cache=True, error_model="numpy", inline="never", fastmath=_REORDERED)
def step_length(
    values: Any, first: int, n: int, y: Any, dy: Any, flat: float, bend: float
) -> float:
    """Return a t in (0, 1] up to which a row's loss falls all the way.

    Its slope along the step, ``flat + bend t − Σ x dy/(y + t dy)``, rises with t. A
    first t at which it is at most 0 is looked for from 1 downwards, by steps a tenth
    longer than Newton's: they pass the root, where his may approach it for ever.
    Where t = 1 is too far, no y with x > 0 loses more than nine tenths: from close to 0
    it would only grow by doubling.
    """
    t, most = 1.0, 0.9
    for _ in range(_MOST_TRIALS):
        slope, curve = flat + t * bend, bend
        for p in range(n):
            # What is left of y may be nothing but rounding, of either sign.
            ratio = dy[p] / max(y[p] + t * dy[p], 2e-16 * y[p])
            slope -= values[first + p] * ratio
            curve += values[first + p] * ratio * ratio
        if slope <= 0:
            return t
        if t == 1:
            for p in range(n):
                if values[first + p] > 0 and most * y[p] < -dy[p]:
                    most = -dy[p] / y[p]
        t = t - 1.1 * slope / curve if 1.1 * slope < t * curve else t / 2
        t = min(t, 0.9 / most)
    return t


@njit(cache=True, error_model="numpy", inline="never", fastmath=_REORDERED)
def log_loss(values: Any, first: int, n: int, y: Any, bits: Any) -> float:
    """Return ``−Σ x log y``, with a logarithm that fills vectors, good to 1e-15.

    ``y = 2^e m`` with m in [√½, √2), and ``log m = 2 artanh((m − 1)/(m + 1))`` by its
    series, whose ninth term is below 2e-16.
    """
    whole = y.view(np.int64)
    for p in range(n):
        # the exponent of y / √½, so that m comes to lie on both sides of 1
        bits[p] = (whole[p] - 4604544271217802189) >> 52
    mantissa = bits.view(np.float64)
    loss = 0.0
    for p in range(n):
        e = bits[p]
        bits[p] = whole[p] - (e << 52)
        m = mantissa[p]
        s = (m - 1) / (m + 1)
        q = s * s
        series = 1 / 15 + q / 17
        series = 1 / 11 + q * (1 / 13 + q * series)
        series = 1 / 7 + q * (1 / 9 + q * series)
        series = 1 + q * (1 / 3 + q * (1 / 5 + q * series))
        loss -= values[first + p] * (e * 0.6931471805599453 + 2 * s * series)
    return loss
