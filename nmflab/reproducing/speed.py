"""How much faster or slower runs were, where that can be told at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.reproducing.pairing import Pair, Side
from nmflab.reproducing.surroundings import machine_of

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Speed:
    """The ratio of cpu seconds, second over first.

    Parameters
    ----------
    n_runs : int
        Pairs in which both runs ended well and took measurable time.
    median : float or None
        None where nothing can be told.
    low, high : float or None
        Ends of the interval of the median; None where too few runs allow none.
    n_other_steps : int
        Pairs that took another number of steps.
    n_beside : int
        Pairs in which a run had others beside it.
    why_not : str
        Why nothing is told; "" otherwise.
    """

    n_runs: int = 0
    median: float | None = None
    low: float | None = None
    high: float | None = None
    n_other_steps: int = 0
    n_beside: int = 0
    why_not: str = ""


def speed(first: Side, second: Side, pairs: Sequence[Pair]) -> Speed:
    """Return the ratio of cpu seconds of the steps over the pairs; told of one machine.

    The interval of the median holds at 95 % whatever the distribution: its ends are
    order statistics (`median_interval`).
    """
    ours, theirs = (machine_of(side.sweep.provenance) for side in (first, second))
    if ours is None or theirs is None:
        return Speed(why_not="the machine is not recorded in both: times not compared")
    if ours != theirs:
        return Speed(why_not="different machines: times not compared")
    if first.store.folder.resolve() == second.store.folder.resolve():
        pairs = [pair for pair in pairs if pair.first != pair.second]
    before = first.runs.loc[[pair.first for pair in pairs]].reset_index(drop=True)
    after = second.runs.loc[[pair.second for pair in pairs]].reset_index(drop=True)
    timed = (
        (before["status"] == "ok")
        & (after["status"] == "ok")
        & (before["cpu_seconds"] > 0)
        & (after["cpu_seconds"] > 0)
    )
    before, after = before[timed], after[timed]
    if before.empty:
        return Speed(why_not="no two runs ended well with a measurable time")
    ratios = (after["cpu_seconds"] / before["cpu_seconds"]).to_numpy(np.float64)
    low, high = median_interval(ratios) or (None, None)
    return Speed(
        n_runs=len(ratios),
        median=float(np.median(ratios)),
        low=low,
        high=high,
        n_other_steps=int((before["n_steps"] != after["n_steps"]).sum()),
        n_beside=int(((before["beside"] > 0) | (after["beside"] > 0)).sum()),
    )


def median_interval(
    values: npt.NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Return an interval of the median, ``x_(k)`` to ``x_(n+1−k)``; None if too few.

    k is the largest with ``2 · P(B < k) <= 1 − confidence``, B binomial(n, 1/2), so
    that it holds for every continuous distribution.

    References
    ----------
    H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, Wiley, 2003, 7.1.
    """
    from scipy.stats import binom

    n = len(values)
    # P(B <= j) for j = 0, 1, ...: the number that are small enough is k.
    tails = binom.cdf(np.arange(n // 2), n, 0.5)
    k = int((2 * tails <= 1 - confidence).sum())
    if k == 0:
        return None
    ordered = np.sort(values)
    return float(ordered[k - 1]), float(ordered[n - k])
