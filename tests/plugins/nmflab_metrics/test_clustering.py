"""Agreement of clusters with classes: known extremes and scikit-learn's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.clustering import (
    AdjustedRandIndex,
    ColumnAgreement,
    HungarianAccuracy,
    NormalizedMutualInformation,
    Purity,
    VMeasure,
)
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from nmflab.contracts import NotApplicable

METRICS = [
    HungarianAccuracy,
    Purity,
    NormalizedMutualInformation,
    AdjustedRandIndex,
    VMeasure,
]
each_metric = pytest.mark.parametrize("metric", METRICS)


def run_of(make_run, clusters, labels, n_components=None, **facts):
    """Return a run that puts sample i into cluster ``clusters[i]``."""
    clusters = np.asarray(clusters)
    W = np.eye(n_components or clusters.max() + 1)[clusters] + 0.01
    H = np.eye(W.shape[1])
    row_labels = None if labels is None else np.asarray(labels)
    return make_run(W @ H, W, H, row_labels=row_labels, **facts)


def values_of(metric, run) -> dict[str, float]:
    """Return the values by suffix."""
    found = metric().compute(run)
    return found if isinstance(found, dict) else {"": found}


@each_metric
def test_the_same_partition_is_best_whatever_the_classes_are_called(make_run, metric):
    """Clusters 2, 0, 1 for classes a, b, c: every value is 1 but that by chance."""
    run = run_of(
        make_run, [2] * 5 + [0] * 9 + [1] * 7, ["a"] * 5 + ["b"] * 9 + ["c"] * 7
    )
    for suffix, value in values_of(metric, run).items():
        if "chance" not in suffix:
            assert value == pytest.approx(1.0), suffix


@each_metric
def test_random_labels_are_near_zero_after_adjustment(make_run, metric):
    """Labels that have nothing to do with the clusters: within 0.02 of chance."""
    rng = np.random.default_rng(0)
    run = run_of(make_run, rng.integers(0, 8, 3000), rng.integers(0, 5, 3000))
    found = values_of(metric, run)
    adjusted = [v for k, v in found.items() if k.endswith("adjusted")] or [found[""]]
    assert np.abs(adjusted).max() < 0.02


def test_purity_rises_with_components_and_its_adjusted_value_does_not(make_run):
    """More random clusters are purer by chance: raw values must not be compared."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 120)
    few = values_of(Purity, run_of(make_run, rng.integers(0, 3, 120), labels))
    many = values_of(Purity, run_of(make_run, rng.integers(0, 60, 120), labels))
    assert many[""] > few[""] + 0.2
    assert abs(many["adjusted"]) < 0.15
    assert abs(few["adjusted"]) < 0.15


def test_accuracy_gives_each_class_one_cluster(make_run):
    """Classes a, a, a, a, b, b in clusters 0, 0, 1, 1, 2, 2: one half of a is lost."""
    run = run_of(make_run, [0, 0, 1, 1, 2, 2], list("aaaabb"))
    assert HungarianAccuracy(n_draws=0).compute(run) == {"": pytest.approx(4 / 6)}
    assert Purity(n_draws=0).compute(run) == {"": 1.0}


def test_values_are_those_of_scikit_learn(make_run):
    """NMI by both means and the Rand index, of random partitions."""
    rng = np.random.default_rng(2)
    clusters = rng.integers(0, 4, 90)
    labels = np.where(rng.random(90) < 0.5, clusters, rng.integers(0, 3, 90))
    run = run_of(make_run, clusters, labels)
    nmi = NormalizedMutualInformation().compute(run)
    for mean in ("max", "arithmetic"):
        expected = normalized_mutual_info_score(labels, clusters, average_method=mean)
        assert nmi[mean] == pytest.approx(expected, rel=1e-12)
    expected = adjusted_rand_score(labels, clusters)
    assert AdjustedRandIndex().compute(run) == pytest.approx(expected, rel=1e-12)


def test_the_adjusted_mutual_information_is_that_in_closed_form(make_run):
    """Twenty shuffles come near the exact expectation that scikit-learn adjusts by."""
    rng = np.random.default_rng(3)
    clusters = rng.integers(0, 6, 200)
    labels = np.where(rng.random(200) < 0.6, clusters, rng.integers(0, 6, 200))
    found = NormalizedMutualInformation().compute(run_of(make_run, clusters, labels))
    expected = adjusted_mutual_info_score(labels, clusters, average_method="max")
    # The mean of 20 shuffles strays by their spread over √20, here some 0.003.
    assert found["max_adjusted"] == pytest.approx(expected, abs=0.015)


def test_the_arithmetic_nmi_is_the_v_measure(make_run):
    """Two names of one number, so that only one of them is adjusted."""
    rng = np.random.default_rng(4)
    run = run_of(make_run, rng.integers(0, 4, 60), rng.integers(0, 3, 60))
    nmi, v = NormalizedMutualInformation().compute(run), VMeasure().compute(run)
    assert nmi["arithmetic"] == pytest.approx(v[""], rel=1e-10)


def test_clusters_are_those_of_the_canonical_scale(make_run):
    """Scale moved from W to H would move every sample to the other component."""
    W, H = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[1.0, 0, 0], [0, 1.0, 0]])
    D = np.array([100.0, 1.0])
    labels = np.array(["b", "a"])
    run = make_run(W @ H, W * D, H / D[:, None], row_labels=labels)
    assert AdjustedRandIndex().compute(run) == 1.0
    assert HungarianAccuracy(n_draws=0).compute(run) == {"": 1.0}


def test_a_sample_that_no_component_holds_is_counted_as_wrong(make_run):
    """Its row of W is 0, so that argmax would give it to the first component."""
    W, H = np.array([[1.0, 0], [0, 1.0], [0, 0]]), np.eye(2)
    run = make_run(W @ H, W, H, row_labels=np.array([0, 1, 0]))
    assert HungarianAccuracy(n_draws=0).compute(run) == {"": pytest.approx(2 / 3)}
    assert Purity(n_draws=0).compute(run) == {"": pytest.approx(2 / 3)}


@each_metric
@pytest.mark.parametrize("labels", [None, ["a"] * 4])
def test_without_two_classes_the_metric_does_not_apply(make_run, metric, labels):
    """No labels, or one class only, say nothing of the clusters."""
    with pytest.raises(NotApplicable, match="needs labels"):
        metric().compute(run_of(make_run, [0, 1, 0, 1], labels))


@each_metric
def test_a_model_of_zeros_has_no_clusters(make_run, metric):
    """Where W H is 0 the metric does not apply."""
    run = make_run(
        np.eye(3), np.zeros((3, 2)), np.zeros((2, 3)), row_labels=np.arange(3)
    )
    with pytest.raises(NotApplicable, match="component that is not 0"):
        metric().compute(run)


def test_columns_are_compared_with_their_own_classes(make_run):
    """Features of one class in one component each: all agree."""
    H = np.array([[1.0, 2.0, 0.1, 0.0], [0.2, 0.0, 1.0, 3.0]]) * [[1e6], [1]]
    W = np.array([[1e-6, 0], [0, 1], [1e-6, 1]])
    extras = {"column_labels": np.array(["x", "x", "y", "y"])}
    found = ColumnAgreement(n_draws=0).compute(make_run(W @ H, W, H, extras=extras))
    assert found == dict.fromkeys(found, pytest.approx(1.0))
    assert sorted(found) == ["accuracy", "ari", "nmi_arithmetic", "nmi_max", "purity"]


def test_agreement_of_columns_has_its_chance_beside_it(make_run):
    """Many features, shuffled classes: purity by chance near a half, adjusted 0."""
    rng = np.random.default_rng(0)
    H, W = rng.random((2, 400)), rng.random((3, 2))
    extras = {"column_labels": np.tile(["x", "y"], 200)}
    found = ColumnAgreement().compute(make_run(W @ H, W, H, extras=extras))
    assert found["purity_chance"] == pytest.approx(0.5, abs=0.05)
    assert found["nmi_max_adjusted"] == pytest.approx(0.0, abs=0.05)


def test_columns_without_classes_are_not_compared(make_run):
    """The message names the extra that is absent."""
    with pytest.raises(NotApplicable, match="needs column_labels"):
        ColumnAgreement().compute(run_of(make_run, [0, 1], [0, 1]))


def test_values_by_chance_are_the_same_each_time(make_run):
    """Computing a metric anew later changes nothing."""
    rng = np.random.default_rng(5)
    run = run_of(make_run, rng.integers(0, 4, 60), rng.integers(0, 3, 60))
    assert Purity().compute(run) == Purity().compute(run)


@pytest.mark.parametrize(
    "metric", [HungarianAccuracy, Purity, NormalizedMutualInformation]
)
def test_a_negative_number_of_shuffles_is_refused(metric):
    """The message names the field."""
    with pytest.raises(ValueError, match=r"n_draws must be at least 0, got -1"):
        metric(n_draws=-1)
