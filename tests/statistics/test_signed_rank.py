"""Wilcoxon's test and the Hodges-Lehmann shift, against SciPy and a textbook."""

import numpy as np
import pytest
from scipy import stats

from nmflab.statistics import hodges_lehmann, shift_interval, smallest_p, wilcoxon
from nmflab.statistics.signed_rank import TOO_FEW_SETS, can_reach, needed

BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
"""Depression scores of 9 patients: Hollander & Wolfe, example 3.1."""


def test_the_textbook_example_comes_out() -> None:
    """Hollander & Wolfe: p 0.0391, shift 0.46, interval from 0.010 to 0.786."""
    apart = BEFORE - AFTER
    assert wilcoxon(apart) == pytest.approx(0.0390625)
    assert hodges_lehmann(apart) == pytest.approx(0.46)
    assert shift_interval(apart).ends == pytest.approx((0.010, 0.786))


@pytest.mark.parametrize("n", [6, 11, 30])
def test_p_values_are_scipys_where_no_ranks_tie(n: int) -> None:
    """Both count out the distribution."""
    values = np.random.default_rng(n).normal(0.3, size=n)
    theirs = stats.wilcoxon(values, zero_method="zsplit", method="exact").pvalue
    assert wilcoxon(values) == pytest.approx(theirs)


@pytest.mark.parametrize("seed", range(6))
def test_p_values_with_ties_and_zeros_are_those_of_all_sign_changes(seed: int) -> None:
    """Zeros keep their ranks, half on either side (zsplit)."""
    values = np.random.default_rng(seed).integers(-2, 4, size=7).astype(float)
    every = stats.PermutationMethod(n_resamples=np.inf)
    theirs = stats.wilcoxon(values, zero_method="zsplit", method=every).pvalue
    assert wilcoxon(values) == pytest.approx(theirs)


def test_many_data_sets_take_the_normal_distribution() -> None:
    """Beyond 50 the p-value is SciPy's approximation."""
    values = np.random.default_rng(5).normal(0.2, size=80)
    theirs = stats.wilcoxon(values, zero_method="zsplit", method="approx").pvalue
    assert wilcoxon(values) == pytest.approx(theirs)


def test_no_difference_at_all_has_p_one() -> None:
    """A constant pair is no error and no NaN."""
    assert wilcoxon(np.zeros(7)) == 1.0


@pytest.mark.parametrize("n", [1, 3, 5, 8])
def test_the_smallest_p_value_is_reached_where_all_signs_agree(n: int) -> None:
    """2^(1−N): of N = 5 it is 0.0625."""
    assert wilcoxon(np.arange(1.0, n + 1)) == pytest.approx(smallest_p(n))
    assert smallest_p(n) == 2.0 ** (1 - n)


def test_six_data_sets_are_needed_for_two_methods_and_eight_for_five() -> None:
    """The figures of the rule 2^(1−N) <= alpha / (k−1)."""
    assert [can_reach(n, 0.05) for n in (5, 6)] == [False, True]
    assert [can_reach(n, 0.05, 4) for n in (7, 8)] == [False, True]
    assert (needed(0.05), needed(0.05, 4)) == (6, 8)


@pytest.mark.parametrize("n", [6, 9, 14])
def test_the_interval_holds_the_shifts_that_are_not_rejected(n: int) -> None:
    """Just inside its ends the test has p > 0.05, just outside p <= 0.05."""
    values = np.random.default_rng(n).normal(size=n)
    ends = shift_interval(values).ends
    assert ends is not None
    for end, inwards in zip(ends, (1e-9, -1e-9), strict=True):
        assert wilcoxon(values - (end + inwards)) > 0.05
        assert wilcoxon(values - (end - inwards)) <= 0.05


def test_five_data_sets_are_too_few_for_an_interval() -> None:
    """No shift can be rejected at 0.05, so there is no end."""
    assert shift_interval(np.arange(5.0)).note == TOO_FEW_SETS


def test_the_shift_follows_the_data() -> None:
    """Moved and mirrored data have a moved and mirrored shift."""
    values = np.random.default_rng(0).exponential(size=10)
    shift = hodges_lehmann(values)
    assert hodges_lehmann(values + 3) == pytest.approx(shift + 3)
    assert hodges_lehmann(-values) == pytest.approx(-shift)
