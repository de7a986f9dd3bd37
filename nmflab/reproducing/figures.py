"""A figure in both studies, and who judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from nmflab.reproducing.pairing import Pair
from nmflab.reproducing.verdicts import Judged, judged, tolerance_of

Value: TypeAlias = float | str | None


class Figure(NamedTuple):
    """One figure in both studies, and the verdict on it.

    ``first`` and ``second`` are the values: None for what is an array, or not there.
    ``where`` is the entry of an array that differs most, or what a mean is over.
    """

    figure: str
    run: str
    first_key: str
    second_key: str
    first: float | str | None
    second: float | str | None
    verdict: str
    relative_difference: float
    where: str


@dataclass(frozen=True)
class Judge:
    """Gives verdicts within one tolerance, or within that of each dtype.

    Parameters
    ----------
    tolerance : float or None
    """

    tolerance: float | None

    def within(self, dtype: str) -> float:
        """Return the relative difference that counts as none."""
        return tolerance_of(dtype) if self.tolerance is None else self.tolerance

    def figure(
        self,
        name: str,
        pair: Pair,
        before: Value,
        after: Value,
        scale: float | None = None,
    ) -> Figure:
        """Return a figure of a pair of runs with its verdict."""
        found = judged(before, after, self.within(pair.dtype), scale)
        return settled(name, pair, found, before, after)


def settled(
    name: str, pair: Pair, found: Judged, before: Value = None, after: Value = None
) -> Figure:
    """Return a figure on which there is a verdict."""
    return Figure(
        name,
        pair.run,
        pair.first,
        pair.second,
        before,
        after,
        found.verdict,
        found.relative,
        found.where,
    )
