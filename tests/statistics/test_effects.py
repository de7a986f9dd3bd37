"""Effect sizes against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmflab.statistics import a12, cliffs_delta, magnitude

VALUES = st.lists(st.integers(-5, 5), min_size=1, max_size=8)


def test_a12_counts_pairs_and_halves_of_ties() -> None:
    """Of six pairs, three are won and one is tied: 3.5 / 6."""
    assert a12([3, 1], [2, 0, 3]) == pytest.approx(3.5 / 6)


@given(VALUES, VALUES)
def test_a12_of_swapped_samples_is_what_is_left(a: list[int], b: list[int]) -> None:
    """P(a > b) + P(b > a) + P(a = b) = 1."""
    assert a12(a, b) + a12(b, a) == pytest.approx(1.0)


@given(VALUES, VALUES)
def test_a12_is_the_rank_sum_statistic_over_the_pairs(
    a: list[int], b: list[int]
) -> None:
    """A12 = U / (n m), with the U of Mann and Whitney as SciPy has it."""
    from scipy import stats

    u = stats.mannwhitneyu(a, b, method="asymptotic").statistic
    assert a12(a, b) == pytest.approx(u / (len(a) * len(b)))


def test_cliffs_delta_runs_from_minus_one_to_one() -> None:
    """It is ±1 where no values overlap and 0 for equal samples."""
    assert cliffs_delta([3, 4], [1, 2]) == 1.0
    assert cliffs_delta([1, 2], [3, 4]) == -1.0
    assert cliffs_delta([1, 2], [1, 2]) == 0.0


def test_values_within_the_margin_count_as_equal() -> None:
    """A difference that is none in practice moves the effect size nowhere."""
    assert a12([1.0, 1.0], [1.0005, 1.002], margin=1e-3) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.5, "negligible"),
        (0.56, "small"),
        (0.36, "medium"),
        (0.71, "large"),
        (0.29, "large"),
        (1 - 0.56, "small"),
    ],
)
def test_magnitudes_are_those_of_vargha_and_delaney(value: float, word: str) -> None:
    """0.56, 0.64 and 0.71 are the borders, and as far below one half."""
    assert magnitude(value) == word


def test_an_empty_sample_has_no_effect_size() -> None:
    """The message says what to do."""
    with pytest.raises(ValueError, match="at least one value"):
        a12(np.array([]), [1.0])
