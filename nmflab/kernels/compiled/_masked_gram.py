"""Small Gram matrices, one for each row of X, and the quadratic programs over them.

Shared by the kernels that treat rows one by one: `masked` and `kl`. A row's vectors lie
one after another in a flat buffer, each padded with zeros to `width` numbers, a
multiple of 64 bytes. A Gram matrix of many vectors is computed from its diagonal on to
the right, four rows at a time; what a whole vector reaches beyond falls below the
diagonal of the next row, which a mirror image of the rest fills in the end. That takes
longer than computing all of it where the vectors are few.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from nmflab.kernels.compiled.simd import (
    add_scaled,
    add_vectors,
    load64,
    load128,
    store,
    subtract_scaled,
    take,
    zeros_like,
)

CHUNK = 64
"""Vectors gathered at a time: as many as stay in the first-level cache."""
FEW = 24
"""With at most so many vectors a Gram matrix is computed in full."""
TOGETHER = 4
"""Rows whose sweeps run side by side: one row alone would wait for its own results."""


class Cells(NamedTuple):
    """A CSR: the cells of each row."""

    starts: Any
    columns: Any
    values: Any


class Work(NamedTuple):
    """Room for four rows: gathered vectors, Gram matrices, gradients, rows, steps.

    ``w[r * width :]`` is the r-th row, ``G[r * square :]`` its matrix.
    """

    A: Any
    G: Any
    g: Any
    w: Any
    step: Any
    width: int
    square: int


@njit(cache=True)
def aligned(n: int, like: Any) -> Any:
    """Return n zeros of an array's dtype that start at a multiple of 64 bytes."""
    raw = np.zeros(n + 64 // like.itemsize, like.dtype)
    first = (-raw.ctypes.data) % 64 // like.itemsize
    return raw[first : first + n]


@njit(cache=True)
def room(table: Any, width: int) -> Work:
    """Return room for rows of so many numbers, of a table's dtype."""
    # A tile of the last rows of a matrix overruns it by less than four vectors.
    square = width * width + 4 * (64 // table.itemsize)
    return Work(
        aligned((CHUNK + 2) * width, table),
        aligned(TOGETHER * square, table),
        aligned(TOGETHER * width, table),
        aligned(TOGETHER * width, table),
        aligned(TOGETHER * width, table),
        width,
        square,
    )


@njit(cache=True, inline="never")
def add_gram(work: Work, r: int, n: int, used: int, full: bool, fresh: bool) -> None:
    """Add the products of n gathered vectors, up to column `used`, to the r-th matrix.

    A sum over a chunk is formed by itself and then added, so that the rounding of long
    sums in float32 grows with the number of chunks, not of vectors.

    Parameters
    ----------
    full : bool
        Whether to compute what is left of the diagonal as well.
    fresh : bool
        Whether to overwrite what the matrix holds.
    """
    A, G, width = work.A, work.G, work.width
    lanes = 64 // A.itemsize
    for a in range(0, used, 4):
        c = 0 if full else a
        while c <= used:
            at = r * work.square + a * width + c
            if c + lanes <= used:
                _add_tile128(A, n, width, a, c, G, at, fresh)
                c += 2 * lanes
            else:
                _add_tile64(A, n, width, a, c, G, at, fresh)
                c += lanes


@njit(cache=True, inline="never")
def _add_tile128(
    A: Any, n: int, width: int, r: int, c: int, G: Any, at: int, fresh: bool
) -> None:  # fmt: skip
    """Add four rows of ``A'A`` over two vectors of columns, all sums in registers."""
    t0 = zeros_like(load128(G, at))
    t1, t2, t3 = t0, t0, t0
    for row in range(0, n * width, width):
        vec = load128(A, row + c)
        t0 = add_scaled(t0, take(A, row + r), vec)
        t1 = add_scaled(t1, take(A, row + r + 1), vec)
        t2 = add_scaled(t2, take(A, row + r + 2), vec)
        t3 = add_scaled(t3, take(A, row + r + 3), vec)
    if not fresh:
        t0 = add_vectors(load128(G, at), t0)
        t1 = add_vectors(load128(G, at + width), t1)
        t2 = add_vectors(load128(G, at + 2 * width), t2)
        t3 = add_vectors(load128(G, at + 3 * width), t3)
    store(G, at, t0)
    store(G, at + width, t1)
    store(G, at + 2 * width, t2)
    store(G, at + 3 * width, t3)


@njit(cache=True, inline="never")
def _add_tile64(
    A: Any, n: int, width: int, r: int, c: int, G: Any, at: int, fresh: bool
) -> None:  # fmt: skip
    """Add four rows of ``A'A`` over one vector of columns, two vectors of A at once.

    Four sums alone would wait for one another; the buffer holds zeros behind its end.
    """
    t0 = zeros_like(load64(G, at))
    t1, t2, t3 = t0, t0, t0
    s0, s1, s2, s3 = t0, t0, t0, t0
    for row in range(0, n * width, 2 * width):
        vec, p = load64(A, row + c), row + r
        t0 = add_scaled(t0, take(A, p), vec)
        t1 = add_scaled(t1, take(A, p + 1), vec)
        t2 = add_scaled(t2, take(A, p + 2), vec)
        t3 = add_scaled(t3, take(A, p + 3), vec)
        vec, p = load64(A, row + width + c), row + width + r
        s0 = add_scaled(s0, take(A, p), vec)
        s1 = add_scaled(s1, take(A, p + 1), vec)
        s2 = add_scaled(s2, take(A, p + 2), vec)
        s3 = add_scaled(s3, take(A, p + 3), vec)
    t0, t1 = add_vectors(t0, s0), add_vectors(t1, s1)
    t2, t3 = add_vectors(t2, s2), add_vectors(t3, s3)
    if not fresh:
        t0 = add_vectors(load64(G, at), t0)
        t1 = add_vectors(load64(G, at + width), t1)
        t2 = add_vectors(load64(G, at + 2 * width), t2)
        t3 = add_vectors(load64(G, at + 3 * width), t3)
    store(G, at, t0)
    store(G, at + width, t1)
    store(G, at + 2 * width, t2)
    store(G, at + 3 * width, t3)


@njit(cache=True, inline="never")
def finish(work: Work, r: int, n: int, used: int) -> None:
    """Fill what n vectors left open of the r-th matrix: below the diagonal, at the end.

    Without vectors all of it is 0.
    """
    G, width, at = work.G, work.width, r * work.square
    if n == 0:
        G[at : at + used * width] = 0
    for row in range(at, at + used * width, width):
        for source in range(row + used, row + width):
            G[source] = 0
    if n > FEW:
        for a in range(used):
            row = at + a * width
            target = row + width + a
            for source in range(row + a + 1, row + used):
                G[target] = take(G, source)
                target += width


@njit(cache=True, error_model="numpy", inline="never")
def prepare(work: Work, r: int, terms: Any, used: int, count: int) -> None:
    """Make a row ready for sweeps: penalties into g and the diagonal of G, and steps.

    On entry g is the gradient downwards of the data term alone. An entry without
    curvature is to stay, unless a penalty alone acts on it: then it goes to 0.
    """
    G, g, w, first = work.G, work.g, work.w, r * work.width
    smallest = np.finfo(G.dtype).tiny
    for a in range(used):
        at, d = first + a, r * work.square + a * (work.width + 1)
        second = terms[1, a] + count * terms[2, a]
        g[at] -= terms[0, a] + second * w[at]
        G[d] += second
        curved = G[d] >= smallest and terms[4, a] > 0
        work.step[at] = 1 / G[d] if curved else 0
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
