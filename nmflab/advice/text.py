"""The panel as it is read: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmflab.advice.panel import Criterion, Panel, Spread

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_SIZES = 10
"""Sizes that fit beside each other; the report shows all."""


def plain_text(panel: Panel) -> str:
    """Return the panel as aligned plain text."""
    sizes = shown_sizes(panel)
    rows = [
        _titles(sizes),
        *(line for c in panel.criteria for line in lines_of(c, sizes)),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([heading(panel), "", *table, "", *remarks(panel, sizes)])


def rich_text(panel: Panel) -> list[RenderableType]:
    """Return the panel for a terminal."""
    from rich.table import Table
    from rich.text import Text

    sizes = shown_sizes(panel)
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for i, title in enumerate(_titles(sizes)):
        table.add_column(Text(title), justify="right" if i else "left", no_wrap=i > 0)
    for criterion in panel.criteria:
        first, *more = lines_of(criterion, sizes)
        table.add_row(*(Text(c, style="bold" if "*" in c else "") for c in first))
        for line in more:
            table.add_row(*(Text(cell, style="dim") for cell in line))
    said = [Text(remark) for remark in remarks(panel, sizes)]
    return [Text(heading(panel), style="bold"), Text(), table, Text(), *said]


def heading(panel: Panel) -> str:
    """Return what the panel is of."""
    return (
        f"How many components: {panel.dataset}, {panel.objective}, solver"
        f" {panel.solver}, n_components {panel.sizes[0]} to {panel.sizes[-1]}"
    )


def shown_sizes(panel: Panel, most: int = MOST_SIZES) -> list[int]:
    """Return the sizes to show: those chosen and the ends, filled up evenly."""
    sizes = list(panel.sizes)
    if len(sizes) <= most:
        return sizes
    chosen = {c.choice for c in panel.criteria if c.choice is not None}
    kept = (chosen | {sizes[0], sizes[-1]}) & set(sizes)
    others = [size for size in sizes if size not in kept]
    room = max(0, most - len(kept))
    step = math.ceil(len(others) / room) if room else len(others) + 1
    return sorted(kept | set(others[::step] if room else ()))


def lines_of(criterion: Criterion, sizes: Sequence[int]) -> list[list[str]]:
    """Return the lines of a criterion: its values, its spread, what it is held to."""
    chosen = "-" if criterion.choice is None else str(criterion.choice)
    if criterion.choice is not None and not criterion.counts:
        chosen = f"({chosen})"
    values = [_value(criterion, size) for size in sizes]
    lines = [[criterion.title, chosen, *values]]
    ends = [_ends(criterion.values.get(size)) for size in sizes]
    if any(ends):
        lines.append(["  lowest", "", *(_end(criterion, s, low=True) for s in sizes)])
        lines.append(["  highest", "", *(_end(criterion, s, low=False) for s in sizes)])
    if criterion.reference:
        held = [figure(criterion.reference.get(size, math.nan)) for size in sizes]
        lines.append(["  on shuffled data", "", *held])
    return lines


def remarks(panel: Panel, sizes: Sequence[int]) -> list[str]:
    """Return what stands below the table: the verdict, reasons, what is not shown."""
    lines = [
        "* the size each criterion chooses; in brackets: shown only, not weighed.",
        *panel.verdict(),
    ]
    for criterion in panel.criteria:
        if criterion.why:
            none = "no choice; " if criterion.choice is None else ""
            lines.append(f"{criterion.title}: {none}{criterion.why}.")
    if panel.n_left:
        lines.append(
            f"{panel.n_left} planned runs have no result: the panel is of the others."
        )
    if len(sizes) < len(panel.sizes):
        lines.append(
            f"{len(sizes)} of {len(panel.sizes)} sizes are shown; the report has all."
        )
    return lines


def figure(value: float) -> str:
    """Return a value to four digits; a dash where there is none."""
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _titles(sizes: Sequence[int]) -> list[str]:
    return ["", "chooses", *map(str, sizes)]


def _value(criterion: Criterion, size: int) -> str:
    spread = criterion.values.get(size)
    if spread is None:
        return "-"
    return figure(spread.value) + ("*" if size == criterion.choice else "")


def _ends(spread: Spread | None) -> bool:
    """Return whether a spread is worth a line: it is more than four digits hide."""
    return spread is not None and figure(spread.low) != figure(spread.high)


def _end(criterion: Criterion, size: int, *, low: bool) -> str:
    spread = criterion.values.get(size)
    if spread is None:
        return ""
    return figure(spread.low if low else spread.high)
