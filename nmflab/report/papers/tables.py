"""Tables of a report as files: CSV for programs, Markdown for documents.

The LaTeX of a table is in `nmflab.report.papers.latex_tables`.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from nmflab.report.content import Block, Cell, Details, Report, Section, Table
from nmflab.report.formats.markdown import table_text
from nmflab.report.papers.names import told_apart

SHOWN = "as shown"
RANGE = "detail"


def tables_of(section: Section) -> list[Table]:
    """Return every table of a section, those folded away too."""
    return _tables(section.blocks)


def _tables(blocks: Sequence[Block]) -> list[Table]:
    found: list[Table] = []
    for block in blocks:
        if isinstance(block, Table):
            found.append(block)
        elif isinstance(block, Details):
            found += _tables(block.blocks)
    return found


def markdown(table: Table, report: Report) -> str:
    """Return a table as Markdown, with the study it is of."""
    return f"{table_text(table)}\n{report.study}, nmflab {report.version}\n"


def as_csv(table: Table) -> str:
    """Return a table as CSV: numbers in full, and beside them what is shown.

    A column of numbers gives up to three: the number as a float prints it, ``<title>
    (as shown)`` with its spread, and ``<title> (detail)``, mostly its range, where any
    row has one. Where there is no number the cell is empty.
    """
    columns = [_columns(table, at) for at in range(len(table.columns))]
    flat = [column for those in columns for column in those]
    titles = told_apart(column[0] for column in flat)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(zip(*(cells for _, cells in flat), strict=True))
    return text.getvalue()


def _columns(table: Table, at: int) -> list[tuple[str, list[str]]]:
    """Return the CSV's columns for one column of a table: title and cells."""
    title = table.columns[at].title or ("Row" if at == 0 else f"Column {at + 1}")
    cells = [row[at] for row in table.rows]
    texts = [cell.text for cell in cells]
    numeric = table.columns[at].numeric
    numbers = [_number(cell, numeric=numeric) for cell in cells]
    found = [(title, texts)]
    if any(numbers):
        found = [(title, numbers)]
        if texts != numbers:
            found.append((f"{title} ({SHOWN})", texts))
    if any(cell.detail for cell in cells):
        found.append((f"{title} ({RANGE})", [cell.detail for cell in cells]))
    return found


_FIGURES = re.compile(r"[-−]?[\d,]*\.?\d+(e[-+]?\d+)?")


def _number(cell: Cell, *, numeric: bool) -> str:
    """Return a cell's number so that it reads back the same; "" where it has none."""
    if isinstance(cell.sort, int):
        return str(cell.sort)
    if isinstance(cell.sort, float):
        # numpy's floats print their type
        return repr(float(cell.sort)) if math.isfinite(cell.sort) else ""
    if numeric and cell.sort is None and _FIGURES.fullmatch(cell.text):
        return cell.text.replace(",", "").replace("−", "-")
    return ""
