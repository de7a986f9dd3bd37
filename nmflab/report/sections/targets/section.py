"""The section on time to target: curves, their order, expected times, final gaps."""

from __future__ import annotations

import numpy as np

from nmflab.report.content import Block, Details, Prose, Section, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.contests import Line
from nmflab.report.reading.reached import COARSE, Race
from nmflab.report.sections.targets.below import below_blocks
from nmflab.report.sections.targets.charts import Drawing, records, steps_figure
from nmflab.report.sections.targets.left_out import left_out_blocks
from nmflab.report.sections.targets.pools import TIE, Pool, pool_of
from nmflab.report.sections.targets.tables import times_table
from nmflab.statistics import hodges_lehmann, shift_interval
from nmflab.statistics.targets import TAUS

MOST_ROWS = 16
"""Rows of a table that is not folded away."""

_READING = (
    "A target is an objective on the way from the best fit of one component to the"
    " best objective known: e_best + τ (e_ref − e_best). It depends on no run's own"
    " start. Every run that was started counts, at each target: one that failed reached"
    " none."
)


def targets_section(race: Race, pencil: Pencil) -> Section:
    """Return how long runs took to come near the best known objective."""
    pool = pool_of(race)
    blocks: list[Block] = [Prose(_READING)] if race.aimed else []
    blocks += _curves(pool, pencil) if pool else [Prose(_why_none(race))]
    if race.aimed:
        blocks.append(_folded("Expected running times", times_table(race, race.aimed)))
        blocks += [Prose(text, "note") for text in _notes(race, pool)]
    if pool:
        blocks += left_out_blocks(pool, pencil)
    blocks += below_blocks(race, pencil)
    return Section("targets", "Time to target", blocks)


def _folded(summary: str, table: Table) -> Block:
    """Return a table, folded away where it is long."""
    return table if len(table.rows) <= MOST_ROWS else Details(summary, [table])


def _why_none(race: Race) -> str:
    if not race.contests:
        return "No run that minimises the shared objective finished."
    if not race.met:
        return (
            "No two solvers or starts met on the same data, size and objective: alone,"
            " a solver would race against its own best run."
        )
    reasons = list(dict.fromkeys(one.reference.said for one in race.met))
    return f"There are no targets, as the reference {'; or it '.join(reasons)}."


def _curves(pool: Pool, pencil: Pencil) -> list[Block]:
    """Return the charts over all comparisons, and what they say."""
    lines = pool.shown
    clock = pool.clock
    taus = listed([number(t) for t, coarse in zip(TAUS, COARSE, strict=True) if coarse])
    caption = (
        f"Share of trials that had reached their target: {pool.trials}, at the"
        f" targets τ = {taus}. Failed runs stay in the denominator."
    )
    up = "Targets reached"
    by_time = Drawing(
        "time-to-target",
        "Targets reached against time",
        f"{caption} The clock includes making the start.",
        clock,
        up,
    )
    by_passes = Drawing(
        "passes-to-target",
        "Targets reached against passes over the data",
        "The trials of the chart above. Targets the start itself had reached stand at"
        " the left edge.",
        "Passes over the data",
        up,
    )
    drawn: list[Block] = [
        steps_figure(rows, pencil, drawing)
        for rows, drawing in (
            (records({line: pool.seconds(line) for line in lines}), by_time),
            (records({line: pool.passes(line) for line in lines}), by_passes),
        )
        if rows
    ]
    return [Prose(text) for text in _said(pool)] + drawn


def _these(pool: Pool) -> str:
    return f"these {pool.where}" if len(pool.contests) > 1 else pool.where


def _said(pool: Pool) -> list[str]:
    """Return in sentences who was fastest, on what, and how sure that is."""
    areas = pool.areas
    if not areas:
        return ["No run reached a target, so nothing can be said of speed."]
    ranked = sorted(areas, key=lambda line: -areas[line])[:6]
    shares = {line: np.isfinite(pool.seconds(line)).mean() for line in ranked}
    each = [
        f"{pool.named(line)} {number(areas[line], 2)}"
        f" ({100 * shares[line]:.0f} % reached)"
        for line in ranked
    ]
    total = len(pool.contests)
    wins = [f"{pool.named(line)} on {pool.n_first(line)}" for line in ranked[:4]]
    first = (
        f"On {_these(pool)}, the area under each curve (log time; 1 is every target at"
        f" once, 0 none at all) and the share of targets reached: {listed(each)}."
    )
    if total == 1:
        return [f"{first} One comparison: nothing follows for other data."]
    return [
        first,
        f"Comparison by comparison, the largest area (or one within {TIE:g} of it)"
        f" belongs to {listed(wins)} of the {total}.",
        _how_sure(pool, ranked[0], ranked[1]),
    ]


def _how_sure(pool: Pool, first: Line, second: Line) -> str:
    """Return the shift of the areas of the first two over data sets, with its ends."""
    if pool.areas[first] - pool.areas[second] <= TIE:
        names = f"{pool.named(first)} and {pool.named(second)}"
        return f"The areas of {names} are equal to within {TIE:g}."
    apart = pool.by_dataset(first) - pool.by_dataset(second)
    who = f"{pool.named(first)} is ahead of {pool.named(second)}"
    ends = shift_interval(apart).ends
    if ends is None:
        return (
            f"{count(apart.size, 'data set is', 'data sets are')} too few for an"
            f" interval of how far {who}: nothing follows for other data."
        )
    known = f"{number(hodges_lehmann(apart), 2)}, 95 % interval"
    said = f"{known} {number(ends[0], 2)} to {number(ends[1], 2)}"
    if ends[0] <= 0:
        return (
            f"Over the {apart.size} data sets the areas of {pool.named(first)} and"
            f" {pool.named(second)} differ by {said} (Hodges-Lehmann): which of the two"
            " does better is not settled."
        )
    return f"Over the {apart.size} data sets {who} by {said} (Hodges-Lehmann)."


def _notes(race: Race, pool: Pool | None) -> list[str]:
    """Return what the reader must know of the clock and of what is left out."""
    texts = [_beside(race), _without_targets(race)]
    if pool is not None:
        texts += [_alone(race), _not_pooled(race, pool), _not_drawn(pool)]
    return [text for text in texts if text]


def _beside(race: Race) -> str:
    n = sum(one.n_beside for one in race.aimed)
    if not n:
        return ""
    total = sum(len(one.trials) for one in race.aimed)
    return (
        f"{n:,} of {count(total, 'run')} ran beside others on the machine: CPU time is"
        " disturbed by that less than wall-clock time, but memory is shared. Times made"
        " with executor.n_jobs=1 are cleaner."
    )


def _without_targets(race: Race) -> str:
    reasons: dict[str, list[str]] = {}
    for one in race.met:
        if not race.views[one.number]:
            reasons.setdefault(one.reference.said, []).append(one.name)
    if not reasons:
        return ""
    said = [
        f"{listed(names, 4)} (the reference {why})" for why, names in reasons.items()
    ]
    return f"Without targets: {'; '.join(said)}."


def _alone(race: Race) -> str:
    n = len(race.contests) - len(race.met)
    if not n:
        return ""
    return (
        f"Left out: {count(n, 'comparison')} in which one solver ran from one start, so"
        " that it would race against its own best run."
    )


def _not_pooled(race: Race, pool: Pool) -> str:
    n = len(race.aimed) - len(pool.contests)
    if not n:
        return ""
    names = listed([pool.named(line) for line in pool.lines])
    return (
        f"The charts hold {names}, which met on"
        f" {count(len(pool.contests), 'comparison')}; the other {n} had other solvers"
        " or starts and stand in the table."
    )


def _not_drawn(pool: Pool) -> str:
    areas = pool.areas
    never = [line for line in pool.lines if areas and not areas[line]]
    lost = [pool.named(line) for line in never]
    more = len(pool.lines) - len(pool.shown)
    parts = [f"{listed(lost)} reached no target" if lost else ""]
    parts.append(
        f"of {len(pool.lines)} curves the {len(pool.shown)} best are drawn" * bool(more)
    )
    said = "; ".join(part for part in parts if part)
    return f"Not drawn: {said}." if said else ""
