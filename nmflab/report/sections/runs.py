"""Every planned run in one table, and the axes by which a reader narrows the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from nmflab.report.content import (
    Cell,
    Column,
    Details,
    Filter,
    Prose,
    Section,
    Table,
)
from nmflab.report.numbers import count, number
from nmflab.report.reading.material import FAILED, Material
from nmflab.report.reading.measures import words

UNDONE = {"left": "not run"}
"""Statuses that a reader knows by other words."""

_AXES = {
    "dataset": ("Dataset", ("Dataset", "Data set"), "dataset"),
    "init": ("Init", ("Init", "Initialization"), "init"),
    "n_components": ("n_components", ("n_components",), "n_components"),
    "objective": ("Loss", ("Loss",), "objective"),
}
_MORE = ("weighting", "split", "dtype", "threads")
_ERRORS = ("relative_error",)


def filters_of(material: Material, title: str) -> list[Filter]:
    """Return the axes with more than one value, by which the page can be narrowed.

    Parameters
    ----------
    material : Material
    title : str
        What runs are told apart by: "Solver", or "Case" where the study has cases.
    """
    runs = material.runs
    axis = title.lower()
    both = tuple(f"{title} and {start}" for start in ("init", "start"))
    said = {axis: (title, (title,), "variant"), **_AXES}
    filters = [
        Filter(
            name,
            shown,
            _distinct(runs[field]),
            (*columns, *both) if name in (axis, "init") else columns,
            field,
        )
        for name, (shown, columns, field) in said.items()
    ]
    statuses = [UNDONE.get(status, status) for status in _distinct(runs["status"])]
    filters.append(Filter("status", "Status", statuses, ("Status",)))
    order = ["dataset", axis, "init", "n_components", "objective", "status"]
    filters.sort(key=lambda one: order.index(one.axis))
    return [one for one in filters if len(one.values) > 1]


def _distinct(labels: pd.Series[Any]) -> list[str]:
    """Return the labels that occur, numbers by size, text as it first came."""
    found = [label for label in labels.drop_duplicates() if str(label) != ""]
    if all(isinstance(label, int) for label in found):
        found.sort()
    return [str(label) for label in found]


def runs_section(material: Material, title: str) -> Section:
    """Return the table of every planned run, those that did not end well first."""
    runs = material.runs
    if runs.empty:
        return Section("runs", "Every run", [Prose("No run was planned.")])
    failed = ~runs["status"].isin(["ok"])
    runs = pd.concat([runs[failed], runs[~failed]])
    runs = runs.join(_measured(material), on="key")
    fields = _fields(runs, title)
    cells = [cell(runs[name]) for name, (_, cell) in fields.items()]
    table = Table(
        "runs-table",
        "Every planned run",
        [column for column, _ in fields.values()],
        list(zip(*cells, strict=True)),
        n_headers=1,
        about=_about(runs, title.lower()),
    )
    text = "One row a planned run; runs.csv beside this page holds all that is known."
    folded = Details(f"The table of {count(len(runs), 'run')}", [table])
    return Section("runs", "Every run", [Prose(text + _same(runs, title)), folded])


def _measured(material: Material) -> pd.DataFrame:
    """Return the errors that have a column of their own."""
    names = [name for name in _ERRORS if name in material.metrics]
    return material.metrics[names]


def _about(runs: pd.DataFrame, axis: str) -> list[Mapping[str, str]]:
    names = ("dataset", axis, "init", "n_components", "objective", "status")
    columns = ("dataset", "variant", "init", "n_components", "objective", "status")
    labels = [runs[column].astype(str) for column in columns[:-1]]
    labels.append(runs["status"].replace(UNDONE))
    return [dict(zip(names, row, strict=True)) for row in zip(*labels, strict=True)]


_Cells = Callable[["pd.Series[Any]"], list[Cell]]


def _fields(runs: pd.DataFrame, title: str) -> dict[str, tuple[Column, _Cells]]:
    """Return the columns by their name among the runs; axes only where they vary."""
    shown: dict[str, tuple[Column, _Cells]] = {
        "key": (Column("Run", hint="its key begins with this"), _keys),
        "status": (Column("Status"), _statuses),
    }
    if runs["dataset"].nunique() > 1:
        shown["dataset"] = (Column("Dataset"), _texts)
    shown["variant"] = (Column(title), _texts)
    for name in ("init", "n_components", "objective", *_MORE):
        if runs.loc[runs["status"] == "ok", name].nunique() > 1 or (
            name in _AXES and runs[name].nunique() > 1
        ):
            heading = _AXES[name][0] if name in _AXES else words(name)
            whole = name in ("n_components", "threads")
            shown[name] = (Column(heading, whole), _texts)
    shown["seed"] = (Column("Seed", True), _texts)
    shown["reason"] = (Column("How it ended"), _reasons)
    if runs["objective_value"].notna().any():
        what = "the shared objective; lower is better"
        shown["objective_value"] = (Column("Objective", True, what), _numbers)
    for name in (name for name in _ERRORS if name in runs):
        shown[name] = (Column(words(name), True), _numbers)
    if runs["n_steps"].notna().any():
        shown["n_steps"] = (Column("Steps", True), _wholes)
        shown["seconds"] = (Column("Seconds", True, "wall clock of steps"), _seconds)
    return shown


def _same(runs: pd.DataFrame, title: str) -> str:
    """Return a sentence of the axes that do not vary."""
    axes = {"dataset": "Dataset", "init": "Init", "n_components": "n_components"}
    said = [
        f"{shown} {labels[0]}"
        for name, shown in {**axes, "objective": "Loss"}.items()
        if len(labels := _distinct(runs[name])) == 1
    ]
    return f" The same in every run: {'; '.join(said)}." if said else ""


def _each(values: Iterable[Any], cell: Callable[[Any], Cell]) -> list[Cell]:
    """Return a cell a value; equal values share one."""
    known: dict[Any, Cell] = {}
    return [
        known[value] if value in known else known.setdefault(value, cell(value))
        for value in values
    ]


def _keys(values: pd.Series[Any]) -> list[Cell]:
    return [Cell(str(key)[:12]) for key in values]


def _statuses(values: pd.Series[Any]) -> list[Cell]:
    return _each(
        values,
        lambda status: Cell(
            UNDONE.get(status, status), tone="danger" if status in FAILED else ""
        ),
    )


def _texts(values: pd.Series[Any]) -> list[Cell]:
    return _each(values, lambda label: Cell(str(label)))


def _reasons(values: pd.Series[Any]) -> list[Cell]:
    return _each(values, lambda reason: Cell(str(reason)))


def _numbers(values: pd.Series[Any]) -> list[Cell]:
    return [Cell(number(value, 5)) for value in values]


def _seconds(values: pd.Series[Any]) -> list[Cell]:
    return [Cell(number(value, 3)) for value in values]


def _wholes(values: pd.Series[Any]) -> list[Cell]:
    return _each(
        values.fillna(-1).astype(int),
        lambda n: Cell(f"{n:,}" if n >= 0 else number(None)),
    )


def labels_of(labels: Mapping[str, Any], variant: str, title: str) -> dict[str, str]:
    """Return what `Table.about` holds of a row about one group of runs."""
    axes: Sequence[str] = ("dataset", "init", "n_components", "objective")
    return {title.lower(): variant, **{axis: str(labels[axis]) for axis in axes}}
