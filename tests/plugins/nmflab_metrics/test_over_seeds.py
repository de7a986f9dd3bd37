"""Metrics over seeds: hand-worked cases, references, and what changes no value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from nmflab_metrics.agreement_over_seeds import (
    AmariDistance,
    SeedsCosine,
    UniquenessProbe,
)
from nmflab_metrics.consensus import AriBetweenRuns, Consensus
from nmflab_metrics.partition import sample_clusters
from nmflab_metrics.top_terms_over_seeds import TopTermAgreement
from sklearn.metrics import adjusted_rand_score

from nmflab.contracts import FittedRun, NotApplicable
from nmflab.numerics import consensus_matrix, dispersion, match_components
from nmflab.numerics.term_agreement import term_agreement

MakeRun = Callable[..., FittedRun]
Values = dict[str, float]

METRICS = [
    Consensus(),
    Consensus(of="features"),
    AriBetweenRuns(),
    SeedsCosine(),
    AmariDistance(),
    TopTermAgreement(n_top=5),
    UniquenessProbe(tolerance=1e3),
]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=repr)


def clustered(make_run: MakeRun, *labels: Sequence[int]) -> list[FittedRun]:
    """Return runs whose W puts each sample into one cluster; -1 is into none."""
    runs = []
    for one in labels:
        W = (np.array(one)[:, None] == np.arange(3)).astype(float)
        runs.append(make_run(np.ones((len(one), 4)), W, np.ones((3, 4))))
    return runs


def with_rows(make_run: MakeRun, *Hs: Any) -> list[FittedRun]:
    """Return runs with these H."""
    return [make_run(np.ones((5, np.shape(H)[1])), np.ones((5, len(H))), H) for H in Hs]


def drawn(make_run: MakeRun, n: int = 4, shape: tuple[int, int] = (12, 9)) -> list[Any]:
    """Return runs of unrelated dense factors."""
    X = np.random.default_rng(99).random(shape)
    found = []
    for seed in range(n):
        rng = np.random.default_rng(seed)
        found.append(make_run(X, rng.random((shape[0], 3)), rng.random((3, shape[1]))))
    return found


def plainly(metric: Any, runs: Sequence[FittedRun], **parameters: Any) -> Values:
    """Return a metric's values, those by chance left out."""
    return dict(metric(n_draws=0, **parameters).compute(runs))


def values_of(metric: Any, runs: Sequence[FittedRun]) -> Values:
    """Return a metric's values by suffix."""
    return dict(metric.compute(runs))


def test_consensus_of_two_runs_that_disagree_on_one_sample(make_run: MakeRun) -> None:
    """By hand: C is .5, 0, .5, its distances join at .5 and .75: correlation ½.

    Four of the nine C are ½ and count 0, five are 0 or 1 and count 1.
    """
    found = Consensus().compute(clustered(make_run, [0, 0, 1], [0, 1, 1]))
    # Shuffled, a pair is together in a run with p = 1/3: 4 (2 · 2/9 / 4 + 1/36) = 5/9.
    chance = (1 + 2 * 5 / 9) / 3
    assert found == pytest.approx(
        {
            "cophenetic": 0.5,
            "dispersion": 5 / 9,
            "dispersion_chance": chance,
            "dispersion_adjusted": (5 / 9 - chance) / (1 - chance),
        }
    )


def test_dispersion_by_chance_is_that_of_shuffled_labels(make_run: MakeRun) -> None:
    """The formula against the mean of 400 shuffles, to their standard error of .002."""
    rng = np.random.default_rng(0)
    labels = [rng.choice(3, size=20, p=p) for p in ([0.8, 0.1, 0.1], [0.4, 0.3, 0.3])]
    labels.append(np.where(np.arange(20) < 5, -1, labels[0]))
    drawn = [
        dispersion(consensus_matrix([rng.permutation(one) for one in labels]))
        for _ in range(400)
    ]
    found = Consensus().compute(clustered(make_run, *labels))
    assert found["dispersion_chance"] == pytest.approx(np.mean(drawn), abs=0.01)


def test_runs_that_agree_have_a_consensus_of_1(make_run: MakeRun) -> None:
    """Names of clusters do not matter."""
    found = Consensus().compute(clustered(make_run, [0, 0, 1, 2], [2, 2, 0, 1]))
    assert found.pop("dispersion_chance") < 1
    best = dict.fromkeys(("cophenetic", "dispersion", "dispersion_adjusted"), 1.0)
    assert found == pytest.approx(best)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([[0, 0, 0], [1, 1, 1]], "every pair of samples is together in every run"),
        ([[0, 1, 2], [2, 1, 0]], "every pair of samples is apart in every run"),
        ([[0, 0], [0, 1]], "every pair of samples is together in 50 % of the runs"),
    ],
)
def test_a_constant_consensus_is_not_applicable(
    make_run: MakeRun, labels: list[list[int]], said: str
) -> None:
    """A correlation with what is constant has no meaning."""
    with pytest.raises(NotApplicable, match=said):
        Consensus().compute(clustered(make_run, *labels))


def test_features_are_clustered_by_their_row_of_h(make_run: MakeRun) -> None:
    """As samples of the transposed model are."""
    runs = drawn(make_run)
    turned = [
        make_run(run.problem.X.T, run.factors.H.T, run.factors.W.T) for run in runs
    ]
    for metric in (Consensus, AriBetweenRuns):
        assert metric(of="features").compute(runs) == metric().compute(turned)


def test_a_drawn_consensus_is_near_that_of_all(make_run: MakeRun) -> None:
    """The same samples at each call; half of them say nearly the same."""
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=400)
    runs = clustered(
        make_run, *(np.where(rng.random(400) < 0.2, 0, truth) for _ in range(10))
    )
    part = Consensus(max_items=200)
    assert part.compute(runs) == part.compute(runs) != Consensus().compute(runs)
    assert part.compute(runs) == pytest.approx(Consensus().compute(runs), abs=0.08)


def test_the_rand_index_is_scikit_learns(make_run: MakeRun) -> None:
    """Mean and smallest over all pairs of runs."""
    runs = drawn(make_run, n=5, shape=(40, 6))
    labels = [sample_clusters(run) for run in runs]
    expected = [adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]
    found = AriBetweenRuns().compute(runs)
    assert found == pytest.approx({"": np.mean(expected), "min": min(expected)})


def test_samples_that_no_component_holds_are_a_cluster(make_run: MakeRun) -> None:
    """Two runs that leave the same samples out agree."""
    runs = clustered(make_run, [0, 0, -1, -1, 1], [1, 1, -1, -1, 0])
    assert AriBetweenRuns().compute(runs) == {"": 1.0, "min": 1.0}


def test_one_cluster_in_every_run_is_not_applicable(make_run: MakeRun) -> None:
    """With one component any two runs would agree."""
    with pytest.raises(NotApplicable, match="needs 2 clusters"):
        AriBetweenRuns().compute(clustered(make_run, [0, 0], [1, 1]))


def test_amari_distance_by_hand(make_run: MakeRun) -> None:
    """Correlations of h1, h2 with h1 and their mix, read off a 2 x 2 table."""
    a = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    b = np.array([[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
    c = np.abs(np.corrcoef(np.vstack([a, b]))[:2, 2:])
    np.testing.assert_allclose(c, [[1, 1], [0, 0]], atol=1e-12)
    # Σ_j max_k = 1 + 1 over columns, Σ_k max_j = 1 + 0 over rows: (4 − 3) / 4.
    found = AmariDistance(n_draws=0).compute(with_rows(make_run, a, b))
    assert found == pytest.approx({"": 0.25})


def test_amari_distance_follows_its_formula(make_run: MakeRun) -> None:
    """Over all pairs of four runs, with NumPy's correlations."""
    runs = drawn(make_run)
    expected = []
    for a, b in combinations([run.factors.H for run in runs], 2):
        c = np.abs(np.corrcoef(np.vstack([a, b]))[:3, 3:])
        expected.append((6 - c.max(axis=0).sum() - c.max(axis=1).sum()) / 6)
    assert AmariDistance().compute(runs)[""] == pytest.approx(np.mean(expected))


def test_matched_cosines_are_those_of_the_alignment(make_run: MakeRun) -> None:
    """Mean over pairs of runs, and the smallest of all."""
    runs = drawn(make_run)
    found = np.array(
        [
            match_components(a.factors.H, b.factors.H).cosines
            for a, b in combinations(runs, 2)
        ]
    )
    expected = {"": found.mean(), "min": found.min()}
    assert SeedsCosine(n_draws=0).compute(runs) == pytest.approx(expected)


def test_a_pruned_component_is_no_component(make_run: MakeRun) -> None:
    """The same three rows, and one of zeros in both: the same factors."""
    H = np.vstack([np.eye(3, 6), np.zeros(6)])
    runs = with_rows(make_run, H, H[[3, 2, 0, 1]])
    assert plainly(SeedsCosine, runs) == pytest.approx({"": 1.0, "min": 1.0})
    assert plainly(AmariDistance, runs) == pytest.approx({"": 0.0}, abs=1e-12)
    assert plainly(TopTermAgreement, runs) == {"": 1.0}


def test_a_component_that_one_run_lacks_counts_as_lost(make_run: MakeRun) -> None:
    """Three rows against two of them: cosines 1, 1 and 0."""
    H = np.eye(3, 6)
    runs = with_rows(make_run, H, np.vstack([H[:2], np.zeros(6)]))
    assert plainly(SeedsCosine, runs) == pytest.approx({"": 2 / 3, "min": 0.0})
    assert plainly(TopTermAgreement, runs) == pytest.approx({"": 2 / 3})


@pytest.mark.parametrize("metric", [SeedsCosine, AmariDistance, TopTermAgreement])
def test_unrelated_runs_are_at_chance(metric: Any, make_run: MakeRun) -> None:
    """Adjusted values are near 0: the spread over draws and pairs is about .01."""
    found = metric().compute(drawn(make_run, n=6, shape=(6, 400)))
    assert found[""] == pytest.approx(found["chance"], abs=0.03)
    assert found.get("adjusted", 0.0) == pytest.approx(0.0, abs=0.1)
    assert not metric(n_draws=0).compute(drawn(make_run)).keys() & {"chance"}


def test_average_jaccard_by_hand(make_run: MakeRun) -> None:
    """Lists a b c and b a d: 0 at depth 1, 2/2 at depth 2, 2/4 at depth 3."""
    runs = with_rows(make_run, [[3.0, 2.0, 1.0, 0.0]], [[2.0, 3.0, 0.0, 1.0]])
    found = plainly(TopTermAgreement, runs, n_top=3)
    assert found == pytest.approx({"": (0 + 1 + 0.5) / 3})


def test_lists_shorter_than_their_depth_are_compared_as_they_are(
    make_run: MakeRun,
) -> None:
    """One feature against it and another: 1 at depth 1, 1/2 from depth 2 on."""
    runs = with_rows(make_run, [[1.0, 0.0, 0.0]], [[2.0, 1.0, 0.0]])
    found = plainly(TopTermAgreement, runs, n_top=4)
    assert found == pytest.approx({"": (1 + 3 * 0.5) / 4})


def test_term_agreement_of_all_pairs_is_that_of_each(make_run: MakeRun) -> None:
    """The same numbers as pair by pair, where no loading is 0."""
    runs = drawn(make_run, shape=(6, 30))
    expected = [
        term_agreement(a.factors.H, b.factors.H, t=8) for a, b in combinations(runs, 2)
    ]
    found = plainly(TopTermAgreement, runs, n_top=8)
    assert found == pytest.approx({"": np.mean(expected)})


def test_the_probe_looks_at_the_best_runs_only(make_run: MakeRun) -> None:
    """Two exact fits with other factors are found; a worse run changes nothing."""
    W, H = np.random.default_rng(0).random((8, 2)), np.random.default_rng(1)
    H = H.random((2, 6)) + 1.0
    T = np.array([[1.0, -0.1], [0.0, 1.0]])
    X = W @ H
    same = [make_run(X, W, H), make_run(X, 2 * W, H / 2)]
    other = make_run(X, W @ np.linalg.inv(T), T @ H)
    bad = make_run(X, W + 1, H)
    found = UniquenessProbe().compute([*same, bad])
    assert found.pop("runs") == "2 of 3"
    assert found == pytest.approx({"": 1.0, "min": 1.0})
    found = UniquenessProbe().compute([*same, other, bad])
    assert found["runs"] == "3 of 4"
    assert found["min"] < 1 - 1e-6
    assert found["min"] == pytest.approx(
        match_components(H, other.factors.H).cosines.min()
    )


def test_the_probe_needs_two_runs_near_the_best(make_run: MakeRun) -> None:
    """It says how many there are."""
    with pytest.raises(NotApplicable, match=r"within 0\.1 % of the best .* is 1 of 4"):
        UniquenessProbe().compute(drawn(make_run))


@every_metric
def test_one_run_is_not_enough(metric: Any, make_run: MakeRun) -> None:
    """There is nothing to compare."""
    with pytest.raises(NotApplicable, match="needs 2 seeds"):
        metric.compute(drawn(make_run, n=1))


@every_metric
def test_copies_of_a_run_agree_perfectly(metric: Any, make_run: MakeRun) -> None:
    """Distance 0, or all that is of agreement 1."""
    (run,) = drawn(make_run, n=1)
    found = values_of(metric, [run] * 3)
    for beside in ("runs", "chance", "chance_sd", "dispersion_chance"):
        found.pop(beside, None)
    best = 0.0 if isinstance(metric, AmariDistance) else 1.0
    assert found == pytest.approx(dict.fromkeys(found, best), abs=1e-12)


@every_metric
@given(data=st.data())
@settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_scale_and_order_of_components_change_no_value(
    metric: Any, make_run: MakeRun, data: st.DataObject
) -> None:
    """Each run's components are permuted and rescaled in a way of its own."""
    runs, turned = drawn(make_run), []
    for run in runs:
        order = data.draw(st.permutations(range(3)))
        powers = data.draw(st.lists(st.floats(-6, 6), min_size=3, max_size=3))
        D = 10.0 ** np.array(powers)
        W, H = (run.factors.W * D)[:, order], (run.factors.H / D[:, None])[order]
        turned.append(make_run(run.problem.X, W, H))
    before, after = values_of(metric, runs), values_of(metric, turned)
    assert before.pop("runs", None) == after.pop("runs", None)
    assert after == pytest.approx(before, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "parameters", "said"),
    [
        (Consensus, {"of": "rows"}, "of=rows: choose from samples and features"),
        (Consensus, {"max_items": 1}, "max_items must be at least 2, got 1"),
        (AriBetweenRuns, {"of": ""}, "choose from samples and features"),
        (UniquenessProbe, {"tolerance": float("nan")}, "must be at least 0, got nan"),
        (TopTermAgreement, {"n_top": 0}, "top_term_agreement.n_top must be at least 1"),
    ],
)
def test_parameters_without_meaning_are_refused(
    metric: Any, parameters: dict[str, Any], said: str
) -> None:
    """The key and the value are named."""
    with pytest.raises(ValueError, match=said):
        metric(**parameters)
