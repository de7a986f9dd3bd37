"""A text with one cell a line: user, item, value, and the time if it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab_datasets.reading.cells import Coded, Times, coded, from_triplets
from nmflab_datasets.reading.lines import Lines, is_blank, is_number
from nmflab_datasets.reading.table import Table, refuse
from nmflab_datasets.reading.times import is_time, seconds_of
from nmflab_datasets.reading.wide import BLANK_FORMS, read_numbers

if TYPE_CHECKING:
    from nmflab_datasets.file import File

ROLES = ("user", "item", "value")
"""What the first three columns are, unless the options say otherwise."""


def long_text(lines: Lines, options: File) -> Table:
    """Return a CSR of the listed cells, users in rows.

    Raises
    ------
    ValueError
        If a column is not there, a user or item is blank, a value is no number, a time
        is none, or a cell is listed twice; naming the line.
    """
    if not lines.has_corner or lines.n_fields < 2:
        raise refuse(
            lines.path,
            f"a list of cells needs 2 or 3 fields a line, and {lines.where(0)} has"
            f" {len(lines.fields(0))}; give dataset.delimiter if it was not found, or"
            " dataset.layout=wide",
        )
    header = _has_header(lines, options)
    start = int(header)
    if len(lines.records) == start:
        raise refuse(lines.path, "the file holds a line of names and no data below it")
    names = lines.fields(0) if header else None
    columns = role_columns(lines.path, options, names, lines.n_fields)
    time = time_column(lines.path, options, names, lines.n_fields)

    def where(at: int) -> str:
        return lines.where(start + at)

    users, items, values = _read(lines, start, columns)
    times = None if time is None else _times(lines, start, time, where)
    return from_triplets(lines.path, users, items, values, options, where, times)


def _times(lines: Lines, start: int, time: int, where: Callable[[int], str]) -> Times:
    frame = lines.frame(start, usecols=[time], keep_default_na=False)
    return seconds_of(lines.path, frame[time], where)


def _read(
    lines: Lines, start: int, columns: Sequence[int]
) -> tuple[Coded, Coded, npt.NDArray[np.float64]]:
    """Return users, items and values (1 without a column of them)."""
    # Not as text, which pandas may hold in a form of its own: equal names are then one
    # object, quick to read and to count.
    names: dict[int, Any] = dict.fromkeys(columns[:2], object)
    user, item, *value = columns
    numbers = dict.fromkeys(value, np.float64)
    as_cells: dict[str, Any] = {
        "usecols": columns,
        "dtype": {**names, **numbers},
        "na_values": dict.fromkeys(value, BLANK_FORMS),
        "keep_default_na": False,
    }
    try:
        frame = lines.frame(start, **as_cells)
        values = frame[value[0]].to_numpy() if value else np.ones(len(frame))
    except ValueError:
        if not value:
            raise
        values = read_numbers(lines, start, value)[:, 0]  # says which is no number
        frame = lines.frame(start, **as_cells | {"usecols": columns[:2]})
    return coded(frame[user].to_numpy()), coded(frame[item].to_numpy()), values


def role_columns(
    path: Path, options: File, names: Sequence[str] | None, n_columns: int
) -> list[int]:
    """Return where user, item and, if there is one, value stand.

    Raises
    ------
    ValueError
        If a column is not there or is asked for twice, naming those there are.
    """
    time = time_column(path, options, names, n_columns)
    found: list[int] = []
    for default, role in enumerate(ROLES):
        given = getattr(options, role)
        if given is not None:
            found.append(_column(path, role, given, names, n_columns))
        elif default < n_columns and not _is_all_but_values(default, time, n_columns):
            found.append(default)
    taken = found if time is None else [*found, time]
    if len(set(taken)) < len(taken):
        roles, all_of = "dataset.item and dataset.value", "all three"
        if time is not None:
            roles, all_of = "dataset.item, dataset.value and dataset.time", "all four"
        raise refuse(
            path,
            f"two of dataset.user, {roles} are the same column"
            f" (columns {', '.join(str(at + 1) for at in taken)}); name {all_of}",
        )
    return found


def _is_all_but_values(default: int, time: int | None, n_columns: int) -> bool:
    """Whether a list has a time in place of values, which are then 1."""
    return default == time == 2 and n_columns == 3


def time_column(
    path: Path, options: File, names: Sequence[str] | None, n_columns: int
) -> int | None:
    """Return where the time stands if it is asked for; raises as `role_columns`."""
    if options.time is None:
        return None
    return _column(path, "time", options.time, names, n_columns)


def _column(
    path: Path, role: str, given: str, names: Sequence[str] | None, n_columns: int
) -> int:
    if names is not None and given in names:
        return list(names).index(given)
    if names is None and given.isdigit() and 1 <= int(given) <= n_columns:
        return int(given) - 1
    there = f"positions 1 to {n_columns} (it has no header)"
    hint = ""
    if names is not None:
        there = ", ".join(names)
        close = difflib.get_close_matches(given, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
    raise refuse(
        path, f"dataset.{role}={given}: no such column; there are {there}{hint}"
    )


def _has_header(lines: Lines, options: File) -> bool:
    if options.header is not None:
        return options.header
    given = [getattr(options, role) for role in (*ROLES, "time")]
    if any(name is not None and not name.isdigit() for name in given):
        return True
    first = lines.fields(0)
    if given[3] is not None and int(given[3]) in range(1, len(first) + 1):
        field = first[int(given[3]) - 1]
        return not (is_time(field) or is_blank(field))
    if lines.n_fields == 2:
        later = lines.fields(1) if len(lines.records) > 1 else []
        return not any(map(is_number, first)) and any(map(is_number, later))
    at = int(given[2]) - 1 if given[2] else 2
    value = first[at] if at < len(first) else ""
    if is_number(value) or is_blank(value):
        return False
    number = next((field for field in first if is_number(field)), None)
    if number is not None:
        raise refuse(
            lines.path,
            f"{lines.where(0)} has {value!r} where its value should be, and the number"
            f" {number!r} besides; mend the line, or give dataset.header=true if it"
            " holds names",
        )
    return True
