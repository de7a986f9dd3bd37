"""Measures of the top k of each row, exact in the mean over all orders of tied items.

Items with one score have no order. Taking them as they come, or the relevant ones
first, favours someone; instead each measure is its expectation when every order of
tied items is equally likely, in closed form.

References
----------
F. McSherry, M. Najork, "Computing Information Retrieval Performance Measures
Efficiently in the Presence of Tied Scores", ECIR 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

MEASURES = ("precision", "recall", "map", "ndcg", "hit_rate")


@dataclass(frozen=True)
class Relevant:
    """The relevant cells of some rows, sorted by row; each row has at least one.

    Parameters
    ----------
    rows, columns : ndarray of intp of shape (n_cells,)
    gains : ndarray of shape (n_cells,)
        Above 0.
    """

    rows: Index
    columns: Index
    gains: Float64


def top_measures(scores: Float64, relevant: Relevant, k: int) -> dict[str, Float64]:
    """Return the measures of each row, by name of `MEASURES`; shapes ``(n_rows,)``.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_items)
        Higher stands first; −inf for items that are no candidates.
    relevant : Relevant
    k : int
        Length of the lists, at least 1; lists end earlier where items do.
    """
    n_rows, n_items = scores.shape
    n_relevant = np.bincount(relevant.rows, minlength=n_rows)
    tied = _tied_groups(scores, relevant, min(k, n_items))
    place = np.arange(min(k, n_items))
    discount = 1 / np.log2(place + 2)
    share = tied.n_relevant / tied.size
    # Of a group's items before an item, each is relevant as often as the others are.
    others = (tied.n_relevant - 1) / np.maximum(tied.size - 1, 1)
    inside = place - tied.start
    found = share * (tied.n_before + 1 + inside * others)
    misses = np.maximum(tied.size - tied.n_relevant - inside, 0) / (tied.size - inside)
    ideal = _ideal_gain(relevant, n_rows, discount)
    measures = {
        "precision": share.sum(axis=1) / k,
        "recall": share.sum(axis=1) / n_relevant,
        "map": (found / (place + 1)).sum(axis=1) / np.minimum(k, n_relevant),
        "ndcg": (tied.gain / tied.size * discount).sum(axis=1) / ideal,
        "hit_rate": 1 - misses.prod(axis=1),
    }
    return {name: np.clip(values, 0.0, 1.0) for name, values in measures.items()}


@dataclass(frozen=True)
class _TiedGroups:
    """For each of the first places, the group of equal scores that fills it.

    All of shape ``(n_rows, n_places)``: the group's first place, how many items it has,
    how many are relevant, their gain, and how many relevant items precede the group.
    """

    start: Index
    size: Float64
    n_relevant: Float64
    gain: Float64
    n_before: Float64


def _tied_groups(scores: Float64, relevant: Relevant, n_places: int) -> _TiedGroups:
    n_rows, n_items = scores.shape
    gains = np.zeros(scores.shape)
    gains[relevant.rows, relevant.columns] = relevant.gains
    top = np.argpartition(scores, n_items - n_places, axis=1)[:, n_items - n_places :]
    ordered = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
    top = np.take_along_axis(top, ordered, axis=1)
    listed, gain = (np.take_along_axis(a, top, axis=1) for a in (scores, gains))
    is_first = np.ones(listed.shape, dtype=bool)
    is_first[:, 1:] = listed[:, 1:] != listed[:, :-1]
    group = np.cumsum(is_first).reshape(listed.shape) - 1
    # The last group of a row may have items past the last place: these share it.
    at_end = scores == listed[:, -1:]
    cell_at_end = at_end[relevant.rows, relevant.columns]

    def total(each: Float64, last: Float64) -> Float64:
        sums = np.bincount(group.ravel(), each.ravel())
        sums[group[:, -1]] = last
        spread: Float64 = sums[group]
        return spread

    def over_cells(each: Float64) -> Float64:
        return _sums(relevant.rows, cell_at_end * each, n_rows)

    hits = (gain > 0).astype(np.float64)
    start = np.where(is_first, np.arange(n_places), 0)
    start = np.maximum.accumulate(start, axis=1)
    earlier = np.cumsum(hits, axis=1) - hits
    return _TiedGroups(
        start=start,
        size=total(np.ones_like(hits), np.count_nonzero(at_end, axis=1) * 1.0),
        n_relevant=total(hits, over_cells(np.ones_like(relevant.gains))),
        gain=total(gain, over_cells(relevant.gains)),
        n_before=np.take_along_axis(earlier, start, axis=1),
    )


def _ideal_gain(relevant: Relevant, n_rows: int, discount: Float64) -> Float64:
    """Return the discounted gain of each row when its best items stand first."""
    order = np.lexsort((-relevant.gains, relevant.rows))
    rows = relevant.rows[order]
    counts = np.bincount(rows, minlength=n_rows)
    place = np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts)
    listed = place < discount.size
    weighted = relevant.gains[order][listed] * discount[place[listed]]
    return _sums(rows[listed], weighted, n_rows)


def _sums(rows: Index, each: Float64, n_rows: int) -> Float64:
    # Without any entry, bincount would forget its weights and count in integers.
    return np.bincount(rows, each, minlength=n_rows).astype(np.float64)
