"""Weightings: what is done to X before it is split and fitted.

A weighting is chosen by name (``weighting=tfidf``) and is a frozen dataclass whose
fields are its parameters. It maps a dataset to another of the same shape and storage;
cells that are 0 stay 0. Loaders, solvers and metrics know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Factors, Matrix


class Weighting(Protocol):
    """A configured weighting."""

    elementwise: ClassVar[bool]
    """Whether each cell depends on itself alone, so that no held-out cell leaks."""

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the reweighted dataset; the given one is not changed."""
        ...


@dataclass(frozen=True, kw_only=True)
class NoWeighting:
    """X as it is."""

    elementwise: ClassVar[bool] = True

    def apply(self, dataset: Dataset) -> Dataset:
        """Return the dataset itself."""
        return dataset


@dataclass(frozen=True, kw_only=True)
class UnitRows:
    """Each row divided by its Euclidean length: ``x_i / ‖x_i‖``; rows of 0 stay 0.

    Known true factors are rescaled with X; its rating scale is dropped.
    """

    elementwise: ClassVar[bool] = False

    def apply(self, dataset: Dataset) -> Dataset:
        """Raise ValueError where cells are missing: lengths are unknown there."""
        _refuse_missing(dataset, "unit_rows", "a row's length is unknown then")
        lengths = _row_lengths(dataset.X)
        truth = dataset.truth
        if truth is not None and truth.row_offset is None is truth.column_offset:
            truth = Factors(truth.W / lengths[:, None], truth.H)
        else:
            truth = None
        return _with_cells(dataset, _divide_rows(dataset.X, lengths), truth)


@dataclass(frozen=True, kw_only=True)
class Log1p:
    """The logarithm of each cell, ``log(1 + x)``: tames counts with a heavy tail.

    Known true factors and a rating scale are dropped: they describe another X.
    """

    elementwise: ClassVar[bool] = True

    def apply(self, dataset: Dataset) -> Dataset:
        """Raise ValueError if X holds a negative value."""
        _refuse_negative(dataset, "log1p")
        return _with_cells(dataset, _map_cells(dataset.X, np.log1p))


@dataclass(frozen=True, kw_only=True)
class Tfidf:
    """Term frequency times inverse document frequency; rows are documents.

    ``x_ij · (log((1 + n) / (1 + df_j)) + 1)`` with ``df_j`` the number of rows in which
    column j is not 0, then each row divided by its Euclidean length. These are
    scikit-learn's formulas and defaults (``TfidfTransformer``), smoothed as if one more
    document held every term. Known true factors are dropped.

    Parameters
    ----------
    smooth_idf : bool, default True
        False: ``log(n / df_j) + 1``.
    sublinear_tf : bool, default False
        Count a term ``1 + log(x)`` times instead of x times.
    unit_rows : bool, default True
        Whether rows are divided by their length.
    """

    smooth_idf: bool = True
    sublinear_tf: bool = False
    unit_rows: bool = True

    elementwise: ClassVar[bool] = False

    def apply(self, dataset: Dataset) -> Dataset:
        """Raise ValueError where cells are missing or negative."""
        _refuse_missing(dataset, "tfidf", "how many documents hold a term is unknown")
        _refuse_negative(dataset, "tfidf")
        X = dataset.X
        if self.sublinear_tf:
            X = _map_cells(X, _one_plus_log)
        X = _scale_columns(X, self._idf(dataset.X))
        if self.unit_rows:
            X = _divide_rows(X, _row_lengths(X))
        return _with_cells(dataset, X)

    def _idf(self, X: Any) -> npt.NDArray[np.float64]:
        n_documents, n_terms = X.shape
        if isinstance(X, np.ndarray):
            df = np.count_nonzero(X, axis=0)
        else:
            df = np.bincount(X.indices[X.data != 0], minlength=n_terms)
        extra = int(self.smooth_idf)
        # A term in no document has only zeros: any finite weight will do.
        ratio = (n_documents + extra) / np.maximum(df + extra, 1)
        idf: npt.NDArray[np.float64] = np.log(ratio) + 1.0
        return idf


WEIGHTINGS: Mapping[str, type[Any]] = {
    "none": NoWeighting,
    "unit_rows": UnitRows,
    "log1p": Log1p,
    "tfidf": Tfidf,
}
"""The weightings by name, as in ``weighting=tfidf``."""


def _refuse_missing(dataset: Dataset, name: str, why: str) -> None:
    if dataset.missing != "none":
        raise ValueError(
            f"weighting={name} cannot be used on data with missing cells: {why}. Use"
            " weighting=none or log1p, or have missing cells count as 0"
            " (missing_as_zero=true)"
        )


def _refuse_negative(dataset: Dataset, name: str) -> None:
    X: Any = dataset.X
    cells = X if isinstance(X, np.ndarray) else X.data
    minimum = float(cells.min(initial=0))
    if minimum < 0:
        raise ValueError(
            f"weighting={name} needs X >= 0, its minimum is {minimum}; use"
            " weighting=none for signed data"
        )


def _with_cells(dataset: Dataset, X: Any, truth: Factors | None = None) -> Dataset:
    extras = {k: v for k, v in dataset.extras.items() if k != "rating_scale"}
    return replace(dataset, X=X, truth=truth, extras=extras)


def _one_plus_log(x: Matrix) -> Matrix:
    return np.log(x, out=np.full_like(x, -1.0), where=x > 0) + 1


def _map_cells(X: Any, function: Callable[[Matrix], Matrix]) -> Any:
    if isinstance(X, np.ndarray):
        return function(X)
    return _like(X, function(X.data))


def _divide_rows(X: Any, lengths: npt.NDArray[np.float64]) -> Any:
    if isinstance(X, np.ndarray):
        return (X / lengths[:, None]).astype(X.dtype, copy=False)
    each = np.repeat(lengths, np.diff(X.indptr))
    return _like(X, (X.data / each).astype(X.dtype, copy=False))


def _scale_columns(X: Any, scale: npt.NDArray[np.float64]) -> Any:
    if isinstance(X, np.ndarray):
        return (X * scale).astype(X.dtype, copy=False)
    return _like(X, (X.data * scale[X.indices]).astype(X.dtype, copy=False))


def _row_lengths(X: Any) -> npt.NDArray[np.float64]:
    """Return ``‖x_i‖`` in float64, 1 for rows of 0."""
    if isinstance(X, np.ndarray):
        largest = np.abs(X).max(axis=1).astype(np.float64)
        largest[largest == 0] = 1
        squares = np.square(X / largest[:, None], dtype=np.float64).sum(axis=1)
    else:
        rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
        largest = np.zeros(X.shape[0])
        np.maximum.at(largest, rows, np.abs(X.data))
        largest[largest == 0] = 1
        squares = np.bincount(
            rows, np.square(X.data / largest[rows]), minlength=X.shape[0]
        )
    # Divided by the largest cell first: squares of tiny or huge cells leave the range.
    lengths: npt.NDArray[np.float64] = np.sqrt(squares) * largest
    return np.where(lengths > 0, lengths, 1.0)


def _like(X: Any, data: Matrix) -> Any:
    """Return a CSR with the pattern of X, sharing its index arrays."""
    from scipy.sparse import csr_array

    made: Any = csr_array((data, X.indices, X.indptr), shape=X.shape, copy=False)
    made.has_sorted_indices = True
    made.has_canonical_format = True
    return made
