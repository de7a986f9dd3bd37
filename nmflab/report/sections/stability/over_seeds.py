"""The table of metrics over seeds: a row a setting, a column a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.report.content import Block, Bullets, Cell, Column, Prose, Table
from nmflab.report.numbers import NOTHING, count, number
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import about, hint, words

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 400

_AXES = ("dataset", "weighting", "split", "objective", "init", "dtype")
_ARROWS = {"lower": " ↓", "higher": " ↑"}
_CHANCE, _SPREAD = "_chance", "_chance_sd"
"""What random draws give, told below the value that it is the chance of."""
_NEEDS_SEEDS = "not applicable: needs 2 seeds"


@dataclass(frozen=True)
class _Row:
    """What is known of one setting: its labels, values or texts, and problems."""

    labels: Mapping[str, Any]
    values: Mapping[str, float | str]
    problems: Mapping[str, str]
    n_runs: int


def over_seeds_blocks(material: Material) -> list[Block]:
    """Return the table and what could not be measured; nothing where none was asked.

    Values are of one setting each: no mean over settings is ever taken.
    """
    rows = _rows(material)
    if not rows:
        return []
    shown = [row for row in rows if set(row.problems.values()) != {_NEEDS_SEEDS}]
    blocks: list[Block] = []
    if any(row.values for row in shown):
        blocks += [Prose(_READING), _table(shown, material.info)]
    if problems := _problems(rows):
        blocks += [Prose("Metrics over seeds without a value:"), Bullets(problems)]
    return blocks


_READING = (
    "Metrics over seeds are computed from the factors of all runs of a setting that"
    " differ by their seed only: ↑ higher is better, ↓ lower is. Most move with"
    " n_components by themselves, so compare settings of one size, or what is adjusted:"
    " 0 is what chance gives, 1 the best."
)


def _rows(material: Material) -> list[_Row]:
    """Return the settings all of whose runs are in the report, in order of the plan."""
    found = material.store.group_metrics()
    known = set(material.finished["key"])
    shown = np.array([known.issuperset(keys) for keys in found["keys"]], dtype=bool)
    found = found[shown]
    return [_row(frame) for _, frame in found.groupby("group", sort=False)]


def _row(frame: pd.DataFrame) -> _Row:
    values: dict[str, float | str] = {}
    for column in ("text", "value"):
        some = frame[frame[column].notna()]
        values |= dict(zip(some["name"], some[column], strict=True))
    failed = frame[frame["problem"].notna()]
    return _Row(
        labels={str(name): value for name, value in frame.iloc[0].items()},
        values=values,
        problems=dict(zip(failed["name"], failed["problem"], strict=True)),
        n_runs=int(frame["n_runs"].iloc[0]),
    )


def _table(rows: Sequence[_Row], info: Mapping[str, Mapping[str, Any]]) -> Table:
    cased = any(row.labels["case"] for row in rows)
    variant = "case" if cased else "solver"
    axes = [axis for axis in _AXES if len({str(r.labels[axis]) for r in rows}) > 1]
    found = sorted({name for row in rows for name in row.values})
    names = [name for name in found if not name.endswith((_CHANCE, _SPREAD))]
    naming = ["dataset", variant, "init", *(a for a in axes if a not in _ALWAYS)]
    left = len(rows) - MOST_ROWS
    return Table(
        id="over-seeds-table",
        caption="Metrics over seeds",
        columns=[
            *(Column(_title(axis)) for axis in naming),
            Column("n_components", True),
            Column("Seeds", True, "runs that were compared"),
            *(_column(name, rows, info) for name in names),
        ],
        rows=[_cells(row, naming, names) for row in rows[:MOST_ROWS]],
        note=f"{count(left, 'more setting')} in the store." if left > 0 else "",
        n_headers=len(naming) + 1,
    )


_ALWAYS = ("dataset", "init")


def _title(axis: str) -> str:
    return "Loss" if axis == "objective" else words(axis)


def _column(
    name: str, rows: Sequence[_Row], info: Mapping[str, Mapping[str, Any]]
) -> Column:
    numeric = not any(isinstance(row.values.get(name), str) for row in rows)
    arrow = _ARROWS.get(str(about(name, info).get("direction")), "")
    return Column(words(name) + (arrow if numeric else ""), numeric, hint(name, info))


def _cells(row: _Row, naming: Sequence[str], names: Sequence[str]) -> list[Cell]:
    n = int(row.labels["n_components"])
    return [
        *(Cell(str(row.labels[axis] or "")) for axis in naming),
        Cell(str(n), sort=n),
        Cell(str(row.n_runs), sort=row.n_runs),
        *(_value(row.values, name) for name in names),
    ]


def _value(values: Mapping[str, float | str], name: str) -> Cell:
    value, chance = values.get(name), values.get(name + _CHANCE)
    if value is None:
        return Cell(NOTHING, sort=float("inf"))
    if isinstance(value, str):
        return Cell(value)
    spread = values.get(name + _SPREAD)
    beside = f"chance {number(chance, 2)}" if isinstance(chance, float) else ""
    beside += f" ± {number(spread, 1)}" if isinstance(spread, float) and spread else ""
    return Cell(number(value), beside, value)


def _problems(rows: Sequence[_Row]) -> list[str]:
    """Return each reason once, with its metrics and in how many settings."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        for name, why in row.problems.items():
            counts = found.setdefault(why, {})
            counts[name] = counts.get(name, 0) + 1
    return [
        f"{', '.join(counts)}: {why} (in {count(max(counts.values()), 'setting')})."
        for why, counts in found.items()
    ]
