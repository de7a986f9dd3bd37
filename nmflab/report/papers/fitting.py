"""Charts at the widths of print: how wide, how high, how many panels side by side.

A chart is laid out as on the page, with letters of 12 pixels, and then scaled: what is
`COLUMN` wide on paper has letters of 7.5 points, lines of 1.25 points.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

from nmflab.report.content import Figure
from nmflab.report.drawing.theme import WIDTH
from nmflab.report.formats.figures import full_spec
from nmflab.report.papers.fonts import STACK

COLUMN = 84.0
PAGE = 174.0
"""Millimetres of a column and of a page of two columns, as most journals print them."""

POINTS_PER_PIXEL = 0.625
POINTS_PER_MM = 72 / 25.4

NARROWEST_PANEL = 150
LOWEST_PANEL = 90
TALLEST = 235.0
"""Millimetres that most journals leave for a figure on a page with its caption."""

_SHAPE = 0.72
"""Height of a chart as a share of its width; less where its design is lower."""

Spec = dict[str, Any]  # Any: the values of JSON


def pixels(mm: float) -> float:
    """Return how many pixels of layout stand for millimetres of paper."""
    return mm * POINTS_PER_MM / POINTS_PER_PIXEL


def printed(figure: Figure) -> Spec:
    """Return a figure's specification as it is printed: white, one font, no clicks."""
    spec = copy.deepcopy(full_spec(figure))
    spec["config"] |= {
        "background": "#ffffff",
        "font": STACK,
        "padding": {"left": 2, "right": 6, "top": 2, "bottom": 2},
    }
    spec["config"]["legend"] |= {"offset": 8, "columnPadding": 14}
    spec["config"]["axis"] |= {"titlePadding": 7}
    return spec


def n_panels(spec: Spec) -> int:
    """Return how many panels of a width to choose a chart has; 0 where it is fixed."""
    said = int(spec.get("usermeta", {}).get("panels", 0))
    rows = spec.get("datasets", {}).get("rows", []) if said > 1 else []
    return len({row["panel"] for row in rows if "panel" in row}) or said


def fitted(spec: Spec, room: float) -> Spec:
    """Return a chart with panels and legends for a width of `room` pixels.

    Its outer width comes near `room` where its panels may be drawn at any width; see
    `widened` for the rest.
    """
    spec = copy.deepcopy(spec)
    for channel in _with_legend(spec):
        channel["legend"]["columns"] = _beside(channel, room)
    n = n_panels(spec)
    if not n and "concat" in spec:
        spec["columns"] = _side_by_side(spec["concat"], room)
    if n:
        margin = float(spec["usermeta"].get("margin", 80))
        across = _across(spec, n, room, margin)
        if n > 1 or "columns" in spec:
            spec["columns"] = across
        if "facet" in spec and n % across:  # else an axis without a panel is drawn
            spec["resolve"] = {**spec.get("resolve", {}), "axis": {"x": "independent"}}
        for panel in panels(spec):
            panel["width"] = room / across - margin
    return spec


def widened(spec: Spec, by: float) -> Spec:
    """Return a chart wider by some pixels, shared among the panels of a line."""
    spec = copy.deepcopy(spec)
    for panel in panels(spec):
        panel["width"] = max(60.0, panel["width"] + by / spec.get("columns", 1))
    return spec


def shaped(spec: Spec) -> Spec:
    """Return a chart whose panels are no higher than suits their width."""
    spec = copy.deepcopy(spec)
    for panel in panels(spec):
        if isinstance(panel.get("height"), int | float) and not _has_rows(panel):
            suits = max(LOWEST_PANEL, _SHAPE * panel["width"])
            panel["height"] = round(min(panel["height"], suits))
    return spec


def lowered(spec: Spec, by: float) -> Spec:
    """Return a chart lower by some pixels, as far as its panels can be."""
    spec = copy.deepcopy(spec)
    lines = math.ceil(n_panels(spec) / spec.get("columns", 1))
    for panel in panels(spec):
        if isinstance(panel.get("height"), int | float) and not _has_rows(panel):
            panel["height"] = max(LOWEST_PANEL, panel["height"] - by / lines)
    return spec


def one_legend_a_line(spec: Spec) -> Spec:
    """Return a chart whose legends stand in one column: the narrowest they can be."""
    spec = copy.deepcopy(spec)
    for channel in _with_legend(spec):
        channel["legend"]["columns"] = 1
    return spec


def panels(spec: Spec) -> list[Spec]:
    """Return the parts of a chart that hold its panels' width, where it may be set."""
    if not n_panels(spec):
        return []
    if "facet" in spec:
        return [spec["spec"]]
    return list(spec.get("concat", [spec]))


def _across(spec: Spec, n: int, room: float, margin: float) -> int:
    if n == 1:
        return 1
    most = 2 if n in (2, 4) else 3
    narrowest = float(spec["usermeta"].get("narrowest", NARROWEST_PANEL))
    return max(1, min(most, n, int(room // (margin + narrowest))))


_AROUND = 130
"""Pixels that labels take beside a drawing of a fixed width, about."""


def _side_by_side(parts: list[Spec], room: float) -> int:
    """Return how many drawings of fixed widths fit into a line."""
    widths = [float(part.get("width", 200)) + _AROUND for part in parts]
    for columns in range(len(widths), 1, -1):
        lines = [widths[at::columns] for at in range(columns)]
        if sum(max(line) for line in lines) <= room:
            return columns
    return 1


def _with_legend(node: object) -> Iterator[Spec]:
    """Yield the encodings of a specification that have a legend of several columns."""
    if isinstance(node, dict):
        legend = node.get("legend")
        if isinstance(legend, dict) and legend.get("columns"):
            yield node
        for name, inner in node.items():
            if name not in ("datasets", "data"):
                yield from _with_legend(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _with_legend(inner)


_LETTER_WIDTH = 6.4
_SYMBOL = 32
"""Pixels of a letter of a legend, on average, and of what stands around an entry."""


def _beside(channel: Spec, room: float) -> int:
    """Return how many entries of a legend fit side by side."""
    names = [str(name) for name in channel.get("scale", {}).get("domain", [])]
    if not names:
        share = room / WIDTH
        return max(1, int(channel["legend"]["columns"] * min(1.0, share)))
    wide = [_SYMBOL + _LETTER_WIDTH * min(45, len(name)) for name in names]
    for columns in range(len(names), 1, -1):
        if sum(max(wide[at::columns]) for at in range(columns)) <= room - 30:
            return columns
    return 1


def _has_rows(panel: Spec) -> bool:
    """Return whether a panel's height follows from what stands on its lines."""
    marks = [panel, *panel.get("layer", [])]
    kinds = [mark.get("encoding", {}).get("y", {}).get("type") for mark in marks]
    return any(kind in ("nominal", "ordinal") for kind in kinds)
