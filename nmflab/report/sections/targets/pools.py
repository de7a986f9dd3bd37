"""Hits of several comparisons thrown together: what curves and their order are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nmflab.report.numbers import count
from nmflab.report.reading.contests import CLOCKS, Contest, Line
from nmflab.report.reading.reached import COARSE, Race, common
from nmflab.statistics.targets import Vector, area, ordered

MOST_LINES = 10
"""Curves drawn in one chart."""

TIE = 0.01
"""Difference of areas below which two curves are not put in an order."""


@dataclass(frozen=True)
class Pool:
    """Curves that took part in the same comparisons.

    Parameters
    ----------
    race : Race
    lines : tuple of Line
    contests : sequence of Contest
    without : str
        The solver left out of the best known objectives; "" for none.
    """

    race: Race
    lines: tuple[Line, ...]
    contests: Sequence[Contest]
    without: str = ""

    def seconds(self, line: Line, contests: Sequence[Contest] | None = None) -> Vector:
        """Return when each trial (a target of a run) was reached; coarse targets."""
        chosen = self.contests if contests is None else contests
        parts = [
            self.race.seconds(one, line, self.without)[:, COARSE].ravel()
            for one in chosen
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def passes(self, line: Line) -> Vector:
        """Return the same in passes over the data."""
        parts = [
            self.race.passes(one, line)[:, COARSE].ravel() for one in self.contests
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def kappas(self, line: Line) -> Vector:
        """Return when each run's residual fell to the tolerance."""
        hits = self.race.hits
        return np.array(
            [hits[t.key].kappa for one in self.contests for t in one.of(line)]
        )

    @cached_property
    def span(self) -> tuple[float, float]:
        """The first hit of any curve, and twice the longest time spent or needed.

        Twice, so that what was reached at the very end counts for something.
        """
        hits = np.concatenate([self.seconds(line) for line in self.lines])
        hits = hits[np.isfinite(hits) & (hits > 0)]
        spent = [trial.spent for one in self.contests for trial in one.trials]
        ends = [value for value in spent if np.isfinite(value)]
        if not hits.size:
            return 0.0, 0.0
        return float(hits.min()), 2 * float(max([*ends, hits.max()]))

    @cached_property
    def areas(self) -> dict[Line, float]:
        """The area under each curve, log time; empty where nothing was reached."""
        low, high = self.span
        if not 0 < low < high:
            return {}
        return {line: area(self.seconds(line), low, high) for line in self.lines}

    @property
    def order(self) -> list[list[str]]:
        """The names of the curves by area, those within `TIE` together."""
        scores = {self.named(line): value for line, value in self.areas.items()}
        return ordered(scores, TIE)

    def named(self, line: Line) -> str:
        """Return what a curve is called; its start only where starts differ."""
        alike = len({init for _, init in self.lines}) < 2
        return line[0] if alike or not line[1] else f"{line[0]} from {line[1]}"

    def n_first(self, line: Line) -> int:
        """Return on how many comparisons it has the largest area, ties included."""
        low, high = self.span
        wins = 0
        for one in self.contests:
            each = {
                other: area(self.seconds(other, [one]), low, high)
                for other in self.lines
            }
            wins += each[line] > 0 and each[line] >= max(each.values()) - TIE
        return wins

    def by_dataset(self, line: Line) -> Vector:
        """Return a curve's area on each data set, the mean over its comparisons."""
        low, high = self.span
        found: dict[str, list[float]] = {}
        for one in self.contests:
            each = found.setdefault(one.dataset, [])
            each.append(area(self.seconds(line, [one]), low, high))
        return np.array([np.mean(each) for each in found.values()])

    @property
    def shown(self) -> list[Line]:
        """The curves drawn: of many, those with the largest area."""
        return sorted(self.lines, key=lambda line: -self.areas.get(line, 0.0))[
            :MOST_LINES
        ]

    @property
    def clock(self) -> str:
        """The title of the clock, or clocks, of its comparisons."""
        return " or ".join(dict.fromkeys(CLOCKS[one.clock] for one in self.contests))

    @property
    def where(self) -> str:
        """What it is of, in words: "12 comparisons of 4 data sets"."""
        n, k = len(self.contests), self.n_datasets
        sets = count(k, "data set")
        return sets if n == k else f"{count(n, 'comparison')} of {sets}"

    @property
    def trials(self) -> str:
        """How many runs it is of, in words."""
        each = (len(one.of(line)) for one in self.contests for line in self.lines)
        return f"{count(sum(each), 'run')} on {self.where}"

    @property
    def n_datasets(self) -> int:
        """How many data sets the comparisons are of."""
        return len({one.dataset for one in self.contests})


def pool_of(race: Race) -> Pool | None:
    """Return the curves that met on targets; None where no two did."""
    lines, contests = common(race.aimed)
    return Pool(race, lines, contests) if contests else None


def left_out_of(pool: Pool) -> list[Pool]:
    """Return the pool once for each solver, its runs left out of the best known.

    Of comparisons in which nobody else came below the reference there is no such view.
    """
    found = []
    for variant in sorted({variant for variant, _ in pool.lines}):
        able = [one for one in pool.contests if variant in pool.race.views[one.number]]
        if able:
            found.append(Pool(pool.race, pool.lines, able, variant))
    return found
