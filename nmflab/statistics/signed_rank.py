"""Two methods over data sets: Wilcoxon's signed ranks and the Hodges-Lehmann shift.

References
----------
F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1, 1945.
J. L. Hodges, E. L. Lehmann, "Estimates of Location Based on Rank Tests", Annals of
Mathematical Statistics 34, 1963.
M. Hollander, D. A. Wolfe, E. Chicken, "Nonparametric Statistical Methods", 3rd edition,
2014, section 3.3.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from nmflab.statistics.intervals import CONSTANT, LEVEL, Floats, Interval

TOO_FEW_SETS = "too few data sets for an interval"

_EXACT_UP_TO = 50
"""Data sets up to which the distribution of signed ranks is counted out."""


def wilcoxon(differences: npt.ArrayLike) -> float:
    """Return the two-sided p-value of Wilcoxon's signed-rank test.

    Zeros keep their ranks, half on either side (``zero_method="zsplit"``); without any
    difference the p-value is 1. Up to 50 data sets the distribution is counted out,
    given the ties and zeros there are; beyond, it is taken as normal.

    Parameters
    ----------
    differences : array_like of float, shape (n_datasets,)
    """
    from scipy import stats

    values = np.asarray(differences, dtype=float)
    if not np.any(values):
        return 1.0
    if values.size > _EXACT_UP_TO:
        found = stats.wilcoxon(values, zero_method="zsplit")
        return min(1.0, float(found.pvalue))
    # SciPy permutes signs where there are ties, which takes seconds from 12 sets on.
    ranks = np.rint(2 * stats.rankdata(np.abs(values))).astype(int)  # ties: halves
    above = int(ranks[values > 0].sum())
    below = _cumulative(tuple(sorted(ranks[values != 0])))
    at_least = 1.0 - (below[above - 1] if above else 0.0)
    return float(min(1.0, 2 * min(below[above], at_least)))


def smallest_p(n_datasets: int) -> float:
    """Return ``2^(1−N)``, the smallest two-sided p-value that N data sets allow."""
    return min(1.0, 2.0 ** (1 - n_datasets))


def can_reach(n_datasets: int, alpha: float, n_comparisons: int = 1) -> bool:
    """Return whether ``2^(1−N) <= alpha / n_comparisons``: else no test is made."""
    return smallest_p(n_datasets) <= alpha / max(1, n_comparisons)


def needed(alpha: float, n_comparisons: int = 1) -> int:
    """Return the smallest number of data sets for which `can_reach` holds."""
    return math.ceil(1 - math.log2(alpha / max(1, n_comparisons)))


def hodges_lehmann(differences: npt.ArrayLike) -> float:
    """Return the median of the Walsh averages ``(dᵢ + dⱼ)/2``, i <= j.

    Raises
    ------
    ValueError
        If there is no difference.
    """
    return float(np.median(_walsh(differences)))


def shift_interval(differences: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Return the shifts that Wilcoxon's test does not reject at ``1 − level``.

    The ends are the Walsh averages of rank K + 1 from either end, with K the largest
    count for which ``P(W <= K) <= (1 − level)/2``.
    """
    averages = _walsh(differences)
    n = np.asarray(differences).size
    k = _critical(n, (1 - level) / 2)
    if k < 0:
        return Interval(None, None, TOO_FEW_SETS)
    low, high = float(averages[k]), float(averages[-1 - k])
    return Interval(low, high, CONSTANT if low == high else "")


def _walsh(differences: npt.ArrayLike) -> Floats:
    values = np.asarray(differences, dtype=float)
    if not values.size:
        raise ValueError("no differences: give one a data set")
    i, j = np.triu_indices(values.size)
    return np.sort((values[i] + values[j]) / 2)


def _critical(n: int, tail: float) -> int:
    """Return the largest K with ``P(W <= K) <= tail``; -1 where there is none."""
    if n > _EXACT_UP_TO:
        from scipy import stats

        mean, sd = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        return math.floor(mean + sd * float(stats.norm.ppf(tail)) - 0.5)
    below = _cumulative(tuple(range(1, n + 1)))
    return int(np.searchsorted(below, tail, side="right")) - 1


@cache
def _cumulative(ranks: tuple[int, ...]) -> Floats:
    """Return ``P(W <= w)``, w = 0, 1, ..., where each rank is in the sum or is not."""
    chances = np.ones(1)
    for rank in ranks:
        without = np.concatenate([chances, np.zeros(rank)])
        chances = (without + np.concatenate([np.zeros(rank), chances])) / 2
    return np.cumsum(chances)
