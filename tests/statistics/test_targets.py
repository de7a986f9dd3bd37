"""Targets, their ECDF, expected running times: examples worked by hand."""

import numpy as np
import pytest

from nmflab.statistics.targets import (
    area,
    ecdf,
    expected_running_time,
    first_hits,
    ordered,
    targets,
)

INF = float("inf")


def test_a_target_lies_between_best_and_reference() -> None:
    """``e_best + τ (e_ref − e_best)``: from 2 to 12, a tenth of the way is 3."""
    np.testing.assert_allclose(targets(2.0, 12.0, (1.0, 0.1, 0.01)), [12.0, 3.0, 2.1])


@pytest.mark.parametrize("reference", [5.0, 5.0 + 1e-10, 4.0, float("nan")])
def test_targets_need_room(reference: float) -> None:
    """A reference that is no higher than the best allows none, and says so."""
    with pytest.raises(ValueError, match="not above the best known 5"):
        targets(5.0, reference)


def test_a_goal_is_reached_at_the_first_value_at_or_below_it() -> None:
    """Equal counts; what rises again later takes nothing back."""
    clock = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([9.0, 4.0, 6.0, 1.0])
    hits = first_hits(clock, values, [10.0, 4.0, 3.9, 1.0, 0.5])
    np.testing.assert_array_equal(hits, [0.0, 1.0, 3.0, 3.0, INF])


def test_values_not_evaluated_reach_nothing() -> None:
    """NaN is passed over, and a trace of nothing else never gets there."""
    clock = np.array([1.0, 2.0, 3.0])
    hits = first_hits(clock, np.array([np.nan, 5.0, np.nan]), [5.0])
    np.testing.assert_array_equal(hits, [2.0])
    np.testing.assert_array_equal(first_hits(clock, np.full(3, np.nan), [5.0]), [INF])


def test_the_ecdf_steps_at_each_hit_and_counts_failures() -> None:
    """Two of five at 1, one at 4; the two that failed keep it at three fifths."""
    steps = ecdf([4.0, 1.0, INF, 1.0, INF])
    np.testing.assert_array_equal(steps.at, [1.0, 4.0])
    np.testing.assert_allclose(steps.share, [0.4, 0.6])


def test_the_ecdf_of_failures_alone_is_empty() -> None:
    """There is no step to draw; it is not an error."""
    assert ecdf([INF, INF]).at.size == ecdf([]).at.size == 0


def test_trials_may_weigh_differently() -> None:
    """A problem of two trials weighs as much as one of a single trial."""
    steps = ecdf([1.0, 2.0, 3.0], [0.5, 0.5, 1.0])
    np.testing.assert_allclose(steps.share, [0.25, 0.5, 1.0])


def test_expected_running_time_pays_for_failures() -> None:
    """Successes of 2 and 4 s and a failure of 9 s: 15 s for two successes."""
    assert expected_running_time([2.0, INF, 4.0], [5.0, 9.0, 5.0]) == 7.5


def test_where_nothing_succeeded_no_time_is_expected() -> None:
    """Not the time spent, and not a limit: infinity."""
    assert expected_running_time([INF, INF], [1.0, 2.0]) == INF


def test_failures_of_unknown_cost_leave_a_lower_bound() -> None:
    """Their time is left out, not the run."""
    assert expected_running_time([2.0, INF], [3.0, np.nan]) == 2.0


def test_the_area_is_that_under_the_steps() -> None:
    """From 1 to 100 a hit at 10 leaves half of the log axis; a failure none."""
    assert area([10.0], 1.0, 100.0) == pytest.approx(0.5)
    assert area([10.0, INF, 0.1, 1.0], 1.0, 100.0) == pytest.approx(2.5 / 4)


def test_the_area_equals_the_integral_of_the_ecdf() -> None:
    """Against the sum over the steps, on the log axis."""
    rng = np.random.default_rng(0)
    hits = np.where(rng.random(40) < 0.2, INF, 10 ** rng.uniform(0, 2, 40))
    steps = ecdf(hits)
    edges = np.log10(np.append(steps.at, 100.0))
    assert area(hits, 1.0, 100.0) == pytest.approx(steps.share @ np.diff(edges) / 2)


def test_an_area_needs_a_span() -> None:
    """Zero has no place on a log axis."""
    with pytest.raises(ValueError, match="0 < low < high"):
        area([1.0], 0.0, 1.0)


def test_an_order_puts_equals_together() -> None:
    """Those within the tie of a place's first share it, whatever their names."""
    scores = {"c": 0.50, "a": 0.495, "b": 0.30, "d": 0.70}
    assert ordered(scores, tie=0.01) == [["d"], ["c", "a"], ["b"]]
