"""Sentences and tables as plain text and as Markdown; nothing in them is obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DASH = "–"
"""What stands where there is nothing."""


@dataclass(frozen=True)
class Lines:
    """A table of text with its title; the first row heads it."""

    title: str
    rows: Sequence[Sequence[str]]


Part = str | Lines


def shown(value: object, most: int = 100) -> str:
    """Return text from a record as one line of a terminal: nothing in it is obeyed."""
    text = "".join(
        " "
        if c.isspace()
        else c
        if unicodedata.category(c)[0] != "C"
        else "\N{REPLACEMENT CHARACTER}"
        for c in str(value)
    )
    return text if len(text) <= most else f"{text[: most - 1]}…"


def plain_text(parts: Iterable[Part]) -> str:
    """Return sentences and tables as lines of text."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        widths = [max(map(len, column)) for column in zip(*part.rows, strict=True)]
        lines += ["", part.title]
        counts = [_is_count(column[1:]) for column in zip(*part.rows, strict=True)]
        for row in part.rows:
            cells = (
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(row, widths, counts, strict=True)
            )
            lines.append(f"  {'  '.join(cells)}".rstrip())
        lines.append("")
    return "\n".join(lines).replace("\n\n\n", "\n\n").strip("\n")


def _is_count(column: Iterable[str]) -> bool:
    """Return whether a column holds counts, which stand at its right edge."""
    return all(text == DASH or text.replace(",", "").isdigit() for text in column)


def markdown(parts: Iterable[Part]) -> str:
    """Return sentences and tables as Markdown."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines += [_escaped(part), ""]
            continue
        head, *rows = part.rows
        lines += [
            f"### {_escaped(part.title)}",
            "",
            _row(head),
            _row("---" for _ in head),
        ]
        lines += [*(_row(map(_escaped, row)) for row in rows), ""]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in text)
