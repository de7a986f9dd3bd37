"""How well a model ranks what a row does not know yet: recommendations, measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, FittedRun, MetricSpec, MetricValue
from nmflab.hookspecs import hookimpl
from nmflab_metrics._candidates import Candidates, Gain
from nmflab_metrics._ranking_setting import relevance, settle, words

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """Precision, recall, MAP, NDCG and hit rate of the first k items; 1 is best.

    For each row with a relevant test cell, all columns are ranked that the row does not
    know, by their modelled value: cells for training and validation are left out,
    nothing is sampled. With ``rel_j`` 1 where the item at place j is relevant, and R
    relevant items in all:

    ``precision_at_k``
        ``P_k = Σ_{j≤k} rel_j / k``.
    ``recall_at_k``
        ``Σ_{j≤k} rel_j / R``.
    ``map_at_k``
        ``Σ_{j≤k} P_j rel_j / min(k, R)``, the average precision.
    ``ndcg_at_k``
        ``DCG / (DCG of the best order)``, ``DCG = Σ_{j≤k} gain_j / log₂(j + 1)``.
    ``hit_rate_at_k``
        Whether there is a relevant item at all in the first k.
    ``setting``
        A text: the rows ranked, those left out as none of their test cells is
        relevant, and what is called so.

    Values are means over the rows ranked; dimensionless. The suffixes hold the number:
    "ndcg_at_10".

    Parameters
    ----------
    k : int, default 10
        Length of the lists; at least 1.
    relevant : float or None, default None
        Least value of a relevant test cell, in units of X: 4 for ratings from 1 to 5.
        None: every value above 0. Other test cells are candidates that are not
        relevant.
    gain : {binary, exponential}, default binary
        What a relevant item of value x adds to DCG: 1, or ``2^x − 1``.

    Notes
    -----
    Items with equal scores have no order: each measure is its mean over all orders of
    tied items, in closed form (McSherry & Najork), so nobody gains by the order of the
    columns. Rankings of sampled items may order models differently from rankings of all
    (Krichene & Rendle), so none are offered. Where a split holds cells out at random,
    the model has seen later cells than those it is asked for; a temporal split tells
    what a recommender would have achieved.

    References
    ----------
    W. Krichene, S. Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020.
    F. McSherry, M. Najork, "Computing Information Retrieval Performance Measures
    Efficiently in the Presence of Tied Scores", ECIR 2008.
    K. Järvelin, J. Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", ACM
    TOIS 20(4), 2002.
    """

    k: int = 10
    relevant: float | None = None
    gain: Gain = Gain.binary

    def __post_init__(self) -> None:
        settle(self, "ranking")

    def compute(self, run: FittedRun) -> dict[str, MetricValue]:
        """Raise NotApplicable if no relevant cell, or whole blocks, were held out."""
        wanted = relevance(self, "ranking")
        candidates = Candidates.of(run, wanted)
        found = candidates.measure(FactorScores(run.factors), self.k)
        values: dict[str, MetricValue] = {
            f"{name}_at_{self.k}": value for name, value in found.items()
        }
        values["setting"] = words(candidates, wanted)
        return values


@dataclass(frozen=True)
class FactorScores:
    """The modelled values of whole rows, offsets included."""

    factors: Factors

    def scores(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return ``W H`` plus offsets for these rows, ``(len(rows), n_features)``."""
        factors = self.factors
        scores = factors.W[rows].astype(np.float64) @ factors.H.astype(np.float64)
        if factors.row_offset is not None:
            scores += factors.row_offset[rows, None]
        if factors.column_offset is not None:
            scores += factors.column_offset
        return scores


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Precision, recall, MAP, NDCG and hit rate at k."""
    yield MetricSpec(
        name="ranking",
        metric=Ranking,
        needs=frozenset({"heldout"}),
        direction="higher",
        range=(0.0, 1.0),
        examples=(
            Ranking(),
            Ranking(k=2, relevant=0.5),
            Ranking(k=3, gain=Gain.exponential),
        ),
    )
