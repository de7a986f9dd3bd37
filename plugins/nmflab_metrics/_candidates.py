"""Which items are ranked for which rows, and which of them are relevant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells, FittedRun, NotApplicable
from nmflab_metrics._known import held_out_cells, refuse_blocks, training_cells
from nmflab_metrics._tied_ranking import MEASURES, Relevant, top_measures

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

BLOCK_SCORES = 2**20
"""Scores computed at a time: 8 MB, and a few times that while they are ranked."""


class Gain(Enum):
    """What a relevant item adds: 1, or ``2^x − 1`` where it has the value x."""

    binary = "binary"
    exponential = "exponential"


class Scorer(Protocol):
    """Whatever gives a score to each item of a row."""

    def scores(self, rows: Index) -> Float64:
        """Return a fresh array ``(len(rows), n_items)``; higher is better."""
        ...


@dataclass(frozen=True, kw_only=True)
class Relevance:
    """When a held-out cell is relevant, and what it gains.

    Parameters
    ----------
    relevant : float or None
        Least value of a relevant cell; None: any value above 0.
    gain : {binary, exponential}
    metric : str
        For messages.
    """

    relevant: float | None
    gain: Gain
    metric: str

    def __post_init__(self) -> None:
        if self.relevant is not None and not np.isfinite(self.relevant):
            raise ValueError(
                f"metric.{self.metric}.relevant must be a finite number or null, got"
                f" {self.relevant}; null takes every value above 0"
            )
        least = 1.0 if self.relevant is None else self.relevant
        if self.gain is Gain.exponential and not least > 0:
            raise ValueError(
                f"metric.{self.metric}.relevant={self.relevant} is not above 0, where"
                " gain=exponential, 2^x − 1, is not either; use gain=binary"
            )

    def holds(self, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which values are relevant."""
        found: npt.NDArray[np.bool_] = (
            values > 0 if self.relevant is None else values >= self.relevant
        )
        return found

    def gains(self, values: npt.NDArray[Any]) -> Float64:
        """Return what relevant values gain; ValueError where that is beyond floats."""
        if self.gain is Gain.binary:
            return np.ones(values.shape)
        if values.max() > 900:
            raise ValueError(
                f"metric {self.metric}: gain=exponential is 2^x − 1, too large a number"
                f" where x is {values.max():g}; use metric.{self.metric}.gain=binary"
            )
        gains: Float64 = np.expm1(values * np.log(2.0))
        return gains

    def __str__(self) -> str:
        least = "> 0" if self.relevant is None else f">= {self.relevant:g}"
        return f"relevant: test cells {least}; gain {self.gain.name}"


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The rows to rank for, the cells that are no candidates, and the relevant ones.

    Parameters
    ----------
    rows : ndarray of intp
        Rows with a relevant test cell, in order.
    n_left_out : int
        Rows that have test cells, none of them relevant.
    known : csr_array of shape (n_samples, n_features)
        Stores the training and validation cells.
    test : csr_array of the same shape
        Stores the test cells with their gains, 0 where not relevant.
    """

    rows: Index
    n_left_out: int
    known: csr_array
    test: csr_array

    @classmethod
    def of(cls, run: FittedRun, relevance: Relevance) -> Candidates:
        """Raise NotApplicable if no relevant cell, or whole blocks, were held out."""
        cells = held_out_cells(run)
        refuse_blocks(run)
        holds = relevance.holds(cells.values)
        if not holds.any():
            least = relevance.relevant or 0
            raise NotApplicable(
                "needs a relevant test cell, no held-out value is"
                f" {'>' if relevance.relevant is None else '>='} {least:g} (metric."
                f"{relevance.metric}.relevant)"
            )
        gains = np.zeros(len(cells))
        gains[holds] = relevance.gains(cells.values[holds])
        rows = np.unique(cells.rows[holds])
        return cls(
            rows=rows,
            n_left_out=np.unique(cells.rows).size - rows.size,
            known=_known(run),
            test=_stored(cells.rows, cells.columns, gains, run.problem.shape),
        )

    def arrays(self) -> Iterator[npt.NDArray[Any]]:
        """Return all that measures depend on besides the scores."""
        for X in (self.known, self.test):
            yield from (X.indptr, X.indices)
        yield self.test.data

    def measure(self, scorer: Scorer, k: int) -> dict[str, float]:
        """Return the means over rows of each of `MEASURES`, of the first k items."""
        sums = dict.fromkeys(MEASURES, 0.0)
        height = max(1, BLOCK_SCORES // self.test.shape[1])
        for start in range(0, self.rows.size, height):
            rows = self.rows[start : start + height]
            scores, relevant = self._ranked(scorer, rows)
            for name, values in top_measures(scores, relevant, k).items():
                sums[name] += float(values.sum())
        return {name: total / self.rows.size for name, total in sums.items()}

    def _ranked(self, scorer: Scorer, rows: Index) -> tuple[Float64, Relevant]:
        """Return the scores of some rows, −inf for known items, and what is relevant.

        A test cell always is a candidate, known or not.
        """
        scores = scorer.scores(rows)
        i, j, gains = _cells_of(self.test, rows)
        tested = scores[i, j]
        known_i, known_j, _ = _cells_of(self.known, rows)
        scores[known_i, known_j] = -np.inf
        scores[i, j] = tested
        holds = gains > 0
        return scores, Relevant(i[holds], j[holds], gains[holds])


def _known(run: FittedRun) -> csr_array:
    ratings = training_cells(run.problem)
    kept: Cells | None = run.validation
    if kept is None or not len(kept):
        return ratings
    rows = np.repeat(np.arange(run.problem.shape[0]), np.diff(ratings.indptr))
    i = np.concatenate((rows, kept.rows))
    j = np.concatenate((np.asarray(ratings.indices, dtype=np.intp), kept.columns))
    return _stored(i, j, np.ones(i.size), run.problem.shape)


def _stored(i: Index, j: Index, data: Float64, shape: tuple[int, int]) -> csr_array:
    """Return a CSR of these cells, zeros stored, sorted by row and column."""
    from scipy.sparse import csr_array

    order = np.lexsort((j, i))
    starts = np.concatenate(([0], np.cumsum(np.bincount(i, minlength=shape[0]))))
    return csr_array((data[order], j[order], starts), shape=shape)


def _cells_of(X: Any, rows: Index) -> tuple[Index, Index, Float64]:
    """Return the stored cells of some rows; the rows counted from 0 in their order."""
    block = X[rows]
    i = np.repeat(np.arange(rows.size), np.diff(block.indptr))
    return i, block.indices.astype(np.intp), block.data
