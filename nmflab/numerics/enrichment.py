"""Which labels the top items of a component bear more often than chance explains.

A component's list of top items is taken as a draw from a universe of N items, those
that could be in a list. Of these, K bear a label (a genre, a department, a gene set);
x of the t listed ones do. Two null models are asked for how often a draw holds x or
more of them:

- all draws of t items alike: the hypergeometric law ``P(X >= x; N, K, t)``;
- draws that keep the popularity of the list: within each stratum of popularity (each
  tenth of the items by how many users rated them, say) labels are permuted. What the
  most popular items alone would show then counts for nothing. The counts of the strata
  are independent and hypergeometric, so the law of their sum is their convolution:
  exact, what ever more random permutations come to.

Both are corrected over all components and labels by Benjamini and Hochberg's procedure.

References
----------
I. Rivals, L. Personnaz, L. Taing, M.-C. Potier, "Enrichment or depletion of a GO
category within a class of genes: which test?", Bioinformatics 23(4), 2007.
Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate: A Practical and
Powerful Approach to Multiple Testing", JRSS B 57(1), 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.exceedance import (
    Counts,
    corrected,
    exceeding,
    exceeding_within,
    memberships,
    odds_ratio,
    strata,
)
from nmflab.numerics.label_test import ALPHA, LEAST, LabelTest
from nmflab.numerics.top_features import Features, top_lists

MIN_OBSERVED = 20
N_TOP = 30
N_STRATA = 10

_LARGEST_PART = 5
"""Lists hold at most a fifth of the universe: longer ones single out nothing."""


@dataclass(frozen=True)
class Enrichment:
    """Every label tested in the list of every component.

    Parameters
    ----------
    labels : tuple of str
        Those that some items of the universe bear and others do not.
    universe : ndarray of int
        Items that could be in a list, by index.
    lists : tuple of ndarray of int
        Top items of each component, by index, first first.
    counts : ndarray of int of shape (n_components, n_labels)
    sizes : ndarray of int of shape (n_labels,)
        Items of the universe that bear each label.
    q, q_popularity : ndarray of shape (n_components, n_labels)
    """

    labels: tuple[str, ...]
    universe: Features
    lists: tuple[Features, ...]
    counts: Counts
    sizes: Counts
    q: Matrix
    q_popularity: Matrix

    def test(self, component: int, label: int) -> LabelTest:
        """Return one test in full."""
        x, t = int(self.counts[component, label]), len(self.lists[component])
        N, K = self.universe.size, int(self.sizes[label])
        return LabelTest(
            self.labels[label],
            x,
            t,
            odds_ratio(x, t, K, N),
            float(self.q[component, label]),
            float(self.q_popularity[component, label]),
        )

    def best(self, component: int) -> LabelTest | None:
        """Return the label of lowest q at equal popularity; None for an empty list.

        Labels that may be a name come before others. Of equal ones that of lower q
        among all items, then the earlier.
        """
        if not len(self.lists[component]):
            return None
        q, q_popularity = self.q[component], self.q_popularity[component]
        named = (q_popularity < ALPHA) & (self.counts[component] >= LEAST)
        return self.test(component, int(np.lexsort((q, q_popularity, ~named))[0]))

    def name(self, component: int) -> LabelTest | None:
        """Return the label a component may be called by; None where there is none."""
        best = self.best(component)
        return best if best is not None and best.is_enriched else None

    @property
    def n_enriched(self) -> int:
        """Components with a label of q below `ALPHA` among draws of any items."""
        return int((self.q < ALPHA).any(axis=1).sum())

    @property
    def n_beyond_popularity(self) -> int:
        """Components with a label of q below `ALPHA` at equal popularity."""
        return int((self.q_popularity < ALPHA).any(axis=1).sum())

    @property
    def n_distinct(self) -> int:
        """Distinct labels that components are called by."""
        names = (self.name(k) for k in range(len(self.lists)))
        return len({name.label for name in names if name is not None})


def enrichment(
    scores: Matrix,
    metadata: Sequence[str],
    popularity: npt.ArrayLike,
    *,
    n_top: int = N_TOP,
    min_observed: int = MIN_OBSERVED,
    n_strata: int = N_STRATA,
) -> Enrichment | None:
    """Return the labels tested in the list of each component's highest scores.

    Parameters
    ----------
    scores : ndarray of shape (n_components, n_items)
        What orders the lists: rows of H, or FREX, or of samples
        `representative_scores`. An item of score 0 is in no list.
    metadata : sequence of str
        Of each item its labels, separated by '|'.
    popularity : array of shape (n_items,)
        In how many cells each item was observed (see `observed_cells`).
    n_top : int, default 30
        Length of the lists; at most a fifth of the universe.
    min_observed : int, default 20
        The universe: items observed at least so often. What fewer cells determine may
        have any weight, and would be in a list by noise alone.
    n_strata : int, default 10
        Parts of equal size that the universe is cut into by popularity; items of equal
        popularity stay together.

    Returns
    -------
    Enrichment or None
        None where no label tells items of the universe apart.

    Raises
    ------
    ValueError
        If metadata or popularity do not have one entry for each item.
    """
    popular = np.asarray(popularity, dtype=np.float64)
    _check_lengths(scores, metadata, popular)
    universe = np.flatnonzero(popular >= min_observed)
    labels, bears = memberships([metadata[j] for j in universe.tolist()])
    sizes = bears.sum(axis=1)
    told = (sizes > 0) & (sizes < universe.size)
    if not told.any():
        return None
    bears, sizes = bears[told], sizes[told]
    n_top = min(n_top, max(1, universe.size // _LARGEST_PART))
    lists = top_lists(scores[:, universe], n_top)
    counts = np.array([bears[:, top].sum(axis=1) for top in lists], dtype=np.intp)
    lengths = np.array([len(top) for top in lists])
    parts = strata(popular[universe], n_strata)
    fair = [
        exceeding_within(row, bears, top, parts)
        for row, top in zip(counts, lists, strict=True)
    ]
    return Enrichment(
        tuple(label for label, one in zip(labels, told, strict=True) if one),
        universe,
        tuple(universe[top] for top in lists),
        counts,
        sizes,
        corrected(exceeding(counts, sizes, lengths, universe.size)),
        corrected(np.array(fair)),
    )


def _check_lengths(scores: Matrix, metadata: Sequence[str], popular: Matrix) -> None:
    n_items = scores.shape[1]
    for what, n in (("metadata", len(metadata)), ("popularity", popular.size)):
        if n != n_items:
            raise ValueError(
                f"enrichment: {what} has {n} entries for {n_items} items; give one"
                " each, empty where an item has no label"
            )
