"""Numbers as a reader wants them."""

import math

import pytest

from nmflab.report.numbers import (
    NOTHING,
    count,
    interval,
    listed,
    moment,
    number,
    seconds,
    spread,
)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    """No reader ever sees nan or inf."""
    assert number(value) == seconds(value) == spread(value, 1.0) == NOTHING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.5, "1.5"),
        (1234.56, "1,235"),
        (0.00012346, "1.235e-04"),
        (-2.0, "-2"),
    ],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    """Trailing zeros go; very small and very large numbers are scientific."""
    assert number(value) == text


def test_the_mean_shows_the_digits_its_spread_allows() -> None:
    """The spread has two digits and the mean ends where it does."""
    assert spread(9.14435, 0.0123) == "9.144 ± 0.012"


def test_one_run_has_no_spread() -> None:
    """Without a standard deviation the mean stands alone."""
    assert spread(2.5, None) == "2.5"


def test_interval_tells_its_ends_apart() -> None:
    """Ends that agree in four digits get more of them."""
    assert interval(9.144374, 9.144421) == "9.144374 … 9.144421"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2e-5, "20 µs"), (0.0123, "12.3 ms"), (3.0, "3 s"), (150.0, "2 min 30 s")],
)
def test_durations_carry_their_unit(value: float, text: str) -> None:
    """Each range of durations has the unit it is read in."""
    assert seconds(value) == text


def test_long_lists_say_how_many_are_left_out() -> None:
    """Six items are listed, of seven five and a count."""
    assert listed(list("abcdef")) == "a, b, c, d, e and f"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert listed([]) == "none"


def test_counts_agree_with_their_noun() -> None:
    """One run, two runs."""
    assert (count(1, "run"), count(1000, "run")) == ("1 run", "1,000 runs")


def test_times_lose_their_machine_form() -> None:
    """An ISO time is readable; anything else stays as it is."""
    assert moment("2026-01-31T12:00:00+00:00") == "2026-01-31 12:00 UTC"
    assert moment("yesterday") == "yesterday"
