"""Results over seeds: the ranked, and those with an objective of their own."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import (
    Block,
    Cell,
    Column,
    Prose,
    Section,
    Table,
)
from nmflab.report.groups import Group, Stat
from nmflab.report.material import Material
from nmflab.report.measures import hint, words
from nmflab.report.numbers import count, interval, number, seconds, spread

MOST_ROWS = 400
"""Rows of a table on the page; runs.csv holds all."""

ALIKE = 1e-7
"""Spread below this share of the mean is told in words."""

_AXES = ("weighting", "split", "objective", "dtype", "case")
"""Axes that get a column only where their labels differ."""


def results_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return the results over seeds; apart, those with an objective of their own."""
    shared = [group for group in groups if not group.own_objective]
    own = [group for group in groups if group.own_objective]
    blocks: list[Block] = []
    if not groups:
        blocks.append(Prose("No run finished, so there are no results."))
    if shared:
        blocks.append(Prose(_READING))
        blocks.append(
            _table("results-table", "Results over seeds", shared, groups, material)
        )
    if own:
        blocks.append(Prose(_OWN, "note"))
        caption = "Runs that minimise their own objective"
        blocks.append(_table("own-results-table", caption, own, groups, material))
    return Section("results", "Results", blocks)


_READING = (
    "Mean ± standard deviation over seeds, with the lowest and highest below. Ranks"
    " compare mean objectives within one data set (and one treatment of its missing"
    " cells), objective, weighting, split, n_components, precision and number of"
    " threads, and nowhere else; = marks a difference to the first that is within the"
    " spread over seeds or below 0.1 %."
)
_OWN = (
    "These solvers minimise an objective of their own. The shared objective is shown"
    " beside it, but they were not made to lower it and are not ranked by it."
)


def _table(
    table_id: str,
    caption: str,
    shown: Sequence[Group],
    groups: Sequence[Group],
    material: Material,
) -> Table:
    metrics = sorted({m for group in shown for m in group.metrics}, key=_metric_order)
    axes = [axis for axis in _AXES if len({str(g.labels[axis]) for g in groups}) > 1]
    own = any(group.own_objective for group in shown)
    columns = [
        Column("Dataset"),
        *(Column(words(axis)) for axis in axes),
        Column("Solver"),
        Column("Init"),
        Column("n_components", True),
        *([] if own else [Column("Rank", True, "within its comparison")]),
        Column("Seeds", True, "runs that finished"),
        *([Column("Own objective", True, "what the solver minimises")] if own else []),
        Column("Objective", True, "the shared objective; lower is better"),
        *(Column(words(m), True, hint(m, material.info)) for m in metrics),
        Column("Seconds", True, "wall clock of the steps, mean over seeds"),
    ]
    rows = [_result(group, axes, metrics, own) for group in shown[:MOST_ROWS]]
    left = len(shown) - len(rows)
    note = f"{count(left, 'more row')} in runs.csv." if left > 0 else ""
    return Table(table_id, caption, columns, rows, note, n_headers=4 + len(axes))


def _metric_order(name: str) -> tuple[bool, str]:
    return "error" not in name, name


def _result(
    group: Group, axes: Sequence[str], metrics: Sequence[str], own: bool
) -> list[Cell]:
    cells = [
        _dataset(group),
        *(Cell(str(group.labels[axis])) for axis in axes),
        Cell(str(group.labels["solver"])),
        Cell(group.init),
        Cell(str(group.n_components), sort=group.n_components),
    ]
    if not own:
        cells.append(_rank(group))
    alone = group.n_seeds == 1
    cells.append(Cell(str(group.n_seeds), "no spread" if alone else "", group.n_seeds))
    if own:
        cells.append(stat_cell(group.own))
    cells.append(stat_cell(group.objective))
    cells += [stat_cell(group.metrics.get(metric)) for metric in metrics]
    mean = group.seconds.mean if group.seconds else None
    return [*cells, Cell(seconds(mean), sort=mean)]


def _dataset(group: Group) -> Cell:
    if group.labels["zero_filled"]:
        return Cell(group.dataset, "missing taken as 0", tone="danger")
    return Cell(group.dataset)


def _rank(group: Group) -> Cell:
    if group.rank is None:
        return Cell("–", "not compared", sort=float("inf"))
    first = group.rank == 1
    text = f"{group.rank} =" if group.tied else str(group.rank)
    return Cell(text, sort=group.rank, tone="good" if first or group.tied else "")


def stat_cell(stat: Stat | None) -> Cell:
    """Return ``mean ± sd`` over ``lowest … highest``; the value alone for one seed."""
    if stat is None:
        return Cell("–", sort=float("inf"))
    if stat.sd is None:
        return Cell(number(stat.mean, 5), sort=stat.mean)
    if stat.sd <= ALIKE * abs(stat.mean):
        exact = stat.low == stat.high
        said = "the same in all seeds" if exact else "the same to 7 digits"
        return Cell(number(stat.mean, 5), said, stat.mean)
    ends = interval(stat.low, stat.high)
    return Cell(spread(stat.mean, stat.sd), ends, stat.mean)
