"""The rows of a matrix, scaled and read a block at a time, whatever its storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Indices: TypeAlias = npt.NDArray[np.intp]
Float64: TypeAlias = npt.NDArray[np.float64]

_BLOCK_CELLS = 250_000  # 2 MB of float64


@dataclass(frozen=True)
class ScaledRows:
    """The rows of X, each divided by a number, in float64 and a block at a time.

    Parameters
    ----------
    X : ndarray or csr_array
    divisors : ndarray of shape (n_samples,)
        The sum of each row; or, for all rows, the largest entry of X, so that squares
        of lengths neither overflow nor vanish.
    """

    X: Matrix | csr_array
    divisors: Float64

    @classmethod
    def of(cls, X: Matrix | csr_array, *, sum_to_one: bool) -> ScaledRows:
        """Divide each row by the sum of its absolute values, or all by the largest."""
        values = X if isinstance(X, np.ndarray) else X.data
        sizes = np.full(X.shape[0], float(np.abs(values).max(initial=0.0)))
        if sum_to_one:
            magnitude: Any = abs(X)
            sizes = np.asarray(magnitude.sum(axis=1, dtype=np.float64)).ravel()
        return cls(X, np.where(sizes > 0, sizes, 1.0))

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """Length of a row."""
        return int(self.X.shape[1])

    @property
    def rounding(self) -> float:
        """What rounding leaves of a square, relative to the largest square."""
        kind = self.X.dtype if self.X.dtype.kind == "f" else np.dtype(np.float64)
        return float((32 * np.finfo(kind).eps) ** 2)

    def __getitem__(self, index: int) -> Float64:
        row: Float64 = self._dense(slice(index, index + 1))[0]
        return row

    def times(self, v: Float64) -> Float64:
        """Return the product of each row with a vector."""
        X = self.X
        if isinstance(X, np.ndarray) and X.dtype != np.float64:
            blocks = self._blocks(self.n_samples)
            parts = [X[block].astype(np.float64) @ v for block in blocks]
            return np.concatenate(parts) / self.divisors
        products: Float64 = (X @ v) / self.divisors
        return products

    def square_lengths(self) -> Float64:
        """Return ``‖x_i‖²`` of each row."""
        if isinstance(self.X, np.ndarray):
            nothing = np.empty((self.n_samples, 0)), np.empty((0, self.n_features))
            return self.square_distances(*nothing)
        cells = np.repeat(self.divisors, np.diff(self.X.indptr))
        squares = np.concatenate([(self.X.data / cells) ** 2, [0.0]])
        # A sum from each row's first cell to the next row's; empty rows get the cell
        # they stand before, and are put right.
        sums = np.add.reduceat(squares, self.X.indptr[:-1])
        return np.where(np.diff(self.X.indptr) > 0, sums, 0.0)

    def square_distances(
        self, weights: Matrix, S: Matrix, at: Indices | None = None
    ) -> Float64:
        """Return ``‖x_i − Σ_k weights_ik s_k‖²``, without cancellation.

        Of each row, or of those in `at`, to which the rows of `weights` then belong.
        """
        found = np.empty(len(weights))
        for block in self._blocks(len(weights)):
            residual = self._dense(block if at is None else at[block])
            if len(S):
                residual -= weights[block] @ S
            found[block] = np.einsum("ij,ij->i", residual, residual)
        return found

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        length = max(1, _BLOCK_CELLS // max(1, self.n_features))
        for at in range(0, n_rows, length):
            yield slice(at, at + length)

    def _dense(self, block: slice | Indices) -> Float64:
        part = self.X[block]
        dense = part if isinstance(part, np.ndarray) else part.toarray()
        return np.asarray(dense / self.divisors[block, None], dtype=np.float64)
