"""What solvers that treat the rows of a factor one by one share: cells and tables.

Kernels that treat rows one by one read the vector of a cell's column as a whole, so a
factor is a *table*: a row of numbers for each row (or column) of X, padded with zeros
to a multiple of 64 bytes and aligned to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix, Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ALIGNMENT = 64
"""Bytes of the widest register, and of a line of the cache."""


@dataclass(frozen=True)
class Cells:
    """Cells of X row by row, as in a CSR, to solve for the rows one by one."""

    starts: npt.NDArray[np.integer[Any]]
    columns: npt.NDArray[np.integer[Any]]
    values: Matrix

    @property
    def counts(self) -> npt.NDArray[np.integer[Any]]:
        """How many cells each row has."""
        return np.diff(self.starts)


def by_row_and_column(problem: Problem, *, zeros: bool = True) -> tuple[Cells, Cells]:
    """Return the fitted cells of X by row, and those of its transpose.

    Parameters
    ----------
    problem : Problem
        Where all cells are fitted, those a CSR does not store are left out.
    zeros : bool
        False: leave the zeros of a dense X without a mask out too.
    """
    X = problem.X
    if isinstance(X, np.ndarray):
        mask = problem.observed
        if mask is None:
            mask = np.ones(X.shape, np.bool_) if zeros else X != 0
        X = _as_csr(X, cast(Any, mask))
    columns = X.T.tocsr()
    columns.sort_indices()
    return _cells(X), _cells(columns)


def _as_csr(X: Matrix, mask: npt.NDArray[np.bool_]) -> csr_array:
    from scipy.sparse import csr_array

    columns = np.nonzero(mask)[1].astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(mask, axis=1))])
    return csr_array((X[mask], columns, starts), shape=X.shape)


def _cells(X: csr_array) -> Cells:
    """Return a CSR's arrays as read-only views: kernels compile once for each kind."""
    starts, columns, values = X.indptr.view(), X.indices.view(), X.data.view()
    for array in (starts, columns, values):
        array.flags.writeable = False
    return Cells(starts, columns, cast(Matrix, values))


def width_for(n_used: int, dtype: np.dtype[Any]) -> int:
    """Return the width of a table whose rows hold so many numbers and one value."""
    lanes = ALIGNMENT // dtype.itemsize
    return -(-(n_used + 1) // lanes) * lanes


def new_table(n_rows: int, width: int, dtype: np.dtype[Any]) -> Matrix:
    """Return an aligned table of zeros."""
    raw = np.zeros(n_rows * width * dtype.itemsize + ALIGNMENT, np.uint8)
    first = -raw.ctypes.data % ALIGNMENT
    flat = raw[first : first + n_rows * width * dtype.itemsize].view(dtype)
    return flat.reshape(n_rows, width)


class Side:
    """One factor of X: its cells, its penalties, and the tables a step works with.

    Parameters
    ----------
    cells : Cells
        Of X for W, of its transpose for H.
    start : ndarray of shape (n_rows, used)
    terms : ndarray of shape (5, width)
        Penalties and bounds, as `nmflab.kernels.plain.masked.solve_rows` takes them.

    Attributes
    ----------
    kept, new, ahead : ndarray of shape (n_rows, width)
        What was last accepted; the result of the last update; the extrapolated point,
        where the next update starts.
    """

    def __init__(self, cells: Cells, start: Matrix, terms: Matrix) -> None:
        self.cells, self.terms, self.used = cells, terms, start.shape[1]
        shape = cells.starts.size - 1, terms.shape[1]
        self.kept, self.new, self.ahead = (
            new_table(*shape, start.dtype) for _ in range(3)
        )
        for table in (self.kept, self.new, self.ahead):
            table[:, : self.used] = start

    def extrapolate(self, weight: float, *, project: bool, share: float = 0.0) -> None:
        """Set ``ahead = new + weight (new − kept)``.

        Parameters
        ----------
        weight : float
        project : bool
            Whether to bring it back within the bounds.
        share : float
            Where positive, no entry becomes less than this share of the new one.
        """
        if weight == 0:
            self.ahead[:] = self.new
            return
        np.subtract(self.new, self.kept, out=self.ahead)
        self.ahead *= self.ahead.dtype.type(weight)
        self.ahead += self.new
        if share > 0:
            least = self.new * self.ahead.dtype.type(share)
            np.maximum(self.ahead, least, out=self.ahead)
        if project:
            np.maximum(self.ahead, self.terms[3], out=self.ahead)

    def accept(self) -> None:
        """Keep the new point."""
        self.kept, self.new = self.new, self.kept

    def restart(self) -> None:
        """Go back to the last accepted point."""
        self.ahead[:] = self.kept

    def penalty(self, table: Matrix) -> float:
        """Return the penalties at a table, summed in float64."""
        first, second, per_cell = self.terms[:3].astype(np.float64)
        value = 0.0
        if first.any():
            value += float(table.sum(axis=0, dtype=np.float64) @ first)
        if second.any():
            squares = np.einsum("ik,ik->k", table, table, dtype=np.float64)
            value += 0.5 * float(squares @ second)
        if per_cell.any():
            weighted = self.cells.counts.astype(np.float64) @ np.square(table)
            value += 0.5 * float(weighted @ per_cell)
        return value
