"""The Bayesian signed-rank test: closed forms and invariants."""

import numpy as np
import pytest

from nmflab.statistics import bayesian_signed_rank
from nmflab.statistics.bayesian import PRIOR

SAMPLED = 3 * 0.5 / np.sqrt(20_000)
"""Three standard errors of a share of the draws."""


def test_one_data_set_has_the_closed_form() -> None:
    """The prior's weight w₀ ~ Beta(s, 1); right wins where 1 − w₀² > w₀²."""
    found = bayesian_signed_rank([10.0], rope=1.0)
    assert found.right == pytest.approx(0.5 ** (PRIOR / 2), abs=SAMPLED)
    assert found.left == 0.0


def test_the_three_probabilities_sum_to_one() -> None:
    """One region is the likeliest in each draw."""
    values = np.random.default_rng(0).normal(size=9)
    found = bayesian_signed_rank(values, rope=0.2)
    assert found.left + found.rope + found.right == pytest.approx(1.0)


def test_mirrored_differences_swap_left_and_right() -> None:
    """To the last digit, as the draws are the same."""
    values = np.random.default_rng(1).normal(0.5, size=8)
    one, other = (bayesian_signed_rank(sign * values, rope=0.1) for sign in (1, -1))
    assert (one.left, one.rope, one.right) == (other.right, other.rope, other.left)


def test_differences_within_the_rope_are_practically_equal() -> None:
    """However consistent they are: the point of the region."""
    assert bayesian_signed_rank(np.full(20, 5e-4), rope=1e-3).rope == 1.0


def test_many_large_differences_leave_little_doubt() -> None:
    """Twelve data sets on one side."""
    assert bayesian_signed_rank(np.full(12, -0.3), rope=1e-3).left > 0.99


def test_the_unit_does_not_matter() -> None:
    """Differences and ROPE times a thousand give the same."""
    values = np.random.default_rng(2).normal(size=7)
    one = bayesian_signed_rank(values, rope=0.1)
    assert bayesian_signed_rank(1000 * values, rope=100.0) == one
