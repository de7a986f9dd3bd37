"""Other draws of the data: what would be found had X come out a little otherwise.

These are splits by their place, after the weighting and with ``split.seed`` of their
own, but they test nothing: what is fitted is a part of X, a new draw of it, or X with
what it says destroyed. How components change from draw to draw tells which of them
the data support.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from nmflab.contracts import Matrix
from nmflab.splits.bi_cv import Block
from nmflab.splits.cells import HeldOut, ObservedCells


@dataclass(frozen=True)
class Resampled:
    """A draw of X: what is fitted, what completes its factors, and what was done."""

    X: Any
    block: Block | None
    note: str


class Resampling:
    """What resamplings share with splits: their place; they hold no cell out."""

    holds_out: ClassVar[bool] = True

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Return no cells."""
        none = np.empty(0, dtype=np.intp)
        return HeldOut(none, none)

    @abstractmethod
    def resample(self, X: Any, rng: np.random.Generator) -> Resampled:
        """Return another draw of X (an array or a CSR), which is not changed."""


@dataclass(frozen=True, kw_only=True)
class RowSample(Resampling):
    """Some of the rows, drawn at random without replacement; all columns.

    The solver sees these rows only. The rows left out are described afterwards by
    non-negative least squares on the H that was found, so that factors keep the shape
    of X: their error is a projection error and tests nothing.

    Parameters
    ----------
    share : float, default 0.8
        Of the rows, above 0 and below 1; at least one is kept and one left out. Of a
        bootstrap's rows a share of ``1 − 1/e = 0.632`` are distinct.

    References
    ----------
    D. Greene, D. O'Callaghan, P. Cunningham, "How Many Topics? Stability Analysis for
    Topic Models", ECML PKDD 2014 (samples of 80 %).
    """

    share: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError(
                f"split.share must be above 0 and below 1, got {self.share}; 0.8 is"
                " usual"
            )

    def resample(self, X: Any, rng: np.random.Generator) -> Resampled:
        """Raise ValueError if X has one row only."""
        n_rows, n_columns = X.shape
        if n_rows < 2:
            raise ValueError(
                "split=row_sample needs at least 2 rows, X has 1; use split=none"
            )
        n_kept = min(n_rows - 1, max(1, round(self.share * n_rows)))
        left_out = np.ones(n_rows, dtype=bool)
        left_out[rng.permutation(n_rows)[:n_kept]] = False
        whole = np.zeros(n_columns, dtype=bool)
        kept = X[~left_out]
        block = Block(left_out, whole, X[left_out], kept[:, whole])
        note = (
            f"{n_kept:,} of {n_rows:,} rows were drawn and fitted; the others were"
            " described afterwards by the components found"
        )
        return Resampled(kept, block, note)


@dataclass(frozen=True, kw_only=True)
class CountBootstrap(Resampling):
    """Each count drawn anew from a Poisson law whose mean is the count: ``P(x_ij)``.

    What the same process might have counted another time. Cells of 0 stay 0. The data
    must be counts; for other data draw rows (``split=row_sample``).

    References
    ----------
    L. B. Alexandrov, S. Nik-Zainal, D. C. Wedge, P. J. Campbell, M. R. Stratton,
    "Deciphering Signatures of Mutational Processes Operative in Human Cancer", Cell
    Reports 3(1), 2013 (there multinomial within each sample: its total is kept).
    """

    def resample(self, X: Any, rng: np.random.Generator) -> Resampled:
        """Raise ValueError if X holds anything but counts."""
        cells = X if isinstance(X, np.ndarray) else X.data
        if not are_counts(cells):
            raise ValueError(
                "split=bootstrap draws counts anew, and X holds numbers that are"
                " negative or not whole; use split=row_sample, or weighting=none if the"
                " data were counts"
            )
        drawn = rng.poisson(cells).astype(X.dtype)
        note = "every count was drawn anew (Poisson)"
        return Resampled(_with_cells(X, drawn), None, note)


@dataclass(frozen=True, kw_only=True)
class ShuffledColumns(Resampling):
    """Each column in an order of its own: features keep their values, not company.

    What structure X has beyond its columns' distributions is gone, so that an error
    that falls as fast on X as here falls by fitting noise.

    References
    ----------
    A. Frigyesi, M. Höglund, "Non-negative Matrix Factorization for the Analysis of
    Complex Gene Expression Data: Identification of Clinically Relevant Tumor Subtypes",
    Cancer Informatics 6, 2008.
    """

    def resample(self, X: Any, rng: np.random.Generator) -> Resampled:
        """Return X with its columns shuffled, a CSR as a CSR."""
        note = "each column of X was shuffled on its own: its structure is gone"
        if isinstance(X, np.ndarray):
            return Resampled(rng.permuted(X, axis=0), None, note)
        by_column = X.tocsc()
        for start, end in pairwise(by_column.indptr):
            # Distinct rows at random: a permutation, seen at the stored cells.
            rows = rng.choice(X.shape[0], size=end - start, replace=False)
            by_column.indices[start:end] = rows
        by_column.has_sorted_indices = False
        shuffled = by_column.tocsr()
        shuffled.sort_indices()
        return Resampled(shuffled, None, note)


def are_counts(cells: Matrix) -> bool:
    """Return whether all values are whole numbers of at least 0."""
    return bool((cells >= 0).all() and (cells == np.floor(cells)).all())


def _with_cells(X: Any, cells: Matrix) -> Any:
    if isinstance(X, np.ndarray):
        return cells
    from scipy.sparse import csr_array

    made = csr_array((cells, X.indices.copy(), X.indptr.copy()), shape=X.shape)
    made.eliminate_zeros()
    return made
