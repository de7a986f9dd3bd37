"""Updates of rows for the Kullback-Leibler loss; see `nmflab.kernels.plain.kl`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from nmflab.kernels.compiled._kl_cells import predict
from nmflab.kernels.compiled._kl_rows import (
    Factor,
    Room,
    move,
    multiply_row,
    row_loss,
    space_for,
    write_model,
    write_sums,
)
from nmflab.kernels.compiled._masked_gram import (
    TOGETHER,
    Cells,
    Work,
    aligned,
    parts_for,
    room,
)
from nmflab.kernels.compiled._masked_sweeps import prepare, sweep_together


def _multiply(cells: Cells, factor: Factor, new: Any, n_parts: int) -> Any:
    table, width, used = factor.table, factor.terms.shape[1], factor.used
    n_rows, smallest = cells.starts.size - 1, factor.smallest
    losses = np.zeros(n_rows)
    for part in prange(n_parts):
        N, w, own = (
            aligned(width, table), aligned(width, table), aligned(width, table)
        )  # fmt: skip
        space = space_for(cells, table, width)
        y, r = space.y[0], space.r
        for row in range(n_rows * part // n_parts, n_rows * (part + 1) // n_parts):
            first, n = cells.starts[row], cells.starts[row + 1] - cells.starts[row]
            for a in range(used):
                w[a] = factor.start[row * width + a]
            predict(table, cells.columns, first, n, w, 0, width, smallest, y)
            write_sums(cells, factor, row, r, own)
            if factor.measure:
                losses[row] = row_loss(cells, row, own, w, y, space.bits)
            multiply_row(cells, factor, row, w, N, own, y, r)
            new[row * width : row * width + used] = w[:used]
    return losses.sum()


@njit(cache=True, inline="never")
def _newton_group(
    top: int, end: int, cells: Cells, factor: Factor, sweeps: int, new: Any, work: Work,
    space: Room,
) -> float:  # fmt: skip
    """Update the rows from `top` on, at most four; return their loss."""
    w, width, used, loss = work.w, work.width, factor.used, 0.0
    low = factor.terms[3]
    work.g[:] = 0
    for row in range(top, end):
        i, begin, n = (
            row - top,
            cells.starts[row],
            cells.starts[row + 1] - cells.starts[row],
        )
        first = i * width
        for a in range(used):
            w[first + a] = max(low[a], factor.start[row * width + a])
        space.old[first : first + width] = w[first : first + width]
        predict(
            factor.table, cells.columns, begin, n, w, first, width, factor.smallest,
            space.y[i],
        )  # fmt: skip
        write_sums(cells, factor, row, space.r, space.own[first : first + width])
        write_model(cells, factor, row, i, work, space)
        prepare(work, i, factor.terms, used, 0)
    sweep_together(work, low, used, sweeps)
    for row in range(top, end):
        first = (row - top) * width
        move(cells, factor, row, row - top, work, space)
        new[row * width : row * width + used] = w[first : first + used]
        if factor.measure:
            here = slice(first, first + width)
            y = space.y[row - top]
            loss += row_loss(cells, row, space.own[here], w[here], y, space.bits)
    return loss


def _newton(cells: Cells, factor: Factor, sweeps: int, new: Any, n_parts: int) -> Any:
    n_rows, width = cells.starts.size - 1, factor.terms.shape[1]
    n_groups = (n_rows + TOGETHER - 1) // TOGETHER
    losses = np.zeros(n_groups)
    for part in prange(n_parts):
        work, space = room(factor.table, width), space_for(cells, factor.table, width)
        stop = n_groups * (part + 1) // n_parts
        for group in range(n_groups * part // n_parts, stop):
            top = group * TOGETHER
            end = min(n_rows, top + TOGETHER)
            losses[group] = _newton_group(
                top, end, cells, factor, sweeps, new, work, space
            )
    return losses.sum()


_multiply_one: Any = njit(cache=True)(_multiply)
_multiply_many: Any = njit(cache=True, parallel=True)(_multiply)
_newton_one: Any = njit(cache=True)(_newton)
_newton_many: Any = njit(cache=True, parallel=True)(_newton)


def multiply_rows(
    starts: Any,
    columns: Any,
    values: Any,
    table: Any,
    start: Any,
    sums: Any,
    terms: Any,
    *,
    used: int,
    masked: bool,
    smallest: float,
    measure: bool,
    new: Any,
    n_threads: int,
) -> float:
    """See `nmflab.kernels.plain.kl.multiply_rows`."""
    n_parts = parts_for(columns.size, n_threads)
    run = _multiply_one if n_parts == 1 else _multiply_many
    options = used, masked, smallest, measure
    factor = Factor(table.ravel(), start.ravel(), sums, terms, *options)
    return float(run(Cells(starts, columns, values), factor, new.ravel(), n_parts))


def newton_rows(
    starts: Any,
    columns: Any,
    values: Any,
    table: Any,
    start: Any,
    sums: Any,
    terms: Any,
    *,
    used: int,
    masked: bool,
    sweeps: int,
    smallest: float,
    measure: bool,
    new: Any,
    n_threads: int,
) -> float:
    """See `nmflab.kernels.plain.kl.newton_rows`."""
    n_parts = parts_for(columns.size, n_threads)
    run = _newton_one if n_parts == 1 else _newton_many
    options = used, masked, smallest, measure
    factor = Factor(table.ravel(), start.ravel(), sums, terms, *options)
    cells = Cells(starts, columns, values)
    return float(run(cells, factor, sweeps, new.ravel(), n_parts))
