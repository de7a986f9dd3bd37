"""What takes over where targets are too near: stationarity, and where runs ended."""

from __future__ import annotations

import numpy as np

from nmflab.report.content import Block, Details, Figure, Heading, Prose
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed
from nmflab.report.reading.reached import Race, common
from nmflab.report.sections.targets.charts import Drawing, records, steps_figure
from nmflab.report.sections.targets.pools import MOST_LINES, Pool
from nmflab.report.sections.targets.tables import final_gaps, gaps_table
from nmflab.statistics.targets import SAME_BASIN


def below_blocks(race: Race, pencil: Pencil) -> list[Block]:
    """Return what takes over below `SAME_BASIN`: stationarity and final gaps."""
    stationary = _kappas(race, pencil)
    if not race.aimed and not stationary:
        return []
    blocks: list[Block] = [Heading("Closer than one part in a thousand")]
    if race.aimed:
        blocks.append(Prose(_basins(race)))
    blocks += stationary
    if race.aimed:
        blocks.append(Details("Where runs ended", [gaps_table(race, race.aimed)]))
    return blocks


def _basins(race: Race) -> str:
    """Return how many stationary runs ended elsewhere than the best."""
    n = apart = 0
    for one in race.aimed:
        for line in one.lines:
            gaps = final_gaps(one, line)
            runs = [run for run in one.of(line) if run.ok]
            done = np.array(
                [np.isfinite(race.hits[run.key].kappa) for run in runs], bool
            )
            n += int(done.sum())
            apart += int((gaps[done] > SAME_BASIN).sum())
    why = (
        "Below τ = 0.001 a target asks which local minimum a run fell into more than"
        " how fast it went, so these targets are in the table but not in the curves."
    )
    if not n:
        return f"{why} No run became stationary here, by its own stop.kkt."
    return (
        f"{why} There, of {count(n, 'run')} that became stationary (κ at most"
        f" stop.kkt), {apart:,} ended more than 0.001 of the way above the best known."
    )


def _kappas(race: Race, pencil: Pencil) -> list[Figure]:
    """Return the share of runs that had become stationary, against time."""
    lines, contests = common(one for one in race.met if one.tolerance is not None)
    if not contests:
        return []
    pool = Pool(race, lines, contests)
    rows = records({line: pool.kappas(line) for line in lines[:MOST_LINES]})
    if not rows:
        return []
    drawn = {(row["variant"], row["init"]) for row in rows}
    never = [pool.named(line) for line in lines[:MOST_LINES] if line not in drawn]
    none = f" No run of {listed(never)} had, so no curve is drawn." if never else ""
    levels = sorted({one.tolerance for one in contests if one.tolerance is not None})
    drawing = Drawing(
        "time-to-kappa",
        "Runs that had become stationary against time",
        "Share of runs whose scale-invariant residual κ had fallen to"
        f" {listed([f'{level:g}' for level in levels])}: {pool.trials}. Failed runs,"
        f" and those stopped before, stay in the denominator.{none}",
        pool.clock,
        "Stationary runs",
    )
    return [steps_figure(rows, pencil, drawing)]
