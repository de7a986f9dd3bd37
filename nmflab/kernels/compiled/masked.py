"""Exact updates of rows on their observed cells; see `nmflab.kernels.plain.masked`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange

from nmflab.kernels.compiled._masked_gram import (
    CHUNK,
    FEW,
    TOGETHER,
    Cells,
    Work,
    add_gram,
    finish,
    parts_for,
    room,
)
from nmflab.kernels.compiled._masked_sweeps import (
    prepare,
    subtract_product,
    sweep_together,
)
from nmflab.kernels.compiled.simd import (
    add_product,
    load64,
    store,
    total,
    zeros_like,
)


@njit(cache=True, inline="never")
def _gather(
    table: Any, cells: Cells, first: int, n: int, width: int, used: int, A: Any
) -> None:
    """Copy n rows of a table to A, the value of each behind its `used` numbers."""
    lanes = 64 // A.itemsize
    for p in range(n):
        source, target = cells.columns[first + p] * width, p * width
        for c in range(0, width, lanes):
            store(A, target + c, load64(table, source + c))
        A[target + used] = cells.values[first + p]
    if n % 2:
        A[n * width : (n + 1) * width] = 0


@njit(cache=True, inline="never")
def _model(cells: Cells, table: Any, row: int, r: int, used: int, work: Work) -> None:
    """Write the Gram matrix of a row's cells, and ``c − Gw``, where the r-th belong."""
    begin, end = cells.starts[row], cells.starts[row + 1]
    width, full = work.width, end - begin <= FEW
    for p in range(begin, end, CHUNK):
        n = min(CHUNK, end - p)
        _gather(table, cells, p, n, width, used, work.A)
        add_gram(work, r, n, used, full, p == begin)
    for a in range(used):
        product = work.G[r * work.square + a * width + used]
        work.g[r * width + a] = product if end > begin else 0
    finish(work, r, end - begin, used)
    subtract_product(work, r, used)


@njit(cache=True, inline="never")
def _squared_error(cells: Cells, table: Any, row: int, w: Any, at: int) -> float:
    """Return ``Σ (value − w·table[column])²``, the products summed in float64."""
    width, lanes, error = w.size // TOGETHER, 64 // w.itemsize, 0.0
    for p in range(cells.starts[row], cells.starts[row + 1]):
        source = cells.columns[p] * width
        product = zeros_like(load64(w, at))
        for c in range(0, width, lanes):
            product = add_product(product, load64(table, source + c), load64(w, at + c))
        residual = cells.values[p] - total(product)
        error += residual * residual
    return error


@njit(cache=True, inline="never")
def _solve_group(
    top: int, end: int, cells: Cells, table: Any, start: Any, terms: Any, used: int,
    sweeps: int, measure: bool, new: Any, work: Work,
) -> float:  # fmt: skip
    """Solve for the rows from `top` on, at most four; return their squared error."""
    w, width, low, error = work.w, work.width, terms[3], 0.0
    work.g[:] = 0
    for row in range(top, end):
        r = row - top
        for a in range(used):
            w[r * width + a] = max(low[a], start[row * width + a])
        _model(cells, table, row, r, used, work)
        prepare(work, r, terms, used, cells.starts[row + 1] - cells.starts[row])
    sweep_together(work, low, used, sweeps)
    for row in range(top, end):
        first = (row - top) * width
        new[row * width : row * width + used] = w[first : first + used]
        if measure:
            error += _squared_error(cells, table, row, w, first)
    return error


def _solve(
    cells: Cells, table: Any, start: Any, terms: Any, used: int, sweeps: int,
    measure: bool, new: Any, n_parts: int,
) -> Any:  # fmt: skip
    n_rows = cells.starts.size - 1
    n_groups = (n_rows + TOGETHER - 1) // TOGETHER
    errors = np.zeros(n_groups)
    for part in prange(n_parts):
        work = room(table, terms.shape[1])
        stop = n_groups * (part + 1) // n_parts
        for group in range(n_groups * part // n_parts, stop):
            top = group * TOGETHER
            errors[group] = _solve_group(
                top, min(n_rows, top + TOGETHER), cells, table, start, terms, used,
                sweeps, measure, new, work,
            )  # fmt: skip
    return errors.sum()


_solve_one: Any = njit(cache=True)(_solve)
_solve_many: Any = njit(cache=True, parallel=True)(_solve)


def solve_rows(
    starts: Any,
    columns: Any,
    values: Any,
    table: Any,
    start: Any,
    terms: Any,
    *,
    used: int,
    sweeps: int,
    measure: bool,
    new: Any,
    n_threads: int,
) -> float:
    """See `nmflab.kernels.plain.masked.solve_rows`."""
    n_parts = parts_for(columns.size, n_threads)
    run = _solve_one if n_parts == 1 else _solve_many
    cells, tables = Cells(starts, columns, values), (table.ravel(), start.ravel())
    limits = used, sweeps, measure
    return float(run(cells, *tables, terms, *limits, new.ravel(), n_parts))
