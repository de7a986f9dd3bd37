"""What simple recommenders achieve on the same candidates: popularity, kNN, EASE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import FittedRun, MetricSpec, MetricValue, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab_metrics._baselines.items import (
    Ease,
    ItemBaseline,
    ItemNeighbours,
    MostPopular,
)
from nmflab_metrics._candidates import Candidates, Gain, Relevance
from nmflab_metrics._known import training_cells
from nmflab_metrics._ranking_setting import relevance, settle, words
from nmflab_metrics._remembered import once

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class RankingBaselines:
    """The measures of ``ranking`` for three simple recommenders; 1 is best.

    They rank the same candidates for the same rows, and learn from the run's training
    cells alone: a training cell that would be relevant counts as an event, all events
    alike. Suffixes are the baseline's name and the measure's, as in "ease_ndcg_at_10";
    "setting" is a text, as for ``ranking``. The baselines:

    ``most_popular``
        Columns by their number of events.
    ``item_knn``
        Columns that are similar to those the row has events in (shrunk cosine).
    ``ease``
        A linear regression of each column on all others; where there are more than
        `ease_max_items` columns, a text says that it was left out.

    Values are means over the rows ranked; dimensionless.

    Parameters
    ----------
    k : int, default 10
    relevant : float or None, default None
    gain : {binary, exponential}, default binary
        As for ``ranking``; give both the same.
    neighbours : int, default 100
        Similar columns that count for each column of item_knn; at least 1.
    shrinkage : float, default 10
        Added to the denominator of the cosine, in events; at least 0.
    ease_penalty : float, default 250
        Weight of ``‖B‖²``, in events; above 0.
    ease_max_items : int, default 6000
        Most columns for EASE: its memory is three arrays of n_features², 0.9 GB at
        6000, and its work n_features³.

    References
    ----------
    M. Ferrari Dacrema, P. Cremonesi, D. Jannach, "Are We Really Making Much Progress? A
    Worrying Analysis of Recent Neural Recommendation Approaches", RecSys 2019.
    H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
    """

    k: int = 10
    relevant: float | None = None
    gain: Gain = Gain.binary
    neighbours: int = 100
    shrinkage: float = 10.0
    ease_penalty: float = 250.0
    ease_max_items: int = 6000

    def __post_init__(self) -> None:
        settle(self, "ranking_baselines")
        for key, fits, must in (
            ("neighbours", self.neighbours >= 1, "at least 1"),
            ("shrinkage", 0 <= self.shrinkage < np.inf, "a number of at least 0"),
            ("ease_penalty", 0 < self.ease_penalty < np.inf, "a number above 0"),
            ("ease_max_items", self.ease_max_items >= 0, "at least 0"),
        ):
            if not fits:
                default = type(self).__dataclass_fields__[key].default
                raise ValueError(
                    f"metric.ranking_baselines.{key} must be {must}, got"
                    f" {getattr(self, key)}; the default is {default}"
                )

    def compute(self, run: FittedRun) -> dict[str, MetricValue]:
        """Raise NotApplicable if no relevant cell, or whole blocks, were held out."""
        wanted = relevance(self, "ranking_baselines")
        candidates = Candidates.of(run, wanted)
        events = _events(training_cells(run.problem), wanted)

        def compute() -> dict[str, MetricValue]:
            values: dict[str, MetricValue] = {"setting": words(candidates, wanted)}
            for name, baseline in self.baselines().items():
                values |= self._measured(name, baseline, events, candidates)
            return values

        arrays = (events.indptr, events.indices, *candidates.arrays())
        return once((self, events.shape), arrays, compute)

    def baselines(self) -> Mapping[str, ItemBaseline]:
        """Return the configured baselines by name."""
        return {
            "most_popular": MostPopular(),
            "item_knn": ItemNeighbours(
                neighbours=self.neighbours, shrinkage=self.shrinkage
            ),
            "ease": Ease(penalty=self.ease_penalty),
        }

    def _measured(
        self,
        name: str,
        baseline: ItemBaseline,
        events: csr_array,
        candidates: Candidates,
    ) -> dict[str, MetricValue]:
        n_items = events.shape[1]
        if isinstance(baseline, Ease) and n_items > self.ease_max_items:
            return {
                name: f"left out: {n_items:,} columns are more than the"
                f" {self.ease_max_items:,} of metric.ranking_baselines.ease_max_items"
            }
        found = candidates.measure(baseline.fit(events), self.k)
        return {f"{name}_{measure}_at_{self.k}": v for measure, v in found.items()}


def _events(ratings: csr_array, wanted: Relevance) -> csr_array:
    """Return 1 where a training cell would be relevant."""
    from scipy.sparse import csr_array

    X: Any = ratings
    holds = wanted.holds(X.data)
    if not holds.any():
        raise NotApplicable(f"needs training cells that are events ({wanted})")
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))[holds]
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=X.shape[0]))))
    return csr_array((np.ones(rows.size), X.indices[holds], starts), shape=X.shape)


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Most popular, item neighbours and EASE, measured as ``ranking`` does."""
    yield MetricSpec(
        name="ranking_baselines",
        metric=RankingBaselines,
        needs=frozenset({"heldout"}),
        direction="higher",
        range=(0.0, 1.0),
        examples=(
            RankingBaselines(),
            RankingBaselines(k=2, gain=Gain.exponential, neighbours=3),
            RankingBaselines(k=3, relevant=0.5, ease_max_items=0),
        ),
    )
