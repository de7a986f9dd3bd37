"""Agreement of the clusters that W implies with the known classes of the samples.

A sample belongs to its heaviest component on the canonical scale
(`nmflab_metrics.partition`). Samples that no component holds are a cluster of their own
that matches no class. Where a value moves with n_components by itself, suffix "chance"
is its mean over shuffled labels and "adjusted" is
``(value − chance) / (best − chance)``: compare different n_components by that.
"""

from __future__ import annotations

from collections.abc import Iterator
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
        classes, clusters = _sides(run)
        chance = by_chance(
            "hungarian_accuracy",
            lambda rng: accuracy(rng.permutation(classes), clusters),
            self.n_draws,
        )
        return beside_chance(accuracy(classes, clusters), chance, best=1.0)


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
        classes, clusters = _sides(run)
        chance = by_chance(
            "purity",
            lambda rng: purity(rng.permutation(classes), clusters),
            self.n_draws,
        )
        return beside_chance(purity(classes, clusters), chance, best=1.0)


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
        classes, clusters = _sides(run)
        chance = by_chance(
            "nmi",
            lambda rng: mutual_information(rng.permutation(classes), clusters),
            self.n_draws,
        )
        shared, values = mutual_information(classes, clusters), {}
        for mean, size in mean_entropies(classes, clusters).items():
            expected = None if chance is None else chance / size
            found = beside_chance(within_unit(shared / size), expected, best=1.0)
            for suffix, value in found.items():
                values[f"{mean}_{suffix}" if suffix else mean] = value
        return values


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
    of the samples, said of the features. All but "ari" rise or fall with n_components
    by themselves.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if columns have no two known classes."""
        clusters = feature_clusters(run)
        labels = run.dataset.extras.get("column_labels")
        classes = classes_of(labels, clusters, "column_labels")
        return {
            "accuracy": accuracy(classes, clusters),
            "purity": purity(classes, clusters),
            "ari": adjusted_rand(classes, clusters),
            **{
                f"nmi_{mean}": within_unit(mutual_information(classes, clusters) / size)
                for mean, size in mean_entropies(classes, clusters).items()
            },
        }


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
        range=(-0.5, 1.0),
        examples=(ColumnAgreement(),),
    )
