"""What the convergence charts draw: a median and a band a solver, start and contest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmflab.report.drawing.curves import Vector, banded
from nmflab.report.drawing.pencil import Records
from nmflab.report.reading.contests import Contest, Line, Trial
from nmflab.report.reading.reached import Curve, Race

MOST_PANELS = 8
MOST_LINES = 8
FLOOR = 1e-10
"""Smallest gap drawn: below it, differences of objectives are rounding."""

ROOM = 0.3
"""How far below its panel's lowest median a band may reach, as a share of it."""


@dataclass(frozen=True)
class Shown:
    """A contest as its panel shows it.

    Parameters
    ----------
    contest : Contest
    lines : tuple of Line
        The curves drawn, of those that end lowest.
    scale : float
        What a gap is divided by; 0 where no run ever was above the best known.
    """

    contest: Contest
    lines: tuple[Line, ...]
    scale: float


def chosen(race: Race) -> list[Shown]:
    """Return the contests with most curves, in order of the groups.

    Of those with as many, on all the data rather than on part; of folds the first.
    """
    traced = [
        one
        for one in race.contests
        if any(trial.key in race.curves for trial in one.trials)
    ]
    first: dict[str, Contest] = {}
    for one in traced:
        first.setdefault(one.problem, one)
    order = sorted(
        first.values(), key=lambda one: (-len(one.lines), one.split != "none")
    )
    fullest = order[:MOST_PANELS]
    kept = {one.number for one in fullest}
    return [_shown(race, one) for one in traced if one.number in kept]


def _shown(race: Race, contest: Contest) -> Shown:
    ends = {
        line: float(np.median([trial.value for trial in contest.of(line)]))
        for line in contest.lines
    }
    lines = sorted(ends, key=lambda line: ends[line])[:MOST_LINES]
    return Shown(contest, tuple(sorted(lines)), _scale(race, contest))


def _scale(race: Race, contest: Contest) -> float:
    """Return reference less best; without a reference, the highest start less best."""
    if contest.reference.value is not None:
        return contest.reference.value - contest.best.value
    starts = [
        float(race.curves[trial.key].objective[0])
        for trial in contest.trials
        if trial.key in race.curves
    ]
    return max(0.0, max(starts, default=0.0) - contest.best.value)


def records(race: Race, shown: Sequence[Shown], clock: str) -> Records:
    """Return one record a curve.

    Parameters
    ----------
    clock : {"step", "passes", "time"}
        "time" is each contest's own clock.
    """
    found: Records = []
    for one in shown:
        if one.scale <= 0:
            continue
        panel = [
            record
            for line in one.lines
            if (record := _record(race, one, line, clock)) is not None
        ]
        _clip(panel)
        found += panel
    return found


def _record(
    race: Race, shown: Shown, line: Line, clock: str
) -> dict[str, object] | None:
    contest = shown.contest
    field = contest.clock if clock == "time" else clock
    runs = [
        (_clock(race.curves[trial.key], field), _gap(race, shown, trial))
        for trial in contest.of(line)
        if trial.key in race.curves
    ]
    if not runs:
        return None
    at, low, middle, high = banded(runs)
    drawn = middle > FLOOR
    if not drawn.any():
        return None
    return {
        "panel": contest.name,
        "variant": line[0],
        "init": line[1],
        "x": _few(at[drawn], 4),
        "gap": _few(middle[drawn], 3),
        "low": _few(np.maximum(low[drawn], FLOOR), 3),
        "high": _few(high[drawn], 3),
        "seeds": len(runs),
    }


def _clock(curve: Curve, field: str) -> Vector:
    clock: Vector = getattr(curve, field)
    return clock


def _gap(race: Race, shown: Shown, trial: Trial) -> Vector:
    fall = race.curves[trial.key].objective - shown.contest.best.value
    gap: Vector = np.maximum(fall, 0.0) / shown.scale
    return gap


def _few(values: Vector, digits: int) -> list[float]:
    """Return numbers of few digits: a page holds many."""
    return [float(f"{value:.{digits}g}") for value in values]


def _clip(panel: Records) -> None:
    """Cut bands off a little below the lowest median, or they would set the axis."""
    lowest = min((min(record["gap"]) for record in panel), default=FLOOR)
    foot = float(f"{ROOM * lowest:.3g}")
    for record in panel:
        record["low"] = [max(value, foot) for value in record["low"]]
