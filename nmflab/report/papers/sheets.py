"""Pictures of components in print: one by one, and side by side on a sheet."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nmflab.report.content import Block, Card, Cards, Details, Picture
from nmflab.report.drawing.svg import inline_svg
from nmflab.report.drawing.theme import INK, MISSING, MUTED
from nmflab.report.papers.fitting import COLUMN, PAGE, pixels
from nmflab.report.papers.fonts import STACK
from nmflab.report.papers.rendering import Drawing, on_paper, size

TALLEST = 1.3
"""Height of a sheet as a share of its width, where pictures may be made smaller."""

FEW = 4
"""Cards that fit a column."""

_GAP = 10.0
_LINE = 14.0
_LETTER = 6.2
"""Pixels between cells, of a line of text, and of a letter on average."""


def cards_of(blocks: Sequence[Block]) -> list[Cards]:
    """Return every group of cards with pictures, those folded away too."""
    found: list[Cards] = []
    for block in blocks:
        if isinstance(block, Cards) and any(card.pictures for card in block.cards):
            found.append(block)
        elif isinstance(block, Details):
            found += cards_of(block.blocks)
    return found


def picture(one: Picture, width: float | None) -> Drawing:
    """Return one picture at its size on paper, at most as wide as a column."""
    return on_paper(printed(one.svg), min(width or COLUMN, COLUMN))


def printed(svg: str) -> str:
    """Return a picture's SVG in ink, in the font of print."""
    svg = svg.replace("currentColor", INK)
    return re.sub(r'font-family="[^"]*"', f'font-family="{STACK}"', svg)


@dataclass(frozen=True)
class _Grid:
    """How cards are laid out.

    Parameters
    ----------
    columns : int
    cell : float
        Pixels of a cell's width.
    scale : float
        Of the pictures.
    high : float
        Pixels of a cell's height.
    titles : int
        Lines of a cell's title.
    """

    columns: int
    cell: float
    scale: float
    high: float
    titles: int


def sheet(cards: Cards, width: float | None) -> Drawing:
    """Return all pictures of a group of cards on one sheet, in reading order.

    Parameters
    ----------
    width : float or None
        Millimetres; None: a column for a few, else a page.
    """
    shown = [card for card in cards.cards if card.pictures]
    mm = width or (COLUMN if len(shown) <= FEW and _narrow(shown) else PAGE)
    room = pixels(mm)
    grid = _grid(shown, room)
    parts = [
        _cell(
            card, n, grid, (n % grid.columns) * grid.cell, n // grid.columns * grid.high
        )
        for n, card in enumerate(shown)
    ]
    tall = math.ceil(len(shown) / grid.columns) * grid.high
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {room:.1f} {tall:.1f}"'
        f' font-family="{STACK}" font-size="12"><title>{escape(cards.caption)}</title>'
        f'<rect width="{room:.1f}" height="{tall:.1f}" fill="#ffffff"/>'
        f"{''.join(parts)}</svg>"
    )
    return on_paper(svg, mm)


def _narrow(cards: Sequence[Card]) -> bool:
    return max(_wide(card) for card in cards) <= pixels(COLUMN) / 2


def _wide(card: Card) -> float:
    """Return the pixels a card's pictures take side by side at their own size."""
    return sum(size(one.svg)[0] * _own(one) for one in card.pictures) + _GAP * len(
        card.pictures
    )


def _own(one: Picture) -> float:
    """Return the pixels on the page of a unit of a picture's view box."""
    root = one.svg[: one.svg.index(">")]
    said = re.search(r'\swidth="([\d.]+)"', root)
    return float(said[1]) / size(one.svg)[0] if said else 1.0


def _grid(cards: Sequence[Card], room: float) -> _Grid:
    """Return as few columns as keep the sheet from growing taller than a page."""
    widest = max(_wide(card) for card in cards)
    columns = max(1, min(len(cards), int(room // (widest + _GAP))))
    grid = _of_columns(cards, room, columns, widest)
    while columns < len(cards):
        if math.ceil(len(cards) / columns) * grid.high <= TALLEST * room:
            break
        columns += 1
        grid = _of_columns(cards, room, columns, widest)
    return grid


def _of_columns(
    cards: Sequence[Card], room: float, columns: int, widest: float
) -> _Grid:
    cell = room / columns
    scale = min(1.0, (cell - _GAP) / widest)
    tallest, lines = 0.0, 0
    for card in cards:
        for one in card.pictures:
            wide, high = _drawn(one, scale)
            tallest = max(tallest, high)
            lines = max(lines, len(_lines(one.caption, wide + _GAP)))
    titles = max(len(_lines(card.title, cell - _GAP)) for card in cards)
    high = tallest + (titles + lines) * _LINE + _GAP
    return _Grid(columns, cell, scale, high, titles)


def _drawn(one: Picture, scale: float) -> tuple[float, float]:
    """Return width and height of a picture on the sheet, in pixels."""
    wide, high = size(one.svg)
    return wide * _own(one) * scale, high * _own(one) * scale


def _cell(card: Card, n: int, grid: _Grid, left: float, top: float) -> str:
    """Return a card: its title, its pictures, and below each what it is of."""
    parts = [_text(_lines(card.title, grid.cell - _GAP), left, top + 11, INK)]
    at, under = left, top + grid.titles * _LINE
    for m, one in enumerate(card.pictures):
        wide, high = _drawn(one, grid.scale)
        inner = inline_svg(printed(one.svg), f"c{n}-{m}")
        root, rest = inner.split(">", 1)
        root = re.sub(r'\s(?:width|height|role|aria-label)="[^"]*"', "", root)
        place = f'x="{at:.1f}" y="{under:.1f}" width="{wide:.1f}" height="{high:.1f}"'
        parts.append(f"{root} {place}>{rest}")
        if "<image" in one.svg:  # where a picture is pale its edge would not be seen
            parts.append(f'<rect {place} fill="none" stroke="{MISSING}"/>')
        parts.append(_text(_lines(one.caption, wide), at, under + high + 12, MUTED))
        at += wide + _GAP * grid.scale
    return "".join(parts)


def _lines(text: str, room: float) -> list[str]:
    """Return text on at most two lines, cut where it would run into the next."""
    fits = max(2, int(room / _LETTER))
    lines = textwrap.wrap(text, fits)
    if len(lines) > 2:
        lines[1] = f"{lines[1][: fits - 1]}…"
    return lines[:2]


def _text(lines: Sequence[str], left: float, top: float, colour: str) -> str:
    return "".join(
        f'<text x="{left:.1f}" y="{top + nth * _LINE:.1f}" fill="{colour}">'
        f"{escape(line)}</text>"
        for nth, line in enumerate(lines)
    )
