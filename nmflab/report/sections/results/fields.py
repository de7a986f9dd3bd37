"""The columns of leaderboards, those that are read first before the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nmflab.report.content import Cell, Column
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import hint, words
from nmflab.report.sections.held_out.measures import is_of_held_out
from nmflab.report.sections.results.cells import (
    count_cell,
    duration_cell,
    failed_cell,
    gap_cell,
    rank_cell,
    seeds_cell,
    stat_cell,
    stops_cell,
)
from nmflab.report.sections.results.table import Field
from nmflab.report.sections.several_starts import starts_cell, steps_cell

Info = Mapping[str, Mapping[str, Any]]  # Any: what a plugin said of its metric

_AXES = ("weighting", "split", "objective", "dtype")
"""Axes that get a column only where their labels differ."""


def leaderboard_fields(shown: Sequence[Group], best: Group, info: Info) -> list[Field]:
    """Return the columns of one comparison: its rows differ by solver and start."""
    gap = Column("Above the best", True, "of the mean objective, relative to the best")
    return [
        *_rivals(shown),
        Field(Column("Rank", True, "within its comparison"), rank_cell, always=True),
        _objective(),
        *_errors(shown, info),
        Field(gap, lambda group: gap_cell(group, best), always=True),
        *_rest(shown, info),
    ]


def plain_fields(
    shown: Sequence[Group], every: Sequence[Group], info: Info
) -> list[Field]:
    """Return the columns of settings that are not ranked: each row named in full."""
    own = Field(
        Column("Own objective", True, "what the solver minimises"),
        lambda group: stat_cell(group.own),
        always=True,
    )
    return [
        *_naming(every),
        *([own] if any(group.own_objective for group in shown) else []),
        _objective(),
        *_errors(shown, info),
        *_rest(shown, info),
    ]


def _objective() -> Field:
    column = Column("Objective", True, "the shared objective; lower is better")
    return Field(column, lambda group: stat_cell(group.objective), always=True)


def _errors(shown: Sequence[Group], info: Info) -> list[Field]:
    return [_metric(m, info, always=True) for m in _first_errors(_metrics(shown))]


def _rest(shown: Sequence[Group], info: Info) -> list[Field]:
    metrics = _metrics(shown)
    first = _first_errors(metrics)
    validated = any(group.validation for group in shown)
    validation = Column("Validation", True, "error on the cells that chose; lower wins")
    seeds = Column("Seeds", True, "runs that finished")
    failed = Column("Failed", True, "planned runs that did not end well")
    cpu = Column("CPU", True, "processor time of the steps, mean over seeds")
    several = any(group.n_starts > 1 for group in shown)
    return [
        *([Field(validation, lambda g: stat_cell(g.validation))] if validated else []),
        *(_starts() if several else []),
        Field(seeds, seeds_cell),
        *([Field(failed, failed_cell)] if any(g.absent for g in shown) else []),
        Field(cpu, lambda g: duration_cell(g.cpu_seconds), always=True),
        *(_metric(m, info) for m in metrics if m not in first),
        *_cost(several=several),
        *([_label("solver")] if any(g.labels["case"] for g in shown) else []),
    ]


def _starts() -> list[Field]:
    """Return the columns of runs with several starts: median, how many, the cost."""
    median = Column("Median start", True, "objective of the median of a run's starts")
    steps = Column("Steps", True, "summed over the starts, mean over seeds")
    return [
        Field(median, lambda g: stat_cell(g.median), always=True),
        Field(Column("Starts", True, "tried in each run"), starts_cell),
        Field(steps, steps_cell),
    ]


def _cost(*, several: bool) -> list[Field]:
    wall = Column("Wall clock", True, "time of the steps, mean over seeds")
    passes = Column("Passes", True, "over the data, mean over seeds")
    steps = Column("Steps", True, "mean over seeds")
    ended = Column(
        "Stopped by", hint="what ended the runs; converged: stop.kkt reached"
    )
    return [
        Field(wall, lambda g: duration_cell(g.seconds)),
        *([] if several else [Field(steps, lambda g: count_cell(g.n_steps))]),
        Field(passes, lambda g: count_cell(g.passes)),
        Field(ended, lambda g: stops_cell(g.stops)),
    ]


def _rivals(shown: Sequence[Group]) -> list[Field]:
    """Return the columns that tell the rows of one comparison apart."""
    cased = any(group.labels["case"] for group in shown)
    return [
        Field(
            Column("Case" if cased else "Solver"),
            lambda g: Cell(g.variant),
            names_row=True,
            always=True,
        ),
        Field(Column("Init"), lambda g: Cell(g.init), names_row=True),
    ]


def _naming(groups: Sequence[Group]) -> list[Field]:
    """Return the columns that tell what a row is of."""
    axes = [axis for axis in _AXES if len({str(g.labels[axis]) for g in groups}) > 1]
    size = Column("n_components", True)
    return [
        Field(Column("Dataset"), _dataset, names_row=True),
        *_rivals(groups),
        *(_label(axis, names_row=True) for axis in axes),
        Field(
            size,
            lambda g: Cell(str(g.n_components), sort=g.n_components),
            names_row=True,
        ),
    ]


def _label(axis: str, *, names_row: bool = False) -> Field:
    title = "Loss" if axis == "objective" else words(axis)
    return Field(Column(title), lambda g: Cell(str(g.labels[axis])), names_row)


def _size(group: Group) -> Cell:
    return Cell(str(group.n_components), sort=group.n_components)


def _dataset(group: Group) -> Cell:
    if group.labels["zero_filled"]:
        return Cell(group.dataset, "missing taken as 0", tone="danger")
    return Cell(group.dataset)


def _metric(name: str, info: Info, *, always: bool = False) -> Field:
    column = Column(words(name), True, hint(name, info))
    return Field(column, lambda g: stat_cell(g.metrics.get(name)), always=always)


def _metrics(shown: Sequence[Group]) -> list[str]:
    """Return what was measured; that of held-out cells has a section of its own."""
    told = {m for group in shown for m in group.metrics if not is_of_held_out(m)}
    return sorted(told, key=lambda name: ("error" not in name, name))


def _first_errors(metrics: Sequence[str]) -> list[str]:
    """Return the errors that stand beside the objective: the relative, if measured."""
    relative = [name for name in metrics if name.startswith("relative_error")]
    return (relative or [name for name in metrics if "error" in name])[:2]
