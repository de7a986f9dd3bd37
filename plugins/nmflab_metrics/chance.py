"""What a metric would give by chance, and its value on a scale where chance is 0.

Purity rises with n_components by itself, topic diversity falls: such values are not
compared across sizes raw, but beside the mean of random draws of the same size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_NO_ROOM = 1e-6


def check_draws(metric: str, n_draws: int) -> None:
    """Raise ValueError where the number of random draws is below 0."""
    if not n_draws >= 0:
        raise ValueError(
            f"metric.{metric}.n_draws must be at least 0, got {n_draws}; 20 is usual, 0"
            " leaves the values by chance out"
        )


@dataclass(frozen=True)
class Chance:
    """What random draws gave: their mean, and their spread where they were drawn.

    Parameters
    ----------
    mean : float
    sd : float, optional
        Standard deviation of the draws; None where the mean is known by a formula.
    """

    mean: float
    sd: float | None = None

    def over(self, size: float) -> Chance:
        """Return the chance of a value that is divided by `size`."""
        return Chance(self.mean / size, None if self.sd is None else self.sd / size)


def by_chance(
    metric: str, draw: Callable[[np.random.Generator], float], n_draws: int
) -> Chance | None:
    """Return what `n_draws` draws give; None where there are none.

    A draw that is NaN, for there was nothing to measure in it, does not count.

    Parameters
    ----------
    metric : str
        Its name is the seed of the draws: a metric computed anew gives the same.
    draw : callable
        Returns the metric's value on data shuffled by the generator it is given.
    n_draws : int
    """
    rng = np.random.default_rng(zlib.crc32(metric.encode()))
    values = [value for value in (draw(rng) for _ in range(n_draws)) if value == value]
    if not values:
        return None
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Chance(float(np.mean(values)), sd)


def beside_chance(
    value: float, chance: Chance | None, best: float | None
) -> dict[str, float]:
    """Return a value with suffixes "chance", "chance_sd" and "adjusted".

    "adjusted" is ``(value − chance) / (best − chance)``: 0 at chance, 1 at best, below
    0 where chance does better. Left out where chance is as good as best, and there is
    no room between.

    Parameters
    ----------
    value : float
    chance : Chance, optional
        As of `by_chance`; None leaves all three out.
    best : float, optional
        The best possible value; finite. None where there is none, or where an adjusted
        value would be better in the other direction than the raw one.
    """
    values = {"": value}
    if chance is None:
        return values
    values["chance"] = chance.mean
    if chance.sd is not None:
        values["chance_sd"] = chance.sd
    if best is not None and abs(best - chance.mean) > _NO_ROOM:
        values["adjusted"] = (value - chance.mean) / (best - chance.mean)
    return values
