"""Figures as they stand in the tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from crossings import Time, median
from races import Race, Ratio

SHORT = {"float32": "f32", "float64": "f64"}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table, or a line that nothing was measured."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ["Not measured."]
    return [f"| {' | '.join(header)} |", "|---" * len(header) + "|", *lines]


def number(value: float | None) -> str:
    """Return three significant digits; "never" for a target that was not reached."""
    if value is None:
        return "never"
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 99.5 else f"{value:.3g}"


def middle(seconds: Iterable[Time]) -> str:
    """Return the median of some times."""
    return number(median(list(seconds)))


def spread(found: Race) -> str:
    """Return the median ratio of a race, and the lowest and highest over seeds."""
    ordered = found.ordered
    low, high = times_as_long(ordered[0]), times_as_long(ordered[-1])
    return f"{times_as_long(found.middle)} ({low} to {high})"


def times_as_long(ratio: Ratio) -> str:
    """Return a ratio, with a mark where it is a bound."""
    return f"{'> ' if ratio.at_least else ''}{number(ratio.value)}x"


def n_reached(seconds: Iterable[Time]) -> str:
    """Return how many of some times there are, as in "2 of 3"."""
    each = list(seconds)
    return f"{sum(time is not None for time in each)} of {len(each)}"


def verdict(value: float, aim: float | None) -> str:
    """Return an aim and whether it is reached; "" where nothing was aimed at."""
    if aim is None:
        return ""
    return f"{aim:g}x, {'reached' if value >= aim else 'missed'}"
