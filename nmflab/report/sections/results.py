"""Results over seeds: the ranked, and those with an objective of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nmflab.report.content import (
    Block,
    Cell,
    Column,
    Prose,
    Section,
    Table,
)
from nmflab.report.numbers import count, interval, number, seconds, spread
from nmflab.report.reading.groups import Group, Stat
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import hint, words
from nmflab.report.sections.held_out.measures import is_of_held_out
from nmflab.report.sections.several_starts import starts_cell, starts_said, steps_cell

MOST_ROWS = 400
"""Rows of a table on the page; runs.csv holds all."""

ALIKE = 1e-7
"""Spread below this share of the mean is told in words."""

_AXES = ("weighting", "split", "objective", "dtype")
"""Axes that get a column only where their labels differ."""


def results_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return the results over seeds; apart, those with an objective of their own."""
    shared = [group for group in groups if not group.own_objective]
    own = [group for group in groups if group.own_objective]
    blocks: list[Block] = []
    if not groups:
        blocks.append(Prose("No run finished, so there are no results."))
    if any(group.n_starts > 1 for group in groups):
        blocks.append(Prose(starts_said(groups)))
    if shared:
        blocks.append(Prose(_READING + _weighted(shared)))
        caption = "Results over seeds"
        blocks += _tables("results-table", caption, shared, groups, material)
    if own:
        blocks.append(Prose(_OWN, "note"))
        caption = "Runs that minimise their own objective"
        blocks += _tables("own-results-table", caption, own, groups, material)
    return Section("results", "Results", blocks)


def _tables(
    table_id: str,
    caption: str,
    shown: Sequence[Group],
    groups: Sequence[Group],
    material: Material,
) -> list[Block]:
    """Return one table, or two: errors that average over zeros nobody saw stand apart.

    Their training cells are others than those of masked runs.
    """
    seen = [group for group in shown if not group.labels["zero_filled"]]
    filled = [group for group in shown if group.labels["zero_filled"]]
    if not seen or not filled:
        return _table(table_id, caption, shown, groups, material)
    return [
        *_table(table_id, caption, seen, groups, material),
        Prose(_FILLED, "note"),
        *_table(f"filled-{table_id}", f"{caption}, {_AS_0}", filled, groups, material),
    ]


_READING = (
    "Mean ± standard deviation over seeds, with the lowest and highest below. Ranks"
    " compare mean objectives within one data set (and one treatment of its missing"
    " cells), loss, weighting, split, n_components, precision and number of"
    " threads, and nowhere else; = marks a difference to the first that is within the"
    " spread over seeds or below 0.1 %."
)
_AS_0 = "missing cells taken as 0"
_FILLED = (
    "Runs that took missing cells as 0 stand in a table of their own: their errors"
    " average over zeros that nobody observed, and cannot be set against those above."
    " Errors on held-out cells can; see Held-out error where there are any."
)
_OWN = (
    "These solvers minimise an objective of their own. The shared objective is shown"
    " beside it, but they were not made to lower it and are not ranked by it."
)


def _weighted(groups: Sequence[Group]) -> str:
    plain = all(group.labels["weighting"] in ("", "none") for group in groups)
    return "" if plain else " Errors of runs with a weighting are on the weighted data."


@dataclass(frozen=True)
class _Field:
    """A column of the table and what it holds of each group.

    Parameters
    ----------
    names_row : bool
        Whether it tells a row from another and heads it.
    always : bool
        Whether it is shown even where it is the same in every row.
    """

    column: Column
    cell: Callable[[Group], Cell]
    names_row: bool = False
    always: bool = False


def _table(
    table_id: str,
    caption: str,
    shown: Sequence[Group],
    groups: Sequence[Group],
    material: Material,
) -> list[Block]:
    """Return the table, and before it a sentence of what is the same in every row."""
    rows = shown[:MOST_ROWS]
    fields = _fields(shown, groups, material)
    cells = {at: [f.cell(group) for group in rows] for at, f in enumerate(fields)}
    same = [
        at
        for at, field in enumerate(fields)
        if not field.always and len(rows) > 1 and _alike(cells[at])
    ]
    kept = [at for at in range(len(fields)) if at not in same]
    left = len(shown) - len(rows)
    table = Table(
        table_id,
        caption,
        [fields[at].column for at in kept],
        [[cells[at][i] for at in kept] for i in range(len(rows))],
        f"{count(left, 'more row')} in runs.csv." if left > 0 else "",
        n_headers=sum(fields[at].names_row for at in kept),
    )
    said = [f"{fields[at].column.title} {_read(cells[at][0])}" for at in same]
    return [
        *([Prose(f"The same in every row: {'; '.join(said)}.")] * bool(said)),
        table,
    ]


def _alike(cells: Sequence[Cell]) -> bool:
    return len({(cell.text, cell.detail) for cell in cells}) == 1


def _read(cell: Cell) -> str:
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text


def _fields(
    shown: Sequence[Group], groups: Sequence[Group], material: Material
) -> list[_Field]:
    """Return every column, those that are read first before the others."""
    own = any(group.own_objective for group in shown)
    told = {m for group in shown for m in group.metrics if not is_of_held_out(m)}
    metrics = sorted(told, key=_metric_order)
    first = _first_errors(metrics)
    errors = [_metric(m, material, always=True) for m in first]
    others = [_metric(m, material) for m in metrics if m not in first]
    rank = _Field(Column("Rank", True, "within its comparison"), _rank)
    minimised = _Field(
        Column("Own objective", True, "what the solver minimises"),
        lambda group: stat_cell(group.own),
        always=True,
    )
    objective = _Field(
        Column("Objective", True, "the shared objective; lower is better"),
        lambda group: stat_cell(group.objective),
        always=True,
    )
    return [
        *_naming(groups),
        *([minimised] if own else [rank]),
        objective,
        *errors,
        *(_starts_fields() if any(g.n_starts > 1 for g in groups) else []),
        _Field(Column("Seeds", True, "runs that finished"), _seeds),
        *others,
        _Field(
            Column("Seconds", True, "wall clock of the steps, mean over seeds"),
            _seconds,
        ),
        *([_label("solver")] if any(g.labels["case"] for g in groups) else []),
    ]


def _starts_fields() -> list[_Field]:
    """Return the columns of runs with several starts: median, how many, the cost."""
    median = Column("Median start", True, "objective of the median of a run's starts")
    steps = Column("Steps", True, "summed over the starts, mean over seeds")
    return [
        _Field(median, lambda g: stat_cell(g.median), always=True),
        _Field(Column("Starts", True, "tried in each run"), starts_cell),
        _Field(steps, steps_cell),
    ]


def _naming(groups: Sequence[Group]) -> list[_Field]:
    """Return the columns that tell what a row is of."""
    cased = any(group.labels["case"] for group in groups)
    variant = Column("Case" if cased else "Solver")
    axes = [axis for axis in _AXES if len({str(g.labels[axis]) for g in groups}) > 1]
    return [
        _Field(Column("Dataset"), _dataset, names_row=True),
        _Field(variant, lambda g: Cell(g.variant), names_row=True, always=True),
        _Field(Column("Init"), lambda g: Cell(g.init), names_row=True),
        *(_label(axis, names_row=True) for axis in axes),
        _Field(
            Column("n_components", True),
            lambda g: Cell(str(g.n_components), sort=g.n_components),
            names_row=True,
        ),
    ]


def _label(axis: str, *, names_row: bool = False) -> _Field:
    title = "Loss" if axis == "objective" else words(axis)
    return _Field(Column(title), lambda g: Cell(str(g.labels[axis])), names_row)


def _metric(name: str, material: Material, *, always: bool = False) -> _Field:
    column = Column(words(name), True, hint(name, material.info))
    return _Field(column, lambda g: stat_cell(g.metrics.get(name)), always=always)


def _first_errors(metrics: Sequence[str]) -> list[str]:
    """Return the errors that stand beside the objective: the relative, if measured."""
    relative = [name for name in metrics if name.startswith("relative_error")]
    return (relative or [name for name in metrics if "error" in name])[:2]


def _metric_order(name: str) -> tuple[bool, str]:
    return "error" not in name, name


def _seeds(group: Group) -> Cell:
    alone = group.n_seeds == 1
    return Cell(str(group.n_seeds), "no spread" if alone else "", group.n_seeds)


def _seconds(group: Group) -> Cell:
    mean = group.seconds.mean if group.seconds else None
    return Cell(seconds(mean), sort=mean)


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
