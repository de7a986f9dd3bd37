"""One row's update for the Kullback-Leibler loss, in parts; see `kl`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from nmflab.kernels.compiled._kl_cells import (
    add_weighted,
    gather_scaled,
    log_loss,
    predict,
    step_length,
)
from nmflab.kernels.compiled._masked_gram import (
    CHUNK,
    FEW,
    TOGETHER,
    Cells,
    Work,
    add_gram,
    aligned,
    finish,
)


class Factor(NamedTuple):
    """What the update of a factor is given: all but the cells."""

    table: Any
    start: Any
    sums: Any
    terms: Any
    used: int
    masked: bool
    smallest: float
    measure: bool


class Room(NamedTuple):
    """Room for four rows' starts and sums S, and for their cells' values."""

    old: Any
    own: Any
    y: Any
    dy: Any
    r: Any
    bits: Any


@njit(cache=True)
def space_for(cells: Cells, table: Any, width: int) -> Room:
    longest = 1
    for row in range(cells.starts.size - 1):
        longest = max(longest, cells.starts[row + 1] - cells.starts[row])
    return Room(
        aligned(TOGETHER * width, table),
        aligned(TOGETHER * width, table),
        np.empty((TOGETHER, longest + 1)),
        np.empty(longest + 1),
        np.empty(longest + 1, table.dtype),
        np.empty(longest + 1, np.int64),
    )


@njit(cache=True, inline="never")
def write_sums(cells: Cells, factor: Factor, row: int, r: Any, own: Any) -> None:
    """Write S, the sum of the table over all columns or the row's own."""
    if not factor.masked:
        own[:] = factor.sums
        return
    first, n = cells.starts[row], cells.starts[row + 1] - cells.starts[row]
    own[:], r[:n] = 0, 1
    add_weighted(factor.table, cells.columns, first, n, r, own)


@njit(cache=True, inline="never")
def row_loss(cells: Cells, row: int, own: Any, w: Any, y: Any, bits: Any) -> float:
    """Return a row's ``S·w − Σ x log y``."""
    first, n = cells.starts[row], cells.starts[row + 1] - cells.starts[row]
    loss = log_loss(cells.values, first, n, y, bits)
    for a in range(own.size):
        loss += np.float64(own[a]) * w[a]
    return loss


@njit(cache=True, error_model="numpy", inline="never")
def multiply_row(
    cells: Cells, factor: Factor, row: int, w: Any, N: Any, own: Any, y: Any, r: Any
) -> None:
    """Replace w by ``w N / S``, with second-order penalties by the positive root."""
    terms, first = factor.terms, cells.starts[row]
    n = cells.starts[row + 1] - first
    for p in range(n):
        r[p] = cells.values[first + p] / y[p]
    N[:] = 0
    add_weighted(factor.table, cells.columns, first, n, r, N)
    for a in range(factor.used):
        up, down = w[a] * N[a], own[a] + terms[0, a]
        if terms[1, a] > 0:
            down = (down + np.sqrt(down * down + 4 * terms[1, a] * up)) / 2
        if down > 0:
            w[a] = max(terms[3, a], up / down)
        elif terms[1, a] > 0:
            w[a] = terms[3, a]


@njit(cache=True, error_model="numpy", inline="never")
def write_model(
    cells: Cells, factor: Factor, row: int, i: int, work: Work, space: Room
) -> None:
    """Write the Hessian of a row's loss, and ``N − S``, where the i-th row's belong.

    Each vector is scaled by √x/y, so that the products with √x are N.
    """
    begin, n = cells.starts[row], cells.starts[row + 1] - cells.starts[row]
    width, used, r = work.width, factor.used, space.r
    for p in range(n):
        r[p] = np.sqrt(cells.values[begin + p])
    for p in range(0, n, CHUNK):
        m = min(CHUNK, n - p)
        gather_scaled(
            factor.table, cells.columns, begin + p, m, r, space.y[i], p, used, work.A,
            width,
        )  # fmt: skip
        add_gram(work, i, m, used, n <= FEW, p == 0)
    for a in range(used):
        product = work.G[i * work.square + a * width + used] if n > 0 else 0
        work.g[i * width + a] = product - space.own[i * width + a]
    finish(work, i, n, used)


@njit(cache=True, error_model="numpy", inline="never")
def move(
    cells: Cells, factor: Factor, row: int, i: int, work: Work, space: Room
) -> None:
    """Go from the old row towards w as far as the loss falls; y follows."""
    begin, n = cells.starts[row], cells.starts[row + 1] - cells.starts[row]
    first, terms, w, y, dy = i * work.width, factor.terms, work.w, space.y[i], space.dy
    flat, bend = 0.0, 0.0
    for a in range(factor.used):
        old, second = np.float64(space.old[first + a]), terms[1, a]
        d = w[first + a] - old
        flat += (space.own[first + a] + terms[0, a] + second * old) * d
        bend += second * d * d
    predict(
        factor.table, cells.columns, begin, n, w, first, work.width, factor.smallest, dy
    )  # fmt: skip
    for p in range(n):
        dy[p] -= y[p]
    t = step_length(cells.values, begin, n, y, dy, flat, bend)
    for p in range(n):
        y[p] = max(y[p] + t * dy[p], factor.smallest)
    if t < 1:
        for a in range(factor.used):
            old = space.old[first + a]
            w[first + a] = max(terms[3, a], old + t * (w[first + a] - old))
