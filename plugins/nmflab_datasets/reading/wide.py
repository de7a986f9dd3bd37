"""A text with one sample a line: names, numbers, and the first cell that is neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.doubts import SAMPLE, ask_if_identifiers, refuse_list
from nmflab_datasets.reading.lines import BLANKS, Lines, is_blank, is_number
from nmflab_datasets.reading.table import Table, refuse

if TYPE_CHECKING:
    from nmflab_datasets.file import File

_MIXED = {"nan": "NaN", "-nan": "-NaN", "none": "None"}
BLANK_FORMS = sorted(
    {
        form
        for word in BLANKS
        for form in (word, word.upper(), word.title(), _MIXED.get(word, word))
    }
)
"""Words for "no value" as they are commonly capitalised, for pandas."""


def wide_text(lines: Lines, options: File) -> Table:
    """Return a full table.

    Raises
    ------
    ValueError
        If a cell is no number, naming line and column; if it cannot be told whether
        the first row or column holds names; or if this is a list of cells.
    """
    refuse_list(lines)
    header = _has_header(lines, options.header)
    index = _has_index(lines, options.index, header=header)
    start = int(header)
    if len(lines.records) == start:
        raise refuse(lines.path, "the file holds a line of names and no data below it")
    columns = range(int(index), lines.n_fields)
    if not columns:
        raise refuse(
            lines.path,
            "the only column holds names; give dataset.delimiter if there are more, or"
            " dataset.index=false",
        )
    X = read_numbers(lines, start, columns)
    names = lines.fields(0) if header else None
    if names is not None and len(names) == lines.n_fields:
        names = names[int(index) :]
    rows = range(start, len(lines.records))
    row_names = [lines.fields(at)[0] for at in rows] if index else None
    return Table(X, row_names, names)


def read_numbers(
    lines: Lines, start: int, columns: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Return some columns from a record on, NaN where blank, to the last digit.

    Raises
    ------
    ValueError
        For the first cell that is no number, naming line and column.
    """
    options: dict[str, Any] = {
        "usecols": list(columns),
        "dtype": np.float64,
        "na_values": BLANK_FORMS,
        "keep_default_na": False,
    }
    try:
        frame = lines.frame(start, **options)
    except ValueError:
        return _cell_by_cell(lines, start, columns)
    X: npt.NDArray[np.float64] = np.ascontiguousarray(frame.to_numpy(np.float64))
    return X


def _cell_by_cell(
    lines: Lines, start: int, columns: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Read what the fast reader would not, up to the cell that is no number."""
    X = np.full((len(lines.records) - start, len(columns)), np.nan)
    for at in range(start, len(lines.records)):
        fields = lines.fields(at)
        for place, column in enumerate(columns):
            if is_number(fields[column]):
                X[at - start, place] = float(fields[column])
            elif not is_blank(fields[column]):
                raise _not_a_number(lines, start, at, column, fields[column])
    return X


def _not_a_number(
    lines: Lines, start: int, at: int, column: int, field: str
) -> ValueError:
    name = f" ({lines.fields(0)[column]!r})" if start and lines.has_corner else ""
    return refuse(
        lines.path,
        f"{lines.where(at)}, column {column + 1}{name}: {field!r} is not a number;"
        f" {_mend(field, at, column)}",
    )


def _mend(field: str, at: int, column: int) -> str:
    if field.count(",") == 1 and is_number(field.replace(",", ".")):
        return "write decimals with a point"
    if any(mark in field for mark in ",;\t|"):
        return "if it holds several, give the right dataset.delimiter"
    if at == 0:
        return "if the first line holds names, give dataset.header=true"
    if column == 0:
        return "if the first column holds names, give dataset.index=true"
    return "mend the cell, or leave it blank and give dataset.nan=missing"


def _has_header(lines: Lines, given: bool | None) -> bool:
    if not lines.has_corner and given is False:
        raise refuse(
            lines.path,
            f"{lines.where(0)} has one field less than the lines below it, which only a"
            " header may; leave out dataset.header=false, or mend the line",
        )
    first = lines.fields(0)
    if not lines.has_corner and given is None and any(map(is_number, first)):
        raise refuse(
            lines.path,
            f"{lines.where(0)} has {len(first)} field(s) and the lines below it have"
            f" {lines.n_fields}; mend the line, or give dataset.header=true if it names"
            " all columns but the first",
        )
    if given is not None or not lines.has_corner:
        return given is not False
    corner, rest = first[0], first[1:] or first
    words = [name for name in rest if not is_number(name) and not is_blank(name)]
    if len(words) == len(rest):
        if len(first) > 1 and is_number(corner):
            raise _undecided(lines, corner, words[0])
        return True
    if words and corner:
        number = next(name for name in rest if name not in words)
        raise _undecided(lines, words[0], number)
    if words:
        return True
    if corner == "" and _counts_from_0(lines, rest):
        return True
    if _looks_like_years(corner, rest):
        raise _undecided(lines, corner, rest[0])
    return False


def _counts_from_0(lines: Lines, names: list[str]) -> bool:
    """Whether names and rows count 0, 1, 2, as a frame without names is written."""
    rows = range(1, min(len(lines.records), SAMPLE))
    return names == [str(j) for j in range(len(names))] and all(
        lines.fields(at)[0] == str(at - 1) for at in rows
    )


def _looks_like_years(corner: str, rest: list[str]) -> bool:
    """Whether a first line of a word and numbers may be names: 2001, 2002, 2003."""
    if is_number(corner) or len(rest) < 2:
        return False
    if not all(name.isdigit() for name in rest):
        return corner == ""
    return corner == "" or bool((np.diff([int(name) for name in rest]) == 1).all())


def _has_index(lines: Lines, given: bool | None, *, header: bool) -> bool:
    if not lines.has_corner and given is False:
        raise refuse(
            lines.path,
            f"{lines.where(0)} has one field less than the lines below it, so that the"
            " first column has no name; leave out dataset.index=false",
        )
    if given is not None or not lines.has_corner:
        return given is not False
    if header and lines.n_fields > 1 and lines.fields(0)[0] in ("", "Unnamed: 0"):
        return True
    rows = range(int(header), min(len(lines.records), SAMPLE))
    column = [lines.fields(at)[0] for at in rows]
    numbers = [at for at, field in zip(rows, column, strict=True) if is_number(field)]
    words = [
        at
        for at, field in zip(rows, column, strict=True)
        if not is_number(field) and not is_blank(field)
    ]
    if words and numbers:
        raise refuse(
            lines.path,
            f"the first column holds a word ({lines.fields(words[0])[0]!r},"
            f" {lines.where(words[0])}) and a number ({lines.fields(numbers[0])[0]!r},"
            f" {lines.where(numbers[0])}); give dataset.index=true if it names the"
            " rows, else mend the word",
        )
    if header and lines.n_fields > 1:
        ask_if_identifiers(lines.path, lines.fields(0)[0], column)
    return bool(words) and lines.n_fields > 1


def _undecided(lines: Lines, one: str, other: str) -> ValueError:
    return refuse(
        lines.path,
        f"{lines.where(0)} holds {one!r} and {other!r}, so it may be names or data;"
        " give dataset.header=true or dataset.header=false",
    )
