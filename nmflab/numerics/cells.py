"""The fitted cells of a problem, block of rows by block of rows, always in float64.

A block knows its observed values ``x``, can predict the same cells from two factors
and can spread one weight a cell into a matrix that multiplies factors. Every loss is
written once on top of that, whatever the storage: all cells of a dense X, some cells of
a dense X, or the stored cells of a CSR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix, Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Float64: TypeAlias = npt.NDArray[np.float64]
Index: TypeAlias = npt.NDArray[np.integer[Any]]

SMALL = 2**16
"""Problems of at most so many cells are kept as one dense block, sparse ones too."""
BLOCK_CELLS = 2**17
"""Cells of a dense block: 1 MB, so that a prediction stays in cache."""
BLOCK_STORED = 2**15
"""Stored cells of a sparse block, unless a row or four per column is more."""
GATHER_BELOW = 0.04
"""Density under which gathering single cells is cheaper than a dense product."""


def double(array: npt.NDArray[Any]) -> Float64:
    """Return the array as float64, without a copy where it is so already."""
    return array if array.dtype == np.float64 else array.astype(np.float64)


@dataclass(frozen=True, slots=True)
class FullBlock:
    """All cells of some rows; `x` has shape ``(n_rows, n_features)``."""

    rows: slice
    x: Float64

    def predict(self, A: Float64, B: Float64) -> Float64:
        """Return ``A B`` on these cells, a fresh array shaped like `x`."""
        return A[self.rows] @ B

    def spread(self, weights: Float64) -> Float64:
        """Return one weight a cell as a matrix ``(n_rows, n_features)``."""
        return weights


@dataclass(frozen=True, slots=True)
class MaskedBlock:
    """Some cells of some rows of a dense X; `x` has shape ``(n_cells,)``."""

    rows: slice
    x: Float64
    at: npt.NDArray[np.intp]
    shape: tuple[int, int]

    def predict(self, A: Float64, B: Float64) -> Float64:
        """Return ``A B`` on these cells, a fresh array shaped like `x`."""
        return (A[self.rows] @ B).take(self.at)

    def spread(self, weights: Float64) -> Float64:
        """Return one weight a cell as a matrix that is 0 elsewhere."""
        spread = np.zeros(self.shape)
        spread.put(self.at, weights)
        return spread


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """The stored cells of some rows of a CSR; `x` has shape ``(n_cells,)``."""

    rows: slice
    x: Float64
    columns: Index
    starts: Index
    n_features: int

    def predict(self, A: Float64, B: Float64) -> Float64:
        """Return ``A B`` on these cells, a fresh array shaped like `x`."""
        counts = np.diff(self.starts)
        n_cells = counts.size * self.n_features
        if n_cells <= 8 * BLOCK_CELLS and self.x.size >= GATHER_BELOW * n_cells:
            at = np.repeat(np.arange(counts.size) * self.n_features, counts)
            return (A[self.rows] @ B).take(at + self.columns)
        y = np.zeros(self.x.size)
        for k in range(B.shape[0]):  # one component at a time: no (n_cells, k) array
            y += np.repeat(A[self.rows, k], counts) * B[k].take(self.columns)
        return y

    def spread(self, weights: Float64) -> csr_array:
        """Return one weight a cell as a CSR of these rows."""
        from scipy.sparse import csr_array

        shape = (self.starts.size - 1, self.n_features)
        return csr_array((weights, self.columns, self.starts), shape=shape)


Block: TypeAlias = FullBlock | MaskedBlock | StoredBlock


class Blocks:
    """Blocks made anew at each iteration, so that no copy of X is kept."""

    def __init__(self, make: Callable[[], Iterable[Block]], keep: bool = False) -> None:
        self._make = make
        self._kept = tuple(make()) if keep else None

    def __iter__(self) -> Iterator[Block]:
        return iter(self._make() if self._kept is None else self._kept)


def is_small(problem: Problem) -> bool:
    """Whether all cells fit into one dense block that is worth keeping."""
    n_samples, n_features = problem.shape
    return n_samples * n_features <= SMALL


def fitted_blocks(problem: Problem) -> Blocks:
    """Return blocks that hold every fitted cell, the unstored zeros of a CSR too."""
    small = is_small(problem)
    if not problem.is_sparse:
        return Blocks(lambda: _dense_blocks(problem), keep=small)
    if problem.observed is None:
        return Blocks(lambda: _densified_blocks(problem), keep=small)
    if small:
        return Blocks(lambda: _masked_blocks(problem), keep=True)
    return stored_blocks(problem)


def stored_blocks(problem: Problem) -> Blocks:
    """Return blocks of the stored cells of a CSR."""
    X = cast("csr_array", problem.X)
    n_features = problem.shape[1]
    starts = np.asarray(X.indptr)
    cuts = _row_cuts(starts, max(BLOCK_STORED, 4 * n_features))

    def make() -> Iterator[Block]:
        data, columns = np.asarray(X.data), np.asarray(X.indices)
        for a, b in cuts:
            cut = slice(int(starts[a]), int(starts[b]))
            x, local = double(data[cut]), starts[a : b + 1] - starts[a]
            yield StoredBlock(slice(a, b), x, columns[cut], local, n_features)

    return Blocks(make)


def n_fitted(problem: Problem) -> int:
    """Return how many cells are fitted."""
    if problem.observed is None:
        n_samples, n_features = problem.shape
        return n_samples * n_features
    if problem.is_sparse:
        return int(cast("csr_array", problem.X).data.size)
    return int(np.count_nonzero(cast(Matrix, problem.observed)))


def cell_counts(problem: Problem) -> tuple[Float64, Float64]:
    """Return how many cells are fitted in each row, and in each column, as float64."""
    n_samples, n_features = problem.shape
    if problem.observed is None:
        return np.full(n_samples, float(n_features)), np.full(
            n_features, float(n_samples)
        )
    if problem.is_sparse:
        X = cast("csr_array", problem.X)
        columns = np.bincount(np.asarray(X.indices), minlength=n_features)
        return np.diff(X.indptr).astype(np.float64), columns.astype(np.float64)
    mask = np.asarray(cast(Matrix, problem.observed))
    rows = np.count_nonzero(mask, axis=1)
    return rows.astype(np.float64), np.count_nonzero(mask, axis=0).astype(np.float64)


def _row_slices(problem: Problem) -> Iterator[slice]:
    n_samples, n_features = problem.shape
    height = max(1, BLOCK_CELLS // max(1, n_features))
    for a in range(0, n_samples, height):
        yield slice(a, min(a + height, n_samples))


def _row_cuts(starts: Index, limit: int) -> list[tuple[int, int]]:
    """Return row ranges that hold at most `limit` stored cells, or one row."""
    cuts, a, n_rows = [], 0, starts.size - 1
    while a < n_rows:
        b = int(np.searchsorted(starts, starts[a] + limit, side="right")) - 1
        b = max(b, a + 1)
        cuts.append((a, b))
        a = b
    return cuts


def _dense_blocks(problem: Problem) -> Iterator[Block]:
    # np.asarray: a memory map is a subclass whose every slice costs microseconds
    X = np.asarray(problem.X)
    mask = None if problem.observed is None else np.asarray(problem.observed)
    for rows in _row_slices(problem):
        x = double(X[rows])
        if mask is None:
            yield FullBlock(rows, x)
        else:
            at = np.flatnonzero(mask[rows])
            yield MaskedBlock(rows, x.take(at), at, (x.shape[0], x.shape[1]))


def _densified_blocks(problem: Problem) -> Iterator[Block]:
    X = cast("csr_array", problem.X)
    for rows in _row_slices(problem):
        yield FullBlock(rows, double(X[rows].toarray()))


def _masked_blocks(problem: Problem) -> Iterator[Block]:
    """Yield a small CSR of observed cells as one dense block with a mask."""
    X = cast("csr_array", problem.X)
    n_samples, n_features = problem.shape
    rows = np.repeat(np.arange(n_samples), np.diff(X.indptr))
    at = rows * n_features + np.asarray(X.indices)
    yield MaskedBlock(slice(0, n_samples), double(X.data), at, problem.shape)
