"""Intervals over seeds: bias-corrected and accelerated bootstrap, or why there is none.

References
----------
B. Efron, "Better Bootstrap Confidence Intervals", Journal of the American Statistical
Association 82, 1987.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.intp]

MIN_SEEDS = 5
"""Fewest seeds that get an interval; see docs/statistics.md for what theirs covers."""

RESAMPLES = 1999
"""Bootstrap resamples: the ends are then known to a few per cent of the width."""

LEVEL = 0.95

TOO_FEW = "too few seeds for an interval"
CONSTANT = "no variation"

_BATCH = 2_000_000
"""Numbers drawn at a time: 16 MB."""

_ROUNDING = 1e-9
"""Spread below this share of the values is rounding."""


@dataclass(frozen=True)
class Interval:
    """The ends of an interval, in the unit of what it is of; or why it has none.

    Parameters
    ----------
    low, high : float or None
        None where no interval can be given.
    note : str
        Why there is none, or why it is a point; "" for an ordinary interval.
    """

    low: float | None
    high: float | None
    note: str = ""

    @property
    def ends(self) -> tuple[float, float] | None:
        """Both ends, where there are any."""
        if self.low is None or self.high is None:
            return None
        return self.low, self.high


def bca(
    n: int,
    statistic: Callable[[Whole], Floats],
    *,
    width: int = 1,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the BCa interval of a statistic of `n` units that are drawn together.

    Parameters
    ----------
    n : int
        How many units there are: seeds, each with its value of every method.
    statistic : callable
        Takes the indices of a resample, shape (..., n), and returns its values, shape
        (...); so that whatever belongs to one unit stays paired.
    width : int, default 1
        Numbers a unit that the statistic takes: bounds the memory of one batch.
    level, resamples, seed
        Coverage; bootstrap resamples; of the generator that draws them.
    """
    if n < MIN_SEEDS:
        return Interval(None, None, TOO_FEW)
    units = np.arange(n)
    estimate = float(statistic(units))
    alone = statistic(units[:, None])
    spread = float(np.ptp(alone))
    if spread <= _ROUNDING * max(float(np.abs(alone).max()), _ROUNDING):
        return Interval(estimate, estimate, CONSTANT)

    def placed(at: Whole, axis: int = -1) -> Floats:
        # Resamples of one mean in another order would else lie beside the estimate by
        # a last digit, and the correction for bias counts how many lie below it.
        grid: Floats = np.round((statistic(at) - estimate) / spread, 9)
        return grid

    batch = max(1, _BATCH // (n * width))
    low, high = _ends(units, placed, level, resamples, batch, seed)
    return Interval(estimate + spread * low, estimate + spread * high)


def _ends(
    units: Whole,
    statistic: Callable[..., Floats],
    level: float,
    resamples: int,
    batch: int,
    seed: int,
) -> tuple[float, float]:
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate: told by the ends
        found = stats.bootstrap(
            (units,),
            statistic,
            n_resamples=resamples,
            batch=batch,
            confidence_level=level,
            method="BCa",
            random_state=np.random.default_rng(seed),
        )
    low, high = map(float, found.confidence_interval)
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    return _percentile(found.bootstrap_distribution, level)


def _percentile(drawn: Floats, level: float) -> tuple[float, float]:
    """Return the plain percentile interval, for which nothing needs correcting."""
    ends = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(ends[0]), float(ends[1])
