"""Cells of results: means over seeds, gaps to the best, seeds and how runs ended."""

from __future__ import annotations

from collections.abc import Mapping

from nmflab.report.content import Cell
from nmflab.report.numbers import NOTHING, count, interval, number, seconds, spread
from nmflab.report.reading.groups import Group, Stat
from nmflab.statistics import EXACT

ALIKE = 1e-7
"""Spread below this share of the mean is told in words."""

LAST = float("inf")
"""What cells without a value are sorted by."""

_STOPS = {
    "kkt": "converged",
    "projected_gradient": "converged",
    "tol": "tol",
    "solver": "by the solver",
    "validation": "validation",
    "target": "target",
}


def stat_cell(stat: Stat | None) -> Cell:
    """Return ``mean ± sd`` over ``lowest … highest``; the value alone for one seed."""
    if stat is None:
        return Cell(NOTHING, sort=LAST)
    if stat.sd is None:
        return Cell(number(stat.mean, 5), sort=stat.mean)
    if stat.sd <= ALIKE * abs(stat.mean):
        exact = stat.low == stat.high
        said = "the same in all seeds" if exact else "the same to 7 digits"
        return Cell(number(stat.mean, 5), said, stat.mean)
    ends = interval(stat.low, stat.high)
    return Cell(spread(stat.mean, stat.sd), ends, stat.mean)


def is_exact(group: Group) -> bool:
    """Return whether a group fits the data but for rounding."""
    if group.objective is None or group.start is None:
        return False
    return group.objective.mean <= EXACT * group.start.high


def relative_gap(group: Group, best: Group) -> float | None:
    """Return ``(mean − mean_best) / |mean_best|`` of the objectives.

    0 for two exact fits; None where a mean is missing or only the best is exact.
    """
    if group.objective is None or best.objective is None:
        return None
    if is_exact(best):
        return 0.0 if is_exact(group) else None
    scale = abs(best.objective.mean)
    gap = group.objective.mean - best.objective.mean
    return gap / scale if scale > 0 else (0.0 if gap == 0 else None)


def percent_more(gap: float) -> str:
    """Return a relative gap: ``0``, ``+0.31 %``, ``12 times``."""
    if gap == 0:
        return "0"
    if gap < 1e-5:
        return "below 0.001 %"
    return f"+{number(100 * gap, 3)} %" if gap < 10 else f"{number(1 + gap, 3)} times"


def gap_cell(group: Group, best: Group) -> Cell:
    """Return how far a group's mean objective lies above the best of its comparison."""
    gap = relative_gap(group, best)
    if group is best:
        return Cell("best", sort=0.0, tone="good")
    if gap is None:
        known = group.objective is not None
        return Cell("best is exact" if known else NOTHING, sort=LAST)
    return Cell(percent_more(gap), "a tie" if group.tied else "", gap)


def rank_cell(group: Group) -> Cell:
    """Return the place in the comparison; = marks a tie with the first."""
    if group.rank is None:
        why = "not compared" if group.n_seeds else "no run finished"
        return Cell(NOTHING, why, sort=LAST)
    first = group.rank == 1
    text = f"{group.rank} =" if group.tied else str(group.rank)
    return Cell(text, sort=group.rank, tone="good" if first or group.tied else "")


def seeds_cell(group: Group) -> Cell:
    """Return how many runs finished."""
    alone = group.n_seeds == 1
    return Cell(str(group.n_seeds), "no spread" if alone else "", group.n_seeds)


def failed_cell(group: Group) -> Cell:
    """Return how many of the planned runs failed, by status; and what was not run."""
    by = ", ".join(f"{n} {_read(status)}" for status, n in group.absent.items())
    n = group.n_failed
    text = f"{n} of {group.n_planned}" if n else "0"
    return Cell(text, by, n, "danger" if n else "")


def _read(status: str) -> str:
    return "not run" if status == "left" else status


def stops_cell(stops: Mapping[str, int]) -> Cell:
    """Return what ended the runs; of several reasons how many each."""
    named = [
        (stop.replace("_", " ") if stop not in _STOPS else _STOPS[stop], n)
        for stop, n in sorted(stops.items(), key=lambda item: -item[1])
    ]
    if len(named) == 1:
        return Cell(named[0][0])
    return Cell(", ".join(f"{what} {n}" for what, n in named) or NOTHING)


def duration_cell(stat: Stat | None) -> Cell:
    """Return a mean of seconds with its unit."""
    mean = stat.mean if stat else None
    return Cell(seconds(mean), sort=LAST if mean is None else mean)


def count_cell(stat: Stat | None) -> Cell:
    """Return a mean of counts; whole where it is large."""
    if stat is None:
        return Cell(NOTHING, sort=LAST)
    text = f"{stat.mean:,.0f}" if stat.mean >= 10 else number(stat.mean, 3)
    return Cell(text, sort=stat.mean)


def over_seeds(stat: Stat) -> str:
    """Return of how many runs a mean is, for a sentence."""
    return "one run" if stat.n == 1 else count(stat.n, "seed")
