"""Baselines that predict values: a constant, plus an offset of each row and column.

Each is a frozen dataclass with ``fit(ratings) -> Offsets``; the stored cells of
``ratings`` are what is known, and nothing is learned from others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Offsets:
    """Predicts ``constant + rows[i] + columns[j]``; what is not known has offset 0."""

    constant: float
    rows: Float64
    columns: Float64

    def predict(self, rows: Index, columns: Index) -> Float64:
        """Return the predicted values of some cells, shape ``(len(rows),)``."""
        return self.constant + self.rows[rows] + self.columns[columns]


class RatingBaseline(Protocol):
    """A configured baseline for ratings."""

    def fit(self, ratings: csr_array) -> Offsets:
        """Learn from the stored cells, of which there is at least one."""
        ...


@dataclass(frozen=True, kw_only=True)
class GlobalMean:
    """The mean of all known values."""

    def fit(self, ratings: csr_array) -> Offsets:
        """See `RatingBaseline.fit`."""
        cells = _Triplets.of(ratings)
        return Offsets(cells.mean, cells.by_row(0.0), cells.by_column(0.0))


@dataclass(frozen=True, kw_only=True)
class RowMeans:
    """The mean of the row's known values; of all known values for an unknown row."""

    def fit(self, ratings: csr_array) -> Offsets:
        """See `RatingBaseline.fit`."""
        cells = _Triplets.of(ratings)
        rows = cells.by_row(cells.values - cells.mean)
        return Offsets(cells.mean, rows, cells.by_column(0.0))


@dataclass(frozen=True, kw_only=True)
class ColumnMeans:
    """The mean of the column's known values; of all for an unknown column."""

    def fit(self, ratings: csr_array) -> Offsets:
        """See `RatingBaseline.fit`."""
        cells = _Triplets.of(ratings)
        columns = cells.by_column(cells.values - cells.mean)
        return Offsets(cells.mean, cells.by_row(0.0), columns)


@dataclass(frozen=True, kw_only=True)
class Biases:
    """Mean plus biases ``μ + b_i + c_j``, by alternating regularized least squares.

    Each epoch sets ``c_j = Σ_i (x_ij − μ − b_i) / (reg_columns + n_j)``, then
    ``b_i = Σ_j (x_ij − μ − c_j) / (reg_rows + n_i)``, both from 0 at the start.

    Parameters
    ----------
    reg_rows, reg_columns : float, at least 0
        Known values of 0 deviation that each row and column is given beside its own.
    n_epochs : int, at least 1

    References
    ----------
    Y. Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering",
    ACM TKDD 4(1), 2010, sec. 2.1.
    """

    reg_rows: float = 15.0
    reg_columns: float = 10.0
    n_epochs: int = 10

    def fit(self, ratings: csr_array) -> Offsets:
        """See `RatingBaseline.fit`."""
        cells = _Triplets.of(ratings)
        centred = cells.values - cells.mean
        b = cells.by_row(0.0)
        c = cells.by_column(0.0)
        for _ in range(self.n_epochs):
            c = cells.by_column(centred - b[cells.rows], self.reg_columns)
            b = cells.by_row(centred - c[cells.columns], self.reg_rows)
        return Offsets(cells.mean, b, c)


@dataclass(frozen=True)
class _Triplets:
    """The stored cells of a CSR, and sums of what belongs to them."""

    rows: Index
    columns: Index
    values: Float64
    shape: tuple[int, int]

    @classmethod
    def of(cls, ratings: csr_array) -> _Triplets:
        X: Any = ratings
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        return cls(rows, X.indices.astype(np.intp), X.data, X.shape)

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    def by_row(self, each: Float64 | float, extra: float = 0.0) -> Float64:
        """Return the mean of `each` over a row's cells and `extra` zeros."""
        return _means(self.rows, each, extra, self.shape[0])

    def by_column(self, each: Float64 | float, extra: float = 0.0) -> Float64:
        """Return the mean of `each` over a column's cells and `extra` zeros."""
        return _means(self.columns, each, extra, self.shape[1])


def _means(lines: Index, each: Float64 | float, extra: float, n: int) -> Float64:
    if isinstance(each, float):
        return np.full(n, each)
    counts = np.bincount(lines, minlength=n) + extra
    sums = np.bincount(lines, each, minlength=n)
    means: Float64 = np.divide(sums, counts, out=np.zeros(n), where=counts > 0)
    return means
