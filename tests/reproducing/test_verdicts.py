"""Same to the last bit, same within tolerance, different."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.reproducing.verdicts import (
    DIFFERENT,
    SAME,
    WITHIN,
    judged,
    judged_arrays,
    tolerance_of,
    worst,
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_tolerance_leaves_half_of_the_digits(dtype: str) -> None:
    """Its square is the distance from 1 to the next number."""
    after_one = np.nextafter(np.ones(1, dtype), np.full(1, 2, dtype))[0]
    assert tolerance_of(dtype) ** 2 == pytest.approx(float(after_one) - 1, rel=1e-12)


def test_the_last_bit_is_seen() -> None:
    """The next number is not the same, and is within any tolerance."""
    found = judged(1.0, float(np.nextafter(1.0, 2.0)), 1e-12)
    assert found.verdict == WITHIN
    assert found.relative == pytest.approx(np.finfo(float).eps, rel=1e-9)
    assert judged(1.0, 1.0, 0.0).verdict == SAME


def test_the_difference_is_relative_to_the_larger() -> None:
    """Which of the two comes first changes nothing."""
    for pair in ((4.0, 5.0), (5.0, 4.0), (-4.0, -5.0)):
        assert judged(*pair, 0.2).verdict == WITHIN
        assert judged(*pair, 0.19).verdict == DIFFERENT


def test_a_bounded_range_is_what_a_value_near_0_is_held_against() -> None:
    """1e-12 and 3e-12 are far apart by themselves, and nearly equal in [0, 1]."""
    assert judged(1e-12, 3e-12, 1e-8).verdict == DIFFERENT
    assert judged(1e-12, 3e-12, 1e-8, scale=1.0).verdict == WITHIN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1.0, None),
        (None, 1.0),
        (1.0, float("inf")),
        (float("-inf"), float("inf")),
        ("hals", "mu"),
        ("1.0", 1.0),
        (0.0, 1e-300),
    ],
)
def test_what_has_no_small_difference_is_different(
    before: float | str | None, after: float | str | None
) -> None:
    """A value that is missing, not finite or a text: no tolerance covers it."""
    assert judged(before, after, 0.5).verdict == DIFFERENT


def test_numbers_whose_difference_overflows_are_judged() -> None:
    """Without a warning: 1e308 − (−1e308) is no finite number."""
    assert judged(1e308, -1e308, 1.0).relative == pytest.approx(2.0)


def test_an_array_is_judged_by_its_largest_difference_and_that_is_located() -> None:
    """Relative to the largest entry of both."""
    before = np.array([[1.0, 2.0], [4.0, 8.0]])
    after = before.copy()
    after[1, 0] += 0.8
    found = judged_arrays(before, after, 0.05, "W")
    assert found.verdict == DIFFERENT
    assert found.relative == pytest.approx(0.1)
    assert found.where == "W[1, 0]"
    assert judged_arrays(before, after, 0.11, "W").verdict == WITHIN


def test_what_is_not_known_in_both_arrays_is_the_same() -> None:
    """And what is not known in one of them only is not."""
    hole = np.array([1.0, np.nan])
    assert judged_arrays(hole, hole.copy(), 0.0).verdict == SAME
    found = judged_arrays(hole, np.array([1.0, 2.0]), 0.5, "kappa")
    assert (found.verdict, found.where) == (DIFFERENT, "kappa[1]")


def test_arrays_of_two_shapes_are_different() -> None:
    """And both shapes are told."""
    found = judged_arrays(np.ones((2, 3)), np.ones((2, 4)), 1.0, "H")
    assert found.verdict == DIFFERENT
    assert found.where == "H of shape (2, 3) and (2, 4)"


def test_the_worst_of_verdicts_counts() -> None:
    """Of none, all are the same."""
    assert worst([SAME, WITHIN, SAME]) == WITHIN
    assert worst([DIFFERENT, WITHIN]) == DIFFERENT
    assert worst([]) == SAME
