"""What stands for a component: its heaviest, its own features, its best samples."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix

Features: TypeAlias = npt.NDArray[np.intp]


def top_lists(scores: Matrix, n_top: int) -> list[Features]:
    """Return the columns of the largest entries of each row, largest first.

    Entries of 0 are in no list, so that a list may be shorter than `n_top`; of equal
    ones the earlier column comes first.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n_top]
    found = np.take_along_axis(scores, order, axis=1)
    return [
        columns[row > 0].astype(np.intp)
        for columns, row in zip(order, found, strict=True)
    ]


def as_distributions(H: Matrix) -> Matrix:
    """Return ``|H|`` with rows that sum to 1, float64; zero rows stay zero."""
    sizes = np.abs(np.asarray(H, dtype=np.float64))
    # Scaled by the largest entry first: a sum of huge entries would be infinite.
    peaks = sizes.max(axis=1, initial=0.0, keepdims=True)
    sizes = sizes / np.where(peaks > 0, peaks, 1.0)
    sums = sizes.sum(axis=1, keepdims=True)
    shares: Matrix = sizes / np.where(sums > 0, sums, 1.0)
    return shares


def exclusivities(H: Matrix) -> Matrix:
    """Return ``h_kv / Σ_l h_lv``; 0 for a feature without weight in any component."""
    sums = H.sum(axis=0)
    shares: Matrix = H / np.where(sums > 0, sums, 1.0)
    return shares


def frex_scores(H: Matrix, weight: float = 0.5) -> Matrix:
    """Return ``1 / (w/ECDF(exclusivity) + (1 − w)/ECDF(weight))`` of each feature.

    Parameters
    ----------
    H : ndarray of shape (n_components, n_features)
        Nonnegative, rows that sum to 1.
    weight : float
        w: what exclusivity counts, from 0 to 1.

    Returns
    -------
    ndarray of shape (n_components, n_features)
        0 for a feature without weight in any component; these count in no ECDF.

    References
    ----------
    J. M. Bischof, E. M. Airoldi, "Summarizing Topical Content with Word Frequency and
    Exclusivity", ICML 2012.
    """
    from scipy.stats import rankdata

    used = H.any(axis=0)
    # Features of equal exclusivity tie, which the last digits must not undo.
    shares = np.round(exclusivities(H[:, used]), 10)
    ranks = [rankdata(part, method="max", axis=1) for part in (shares, H[:, used])]
    exclusive, frequent = (rank / used.sum() for rank in ranks)
    scores = np.zeros_like(H)
    scores[:, used] = 1 / (weight / exclusive + (1 - weight) / frequent)
    return scores


def frex_lists(H: Matrix, n_top: int, weight: float = 0.5) -> list[Features]:
    """Return the features of highest FREX of each component, highest first.

    A feature without weight in a component is in none of its lists, whatever its score
    says of the others; a zero component has an empty list. `H` as in `frex_scores`.
    """
    return top_lists(own_frex(H, weight), n_top)


def own_frex(H: Matrix, weight: float = 0.5) -> Matrix:
    """Return `frex_scores` among the components that are not 0, 0 where H is 0."""
    scores = np.zeros_like(H)
    alive = H.any(axis=1)
    if alive.any():
        scores[alive] = frex_scores(H[alive], weight)
    return np.where(H > 0, scores, 0.0)


def representative_scores(W: Matrix) -> Matrix:
    """Return ``w_ik² / Σ_l w_il`` with columns of W of one peak: strong and pure.

    A sample stands for a component where it holds much of it (``w_ik``) and little else
    (``w_ik / Σ_l w_il``); the score is their product. Each column is divided by its
    largest entry first, so that the scale of a component decides nothing.

    Returns
    -------
    ndarray of shape (n_components, n_samples)
        From 0 to 1. Dimensionless.
    """
    sizes = np.maximum(np.asarray(W, dtype=np.float64), 0.0)
    peaks = sizes.max(axis=0, initial=0.0)
    sizes = sizes / np.where(peaks > 0, peaks, 1.0)
    sums = sizes.sum(axis=1, keepdims=True)
    purity = sizes / np.where(sums > 0, sums, 1.0)
    scores: Matrix = np.ascontiguousarray((sizes * purity).T)
    return scores
