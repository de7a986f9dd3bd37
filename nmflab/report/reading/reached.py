"""When each run reached each target: traces read one at a time, little kept of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import TRACE_COLUMNS
from nmflab.report.reading.contests import Contest, Line, Trial
from nmflab.statistics.targets import (
    LEAST_RANGE,
    SAME_BASIN,
    TAUS,
    Vector,
    first_hits,
    targets,
)

if TYPE_CHECKING:
    from nmflab.store import Store

MOST_POINTS = 80
"""Points kept of a run's curve."""

COARSE = tuple(tau >= SAME_BASIN for tau in TAUS)
"""Which targets tell speed apart; below them it is the local minimum that differs."""

Points: TypeAlias = npt.NDArray[np.float64]
_AT = {name: place for place, name in enumerate(TRACE_COLUMNS)}


@dataclass(frozen=True)
class Hits:
    """When one run reached its targets; inf where it did not, or failed.

    Parameters
    ----------
    seconds, passes : ndarray of shape (n_views, n_taus)
        A view is a best known objective: that of all runs, then those without the runs
        of one solver, as `Race.views` has them. Seconds count from before the start
        was made, passes from the first step.
    kappa : float
        Seconds until the residual fell to the contest's tolerance.
    """

    seconds: Points
    passes: Points
    kappa: float


@dataclass(frozen=True)
class Curve:
    """The objective of the start that came lowest, on that start's own clocks."""

    step: Vector
    seconds: Vector
    cpu_seconds: Vector
    passes: Vector
    objective: Vector


@dataclass(frozen=True)
class Race:
    """What comparisons came to.

    Parameters
    ----------
    contests : list of Contest
    views : mapping
        By number of a contest, the solvers left out of its best known objective, in
        order; the first is "", for none.
    hits : mapping of key to Hits
        Of contests with a reference only.
    curves : mapping of key to Curve
        Of runs whose trace was kept.
    """

    contests: Sequence[Contest]
    views: Mapping[int, Sequence[str]]
    hits: Mapping[str, Hits]
    curves: Mapping[str, Curve]

    @property
    def aimed(self) -> list[Contest]:
        """The contests that have targets, and two curves at least to reach them.

        Alone, a solver would race against its own best run.
        """
        return [one for one in self.met if self.views[one.number]]

    @property
    def met(self) -> list[Contest]:
        """The contests of two curves or more."""
        return [one for one in self.contests if len(one.lines) > 1]

    def seconds(self, contest: Contest, line: Line, without: str = "") -> Points:
        """Return ``(n_runs, n_taus)`` seconds to target of one curve's runs."""
        place = list(self.views[contest.number]).index(without)
        runs = contest.of(line)
        return np.array([self.hits[run.key].seconds[place] for run in runs])

    def passes(self, contest: Contest, line: Line) -> Points:
        """Return ``(n_runs, n_taus)`` passes over the data to target."""
        return np.array([self.hits[run.key].passes[0] for run in contest.of(line)])


def race(store: Store, contests: Sequence[Contest]) -> Race:
    """Return when the runs of contests reached their targets; reads each trace once."""
    of = {trial.key: (one, trial) for one in contests for trial in one.trials}
    aims = {one.number: _aims(one) for one in contests}
    hits: dict[str, Hits] = {}
    curves: dict[str, Curve] = {}
    for key, points in store.each_trace(list(of)):
        contest, trial = of[key]
        curve = _curve(points)
        if curve is not None and trial.ok:
            curves[key] = curve
            hits[key] = _hits(contest, trial, points, aims[contest.number][1])
    for key, (contest, trial) in of.items():
        if key not in hits:
            hits[key] = _untraced(trial, contest, aims[contest.number][1])
    views = {number: names for number, (names, _) in aims.items()}
    return Race(list(contests), views, hits, curves)


def _aims(contest: Contest) -> tuple[list[str], Points]:
    """Return the views of a contest and their targets ``(n_views, n_taus)``."""
    reference = contest.reference.value
    if reference is None:
        return [], np.empty((0, len(TAUS)))
    names, goals = [""], [targets(contest.best.value, reference)]
    for variant in sorted({variant for variant, _ in contest.lines}):
        record = contest.best_without(variant)
        if record and reference - record.value > LEAST_RANGE * abs(reference):
            names.append(variant)
            goals.append(targets(record.value, reference))
    return names, np.array(goals)


def _hits(contest: Contest, trial: Trial, points: Points, goals: Points) -> Hits:
    """Return when a run with a trace reached its targets."""
    whole = _one_after_another(points)
    values = whole[:, _AT["objective"]]
    clock = whole[:, _AT[contest.clock]] + trial.init_cost
    seconds = first_hits(clock, values, goals.ravel()).reshape(goals.shape)
    passes = first_hits(whole[:, _AT["passes"]], values, goals.ravel())
    kappa = np.inf
    if contest.tolerance is not None:
        residual = np.append(whole[:, _AT["kappa"]], trial.kappa)
        ends = np.append(clock, np.nanmax(np.append(clock, trial.spent)))
        kappa = float(first_hits(ends, residual, contest.tolerance)[0])
    found = Hits(seconds, passes.reshape(goals.shape), kappa)
    return found if trial.n_rounds < 2 else _charged(found, trial)


def _charged(hits: Hits, trial: Trial) -> Hits:
    """Return hits that cost the whole run.

    With halving starts take turns: what the others had spent by then is not in a trace.
    """
    return Hits(
        np.where(np.isfinite(hits.seconds), trial.spent, np.inf),
        np.where(np.isfinite(hits.passes), trial.passes, np.inf),
        trial.spent if np.isfinite(hits.kappa) else np.inf,
    )


def _untraced(trial: Trial, contest: Contest, goals: Points) -> Hits:
    """Return the hits of a run of which only the end is known, if that."""
    reached = trial.value <= goals
    near = contest.tolerance is not None and trial.kappa <= contest.tolerance
    return Hits(
        np.where(reached, trial.spent, np.inf),
        np.where(reached, trial.passes, np.inf),
        trial.spent if trial.ok and near else np.inf,
    )


def _one_after_another(points: Points) -> Points:
    """Return a trace whose clocks go on from one start to the next."""
    starts = points[:, _AT["start"]]
    if not len(starts) or (starts == starts[0]).all():
        return points
    whole = points.copy()
    clocks = slice(_AT["step"], _AT["cpu_seconds"] + 1)  # passes and seconds between
    before = np.zeros(clocks.stop - clocks.start)
    for start in np.unique(starts):
        mine = np.flatnonzero(starts == start)
        whole[mine, clocks] += before
        before = whole[mine[-1], clocks]
    return whole


def _curve(points: Points) -> Curve | None:
    """Return the start that came lowest, thinned; None where nothing was evaluated."""
    points = points[~np.isnan(points[:, _AT["objective"]])]
    if not len(points):
        return None
    lowest = int(points[:, _AT["objective"]].argmin())
    points = points[points[:, 0] == points[lowest, 0]]
    kept = np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int))
    points = points[kept]
    return Curve(
        step=points[:, _AT["step"]],
        seconds=points[:, _AT["seconds"]],
        cpu_seconds=points[:, _AT["cpu_seconds"]],
        passes=points[:, _AT["passes"]],
        objective=np.minimum.accumulate(points[:, _AT["objective"]]),
    )


def common(contests: Iterable[Contest]) -> tuple[tuple[Line, ...], list[Contest]]:
    """Return curves that took part in the same contests, and these contests.

    Of all sets of curves that met in a contest, the one that fills most cells of the
    table of curves by contests: pooled shares of others would be of other problems.
    """
    given = list(contests)
    best: tuple[tuple[Line, ...], list[Contest]] = ((), [])
    for lines in dict.fromkeys(one.lines for one in given if len(one.lines) > 1):
        those = [one for one in given if set(lines) <= set(one.lines)]
        if len(lines) * len(those) > len(best[0]) * len(best[1]):
            best = lines, those
    return best
