"""k methods over N data sets: ranks, Friedman's test, Holm's correction, Nemenyi's CD.

References
----------
J. Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7,
2006.
R. L. Iman, J. M. Davenport, "Approximations of the Critical Region of the Friedman
Statistic", Communications in Statistics A 9, 1980.
S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal
of Statistics 6, 1979.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.statistics.intervals import Floats

FEWEST_FOR_DIAGRAM = 8
"""Data sets from which a critical-difference diagram is drawn."""


@dataclass(frozen=True)
class Friedman:
    """Friedman's test in Iman and Davenport's form.

    Parameters
    ----------
    chi2 : float
        Friedman's statistic, corrected for ties.
    F : float or None
        ``(N−1) chi2 / (N(k−1) − chi2)``; None where all data sets rank alike and it has
        no end.
    p : float
        Of F with k − 1 and (k − 1)(N − 1) degrees of freedom; where F is None the
        chance of N equal rankings, ``(k!)^(1−N)``.
    """

    chi2: float
    F: float | None
    p: float


def ranks(values: npt.ArrayLike, *, higher: bool = False) -> Floats:
    """Return ranks within each row, 1 for the best, ties sharing their mean.

    Parameters
    ----------
    values : array_like of float, shape (n_datasets, n_methods)
    higher : bool, default False
        Whether the highest value is the best.
    """
    from scipy import stats

    table = np.asarray(values, dtype=float)
    ranked: Floats = stats.rankdata(-table if higher else table, axis=1)
    return ranked


def friedman(values: npt.ArrayLike) -> Friedman:
    """Return Friedman's test with Iman and Davenport's F.

    Parameters
    ----------
    values : array_like of float, shape (n_datasets, n_methods)
        At least three methods and two data sets.

    Raises
    ------
    ValueError
        If there are fewer.
    """
    from scipy import stats

    table = np.asarray(values, dtype=float)
    n, k = table.shape
    if n < 2 or k < 3:
        raise ValueError(
            f"Friedman's test takes three methods and two data sets, got {k} and {n};"
            " compare two methods by wilcoxon"
        )
    if not np.any(np.ptp(table, axis=1)):
        return Friedman(0.0, 0.0, 1.0)
    chi2 = float(stats.friedmanchisquare(*table.T).statistic)
    left = n * (k - 1) - chi2
    if left <= 1e-9 * n * k:
        return Friedman(chi2, None, float(math.factorial(k)) ** (1 - n))
    F = (n - 1) * chi2 / left
    return Friedman(chi2, F, float(stats.f.sf(F, k - 1, (k - 1) * (n - 1))))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values after Holm's step-down correction, in the order given.

    The i-th smallest of m becomes ``max over j <= i of (m − j + 1) p₍ⱼ₎``, at most 1.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, stepped)
    return [float(value) for value in corrected]


def critical_difference(n_methods: int, n_datasets: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's ``CD = q_α sqrt(k(k+1) / (6N))``, a difference of average ranks.

    ``q_α`` is the upper quantile of the studentized range of k means with infinitely
    many degrees of freedom, over sqrt(2).
    """
    from scipy import stats

    q = float(stats.studentized_range.ppf(1 - alpha, n_methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(n_methods * (n_methods + 1) / (6 * n_datasets))


def alike(average_ranks: Sequence[float], cd: float) -> list[tuple[int, int]]:
    """Return the widest stretches of sorted ranks no longer than `cd`: first, last.

    Stretches of a single method, and those inside a wider one, are left out.
    """
    placed = sorted(average_ranks)
    found: list[tuple[int, int]] = []
    for first, low in enumerate(placed):
        last = max(at for at, rank in enumerate(placed) if rank - low <= cd)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found
