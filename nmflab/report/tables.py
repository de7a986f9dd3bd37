"""The tables of a report: results over seeds, failures, skipped pairs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from nmflab.report.content import (
    Block,
    Cell,
    Code,
    Column,
    Details,
    Prose,
    Section,
    Table,
)
from nmflab.report.groups import Group, Stat
from nmflab.report.material import FAILED, Material
from nmflab.report.measures import hint, words
from nmflab.report.numbers import count, listed, number, seconds, spread

MOST_ROWS = 400
"""Rows of a table on the page; runs.csv holds all."""

_AXES = ("weighting", "split", "objective", "dtype", "case")
"""Axes that get a column only where their labels differ."""


def results_section(material: Material, groups: Sequence[Group]) -> Section:
    """Return the results over seeds: the ranked, then those with their own objective."""
    shared = [group for group in groups if not group.own_objective]
    own = [group for group in groups if group.own_objective]
    blocks: list[Block] = []
    if not groups:
        blocks.append(Prose("No run finished, so there are no results."))
    if shared:
        blocks.append(Prose(_READING))
        blocks.append(_table("results", "Results over seeds", shared, groups, material))
    if own:
        blocks.append(Prose(_OWN, "note"))
        caption = "Runs that minimise their own objective"
        blocks.append(_table("own-results", caption, own, groups, material))
    return Section("results", "Results", blocks)


_READING = (
    "Mean ± standard deviation over seeds, with the lowest and highest below. Ranks"
    " compare mean objectives within one data set (and its missing cells), objective,"
    " weighting, split, n_components, precision and number of threads, and nowhere else;"
    " = marks a difference to the first that is within the spread over seeds or below"
    " 0.1 %."
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
    metrics = list(dict.fromkeys(m for group in shown for m in sorted(group.metrics)))
    axes = [axis for axis in _AXES if len({str(g.labels[axis]) for g in groups}) > 1]
    own = any(group.own_objective for group in shown)
    columns = [
        Column("Dataset"),
        Column("Solver"),
        Column("Init"),
        Column("n_components", True),
        *(Column(words(axis)) for axis in axes),
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
    return Table(table_id, caption, columns, rows, note, n_headers=4)


def _result(
    group: Group, axes: Sequence[str], metrics: Sequence[str], own: bool
) -> list[Cell]:
    cells = [
        _dataset(group),
        Cell(str(group.labels["solver"])),
        Cell(group.init),
        Cell(str(group.n_components), sort=group.n_components),
        *(Cell(str(group.labels[axis])) for axis in axes),
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
    if stat.sd == 0:
        return Cell(number(stat.mean, 5), "the same in all seeds", stat.mean)
    ends = f"{number(stat.low)} … {number(stat.high)}"
    return Cell(spread(stat.mean, stat.sd), ends, stat.mean)


def failures_section(material: Material) -> Section:
    """Return the runs that did not end well, by reason."""
    runs = material.runs[material.runs["status"].isin(FAILED)]
    if runs.empty:
        return Section("failures", "Failures", [Prose("No run failed.")])
    blocks: list[Block] = []
    rows = []
    for (status, _), frame in _by_reason(runs):
        rows.append(_failure(str(status), frame))
        first = str(frame["key"].iloc[0])
        if said := material.store.traceback(first):
            blocks.append(
                Details(f"Traceback of run {first[:12]} ({status})", [Code(said)])
            )
    table = Table(
        id="failures-table",
        caption="Runs that did not end well",
        columns=[
            Column("Status"),
            Column("Runs", True),
            Column("Example message"),
            Column("Where"),
            Column("Keys"),
        ],
        rows=rows,
    )
    return Section("failures", "Failures", [table, *blocks])


def _failure(status: str, frame: pd.DataFrame) -> list[Cell]:
    return [
        Cell(status, tone="danger"),
        Cell(f"{len(frame):,}", sort=len(frame)),
        Cell(str(frame["reason"].iloc[0] or "no reason was recorded")),
        Cell(where(frame)),
        Cell(listed([key[:12] for key in frame["key"]], 4)),
    ]


def _by_reason(runs: pd.DataFrame) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Return the runs by status and reason, reasons that differ in numbers as one."""
    kinds = [re.sub(r"\d[\d.e+-]*", "#", str(reason)) for reason in runs["reason"]]
    parts = runs.groupby([runs["status"].to_numpy(), kinds], sort=False)
    found = [((str(a), str(b)), frame) for (a, b), frame in parts]
    return sorted(found, key=lambda part: -len(part[1]))


def skipped_section(material: Material) -> Section:
    """Return the pairs that were not run because they do not fit, with the reason."""
    runs = material.runs[material.runs["status"] == "skipped"]
    if runs.empty:
        text = "Nothing was skipped: every pair asked for could be run."
        return Section("skipped", "Skipped", [Prose(text)])
    rows = [
        [
            Cell(str(reason or "no reason was recorded")),
            Cell(f"{len(frame):,}", sort=len(frame)),
            Cell(where(frame)),
        ]
        for reason, frame in runs.groupby("reason", sort=False, dropna=False)
    ]
    rows.sort(key=lambda row: -float(row[1].sort or 0))
    columns = [Column("Reason"), Column("Runs", True), Column("Where")]
    table = Table("skipped-table", "Pairs that were not run", columns, rows[:MOST_ROWS])
    return Section("skipped", "Skipped", [table])


def where(runs: pd.DataFrame) -> str:
    """Return what some runs have in common, axis by axis: ``solver hals, mu; init ...``."""
    parts = []
    for axis in ("dataset", "solver", "init", "n_components"):
        labels = sorted({str(label) for label in runs[axis] if str(label)})
        if labels:
            parts.append(f"{axis} {listed(labels, 4)}")
    return "; ".join(parts)


def key_values(
    table_id: str, caption: str, values: Iterable[tuple[str, str]], what: str = "Name"
) -> Table:
    """Return a table of two columns."""
    rows = [[Cell(name), Cell(value)] for name, value in values]
    return Table(table_id, caption, [Column(what), Column("Value")], rows)


def flattened(node: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Return nested JSON as dotted names and text."""
    found: list[tuple[str, str]] = []
    for name, value in node.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            found += flattened(value, f"{path}.") if value else []
        elif isinstance(value, list | tuple):
            found.append((path, ", ".join(plain(item) for item in value) or "none"))
        else:
            found.append((path, plain(value)))
    return found


def plain(value: object) -> str:
    """Return a value of JSON as a reader writes it: none, yes, no, 3."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={plain(item)}" for name, item in value.items())
    return str(value)
