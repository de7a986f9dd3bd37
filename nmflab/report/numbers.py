"""Numbers as a reader wants them: few digits, no "nan", lists that end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

NOTHING = "–"
"""What stands where there is no number."""


def number(value: float | None, digits: int = 4) -> str:
    """Return a value to `digits` significant digits, or a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        return _plain(value, digits)
    return f"{value:.{digits - 1}e}"


def _plain(value: float, digits: int) -> str:
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(mean: float | None, sd: float | None) -> str:
    """Return ``mean ± sd``, the mean to the last digit that its spread shows."""
    if mean is None or not math.isfinite(mean):
        return NOTHING
    if sd is None or not math.isfinite(sd):
        return number(mean)
    if sd == 0:
        return f"{number(mean)} ± 0"
    digits = math.floor(math.log10(max(abs(mean), sd))) - math.floor(math.log10(sd)) + 2
    return f"{number(mean, min(9, max(2, digits)))} ± {number(sd, 2)}"


def brief(mean: float | None, sd: float | None) -> str:
    """Return ``mean ± sd`` for a sentence; no spread where four digits hide it."""
    if mean is None or sd is None or sd <= 1e-4 * abs(mean):
        return number(mean)
    return spread(mean, sd)


def interval(low: float, high: float) -> str:
    """Return ``low … high``, with as many digits as tell the two apart."""
    apart = abs(high - low)
    top = max(abs(low), abs(high))
    digits = math.ceil(math.log10(top / apart)) + 1 if apart > 0 and top > 0 else 4
    digits = min(12, max(4, digits))
    return f"{number(low, digits)} … {number(high, digits)}"


def moment(stamp: str | None) -> str:
    """Return an ISO 8601 time as ``2026-01-31 12:00 UTC``; other text as it is."""
    if not stamp:
        return "unknown"
    try:
        return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return stamp


def seconds(value: float | None) -> str:
    """Return a duration with its unit: ``4.1 ms``, ``2.5 s``, ``3 min 20 s``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value < 1e-3:
        return f"{number(value * 1e6, 3)} µs"
    if value < 1:
        return f"{number(value * 1e3, 3)} ms"
    if value < 120:
        return f"{number(value, 3)} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def count(n: int, singular: str, plural: str = "") -> str:
    """Return ``1 run``, ``2 runs``."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def listed(items: Sequence[str], most: int = 6) -> str:
    """Return ``a, b and c``; beyond `most`, how many more there are."""
    if not items:
        return "none"
    if len(items) > most:
        shown = most - 1
        return f"{', '.join(items[:shown])} and {len(items) - shown:,} more"
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} and {items[-1]}"
