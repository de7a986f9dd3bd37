"""The one rule of what is a tie."""

from dataclasses import dataclass

import pytest

from nmflab.statistics import ROPE, is_tie, margin


@dataclass(frozen=True)
class Seen:
    """Statistics over seeds."""

    mean: float
    sd: float | None
    low: float
    high: float
    n: int = 5


def around(mean: float, sd: float | None, n: int = 5) -> Seen:
    """Return seeds that reach two standard deviations either way."""
    reach = 2 * (sd or 0.0)
    return Seen(mean, sd, mean - reach, mean + reach, n)


@pytest.mark.parametrize(
    ("a", "b", "tied"),
    [
        (around(1.0, None), around(1.0 + 0.9 * ROPE, None), True),
        (around(1.0, None), around(1.0 + 1.1 * ROPE, None), False),
        (around(1.0, 0.2), around(1.15, 0.01), True),
        (around(1.0, 0.1), around(1.15, 0.1), False),
        (around(-2.0, None), around(-2.001, None), True),
    ],
    ids=["below 0.1 %", "above it", "within a spread", "beyond it", "negative"],
)
def test_a_tie_is_below_the_rope_or_the_spread(a: Seen, b: Seen, tied: bool) -> None:
    """Whichever of the two is larger, and the same the other way round."""
    assert is_tie(a, b) is tied
    assert is_tie(b, a) is tied


def test_an_erratic_method_does_not_tie_with_one_that_is_always_ahead() -> None:
    """From four seeds on, ranges that do not meet are no matter of seeds."""
    steady = Seen(1.0, 0.01, 0.9, 1.1)
    erratic = Seen(50.0, 60.0, 2.0, 150.0)
    assert not is_tie(steady, erratic)
    few = Seen(50.0, 60.0, 2.0, 150.0, n=3)
    assert is_tie(steady, few)


def test_rounding_and_a_given_rope_widen_the_margin() -> None:
    """Both are in the values' own unit."""
    a, b = around(0.5, None), around(0.6, None)
    assert margin(a, b) == pytest.approx(0.5 * ROPE)
    assert margin(a, b, rope=0.02) == 0.02
    assert margin(a, b, rope=0.02, rounding=0.3) == 0.3
