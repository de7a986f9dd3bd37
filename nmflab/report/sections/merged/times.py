"""How long the same settings took on each machine."""

from __future__ import annotations

from typing import TypeAlias

import pandas as pd

from nmflab.report.content import Block, Cell, Column, Prose, Table
from nmflab.report.numbers import count, number, seconds
from nmflab.report.reading.machines import Machine
from nmflab.report.reading.material import Material

MOST_ROWS = 40
_Setting: TypeAlias = tuple[object, ...]
_SETTING = ["dataset", "variant", "init", "n_components", "threads"]


def times_table(material: Material) -> list[Block]:
    """Return the median time of each setting that several machines finished."""
    runs = material.clocks.runs
    runs = runs[(runs["status"] == "ok") & (runs["machine"] != "")]
    threads = int(runs["threads"].max()) if len(runs) else 1
    clock = "seconds" if threads > 1 else "cpu_seconds"
    table = runs.pivot_table(
        index=_SETTING, columns="machine", values=clock, aggfunc="median", sort=False
    )
    common = table[table.notna().sum(axis=1) > 1]
    if common.empty:
        text = (
            "No setting was finished on two machines: nothing tells how fast each is."
        )
        return [Prose(text, "note")]
    counts = runs.groupby([*_SETTING, "machine"])[clock].count().to_dict()
    timed = common.columns[common.notna().any()]
    machines = [m for m in material.clocks.machines if m.label in timed]
    word = "Wall-clock seconds" if threads > 1 else "CPU seconds"
    return [
        *_ratios(common, machines, word),
        Table(
            "times-by-machine",
            f"{word} of a run, by machine: the median over its seeds",
            [
                Column("Dataset"),
                Column("Solver"),
                Column("Init"),
                Column("n_components", True),
                *(Column(machine.label, True) for machine in machines),
            ],
            [
                [*map(Cell, map(str, at[:4])), *_cells(medians, counts, at, machines)]
                for at, medians in _rows(common)
            ],
            note=_left(len(common) - MOST_ROWS),
            n_headers=4,
        ),
    ]


def _rows(table: pd.DataFrame) -> list[tuple[_Setting, dict[str, float]]]:
    found = table.head(MOST_ROWS).to_dict("index")
    return [
        (tuple(at), {str(machine): float(v) for machine, v in medians.items()})
        for at, medians in found.items()
        if isinstance(at, tuple)
    ]


def _cells(
    medians: dict[str, float],
    counts: dict[object, int],
    at: _Setting,
    machines: list[Machine],
) -> list[Cell]:
    cells = []
    for machine in machines:
        value = medians[machine.label]
        n = counts.get((*at, machine.label), 0)
        runs = count(n, "run") if n else ""
        cells.append(Cell(seconds(value), runs, sort=value if n else None))
    return cells


def _ratios(table: pd.DataFrame, machines: list[Machine], word: str) -> list[Prose]:
    """Return how the machines compare on the settings that they share."""
    first = machines[0].label
    said = []
    for machine in machines[1:]:
        both = table[table[first].gt(0) & table[machine.label].gt(0)]
        if both.empty:
            continue
        ratios = both[machine.label] / both[first]
        between = f", {number(ratios.min(), 2)} to {number(ratios.max(), 2)}"
        said.append(
            f"{machine.label} took {number(ratios.median(), 2)} times the"
            f" {word.lower().replace('cpu', 'CPU')} of {first} (median of"
            f" {count(len(both), 'common setting')}"
            f"{between if len(both) > 1 else ''})."
        )
    return [Prose(" ".join(said))] if said else []


def _left(n: int) -> str:
    return f"{count(n, 'more setting')} in runs.csv." if n > 0 else ""
