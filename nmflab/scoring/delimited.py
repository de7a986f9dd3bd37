"""Numbers in lines of text, with or without names above and before them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nmflab.config import ConfigError
from nmflab.contracts import Matrix

_UNKNOWN = frozenset({"", "na", "nan", "null", "n/a"})
"""Words for a number that is not there: never the name of a line."""

Lines = list[tuple[int, list[str]]]
"""The cells of each line that holds any, and its number in the file."""


def read_text(
    path: Path, source: str
) -> tuple[list[str] | None, list[str] | None, Matrix]:
    """Return the names of rows, those of columns and the numbers of a text file.

    The first line is names if a cell behind the first is no number, or if its first
    cell is empty (pandas, R's write.csv), or if it has one cell less than the second
    (R's write.table). The first column is names if that line says so, or if it holds
    words. Decimal commas are read where cells are separated by semicolons.

    Raises
    ------
    ConfigError
        If lines differ in length, or a cell is no number, naming the line.
    """
    lines = _lines(path)
    if not lines:
        raise ConfigError(f"{source}: the file holds no number; write it again")
    header, body = _split(lines)
    named = _has_row_names(header, body)
    names = None if header is None else header[len(header) - _width(body) + named :]
    values = [_numbers(cells[named:], at, source) for at, cells in body]
    _refuse_ragged(body, source)
    rows = [cells[0] for _, cells in body] if named else None
    return rows, names, np.array(values, dtype=np.float64)


def _lines(path: Path) -> Lines:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # digits are the same; only names may suffer
    split = text.splitlines()
    first = next((line for line in split if line.strip()), "")
    mark = _delimiter(path, first)
    decimal = "," if mark == ";" else "."
    return [
        (at, [cell.strip().replace(decimal, ".") for cell in _cells(line, mark)])
        for at, line in enumerate(split, 1)
        if line.strip()
    ]


def _cells(line: str, mark: str | None) -> list[str]:
    """Return the cells of a line; without a mark, blanks separate, however many."""
    if mark is None:
        line, mark = " ".join(line.split()), " "
    return next(csv.reader([line], delimiter=mark))


def _delimiter(path: Path, line: str) -> str | None:
    """Return what separates cells; None for any blanks."""
    if path.suffix.lower() in (".tsv", ".tab"):
        return "\t"
    found = max(("\t", ";", ","), key=line.count)
    if found in line:
        return found
    return "," if path.suffix.lower() == ".csv" else None


def _split(lines: Lines) -> tuple[list[str] | None, Lines]:
    """Return the line of names, if there is one, and the lines of numbers."""
    _, first = lines[0]
    if len(lines) == 1:
        return None, lines
    behind = first[1:] if len(first) > 1 else first
    is_header = (
        first[0] == ""
        or any(_is_word(cell) for cell in behind)
        or len(first) == len(lines[1][1]) - 1
    )
    return (first, lines[1:]) if is_header else (None, lines)


def _has_row_names(header: Sequence[str] | None, body: Lines) -> bool:
    if _width(body) < 2:
        return False
    if header is not None and (header[0] == "" or len(header) == _width(body) - 1):
        return True
    return any(_is_word(cells[0]) for _, cells in body)


def _width(body: Lines) -> int:
    return len(body[0][1])


def _is_word(cell: str) -> bool:
    return not _is_number(cell) and cell.lower() not in _UNKNOWN


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(cells: Sequence[str], line: int, source: str) -> list[float]:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        bad = next(cell for cell in cells if not _is_number(cell))
        raise ConfigError(
            f"{source}: line {line} holds {bad!r}, which is no number; every entry of a"
            " factor must be one"
        ) from None


def _refuse_ragged(body: Lines, source: str) -> None:
    for line, cells in body:
        if len(cells) != _width(body):
            raise ConfigError(
                f"{source}: line {line} has {len(cells)} cells, line {body[0][0]} has"
                f" {_width(body)}; each must have as many"
            )
