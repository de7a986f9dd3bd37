"""Checks beside the scores: ways in which factors can look good and be of no use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics import canonical, unit_rows
from nmflab_metrics.cooccurrence import in_samples
from nmflab_metrics.partition import UNASSIGNED, sample_clusters
from nmflab_metrics.top_lists import check_n_top, distributions, top_lists

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class DeadComponents:
    """Number of components with ``‖w_k‖‖h_k‖ <= threshold · max_l ‖w_l‖‖h_l‖``.

    A run with dead components is one of fewer components than its n_components says.
    Solvers that choose the number themselves prune on purpose.

    Parameters
    ----------
    threshold : float, default 1e-12
        Size that counts as 0, as a share of the largest.
    """

    threshold: float = 1e-12

    def __post_init__(self) -> None:
        _check_share("dead_components.threshold", self.threshold)

    def compute(self, run: FittedRun) -> float:
        """Return n_components where all of them are 0."""
        sizes = canonical(run.factors).sizes
        return float(np.count_nonzero(sizes <= self.threshold * sizes.max()))


@dataclass(frozen=True, kw_only=True)
class DuplicateComponents:
    """Number of components with ``cos(h_k, h_l)`` at least `cosine` for a larger l.

    A count, 0 where all differ: what could be merged with a component of larger
    ``‖w‖‖h‖`` while H hardly changes. Copies of one good topic raise coherence.

    Parameters
    ----------
    cosine : float, default 0.99
        Of rows of H; above 0, at most 1.
    """

    cosine: float = 0.99

    def __post_init__(self) -> None:
        if not 0 < self.cosine <= 1:
            raise ValueError(
                "metric.duplicate_components.cosine must be above 0 and at most 1, got"
                f" {self.cosine}; 0.99 is nearly the same"
            )

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if all components are 0."""
        rows = unit_rows(distributions(run))
        # Rounding leaves the cosine of equal rows some ulps below 1.
        alike = rows @ rows.T >= self.cosine - 1e-12
        return float(np.tril(alike, k=-1).any(axis=1).sum())


@dataclass(frozen=True, kw_only=True)
class RareTopFeatures:
    """Share of top-list entries that fewer than `min_samples` samples hold.

    From 0 to 1; dimensionless; mean over components. A sample holds a feature where X
    is not 0. A list of words from one odd document is coherent, and is no topic.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists.
    min_samples : int, default 5
        From how many samples on a feature is not rare.
    """

    n_top: int = 10
    min_samples: int = 5

    def __post_init__(self) -> None:
        check_n_top("rare_top_features", self.n_top)
        if not self.min_samples >= 1:
            raise ValueError(
                "metric.rare_top_features.min_samples must be at least 1, got"
                f" {self.min_samples}; 5 is usual"
            )

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if all components are 0, or X is signed."""
        lists = top_lists(distributions(run), self.n_top)
        occurrence = in_samples(run.dataset, lists)
        counts = np.asarray(occurrence.within.sum(axis=0))
        rare = counts < self.min_samples
        shares = [rare[np.searchsorted(occurrence.features, top)] for top in lists]
        return float(np.mean([share.mean() for share in shares]))


@dataclass(frozen=True, kw_only=True)
class SmallestCluster:
    """Share of samples in the smallest cluster; 0 where a component wins no sample.

    From 0 to 1/n_components; dimensionless. A sample is in the cluster of the largest
    entry of its row of the canonical W. Suffix "unassigned": the share of samples that
    no component holds. Scores over clusters flatter a partition with one large one.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if all components are 0."""
        clusters = sample_clusters(run)
        held = clusters[clusters != UNASSIGNED]
        counts = np.bincount(held, minlength=run.factors.n_components)
        return {
            "": float(counts.min() / clusters.size),
            "unassigned": float(1 - held.size / clusters.size),
        }


def _check_share(where: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(
            f"metric.{where} must be at least 0 and below 1, got {value}; it is a share"
            " of the largest"
        )


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Dead and duplicate components, rare top features, the smallest cluster."""
    for name, metric in (
        ("dead_components", DeadComponents),
        ("duplicate_components", DuplicateComponents),
    ):
        yield MetricSpec(
            name=name,
            metric=metric,
            direction="lower",
            range=(0.0, None),
            unit="count",
            examples=(metric(),),
        )
    yield MetricSpec(
        name="rare_top_features",
        metric=RareTopFeatures,
        direction="lower",
        range=(0.0, 1.0),
        examples=(RareTopFeatures(), RareTopFeatures(n_top=3, min_samples=7)),
    )
    yield MetricSpec(
        name="smallest_cluster",
        metric=SmallestCluster,
        direction="none",
        range=(0.0, 1.0),
        examples=(SmallestCluster(),),
    )
