"""Performance and data profiles: examples worked by hand."""

import numpy as np
import pytest

from nmflab.statistics.profiles import data_profile, performance_profile, ratios

INF = float("inf")

TIMES = np.array(
    [
        [1.0, 2.0, INF],
        [6.0, 3.0, 3.0],
        [INF, 5.0, 20.0],
        [INF, INF, INF],
    ]
)
"""Seconds of three solvers on four problems."""


def test_ratios_are_to_the_fastest_of_each_problem() -> None:
    """Failures are infinitely slow, on a problem that nobody solved too."""
    expected = [[1, 2, INF], [2, 1, 1], [INF, 1, 4], [INF, INF, INF]]
    np.testing.assert_array_equal(ratios(TIMES), expected)


def test_a_profile_begins_at_the_share_of_wins_and_ends_at_the_share_solved() -> None:
    """Of four problems: the first wins 1 and solves 2, the second 2 and 3."""
    first, second, third = performance_profile(TIMES)
    assert (first.at.tolist(), first.share.tolist()) == ([1.0, 2.0], [0.25, 0.5])
    assert (second.at.tolist(), second.share.tolist()) == ([1.0, 2.0], [0.5, 0.75])
    assert (third.at.tolist(), third.share.tolist()) == ([1.0, 4.0], [0.25, 0.5])


def test_a_time_of_zero_is_the_fastest() -> None:
    """Two that took none are equal, and nobody else is within any multiple."""
    np.testing.assert_array_equal(ratios([[0.0, 0.0, 1.0]]), [[1.0, 1.0, INF]])


@pytest.mark.parametrize("time", [-1.0, float("nan")])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    """NaN would pass for a failure in one place and for a win in another."""
    with pytest.raises(ValueError, match="negative or NaN"):
        ratios([[1.0, time]])


def test_a_data_profile_counts_each_problem_once() -> None:
    """One problem of two seeds, one of them failed, and one of a single seed."""
    steps = data_profile([10.0, INF, 40.0], [0.5, 0.5, 1.0])
    assert (steps.at.tolist(), steps.share.tolist()) == ([10.0, 40.0], [0.25, 0.75])
