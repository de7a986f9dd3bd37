"""What a metric would give by chance, and its value on a scale where chance is 0.

Purity rises with n_components by itself, topic diversity falls: such values are not
compared across sizes raw, but beside the mean of random draws of the same size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

_NO_ROOM = 1e-6


def check_draws(metric: str, n_draws: int) -> None:
    """Raise ValueError where the number of random draws is below 0."""
    if not n_draws >= 0:
        raise ValueError(
            f"metric.{metric}.n_draws must be at least 0, got {n_draws}; 20 is usual, 0"
            " leaves the values by chance out"
        )


def by_chance(
    metric: str, draw: Callable[[np.random.Generator], float], n_draws: int
) -> float | None:
    """Return the mean of `n_draws` draws; None where there are none.

    A draw that is NaN, for there was nothing to measure in it, does not count.

    Parameters
    ----------
    metric : str
        Its name is the seed of the draws: a metric computed anew gives the same.
    draw : callable
        Returns the metric's value on data shuffled by the generator it is given.
    n_draws : int
    """
    if n_draws == 0:
        return None
    rng = np.random.default_rng(zlib.crc32(metric.encode()))
    drawn = [value for value in (draw(rng) for _ in range(n_draws)) if value == value]
    return float(np.mean(drawn)) if drawn else None


def beside_chance(value: float, chance: float | None, best: float) -> dict[str, float]:
    """Return a value with suffixes "chance" and "adjusted", where chance is known.

    "adjusted" is ``(value − chance) / (best − chance)``: 0 at chance, 1 at best, below
    0 where chance does better. Left out where chance is as good as best, and there is
    no room between.

    Parameters
    ----------
    value : float
    chance : float, optional
        As of `by_chance`.
    best : float
        The best possible value; finite.
    """
    if chance is None:
        return {"": value}
    values = {"": value, "chance": chance}
    if abs(best - chance) > _NO_ROOM:
        values["adjusted"] = (value - chance) / (best - chance)
    return values
