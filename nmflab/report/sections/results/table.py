"""A table of settings: its columns, and what is the same in every row said before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nmflab.report.content import Block, Cell, Column, Prose, Table
from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group
from nmflab.report.sections.runs import labels_of

MOST_ROWS = 400
"""Rows of a table on the page; runs.csv holds all."""


@dataclass(frozen=True)
class Field:
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


def field_table(
    table_id: str, caption: str, shown: Sequence[Group], fields: Sequence[Field]
) -> list[Block]:
    """Return the table, and before it a sentence of what is the same in every row."""
    rows = shown[:MOST_ROWS]
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
        about=[axes_of(group) for group in rows],
    )
    told = [(fields[at].column.title, _read(cells[at][0])) for at in same]
    said = [f"{title} {text}" for title, text in told if text != "–"]
    return [
        *([Prose(f"The same in every row: {'; '.join(said)}.")] * bool(said)),
        table,
    ]


def axes_of(group: Group) -> dict[str, str]:
    """Return the labels of a row by axis, for the page's filters."""
    title = "Case" if group.labels["case"] else "Solver"
    return labels_of(group.labels, group.variant, title)


def _alike(cells: Sequence[Cell]) -> bool:
    return len({(cell.text, cell.detail) for cell in cells}) == 1


def _read(cell: Cell) -> str:
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text
