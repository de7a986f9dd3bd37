"""Whether the top features of a component are its own: exclusivity and FREX.

Components are taken as distributions over the features (rows of H that sum to 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics.top_features import exclusivities, frex_scores
from nmflab_metrics.top_lists import Features, check_n_top, distributions, top_lists

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Exclusivity:
    """Exclusivity ``h_kv / Σ_l h_lv``, mean over the top features v of each component.

    About 1/n_components where all are alike, 1 where no top feature has weight
    elsewhere; dimensionless. A mean, where some authors sum, so that lists of any
    length compare. It falls with n_components by itself: compare different n_components
    by suffix "adjusted", ``(value − 1/r) / (1 − 1/r)`` for r components; all alike is
    about 0.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists.
    """

    n_top: int = 10

    def __post_init__(self) -> None:
        check_n_top("exclusivity", self.n_top)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        H = distributions(run, least=2)
        value = _mean_of_lists(exclusivities(H), top_lists(H, self.n_top))
        return {"": value, "adjusted": (value - 1 / len(H)) / (1 - 1 / len(H))}


@dataclass(frozen=True, kw_only=True)
class Frex:
    """FREX ``1 / (w/ECDF(exclusivity) + (1 − w)/ECDF(weight))`` of top features, mean.

    From 0 to 1, where the heaviest features of each component are its most exclusive
    ones too; dimensionless. ECDFs are over the features of one component.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, which are by weight.
    weight : float, default 0.5
        w: what exclusivity counts, the rest is frequency's.

    References
    ----------
    J. M. Bischof, E. M. Airoldi, "Summarizing Topical Content with Word Frequency and
    Exclusivity", ICML 2012.
    """

    n_top: int = 10
    weight: float = 0.5

    def __post_init__(self) -> None:
        check_n_top("frex", self.n_top)
        if not 0 <= self.weight <= 1:
            raise ValueError(
                f"metric.frex.weight must be from 0 to 1, got {self.weight}; it is what"
                " exclusivity counts beside frequency"
            )

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if fewer than 2 components are not 0."""
        H = distributions(run, least=2)
        return _mean_of_lists(frex_scores(H, self.weight), top_lists(H, self.n_top))


def _mean_of_lists(scores: Matrix, lists: Sequence[Features]) -> float:
    """Return the mean over components of the mean score of their lists."""
    means = [row[top].mean() for row, top in zip(scores, lists, strict=True)]
    return float(np.clip(np.mean(means), 0.0, 1.0))


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Exclusivity of top features, alone and with their frequency."""
    for name, metric, lowest in (
        ("exclusivity", Exclusivity, -1.0),
        ("frex", Frex, 0.0),
    ):
        yield MetricSpec(
            name=name,
            metric=metric,
            direction="higher",
            range=(lowest, 1.0),
            examples=(metric(), metric(n_top=3)),
        )
