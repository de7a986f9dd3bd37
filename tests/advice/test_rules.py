"""How each criterion chooses a size."""

from __future__ import annotations

import math

import pytest

from nmflab.advice.rules import (
    before_the_fall,
    commonest,
    falls_like_noise,
    highest,
    knee,
    last_at_least,
    lowest,
    one_standard_error,
    standard_error,
)


def test_the_knee_is_where_a_steep_fall_turns_flat() -> None:
    """Two straight lines meet at 5."""
    errors = {2: 8.0, 3: 6.0, 4: 4.0, 5: 2.0, 6: 1.9, 7: 1.8}
    assert knee(errors) == 5
    assert knee({size: -error for size, error in errors.items()}) == 5


@pytest.mark.parametrize(
    "values",
    [{2: 1.0, 3: 0.5}, {2: 3.0, 3: 2.0, 4: 1.0}, {2: 1.0, 3: 1.0, 4: 1.0}, {}],
)
def test_a_line_has_no_knee(values: dict[int, float]) -> None:
    """Two points, a slope and a constant are lines."""
    assert knee(values) is None


def test_one_standard_error_prefers_the_smaller_size() -> None:
    """Means 1.3, 1.04 and 1; the best has an error of 0.1: 3 is within it, 2 is not."""
    folds = {2: [1.3, 1.3], 3: [1.04, 1.04], 4: [0.9, 1.1]}
    assert standard_error(folds[4]) == pytest.approx(0.1)
    assert one_standard_error(folds) == 3


def test_one_fold_leaves_the_least_error() -> None:
    """Without a spread nothing is within it but the least itself."""
    assert one_standard_error({2: [2.0], 3: [1.0], 4: [1.5]}) == 3
    assert one_standard_error({2: [], 3: []}) is None


def test_a_fall_ends_the_walk_from_the_highest_value() -> None:
    """Brunet's figures on leukaemia: 3 is as high as 2 to chance, 4 is not."""
    values = {2: 0.9997, 3: 0.9987, 4: 0.9887, 5: 0.9816}
    assert before_the_fall(values, 0.005) == 3
    assert before_the_fall(values, 0.0001) == 2


def test_a_dip_before_the_highest_value_is_no_fall() -> None:
    """A curve may rise to its peak by local minima; it falls after it."""
    assert before_the_fall({2: 0.99, 3: 0.90, 4: 1.0, 5: 0.8, 6: 1.0}, 0.01) == 4


def test_the_last_size_above_a_threshold_is_taken() -> None:
    """Four signatures of breast cancer: 0.97, 0.92, 0.29."""
    assert last_at_least({3: 0.97, 4: 0.92, 5: 0.29}, 0.8) == 4
    assert last_at_least({3: 0.2}, 0.8) is None


def test_of_equal_sizes_the_larger_is_highest_and_the_smaller_lowest() -> None:
    """Greene's figures on BBC peak at 5; NaN is no value."""
    assert highest({4: 0.871, 5: 0.890, 6: 0.884, 7: 0.796}) == 5
    assert highest({6: 1.0, 3: 1.0, 7: math.nan}) == 6
    assert lowest({6: 1.0, 3: 1.0}) == 3
    assert highest({}) is None


def test_noise_is_reached_where_the_error_falls_no_faster_than_on_noise() -> None:
    """From 4 to 5 X falls by 0.1 and noise by 0.2."""
    own = {2: 1.0, 3: 0.6, 4: 0.3, 5: 0.2}
    assert falls_like_noise(own, {2: 2.0, 3: 1.8, 4: 1.6, 5: 1.4}) == 4
    assert falls_like_noise(own, {2: 2.0, 3: 2.0, 4: 2.0, 5: 2.0}) is None


def test_the_commonest_count_wins() -> None:
    """The smaller of equally common ones."""
    assert commonest([5, 4, 5]) == 5
    assert commonest([5, 4]) == 4
    assert commonest([]) is None
