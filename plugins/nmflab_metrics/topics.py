"""How different the top features of components are: diversity, rank-biased overlap.

Made for topics, of use wherever features have names. Components are taken as
distributions over the features (rows of H that sum to 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab_metrics.top_lists import Features, check_n_top, distributions, top_lists

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class TopicDiversity:
    """Topic diversity ``#(union of lists) / Σ_k #(list k)``: different top features.

    From 1/n_components (one list for all) to 1 (no feature in two lists);
    dimensionless. It falls with n_components by itself. Suffix "adjusted" runs from 0,
    one list for all, to 1, as different as that many features allow: compare different
    n_components by that. Suffix "chance" is the mean over lists drawn at random from
    the features in use; components made by one process stay below it.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists. Dieng et al. take 25.

    Notes
    -----
    Other metrics are adjusted from chance upwards. Here chance is no floor: lists drawn
    blindly share less than any that tell something of the same texts.

    References
    ----------
    A. B. Dieng, F. J. R. Ruiz, D. M. Blei, "Topic Modeling in Embedding Spaces", TACL
    8, 2020.
    """

    n_top: int = 10

    def __post_init__(self) -> None:
        check_n_top("topic_diversity", self.n_top)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        H = distributions(run, least=2)
        lists = top_lists(H, self.n_top)
        lengths = np.array([len(one) for one in lists])
        listed, used = int(lengths.sum()), int(H.any(axis=0).sum())
        found = np.unique(np.concatenate(lists)).size / listed
        # A feature misses all lists with probability Π (1 − t_k / used).
        chance = used * (1 - np.prod(1 - lengths / used)) / listed
        worst, best = lengths.max() / listed, min(1.0, used / listed)
        values = {"": float(found), "chance": float(chance)}
        if best > worst:
            values["adjusted"] = float((found - worst) / (best - worst))
        return values


@dataclass(frozen=True, kw_only=True)
class InvertedRankBiasedOverlap:
    """Inverted rank-biased overlap ``1 − mean_{k<l} RBO(list k, list l)``.

    ``RBO = p^t X_t/t + (1 − p)/p Σ_{d=1..t} p^d X_d/d``, X_d the number of features
    that two lists of length t share in their first d. 0 where all lists are the same in
    the same order, 1 where no two share a feature; dimensionless. A mean over pairs, so
    that n_components by itself does not move it. Lists of different length are compared
    as far as the shorter goes.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists.
    persistence : float, default 0.9
        p: the smaller, the more the first places count.

    References
    ----------
    W. Webber, A. Moffat, J. Zobel, "A Similarity Measure for Indefinite Rankings", ACM
    TOIS 28(4), 2010, eq. 30.
    F. Bianchi, S. Terragni, D. Hovy, "Pre-training is a Hot Topic: Contextualized
    Document Embeddings Improve Topic Coherence", ACL 2021 (as diversity).
    """

    n_top: int = 10
    persistence: float = 0.9

    def __post_init__(self) -> None:
        check_n_top("inverted_rbo", self.n_top)
        if not 0 < self.persistence < 1:
            raise ValueError(
                "metric.inverted_rbo.persistence must lie between 0 and 1, got"
                f" {self.persistence}; 0.9 is usual"
            )

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        lists = top_lists(distributions(run, least=2), self.n_top)
        return _inverted_overlap(lists, self.persistence)


def _inverted_overlap(lists: Sequence[Features], p: float) -> float:
    """Return ``1 − mean RBO`` over all pairs of lists."""
    depths = np.array([len(one) for one in lists])
    ranks = _ranks(lists)
    overlaps = []
    for k, one in enumerate(lists[:-1]):
        later = slice(k + 1, None)
        # A feature is shared from the depth on at which both lists have it.
        both = np.maximum(np.arange(len(one)), ranks[later][:, one])
        shared = (both[:, :, None] < np.arange(1, depths.max() + 1)).sum(axis=1)
        overlaps.append(_biased(shared, np.minimum(len(one), depths[later]), p))
    return float(np.clip(1 - np.concatenate(overlaps).mean(), 0.0, 1.0))


def _ranks(lists: Sequence[Features]) -> Features:
    """Return the place of each feature in each list; a large number where absent."""
    ranks = np.full((len(lists), int(max(map(np.max, lists))) + 1), 2**31)
    for k, one in enumerate(lists):
        ranks[k, one] = np.arange(one.size)
    return ranks.astype(np.intp)


def _biased(shared: Features, lengths: Features, p: float) -> Matrix:
    """Return RBO from the number of shared features at each depth, list by list."""
    d = np.arange(1, shared.shape[1] + 1)
    agreement = np.where(d <= lengths[:, None], shared / d, 0.0)
    last = agreement[np.arange(lengths.size), lengths - 1]
    overlap: Matrix = (1 - p) / p * (agreement @ p**d) + last * p**lengths
    return overlap


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Topic diversity, inverted rank-biased overlap."""
    yield MetricSpec(
        name="topic_diversity",
        metric=TopicDiversity,
        direction="higher",
        range=(0.0, 1.0),
        examples=(TopicDiversity(), TopicDiversity(n_top=3)),
    )
    yield MetricSpec(
        name="inverted_rbo",
        metric=InvertedRankBiasedOverlap,
        direction="higher",
        range=(0.0, 1.0),
        examples=(InvertedRankBiasedOverlap(), InvertedRankBiasedOverlap(n_top=3)),
    )
