"""Tables that would be read without complaint, or refused, as what they are not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from nmflab_datasets.reading.lines import Lines, is_blank, is_number
from nmflab_datasets.reading.table import refuse

SAMPLE = 100
"""Lines looked at to tell names from numbers."""

SURELY_COUNTING = 3
"""Rows from which numbers that rise by one are more likely a count than data."""

_ID = re.compile(r"(?i:(.*[\W_])?id|index|idx|user|item|row)|.*[a-z\d]I[dD]")


def ask_if_identifiers(path: Path, name: str, values: Sequence[str]) -> None:
    """Refuse to choose where a first column of numbers may name the rows.

    That is where they are whole and distinct and either rise by one from row to row,
    over three rows or more, or stand below a name such as ``id``, ``customer_id``,
    ``userId``, ``index``, ``user`` or ``item``. Other names that end in ``index`` are
    left alone: they are measures, as a body mass index is.

    Parameters
    ----------
    name : str
        Of the column.
    values : sequence of str
        Its first cells.

    Raises
    ------
    ValueError
        With the name, the first values and the two ways to say which.
    """
    whole = bool(values) and all(value.isdecimal() for value in values)
    if not whole or len(set(values)) < len(values):
        return
    rising = all(int(b) - int(a) == 1 for a, b in pairwise(values))
    if _ID.fullmatch(name) or (rising and len(values) >= SURELY_COUNTING):
        more = ", ..." if len(values) > SURELY_COUNTING else ""
        raise refuse(
            path,
            f"the first column, {name!r}, holds {', '.join(values[:3])}{more}, which"
            " may name the rows or be data; give dataset.index=true if they are names,"
            " dataset.index=false if they are data",
        )


def refuse_list(lines: Lines) -> None:
    """Refuse a list of users, items and values where a table was expected.

    Such are three columns of which one, not the first, holds words only and another
    numbers only; no table of numbers has that.

    Raises
    ------
    ValueError
        With the line and the column of the first word.
    """
    rows = range(1, min(len(lines.records), SAMPLE))
    if not rows or lines.n_fields != 3 or not lines.has_corner:
        return
    columns = list(zip(*(lines.fields(at) for at in rows), strict=True))
    worded = [at for at in (1, 2) if not any(map(_is_value, columns[at]))]
    numeric = [at for at in range(3) if all(map(_is_value, columns[at]))]
    if not worded or not numeric:
        return
    word = columns[worded[0]][0]
    order = ""
    if 2 not in numeric:
        order = " and name its columns with dataset.user, dataset.item, dataset.value"
    raise refuse(
        lines.path,
        f"{lines.where(1)}, column {worded[0] + 1}: {word!r} is not a number, nor is"
        " any cell below it; if each line holds a user, an item and a value, give"
        f" dataset.layout=long{order}; else leave that column out",
    )


def _is_value(field: str) -> bool:
    return is_number(field) or is_blank(field)
