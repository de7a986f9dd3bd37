"""BCa intervals over seeds, and where there is none."""

import numpy as np
import pytest
from scipy import stats

from nmflab.statistics.intervals import CONSTANT, TOO_FEW, Interval, bca


def mean_of(values: np.ndarray, seed: int = 0) -> Interval:
    """Return the interval of the mean."""
    return bca(len(values), lambda at: values[at].mean(axis=-1), seed=seed)


def test_paired_differences_have_scipys_paired_interval() -> None:
    """Resampling seeds as indices is what ``bootstrap(paired=True)`` does."""
    rng = np.random.default_rng(1)
    a, b = rng.lognormal(size=(2, 12))
    mine = bca(12, lambda at: a[at].mean(axis=-1) - b[at].mean(axis=-1))
    theirs = stats.bootstrap(
        (a, b),
        lambda x, y, axis=-1: x.mean(axis) - y.mean(axis),
        paired=True,
        n_resamples=1999,
        method="BCa",
        random_state=np.random.default_rng(0),
    ).confidence_interval
    assert mine.ends == pytest.approx((theirs.low, theirs.high), rel=1e-6)


def test_the_same_seed_gives_the_same_interval() -> None:
    """To the last digit; another seed moves its ends."""
    values = np.random.default_rng(2).normal(size=9)
    assert mean_of(values) == mean_of(values)
    assert mean_of(values) != mean_of(values, seed=1)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_fewer_than_five_seeds_get_a_sentence(n: int) -> None:
    """Not an interval of two numbers, and no NaN."""
    assert mean_of(np.arange(n, dtype=float)) == Interval(None, None, TOO_FEW)


def test_equal_values_have_no_variation() -> None:
    """The interval is a point, and says why."""
    assert mean_of(np.full(6, 2.5)) == Interval(2.5, 2.5, CONSTANT)


def test_differences_in_the_last_digit_are_no_variation() -> None:
    """What only rounding tells apart has no interval of its own."""
    values = 1.0 + 1e-12 * np.arange(6)
    assert mean_of(values).note == CONSTANT


@pytest.mark.parametrize("odd", [1.0, -1.0, 1e9])
def test_one_value_apart_still_gives_finite_ends(odd: float) -> None:
    """Most resamples are alike there, where the correction may have no end."""
    ends = mean_of(np.r_[np.zeros(5), odd]).ends
    assert ends is not None
    assert np.isfinite(ends).all()
    assert ends[0] <= odd / 6 <= ends[1]


def test_the_last_digit_of_the_values_moves_no_end() -> None:
    """Seeds in another order, or another unit, have the same interval."""
    values = np.random.default_rng(5).normal(size=5)
    ends = mean_of(values).ends
    assert mean_of(values * 1e6 / 3).ends == pytest.approx(
        tuple(end * 1e6 / 3 for end in ends or ())
    )


def test_small_batches_change_nothing() -> None:
    """Memory is bounded by batches, not by fewer resamples."""
    values = np.random.default_rng(3).normal(size=8)

    def mean(at: np.ndarray) -> np.ndarray:
        return values[at].mean(axis=-1)

    assert bca(8, mean, width=10_000) == bca(8, mean)


def test_coverage_with_five_seeds_is_what_the_documentation_says() -> None:
    """Of 95 % intervals from 5 normal values, 82 % hold the mean: too short."""
    rng = np.random.default_rng(4)
    held = [_holds_zero(rng.normal(size=5)) for _ in range(400)]
    assert np.mean(held) == pytest.approx(0.82, abs=3 * np.sqrt(0.82 * 0.18 / 400))


def _holds_zero(values: np.ndarray) -> bool:
    interval = bca(len(values), lambda at: values[at].mean(axis=-1), resamples=499)
    ends = interval.ends
    return ends is not None and ends[0] <= 0 <= ends[1]
