"""Differences, intervals and chances as a reader reads them."""

from __future__ import annotations

from collections.abc import Callable

from nmflab.report.numbers import number
from nmflab.statistics.arranged import Scale
from nmflab.statistics.intervals import Interval

_TIMES = 3.0
"""Ratio from which a difference is told in multiples."""

_SMALLEST = 1e-5
"""Relative difference below which only its smallness is told."""

_DIGITS = 2
_MOST_DIGITS = 6


def apart(difference: float, scale: Scale, digits: int = _DIGITS) -> str:
    """Return a difference as words: ``3.1 % higher``, ``12 times as high``."""
    if difference == 0:
        return "the same"
    way = "higher" if difference > 0 else "lower"
    if not scale.relative:
        return f"{number(abs(difference), digits + 1)} {way}"
    if _is_multiple(1 + difference):
        return f"{number(1 + difference, digits)} times as high"
    return f"{percent(abs(difference), digits)} {way}"


def _is_multiple(ratio: float) -> bool:
    return not 1 / _TIMES < ratio < _TIMES


def percent(share: float, digits: int = _DIGITS) -> str:
    """Return a share in per cent; below a thousandth of one, only that it is."""
    if 0 < abs(share) < _SMALLEST:
        return "under 0.001 %"
    return f"{number(100 * share, digits)} %"


def signed(difference: float, scale: Scale, digits: int = _DIGITS) -> str:
    """Return a difference as a table shows it: ``+3.1 %``, ``× 12``, ``−0.02``."""
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    if not scale.relative:
        return sign + number(abs(difference), digits + 1)
    ratio = 1 + difference
    if _is_multiple(ratio):
        up = ratio > 1
        return f"{'×' if up else '÷'} {number(ratio if up else 1 / ratio, digits)}"
    if 0 < abs(difference) < _SMALLEST:
        return "≈ 0"
    return f"{sign}{percent(abs(difference), digits)}"


def between(interval: Interval, scale: Scale) -> str:
    """Return an interval as a table shows it, or why there is none."""
    ends = interval.ends
    if ends is None or ends[0] == ends[1]:
        return interval.note
    if scale.relative and max(map(abs, ends)) < _SMALLEST:
        return "within ±0.001 %"
    return " … ".join(_told_apart(ends, scale, signed))


def interval_said(interval: Interval, scale: Scale, level: str = "95 %") -> str:
    """Return an interval as part of a sentence, in brackets; or why there is none."""
    ends = interval.ends
    if ends is None or ends[0] == ends[1]:
        return f"({interval.note})"
    if scale.relative and max(map(abs, ends)) < _SMALLEST:
        return f"({level} interval within ±0.001 %)"
    return f"({level} interval {' to '.join(_told_apart(ends, scale, apart))})"


def _told_apart(
    ends: tuple[float, float], scale: Scale, said: Callable[[float, Scale, int], str]
) -> list[str]:
    """Return both ends with as many digits as tell them apart, if few do."""
    found: list[str] = []
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        found = [said(end, scale, digits) for end in ends]
        if found[0] != found[1]:
            return found
    return found


def p_value(p: float) -> str:
    """Return ``0.006``, to two digits; a very small one as a bound."""
    if p < 1e-4:
        return "below 0.0001"
    return f"{p:.5f}".rstrip("0") if p < 1e-3 else number(p, 2)


def p_said(p: float) -> str:
    """Return ``p = 0.006``, ``p below 0.0001``."""
    return f"p {p_value(p)}" if p < 1e-4 else f"p = {p_value(p)}"


def chance(probability: float) -> str:
    """Return a probability to two decimals; its ends as bounds, as it was sampled."""
    if probability > 0.995:
        return "> 0.99"
    if probability < 0.005:
        return "< 0.01"
    return f"{probability:.2f}"
