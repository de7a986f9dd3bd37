"""How high held-out events stand in the lists a model makes of what a row lacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.contracts import Cells, Factors, Matrix

MOST_EVENTS = 20_000
"""Events looked at; of more, as many at even distances in their order."""

_BLOCK = 4_000_000
"""Scores held at a time: 32 MB."""


class PercentileRank:
    """Mean percentile rank of held-out events among all columns their row lacks.

    For an event ``(i, j)`` the share of row i's other candidates with a higher
    predicted value than j, ties counted by half; 0 is the top of the list, 1 its end,
    and 0.5 what chance gives. Candidates are the columns in which the row has no
    training event. Dimensionless; lower is better.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
        Training events: its nonzero cells.
    events : Cells
        Held out; none of them is among the training events.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback
    Datasets", ICDM 2008 (expected percentile ranking, there weighted by counts).
    """

    def __init__(self, X: Any, events: Cells) -> None:
        taken = np.arange(len(events))
        if len(events) > MOST_EVENTS:
            taken = np.linspace(0, len(events) - 1, MOST_EVENTS).astype(np.intp)
        order = np.argsort(events.rows[taken], kind="stable")
        self._rows = events.rows[taken][order]
        self._columns = events.columns[taken][order]
        self._X = X

    def __call__(self, factors: Factors) -> float:
        """Return the mean over the events; 0 where a row has no other candidate."""
        height = max(1, _BLOCK // factors.H.shape[1])
        total = 0.0
        for at in range(0, self._rows.size, height):
            cut = slice(at, at + height)
            total += float(self._ranks(self._rows[cut], self._columns[cut], factors))
        return total / max(1, self._rows.size)

    def _ranks(self, rows: Any, columns: Any, factors: Factors) -> float:
        """Return the sum of the ranks of some events."""
        users, of_event = np.unique(rows, return_inverse=True)
        scores: Matrix = factors.W[users] @ factors.H
        if factors.column_offset is not None:
            scores = scores + factors.column_offset
        known = self._X[users]
        known = known != 0 if isinstance(known, np.ndarray) else known.toarray() != 0
        n_others = (~known).sum(axis=1)[of_event] - 1
        scores[known] = np.nan  # compares as neither higher nor equal
        own = scores[of_event, columns][:, None]
        theirs = scores[of_event]
        above = (theirs > own).sum(axis=1) + 0.5 * ((theirs == own).sum(axis=1) - 1)
        return float((above / np.maximum(n_others, 1)).sum())
