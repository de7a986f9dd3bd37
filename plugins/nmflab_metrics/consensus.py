"""Whether seeds agree on the clusters of samples: the consensus, and pairs of runs.

A sample belongs to the component of the largest entry of its row of the canonical W; a
sample that no component holds is together with no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nmflab.contracts import Factors, FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab.numerics import (
    UNLABELLED,
    argmax_labels,
    consensus_matrix,
    cophenetic_correlation,
    dispersion,
)
from nmflab_metrics._between_runs import check_seeds
from nmflab_metrics.chance import Chance, beside_chance
from nmflab_metrics.partition import Labels

NMFLAB_CONTRACT = 1

_OF = ("samples", "features")


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """How decided the consensus ``C_ij`` is, the share of runs with i and j together.

    Suffixes "cophenetic": the correlation of ``1 − C`` with the heights at which
    average linkage joins pairs, at most 1, which a consensus of 0 and 1 alone reaches;
    "dispersion": ``mean 4 (C_ij − ½)²``, from 0 to 1, where all runs agree. Both are
    dimensionless, higher is better, and both move with n_components by themselves:
    "dispersion_chance" is what unrelated clusters of these sizes are expected to have,
    "dispersion_adjusted" is ``(dispersion − chance) / (1 − chance)``.

    Parameters
    ----------
    of : {"samples", "features"}
        What is clustered: rows by the largest entry in W, or columns by that in H.
    max_items : int, default 4000
        Of more, so many are drawn, always the same ones: C grows with their square.

    References
    ----------
    J.-P. Brunet, P. Tamayo, T. R. Golub, J. P. Mesirov, "Metagenes and molecular
    pattern discovery using matrix factorization", PNAS 101(12), 2004.
    H. Kim, H. Park, "Sparse non-negative matrix factorizations via alternating
    non-negativity-constrained least squares for microarray data analysis",
    Bioinformatics 23(12), 2007.
    """

    of: str = "samples"
    max_items: int = 4000

    def __post_init__(self) -> None:
        _check_of("consensus", self.of)
        if not self.max_items >= 2:
            raise ValueError(
                f"metric.consensus.max_items must be at least 2, got {self.max_items};"
                " 4000 takes some 100 MB"
            )

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, float]:
        """Raise NotApplicable if every pair is together equally often."""
        clusters = _drawn(_clusters(runs, self.of), self.max_items)
        C = consensus_matrix(clusters)
        cophenetic = cophenetic_correlation(C)
        if np.isnan(cophenetic):
            raise NotApplicable(_constant(C, self.of))
        beside = beside_chance(dispersion(C), _by_chance(clusters), best=1.0)
        named = {
            f"dispersion_{suffix}".rstrip("_"): value
            for suffix, value in beside.items()
        }
        return {"cophenetic": cophenetic, **named}


@dataclass(frozen=True, kw_only=True)
class AriBetweenRuns:
    """Adjusted Rand index between the clusters of two runs, mean over pairs of runs.

    1 is the same partition, 0 what chance gives, -0.5 the worst; dimensionless. Already
    adjusted for the sizes and the number of clusters. Suffix "min": the smallest of all
    pairs. What no component holds is a cluster of its own.

    Parameters
    ----------
    of : {"samples", "features"}
        As in `Consensus`.

    References
    ----------
    L. Hubert, P. Arabie, "Comparing Partitions", Journal of Classification 2, 1985.
    """

    of: str = "samples"

    def __post_init__(self) -> None:
        _check_of("ari_between_runs", self.of)

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, float]:
        """Raise NotApplicable if every run has one cluster only."""
        clusters = [labels - UNLABELLED for labels in _clusters(runs, self.of)]
        if all(np.ptp(labels) == 0 for labels in clusters):
            raise NotApplicable(
                f"needs 2 clusters, every pair of {self.of} is together in every run"
            )
        found = [_rand(a, b) for a, b in combinations(clusters, 2)]
        return {"": float(np.mean(found)), "min": min(found)}


def _check_of(metric: str, of: str) -> None:
    if of not in _OF:
        raise ValueError(
            f"metric.{metric}.of={of}: choose from {' and '.join(_OF)} to cluster"
        )


def _clusters(runs: Sequence[FittedRun], of: str) -> list[Labels]:
    check_seeds(runs)
    found = []
    for run in runs:
        W, H = run.factors.W, run.factors.H
        factors = run.factors if of == "samples" else Factors(H.T, W.T)
        found.append(argmax_labels(factors, run.problem.objective.loss))
    if found[0].size < 2:
        raise NotApplicable(f"needs 2 {of}")
    return found


def _drawn(clusters: list[Labels], most: int) -> list[Labels]:
    n = clusters[0].size
    if n <= most:
        return clusters
    # At random: data are often sorted, or periodic, as faces by person.
    kept = np.sort(np.random.default_rng(0).choice(n, size=most, replace=False))
    return [labels[kept] for labels in clusters]


def _by_chance(clusters: list[Labels]) -> Chance:
    """Return the expected dispersion where each run's labels are shuffled.

    ``C_ij`` then is the mean of independent draws, 1 with probability
    ``p = Σ_c n_c (n_c − 1) / (n (n − 1))`` of each run, and 1 on the diagonal.
    """
    n, p = clusters[0].size, np.zeros(len(clusters))
    for at, labels in enumerate(clusters):
        counts = np.bincount(labels[labels != UNLABELLED]).astype(np.float64)
        p[at] = _pairs(counts) / _pairs(np.array([float(n)]))
    variance = (p * (1.0 - p)).sum() / p.size**2
    apart = 4.0 * (variance + (p.mean() - 0.5) ** 2)
    return Chance(float((1.0 + (n - 1.0) * apart) / n))


def _constant(C: Matrix, of: str) -> str:
    together = float(C[0, 1])
    said = {1.0: "together in every run", 0.0: "apart in every run"}
    how = said.get(together, f"together in {100 * together:.3g} % of the runs")
    return f"needs pairs that differ, every pair of {of} is {how}"


def _rand(a: Labels, b: Labels) -> float:
    """Return the adjusted Rand index of two labellings by integers from 0."""
    width = int(b.max()) + 1
    counts = np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width)
    cells = counts.reshape(-1, width).astype(np.float64)
    together = _pairs(cells)
    in_a, in_b = _pairs(cells.sum(axis=1)), _pairs(cells.sum(axis=0))
    expected = in_a * in_b / _pairs(np.array([float(a.size)]))
    most = (in_a + in_b) / 2.0
    if most == expected:  # each sample alone in both, or all in one cluster in both
        return 1.0
    return float((together - expected) / (most - expected))


def _pairs(counts: Matrix) -> float:
    return float((counts * (counts - 1.0)).sum() / 2.0)


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Cophenetic correlation and dispersion of the consensus; Rand index of pairs."""
    yield MetricSpec(
        name="consensus",
        metric=Consensus,
        scope="seeds",
        direction="higher",
        range=(None, 1.0),
        examples=(Consensus(), Consensus(of="features"), Consensus(max_items=8)),
    )
    yield MetricSpec(
        name="ari_between_runs",
        metric=AriBetweenRuns,
        scope="seeds",
        direction="higher",
        range=(-0.5, 1.0),
        examples=(AriBetweenRuns(), AriBetweenRuns(of="features")),
    )
