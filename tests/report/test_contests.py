"""Comparisons read as races: who takes part, what is known, when targets were hit."""

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.reached import common

from .racing import REFERENCE, failed, raced, read, trace

INF = float("inf")


def test_runs_reach_targets_on_a_clock_that_counts_their_start(study: Any) -> None:
    """Best 1, reference 11: targets 2, 1.1, 1.01...; half a second for the start."""
    raced(study, "a", [20.0, 2.0, 1.1, 1.0])
    raced(study, "b", [20.0, 11.0, 3.0, 1.05])
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    a, b = (found.seconds(contest, line)[0] for line in contest.lines)
    np.testing.assert_array_equal(a, [1.5, 2.5, 3.5, 3.5, 3.5])
    np.testing.assert_array_equal(b, [3.5, 3.5, INF, INF, INF])
    np.testing.assert_array_equal(found.passes(contest, ("b", "random"))[0, :2], 1.5)


def test_failed_runs_stay_among_the_trials(study: Any) -> None:
    """They reach nothing, and what they took is known."""
    raced(study, "a", [20.0, 1.0])
    raced(study, "b", [20.0, 2.0])
    key = failed(study, "b", seed=1)
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    (lost,) = (trial for trial in contest.trials if trial.key == key)
    assert (lost.status, lost.spent, lost.value) == ("error", 4.0, INF)
    hits = found.seconds(contest, ("b", "random"))
    assert hits.shape == (2, 5)
    assert np.isinf(hits[1]).all()


def test_a_run_that_died_belongs_to_the_comparison_of_its_labels(study: Any) -> None:
    """Of a crash nobody knows how many threads it had."""
    raced(study, "a", [20.0, 1.0], record={"threads": 2})
    raced(study, "b", [20.0, 2.0], record={"threads": 2})
    key = failed(study, "b", seed=1, status="crash", threads=None, cpu_seconds=None)
    with study.read() as store:
        (contest,) = read(store).contests
    assert key in {trial.key for trial in contest.trials}
    assert contest.clock == "seconds"


def test_each_solver_is_left_out_of_the_best_known(study: Any) -> None:
    """Without a the best is b's 2: it then reaches every target, and so does a."""
    raced(study, "a", [20.0, 2.0, 1.0])
    raced(study, "b", [20.0, 3.0, 2.0])
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    assert found.views[contest.number] == ["", "a", "b"]
    np.testing.assert_array_equal(found.seconds(contest, ("b", "random"), "a")[0], 2.5)
    assert np.isinf(found.seconds(contest, ("b", "random"))[0, 1:]).all()


def test_a_lower_run_of_an_earlier_sweep_is_the_best_known(study: Any) -> None:
    """The report is about the last command; the record is the store's."""
    raced(study, "a", [20.0, 0.5], record={"started": "2026-01-31T12:00:00"})
    raced(study, "old", [20.0, 0.2], changes={"objective": {"loss": "beta"}})
    study.sweep = study.writer.begin_sweep(
        command=[], base=study.base, provenance={}, plugin_failures=()
    )
    study.writer.add_plan(study.sweep, study.plan)
    for fit in study.fits:
        fit()
    study.plan, study.fits = [], []
    raced(study, "b", [20.0, 1.0])
    raced(study, "c", [20.0, 2.0])
    with study.read() as store:
        (contest,) = read(store).contests
    best = contest.best
    assert (best.value, best.variant, best.earlier) == (0.5, "a", True)
    assert best.when.startswith("2026-01-31")
    assert not best.here


def test_factors_that_may_be_negative_set_no_record(study: Any) -> None:
    """A fit that need not be non-negative comes lower than any that must."""
    raced(study, "a", [20.0, 1.0])
    raced(study, "semi", [20.0, 0.1], record={"nonnegative": "H"})
    with study.read() as store:
        (contest,) = read(store).contests
    assert (contest.best.variant, contest.best.value) == ("a", 1.0)


def test_starts_follow_one_another_on_the_clock(study: Any) -> None:
    """What the second start reached after one second took the first one's two too."""
    both = np.vstack([trace([20.0, 5.0, 3.0]), trace([20.0, 1.0], start=1)])
    raced(study, "a", [], points=both, record={"n_starts": 2})
    raced(study, "b", [20.0, 4.0])
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    np.testing.assert_array_equal(found.seconds(contest, ("a", "random"))[0], 3.5)
    curve = found.curves[contest.of(("a", "random"))[0].key]
    np.testing.assert_array_equal(curve.objective, [20.0, 1.0])


def test_halving_charges_the_whole_run(study: Any) -> None:
    """Starts took turns: when one got there the others had spent something too."""
    both = np.vstack([trace([20.0, 1.0]), trace([20.0, 5.0, 3.0], start=1)])
    cost = {"n_starts": 2, "n_rounds": 2, "cpu_seconds": 3.0}
    raced(study, "a", [], points=both, record=cost)
    raced(study, "b", [20.0, 4.0])
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    np.testing.assert_array_equal(found.seconds(contest, ("a", "random"))[0], 3.5)


def test_a_run_without_a_trace_counts_at_its_end(study: Any) -> None:
    """Its last value is known, and when it was there."""
    raced(study, "a", [20.0, 1.0])
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.run(
        {"fingerprint": fingerprint, "objective_value": 1.5, "cpu_seconds": 7.0},
        solver="b",
    )
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    hits = found.seconds(contest, ("b", "random"))[0]
    np.testing.assert_array_equal(hits, [7.0, INF, INF, INF, INF])


def test_the_time_to_a_stationary_point_is_read_of_kappa(study: Any) -> None:
    """κ falls from 2e-4 to 1e-4 = stop.kkt over two seconds."""
    raced(study, "a", [], points=trace([20.0, 3.0, 1.0], kappa=1e-4))
    raced(study, "b", [], points=trace([20.0, 3.0, 1.0], kappa=1e-3))
    with study.read() as store:
        found = read(store)
    (contest,) = found.contests
    a, b = (found.hits[run.key].kappa for run in contest.trials)
    assert (contest.tolerance, a, b) == (1e-4, 2.5, INF)


def test_an_earlier_study_has_its_reference_computed_from_the_data(study: Any) -> None:
    """``(‖X‖² − σ₁²)/2`` of the ratings."""
    none = {"objective_rank_one": None}
    raced(study, "a", [60.0, 1.0], record=none, changes={"objective": LOSS})
    raced(study, "b", [60.0, 2.0], record=none, changes={"objective": LOSS})
    with study.read() as store:
        (contest,) = read(store).contests
    singular = np.linalg.svd(study.RATINGS, compute_uv=False)
    expected = 0.5 * (singular[1:] ** 2).sum()
    assert contest.reference.value == pytest.approx(expected, rel=1e-12)
    assert "computed from the data stored" in contest.reference.said


LOSS = {"loss": "frobenius"}


def test_without_the_data_an_earlier_study_has_no_reference(study: Any) -> None:
    """It is said, and nothing stands in for it."""
    none = {"objective_rank_one": None}
    for solver in ("a", "b"):
        raced(study, solver, [60.0, 1.0], record=none, weighting="tfidf")
    with study.read() as store:
        found = read(store)
    assert found.contests[0].reference.value is None
    assert "is not known" in found.contests[0].reference.said
    assert found.aimed == []


def test_one_component_leaves_no_way_to_go(study: Any) -> None:
    """The best fit of one component is the reference itself."""
    for solver in ("a", "b"):
        raced(study, solver, [20.0, REFERENCE], n_components=1)
    with study.read() as store:
        (contest,) = read(store).contests
    assert contest.reference.value is None
    assert "no way to go" in contest.reference.said


def test_pooled_curves_met_on_the_same_comparisons(study: Any) -> None:
    """Of three solvers on one data set and two on three, the two are pooled."""
    for dataset in ("x", "y", "z"):
        raced(study, "a", [20.0, 1.0], dataset=dataset)
        raced(study, "b", [20.0, 2.0], dataset=dataset)
    raced(study, "c", [20.0, 3.0], dataset="x")
    with study.read() as store:
        lines, those = common(read(store).contests)
    assert lines == (("a", "random"), ("b", "random"))
    assert [one.dataset for one in those] == ["x", "y", "z"]
