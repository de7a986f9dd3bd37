"""Weightings of term counts: rows are documents, columns are terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nmflab.contracts import Dataset, Matrix
from nmflab.weighting.arithmetic import (
    Vector,
    column_counts,
    column_sums,
    divide_rows,
    largest_cell,
    map_cells,
    or_one,
    row_lengths,
    row_sums,
    scale_columns,
)
from nmflab.weighting.checks import refuse_missing, refuse_negative
from nmflab.weighting.scaling import scaled_truth, with_cells


@dataclass(frozen=True, kw_only=True)
class Tfidf:
    """Term frequency times inverse document frequency; rows are documents.

    ``x_ij · (log((1 + n) / (1 + df_j)) + 1)`` with ``df_j`` the number of rows in which
    column j is not 0, then each row divided by its Euclidean length. These are
    scikit-learn's formulas and defaults (``TfidfTransformer``), smoothed as if one more
    document held every term. Known true factors are rescaled with X, and dropped by
    `sublinear_tf`; a rating scale is dropped.

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

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError where cells are missing or negative."""
        refuse_missing(dataset, "tfidf", "how many documents hold a term is unknown")
        refuse_negative(dataset, "tfidf")
        known = (seen or dataset).X
        idf = _log_idf(known, int(self.smooth_idf)) + 1.0
        X = scale_columns(self._counted(dataset.X), idf)
        lengths = None
        if self.unit_rows:
            lengths = row_lengths(scale_columns(self._counted(known), idf))
            X = divide_rows(X, lengths)
        if self.sublinear_tf:
            return with_cells(dataset, X)
        truth = scaled_truth(dataset.truth, row_divisors=lengths, column_factors=idf)
        return with_cells(dataset, X, truth)

    def _counted(self, X: Any) -> Any:
        return map_cells(X, _one_plus_log) if self.sublinear_tf else X


@dataclass(frozen=True, kw_only=True)
class NormalisedCut:
    """Documents weighted as in a normalised cut: ``D^-½ X`` with ``D = diag(X Xᵀ 1)``.

    Of the graph whose nodes are the documents and whose edges are their scalar
    products ``X Xᵀ``, D holds the degrees: a document similar to many counts less, so
    that dense topics do not crowd out the others. X holds tf-idf weights
    ``x_ij · log(n / df_j)`` in rows of Euclidean length 1, unless the parameters say
    otherwise. The products are never formed: ``X (Xᵀ 1)`` is two sums over X. Known
    true factors are rescaled with X; a rating scale is dropped.

    Parameters
    ----------
    tfidf : bool, default True
        Whether tf-idf comes first, the paper's, without scikit-learn's ``+ 1``: a term
        in every document gets 0. False where X is weighted already.
    unit_rows : bool, default True
        Whether rows are brought to length 1 before degrees are taken.

    References
    ----------
    W. Xu, X. Liu, Y. Gong, "Document Clustering Based On Non-negative Matrix
    Factorization", SIGIR 2003. There documents are columns: ``X D^-½``,
    ``D = diag(Xᵀ X e)``.
    """

    tfidf: bool = True
    unit_rows: bool = True

    elementwise: ClassVar[bool] = False

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError where cells are missing or negative."""
        refuse_missing(dataset, "normalised_cut", "similarities of rows are unknown")
        refuse_negative(dataset, "normalised_cut")
        known = (seen or dataset).X
        idf = _log_idf(known) if self.tfidf else None
        divisors = self._divisors(known if idf is None else scale_columns(known, idf))
        X = dataset.X if idf is None else scale_columns(dataset.X, idf)
        truth = scaled_truth(dataset.truth, row_divisors=divisors, column_factors=idf)
        return with_cells(dataset, divide_rows(X, divisors), truth)

    def _divisors(self, X: Any) -> Vector:
        """Return what each row is divided by, its length included."""
        # In units of the largest cell: its square may leave the range of floats.
        divisors = row_lengths(X) if self.unit_rows else _all(X, largest_cell(X))
        rows = divide_rows(X, divisors)
        degrees = row_sums(scale_columns(rows, column_sums(rows)))
        return divisors * np.sqrt(or_one(degrees))


def _log_idf(X: Any, extra: int = 0) -> Vector:
    """Return ``log((n + extra) / (df_j + extra))``."""
    # A term in no document has only zeros: any finite weight will do.
    ratio = (X.shape[0] + extra) / np.maximum(column_counts(X) + extra, 1)
    idf: Vector = np.log(ratio)
    return idf


def _all(X: Any, value: float) -> Vector:
    return np.full(X.shape[0], value)


def _one_plus_log(x: Matrix) -> Matrix:
    return np.log(x, out=np.full_like(x, -1.0), where=x > 0) + 1
