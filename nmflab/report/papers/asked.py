"""What may be asked of `nmflab figures`, read from words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nmflab.report.papers.fitting import COLUMN, PAGE

FORMATS = ("svg", "pdf", "png")
TABLES = ("latex", "markdown", "csv")
OPTIONS = ("only", "formats", "tables", "width", "out", "all")
"""What may follow a study's name, as in ``formats=pdf``."""

WIDTHS = {"column": COLUMN, "page": PAGE}
NARROWEST, WIDEST = 40.0, 400.0
"""Millimetres."""


class FiguresError(ValueError):
    """Figures cannot be written as asked; says what was asked and how to mend it."""


@dataclass(frozen=True)
class Asked:
    """Which files are asked for.

    Parameters
    ----------
    formats : tuple of {"svg", "pdf", "png"}
        Of each figure.
    tables : tuple of {"latex", "markdown", "csv"}
        Of each table.
    only : tuple of str
        Names of sections, figures or tables; empty is everything.
    width : float or None
        Millimetres of every figure; None: what suits each.
    """

    formats: tuple[str, ...] = FORMATS
    tables: tuple[str, ...] = TABLES
    only: tuple[str, ...] = ()
    width: float | None = None


def asked(options: Mapping[str, str]) -> Asked:
    """Return what is asked for by words: ``{"formats": "pdf,png", "width": "84"}``.

    Raises
    ------
    FiguresError
        For an unknown option or value: names the nearest that there is.
    """
    for name in options:
        if name not in OPTIONS:
            there = ", ".join(f"{option}=" for option in OPTIONS)
            raise FiguresError(
                f"no option {name}=; there are {there}{near(name, OPTIONS)}"
            )
    return Asked(
        formats=_chosen("formats", options.get("formats"), FORMATS),
        tables=_chosen("tables", options.get("tables"), TABLES),
        only=tuple(_words(options.get("only", ""))),
        width=_width(options.get("width")),
    )


def near(word: str, known: Sequence[str]) -> str:
    """Return a question after the nearest of the known words; "" where none is near."""
    found = difflib.get_close_matches(word, known, n=1)
    return f". Did you mean '{found[0]}'?" if found else ""


def _words(text: str) -> list[str]:
    return [word for part in text.strip("[] ").split(",") if (word := part.strip())]


def _chosen(name: str, text: str | None, known: Sequence[str]) -> tuple[str, ...]:
    if text is None:
        return tuple(known)
    words = _words(text)
    if words == ["none"]:
        return ()
    for word in words:
        if word not in known:
            raise FiguresError(
                f"{name}={word} is not written; there are {', '.join(known)}, or none"
                f"{near(word, known)}"
            )
    if not words:
        raise FiguresError(
            f"{name}= is empty; give some of {','.join(known)}, or {name}=none"
        )
    return tuple(one for one in known if one in words)


def _width(text: str | None) -> float | None:
    if text is None:
        return None
    if text in WIDTHS:
        return WIDTHS[text]
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(?:mm)?", text.strip())
    if found and NARROWEST <= float(found[1]) <= WIDEST:
        return float(found[1])
    raise FiguresError(
        f"width={text} is no width; give column ({COLUMN:g} mm), page ({PAGE:g} mm) or"
        f" millimetres from {NARROWEST:g} to {WIDEST:g}, as in width=120"
    )
