"""When two means differ by no more than rounding, practice or chance can tell."""

from __future__ import annotations

from typing import Protocol

ROPE = 1e-3
"""Relative difference below which two values are practically equal: 0.1 %."""

EXACT = 1e-9
"""An objective below this share of its start is an exact fit (error below 3e-5)."""


APART_FROM = 4
"""Seeds of each method from which two ranges that do not meet are no chance: of equal
methods with 4 seeds each they would lie apart in 2 of 70 cases."""


class Seeds(Protocol):
    """What is known of a method's values over seeds; all in the values' unit."""

    @property
    def n(self) -> int:
        """How many seeds."""

    @property
    def mean(self) -> float:
        """Their mean."""

    @property
    def sd(self) -> float | None:
        """Their standard deviation; None for one seed."""

    @property
    def low(self) -> float:
        """The lowest."""

    @property
    def high(self) -> float:
        """The highest."""


def margin(
    a: Seeds, b: Seeds, *, rope: float | None = None, rounding: float = 0.0
) -> float:
    """Return the largest difference that is a tie: ``max(rope, rounding, sd_a, sd_b)``.

    Where each has `APART_FROM` seeds and every seed of one lies beyond every seed of
    the other, the spread does not explain the difference and is left out: an erratic
    method would tie with all others.

    Parameters
    ----------
    a, b : Seeds
    rope : float, optional
        Practical equality in the values' own unit; None is
        ``ROPE · min(|mean_a|, |mean_b|)``.
    rounding : float, default 0
        What the values can be trusted to, in their own unit.
    """
    near = ROPE * min(abs(a.mean), abs(b.mean)) if rope is None else rope
    met = a.low <= b.high and b.low <= a.high
    if not met and min(a.n, b.n) >= APART_FROM:
        return max(near, rounding)
    return max(near, rounding, a.sd or 0.0, b.sd or 0.0)


def is_tie(
    a: Seeds, b: Seeds, *, rope: float | None = None, rounding: float = 0.0
) -> bool:
    """Return whether ``|mean_a − mean_b| <= margin``; parameters as of `margin`."""
    return abs(a.mean - b.mean) <= margin(a, b, rope=rope, rounding=rounding)
