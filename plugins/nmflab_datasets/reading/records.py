"""A text divided at its line ends, but not within quotation marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nmflab_datasets.reading.table import refuse


def records_of(path: Path, text: str) -> tuple[list[str], Sequence[int]]:
    """Return the records and the line each begins on, from 1.

    Blank lines and leading comments are left out.
    """
    return _quoted_records(path, text) if '"' in text else _plain_records(text)


def _plain_records(text: str) -> tuple[list[str], Sequence[int]]:
    """Split at every line end: what is done for a million lines must be little."""
    lines = text.split("\n")
    first = 0
    while first < len(lines) and (
        not lines[first].strip(" ") or lines[first].startswith("#")
    ):
        first += 1
    last = len(lines)
    while last > first and not lines[last - 1].strip(" "):
        last -= 1
    if "\n\n" not in text and "\n " not in text:
        return lines[first:last], range(first + 1, last + 1)
    kept = [at for at in range(first, last) if lines[at].strip(" ")]
    return [lines[at] for at in kept], [at + 1 for at in kept]


def _quoted_records(path: Path, text: str) -> tuple[list[str], list[int]]:
    """Split at line ends outside quotes."""
    records: list[str] = []
    numbers: list[int] = []
    pending: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not pending and (
            not line.strip(" ") or (not records and line.startswith("#"))
        ):
            continue
        if not pending:
            numbers.append(number)
        # An odd number of marks opens or closes a quotation; a doubled one does not.
        ends = (line.count('"') % 2 == 1) == bool(pending)
        pending.append(line)
        if ends:
            records.append("\n".join(pending))
            pending = []
    if pending:
        raise refuse(
            path,
            f"line {numbers[-1]} opens a quotation mark that no line closes; close it,"
            " or double a mark that is meant as such",
        )
    return records, numbers
