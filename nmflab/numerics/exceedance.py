"""How often a list would hold that many items with a label, were it drawn by chance.

The laws behind `nmflab.numerics.enrichment`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix
from nmflab.numerics.top_features import Features

Counts: TypeAlias = npt.NDArray[np.intp]


def memberships(metadata: Sequence[str]) -> tuple[list[str], Mask]:
    """Return the labels there are, sorted, and which items bear each.

    Parameters
    ----------
    metadata : sequence of str
        Of each item its labels, separated by '|'; empty where it has none.

    Returns
    -------
    labels : list of str
    bears : ndarray of bool of shape (n_labels, n_items)
    """
    of = [{part.strip() for part in text.split("|")} - {""} for text in metadata]
    labels = sorted(set().union(*of)) if of else []
    at = {label: g for g, label in enumerate(labels)}
    bears = np.zeros((len(labels), len(of)), dtype=bool)
    for j, own in enumerate(of):
        bears[[at[label] for label in own], j] = True
    return labels, bears


def exceeding(counts: Counts, sizes: Counts, lengths: Counts, n_items: int) -> Matrix:
    """Return ``P(X >= x)`` for X hypergeometric: x or more of t by draws of any items.

    Parameters
    ----------
    counts : ndarray of int of shape (n_components, n_labels)
    sizes : ndarray of int of shape (n_labels,)
    lengths : ndarray of int of shape (n_components,)
    n_items : int
    """
    from scipy.stats import hypergeom

    found = hypergeom.sf(counts - 1, n_items, sizes[None, :], lengths[:, None])
    probabilities: Matrix = np.clip(found, 0.0, 1.0)
    return probabilities


def exceeding_within(
    counts: Counts, bears: Mask, top: Features, parts: Counts
) -> Matrix:
    """Return ``P(Σ_d X_d >= x)``, ``X_d`` hypergeometric in stratum d, for each label.

    What permuting the labels of the items within strata gives, in the limit of all
    permutations.

    Parameters
    ----------
    counts : ndarray of int of shape (n_labels,)
        x of one list.
    bears : ndarray of bool of shape (n_labels, n_items)
    top : ndarray of int
        The list: items by index.
    parts : ndarray of int of shape (n_items,)
        The stratum of each item.
    """
    from scipy.stats import hypergeom

    law: Matrix = np.zeros((len(bears), len(top) + 1))
    law[:, 0] = 1.0
    for part, n_listed in zip(*np.unique(parts[top], return_counts=True), strict=True):
        inside = parts == part
        drawn = np.arange(n_listed + 1)
        chances = hypergeom.pmf(
            drawn, inside.sum(), bears[:, inside].sum(axis=1)[:, None], n_listed
        )
        law = _sum_law(law, chances)
    at_least = np.arange(len(top) + 1) >= counts[:, None]
    probabilities: Matrix = np.clip(np.where(at_least, law, 0.0).sum(axis=1), 0.0, 1.0)
    return probabilities


def _sum_law(law: Matrix, other: Matrix) -> Matrix:
    """Return the law of the sum of two independent counts, row by row.

    Cut off at the length of `law`, beyond which the probability is 0 here.
    """
    total = np.zeros_like(law)
    for x in range(other.shape[1]):
        total[:, x:] += law[:, : law.shape[1] - x] * other[:, x : x + 1]
    return total


def corrected(probabilities: Matrix) -> Matrix:
    """Return q-values: Benjamini and Hochberg's correction over all entries."""
    from scipy.stats import false_discovery_control

    adjusted: Matrix = false_discovery_control(probabilities, axis=None)
    return adjusted.reshape(probabilities.shape)


def strata(popularity: Matrix, n_strata: int) -> Counts:
    """Return which part of the items each belongs to, from the least popular, 0.

    Cut at the quantiles; items of equal popularity are in one part, so that there may
    be fewer than `n_strata`.
    """
    cuts = np.quantile(popularity, np.arange(1, n_strata) / n_strata)
    found: Counts = np.searchsorted(cuts, popularity, side="right")
    return found


def odds_ratio(x: int, t: int, K: int, N: int) -> float:
    """Return ``x (N − K − t + x) / ((t − x)(K − x))``; infinite where it divides by 0.

    The odds of the label in the list over those outside of it.
    """
    below = (t - x) * (K - x)
    above = x * (N - K - t + x)
    if below == 0:
        return math.inf if above else 0.0
    return above / below
