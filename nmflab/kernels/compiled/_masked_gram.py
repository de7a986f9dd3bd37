"""Small Gram matrices, one for each row of X.

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
    take,
    zeros_like,
)

CHUNK = 64
"""Vectors gathered at a time: as many as stay in the first-level cache."""
FEW = 24
"""With at most so many vectors a Gram matrix is computed in full."""
TOGETHER = 4
"""Rows whose sweeps run side by side: one row alone would wait for its own results."""
WORTH_IT = 4096
"""Cells for each thread, at least; with fewer, starting it takes longer than they."""


def parts_for(n_cells: int, n_threads: int) -> int:
    """Return among how many threads to share so many cells."""
    return max(1, min(n_threads, n_cells // WORTH_IT))


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
