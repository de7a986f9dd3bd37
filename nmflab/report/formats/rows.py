"""Rows of tables for the page: which filters they answer to, long tables made small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nmflab.report.content import Cell, Filter, Table

MOST_ROWS = 200
"""Rows of a table written as HTML; a longer one hands all its rows to the script."""

PANEL = "Comparison"
"""Title of columns that hold names of panels, as `nmflab.report.drawing.pencil` has it:
``ratings · frobenius · n_components 3``."""

Packed = dict[str, Any]  # Any: the values of JSON


def positions(table: Table, filters: Sequence[Filter]) -> list[str]:
    """Return of each row, for each filter, which of its values it is about.

    ``"0,,2"`` is a row about the first value of the first filter and the third of the
    third; "" is a row that no filter hides.
    """
    titles = [column.title for column in table.columns]
    columns = [[titles.index(t) for t in f.columns if t in titles] for f in filters]
    panel = titles.index(PANEL) if PANEL in titles else None
    places = [{value: str(i) for i, value in enumerate(f.values)} for f in filters]
    found = []
    for at, row in enumerate(table.rows):
        about = table.about[at] if table.about else {}
        parts = [] if panel is None else row[panel].text.split(" · ")
        told = [
            _place(_labels(one, about, [row[c] for c in own], parts), place)
            for one, own, place in zip(filters, columns, places, strict=True)
        ]
        found.append(",".join(told) if any(told) else "")
    return found


def _labels(
    one: Filter, about: Mapping[str, str], own: Sequence[Cell], parts: Sequence[str]
) -> list[str]:
    """Return what may be a row's label on an axis, the surest first.

    Of ``hals from random`` either part may be, and of a panel's name any.
    """
    labels = [about[one.axis]] if one.axis in about else []
    for cell in own:
        labels += [cell.text, *cell.text.rsplit(" from ", 1)]
    return [*labels, *(part.removeprefix(f"{one.axis} ") for part in parts)]


def _place(labels: Sequence[str], places: Mapping[str, str]) -> str:
    return next((places[label] for label in labels if label in places), "")


CHARACTER, PADDING, DETAIL = 0.64, 0.7, 0.82
"""Width of a character and of a cell's padding in ems, and the size of second lines."""


def width(table: Table) -> float:
    """Return the least width of a table in ems, so that paper can hold all of it.

    Numbers stand on one line; other text breaks between words.
    """
    rows = table.rows[:MOST_ROWS]
    total = 0.0
    for at, column in enumerate(table.columns):
        cells = [row[at] for row in rows]
        lines: list[float] = [_longest(column.title)]
        lines += [
            len(cell.text) if column.numeric else _longest(cell.text) for cell in cells
        ]
        lines += [DETAIL * _longest(cell.detail) for cell in cells]
        total += CHARACTER * max(lines) + PADDING
    return round(total, 1)


def _longest(text: str) -> int:
    """Return the length of the longest word."""
    return max(map(len, text.split()), default=0)


def packed(table: Table, filters: Sequence[Filter]) -> Packed:
    """Return all rows of a table as the page's script reads them.

    Each column is ``{"v": distinct cells, "i": which of them each row has}``, without
    "i" where all are distinct. A cell is its text, or [text, detail, sort, tone].
    """
    columns = [
        _packed([_plain(row[at]) for row in table.rows], column.numeric)
        for at, column in enumerate(table.columns)
    ]
    return {
        "columns": columns,
        "of": _packed(positions(table, filters), numeric=False),
        "heads": table.n_headers,
    }


def _packed(cells: Sequence[Any], numeric: bool) -> Mapping[str, Any]:
    keys = [cell if isinstance(cell, str) else repr(cell) for cell in cells]
    place: dict[str, int] = {}
    for key in keys:
        place.setdefault(key, len(place))
    column: dict[str, Any] = {"number": True} if numeric else {}
    if 2 * len(place) > len(cells):
        return {**column, "v": list(cells)}
    first: dict[str, Any] = {}
    for key, cell in zip(keys, cells, strict=True):
        first.setdefault(key, cell)
    return {**column, "v": list(first.values()), "i": [place[key] for key in keys]}


def _plain(cell: Cell) -> str | list[Any]:
    if not cell.detail and cell.sort is None and not cell.tone:
        return cell.text
    sort = str(cell.sort) if cell.sort in (float("inf"), -float("inf")) else cell.sort
    return [cell.text, cell.detail, sort, cell.tone]
