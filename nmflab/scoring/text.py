"""Scores as they are read: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nmflab.scoring.meanings import Meaning
from nmflab.scoring.scores import Score

if TYPE_CHECKING:
    from rich.console import RenderableType

TITLES = ("metric", "value", "study", "better", "range", "unit")
_NUMBERS = ("value", "study")
_WIDTH = 88


def plain_text(score: Score) -> str:
    """Return the scores as lines of text."""
    titles = _titles(score)
    table = [titles, *_rows(score)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [score.title, ""]
    for cells in table:
        parts = [
            cell.rjust(width) if title in _NUMBERS else cell.ljust(width)
            for title, cell, width in zip(titles, cells, widths, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join([*lines, *_told(score)])


def rich_text(score: Score) -> list[RenderableType]:
    """Return the scores for a terminal; names are never read as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(score.title), title_justify="left", title_style="")
    for title in _titles(score):
        table.add_column(title, justify="right" if title in _NUMBERS else "left")
    for cells in _rows(score):
        table.add_row(*map(Text, cells))
    return [table, Text("\n".join(_told(score)))]


def _titles(score: Score) -> tuple[str, ...]:
    """Return the columns there are: the study's only where one was named."""
    return tuple(one for one in TITLES if one != "study" or score.beside.said)


def _rows(score: Score) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each number, in the order of the titles."""
    own = {"objective": score.objective, "kappa": score.kappa}
    for name, value in {**own, **score.values}.items():
        if isinstance(value, str):
            continue
        meaning = score.meanings[name]
        unit = "" if meaning.unit == "dimensionless" else meaning.unit
        better = meaning.better or "-"
        other = score.beside.values.get(name)
        study = ["-" if other is None else f"{other:.6g}"] if score.beside.said else []
        yield name, f"{value:.6g}", *study, better, _range(meaning), unit


def _range(meaning: Meaning) -> str:
    lowest, highest = meaning.range
    if lowest is None and highest is None:
        return "-"
    if highest is None:
        return f"{lowest:g} and more"
    return f"up to {highest:.4g}" if lowest is None else f"{lowest:g} to {highest:.4g}"


def _told(score: Score) -> list[str]:
    """Return what stands below the table: words, what does not apply, notes."""
    words = [f"{n}: {v}" for n, v in score.values.items() if isinstance(v, str)]
    reasons: dict[str, list[str]] = {}
    for name, why in score.problems.items():
        reasons.setdefault(why, []).append(name)
    unfit = [f"{why}: {', '.join(names)}" for why, names in reasons.items()]
    notes = [score.beside.said] if score.beside.said else []
    notes += [f"note: {note}" for note in score.notes]
    lines: list[str] = []
    for group in (words, unfit, notes):
        lines += ["", *(_wrapped(line) for line in group)] if group else []
    return lines


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
