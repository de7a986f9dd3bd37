"""Agreement of the clusters that W implies with the known classes of the samples.

A sample belongs to its heaviest component on the canonical scale
(`nmflab_metrics.partition`). Samples that no component holds are a cluster of their own
that matches no class. Where a value moves with n_components by itself, suffix "chance"
is its mean over shuffled labels and "adjusted" is
``(value − chance) / (best − chance)``: compare different n_components by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from nmflab.contracts import FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab_metrics.agreement import (
    accuracy,
    adjusted_rand,
    mean_entropies,
    mutual_information,
    purity,
    within_unit,
)
from nmflab_metrics.chance import beside_chance, by_chance, check_draws
from nmflab_metrics.partition import (
    Labels,
    classes_of,
    feature_clusters,
    sample_clusters,
)

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class HungarianAccuracy:
    """Clustering accuracy ``max_π Σ_k n_{π(k),k} / n``, one class for each cluster.

    From 0 to 1 (all samples in the cluster of their class); dimensionless. Suffixes
    "chance" and "adjusted" as the module says; "adjusted" may be below 0.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles of the labels behind "chance"; 0 leaves it out.

    References
    ----------
    W. Xu, X. Liu, Y. Gong, "Document Clustering Based on Non-negative Matrix
    Factorization", SIGIR 2003.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("hungarian_accuracy", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if there are not two known classes."""
        return _of_labels("hungarian_accuracy", accuracy, *_sides(run), self.n_draws)


@dataclass(frozen=True, kw_only=True)
class Purity:
    """Purity ``Σ_k max_c n_ck / n``: samples of their cluster's most frequent class.

    From 0 to 1; dimensionless. It rises with n_components, to 1 where each sample has a
    component: read suffix "adjusted" (see the module), which may be below 0.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles of the labels behind "chance"; 0 leaves it out.

    References
    ----------
    H. Kim, H. Park, "Sparse Non-negative Matrix Factorizations via Alternating
    Non-negativity-constrained Least Squares for Microarray Data Analysis",
    Bioinformatics 23(12), 2007.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("purity", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if there are not two known classes."""
        return _of_labels("purity", purity, *_sides(run), self.n_draws)


@dataclass(frozen=True, kw_only=True)
class NormalizedMutualInformation:
    """Mutual information of classes and clusters over a mean of their entropies.

    From 0 (independent) to 1 (the same partition); dimensionless. Suffix "max" divides
    by the larger entropy, as Xu et al. do; "arithmetic" by their mean, as most software
    does (it is the V-measure). Each with "max_chance", "max_adjusted" and so on: it
    rises with n_components by itself.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles of the labels behind "chance"; 0 leaves it out.

    References
    ----------
    W. Xu, X. Liu, Y. Gong, "Document Clustering Based on Non-negative Matrix
    Factorization", SIGIR 2003.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("nmi", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if there are not two known classes."""
        return _information("nmi", *_sides(run), self.n_draws)


@dataclass(frozen=True, kw_only=True)
class AdjustedRandIndex:
    """Adjusted Rand index: pairs of samples treated alike, beyond chance.

    1 is the same partition, 0 what chance gives, -0.5 the worst; dimensionless. Already
    adjusted for the sizes and the number of clusters.

    References
    ----------
    L. Hubert, P. Arabie, "Comparing Partitions", Journal of Classification 2, 1985.
    """

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if there are not two known classes."""
        return adjusted_rand(*_sides(run))


@dataclass(frozen=True, kw_only=True)
class VMeasure:
    """V-measure ``2 h c / (h + c)``: homogeneity h and completeness c of clusters.

    All from 0 to 1, dimensionless. Suffix "homogeneity": ``1 − H(class | cluster) /
    H(class)``; "completeness": ``1 − H(cluster | class) / H(cluster)``. V equals
    ``nmi_arithmetic``, which has its value by chance beside it.

    References
    ----------
    A. Rosenberg, J. Hirschberg, "V-Measure: A Conditional Entropy-Based External
    Cluster Evaluation Measure", EMNLP-CoNLL 2007.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if there are not two known classes."""
        from sklearn.metrics import homogeneity_completeness_v_measure

        found = homogeneity_completeness_v_measure(*_sides(run))
        names = ("homogeneity", "completeness", "")
        return {
            name: within_unit(float(value))
            for name, value in zip(names, found, strict=True)
        }


@dataclass(frozen=True, kw_only=True)
class ColumnAgreement:
    """Agreement of the clusters of features that H implies with the columns' classes.

    Needs ``column_labels`` among the extras of the data. Suffixes "accuracy", "purity",
    "nmi_max", "nmi_arithmetic" and "ari": what `HungarianAccuracy` and the others say
    of the samples, said of the features, with "accuracy_chance", "accuracy_adjusted"
    and so on; "ari" is adjusted already.

    Parameters
    ----------
    n_draws : int, default 20
        Shuffles of the classes behind "chance"; 0 leaves it out.
    """

    n_draws: int = 20

    def __post_init__(self) -> None:
        check_draws("column_agreement", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if columns have no two known classes."""
        clusters = feature_clusters(run)
        labels = run.dataset.extras.get("column_labels")
        sides = classes_of(labels, clusters, "column_labels"), clusters
        metric, n_draws = "column_agreement", self.n_draws
        return {
            **_prefixed("accuracy", _of_labels(metric, accuracy, *sides, n_draws)),
            **_prefixed("purity", _of_labels(metric, purity, *sides, n_draws)),
            "ari": adjusted_rand(*sides),
            **_prefixed("nmi", _information(metric, *sides, n_draws)),
        }


def _of_labels(
    metric: str,
    value: Callable[[Labels, Labels], float],
    classes: Labels,
    clusters: Labels,
    n_draws: int,
) -> dict[str, float]:
    """Return a value, and beside it that of classes that were shuffled."""
    chance = by_chance(
        metric, lambda rng: value(rng.permutation(classes), clusters), n_draws
    )
    return beside_chance(value(classes, clusters), chance, best=1.0)


def _information(
    metric: str, classes: Labels, clusters: Labels, n_draws: int
) -> dict[str, float]:
    """Return the mutual information over each mean entropy, beside its chance."""
    chance = by_chance(
        metric,
        lambda rng: mutual_information(rng.permutation(classes), clusters),
        n_draws,
    )
    shared = mutual_information(classes, clusters)
    values: dict[str, float] = {}
    for mean, size in mean_entropies(classes, clusters).items():
        expected = None if chance is None else chance.over(size)
        found = beside_chance(within_unit(shared / size), expected, best=1.0)
        values |= _prefixed(mean, found)
    return values


def _prefixed(name: str, values: Mapping[str, float]) -> dict[str, float]:
    """Return values under longer suffixes."""
    return {f"{name}_{key}" if key else name: value for key, value in values.items()}


def _sides(run: FittedRun) -> tuple[Labels, Labels]:
    clusters = sample_clusters(run)
    return classes_of(run.dataset.row_labels, clusters, "labels"), clusters


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Accuracy, purity, mutual information, Rand index and V-measure of clusters."""
    for name, metric, lowest in (
        ("hungarian_accuracy", HungarianAccuracy, None),
        ("purity", Purity, None),
        ("nmi", NormalizedMutualInformation, None),
        ("ari", AdjustedRandIndex, -0.5),
        ("v_measure", VMeasure, 0.0),
    ):
        yield MetricSpec(
            name=name,
            metric=metric,
            needs=frozenset({"labels"}),
            direction="higher",
            range=(lowest, 1.0),
            examples=(metric(),),
        )
    yield MetricSpec(
        name="column_agreement",
        metric=ColumnAgreement,
        direction="higher",
        range=(None, 1.0),
        examples=(ColumnAgreement(), ColumnAgreement(n_draws=0)),
    )
