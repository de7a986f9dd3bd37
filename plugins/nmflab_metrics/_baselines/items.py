"""Baselines that rank items from what others did: popularity, neighbours, EASE.

Each is a frozen dataclass with ``fit(events)``, which returns something with
``scores(rows)``. ``events`` is a CSR of shape ``(n_rows, n_items)`` that stores 1 where
there is an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from nmflab_metrics._candidates import Scorer

Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

BLOCK_CELLS = 2**22
"""Pairs of items compared at a time, most of which share no event."""


class ItemBaseline(Protocol):
    """A configured baseline for rankings."""

    def fit(self, events: csr_array) -> Scorer:
        """Learn from the events."""
        ...


@dataclass(frozen=True, kw_only=True)
class MostPopular:
    """Ranks items by their number of events, the same for all rows."""

    def fit(self, events: csr_array) -> Popularity:
        """See `ItemBaseline.fit`."""
        X: Any = events
        counts = np.bincount(X.indices, minlength=X.shape[1])
        return Popularity(counts.astype(np.float64))


@dataclass(frozen=True, kw_only=True)
class ItemNeighbours:
    """Item-based neighbours: ``s_ui = Σ_{j ∈ N(i)} sim(i, j) x_uj``.

    The similarity of two items is the cosine of their columns, shrunk:
    ``sim(i, j) = n_ij / (√(n_i n_j) + shrinkage)`` with n the numbers of events in a
    column and in both. N(i) are the most similar items; all that are as similar as the
    last of them belong to it.

    Parameters
    ----------
    neighbours : int, at least 1
    shrinkage : float, at least 0

    References
    ----------
    G. Linden, B. Smith, J. York, "Amazon.com Recommendations: Item-to-Item
    Collaborative Filtering", IEEE Internet Computing 7(1), 2003.
    M. Ferrari Dacrema, P. Cremonesi, D. Jannach, "Are We Really Making Much Progress?",
    RecSys 2019 (the form used here).
    """

    neighbours: int = 100
    shrinkage: float = 10.0

    def fit(self, events: csr_array) -> ItemWeights:
        """See `ItemBaseline.fit`."""
        from scipy.sparse import csr_array, vstack

        X: Any = events
        columns: Any = csr_array(X.T)
        lengths = np.sqrt(np.diff(columns.indptr))
        height = max(1, BLOCK_CELLS // lengths.size)
        parts = []
        for first in range(0, lengths.size, height):
            together = csr_array(columns[first : first + height] @ X)
            parts.append(self._nearest(together, lengths, first))
        weights: Any = vstack(parts, format="csr")
        return ItemWeights(events, csr_array(weights.T))

    def _nearest(self, together: Any, lengths: Float64, first: int) -> csr_array:
        """Return the similarities of some items to their neighbours, as rows."""
        from scipy.sparse import csr_array

        rows = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
        items = together.indices
        likeness = together.data / (
            lengths[first + rows] * lengths[items] + self.shrinkage
        )
        likeness[items == first + rows] = 0.0
        kept = (likeness > 0) & (likeness >= self._least(rows, likeness)[rows])
        starts = np.searchsorted(rows[kept], np.arange(together.shape[0] + 1))
        cells = (likeness[kept], items[kept], starts)
        return csr_array(cells, shape=together.shape)

    def _least(self, rows: Index, likeness: Float64) -> Float64:
        """Return how alike the last neighbour of each row is; 0 where there are few."""
        counts = np.bincount(rows, minlength=1)
        order = np.lexsort((-likeness, rows))
        last = np.cumsum(counts) - counts + self.neighbours - 1
        has = counts >= self.neighbours
        least = np.zeros(counts.size)
        least[has] = likeness[order[last[has]]]
        return least


@dataclass(frozen=True, kw_only=True)
class Ease:
    """EASE, linear regression of each item on all others: scores ``X B``.

    ``B = argmin ‖X − X B‖² + penalty ‖B‖²`` with diagonal 0, in closed form: with
    ``P = (XᵀX + penalty I)⁻¹``, ``B_ij = −P_ij / P_jj`` (eq. 8).

    Parameters
    ----------
    penalty : float, above 0

    References
    ----------
    H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
    """

    penalty: float = 250.0

    def fit(self, events: csr_array) -> ItemWeights:
        """See `ItemBaseline.fit`; memory for three square arrays of n_items."""
        X: Any = events
        gram = (X.T @ X).toarray()
        np.fill_diagonal(gram, gram.diagonal() + self.penalty)
        P = np.linalg.inv(gram)
        B = P / -P.diagonal()
        np.fill_diagonal(B, 0.0)
        return ItemWeights(events, B)


@dataclass(frozen=True)
class Popularity:
    """One score for each item, whatever the row."""

    counts: Float64

    def scores(self, rows: Index) -> Float64:
        """Return the counts for each row, ``(len(rows), n_items)``."""
        return np.tile(self.counts, (rows.size, 1))


@dataclass(frozen=True)
class ItemWeights:
    """Scores ``x_u B``: each event of a row speaks for other items."""

    events: csr_array
    weights: csr_array | Float64

    def scores(self, rows: Index) -> Float64:
        """Return the scores of all items for some rows, ``(len(rows), n_items)``."""
        X: Any = self.events
        product = X[rows] @ self.weights
        scores: Float64 = (
            product if isinstance(product, np.ndarray) else product.toarray()
        )
        return scores
