"""How charts look: colours a colour-blind reader can tell apart, and dark-mode codes.

The page recolours ink, grid and background for dark mode by these very codes (see
``formats/templates/style.css``), so that an SVG needs no second rendering.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

INK = "#1f2329"
MUTED = "#59626d"
GRID = "#dde2e8"
BACKGROUND = "#fffffe"
MISSING = "#c9ced5"
BORDER = "#111111"
"""Around cells: these keep their colours in dark mode, and so does this."""

PALETTE = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#d55e00",
    "#56b4e9",
    "#8c7a00",
    "#7f7f7f",
)
"""Okabe & Ito (2008); yellow darkened for white paper, black greyed for dark pages."""

BLUES = ("#f2f6fa", "#c3d9ec", "#86b4d9", "#3d87c0", "#0a5a9c", "#053a6b")
DIVERGING = (
    "#b35806",
    "#f1a340",
    "#fee0b6",
    "#f4f5f7",
    "#c3d9ec",
    "#4b8dc4",
    "#0a5a9c",
)
"""Orange to blue, told apart with any colour vision."""

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 2, 1, 2])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

WIDTH = 680
"""Width of a chart in pixels where no script fits it to the window."""


CLEAREST = (4, 6)
"""How many of the palette's first colours serve alone, as long as they are enough."""


def colours(variants: Sequence[str]) -> dict[str, str]:
    """Return one colour a variant, the same in every chart of a report.

    A name has the same colour in most studies: each prefers the colours in an order of
    its own, a hash's, and where two meet on one the hash decides again, so that a new
    name moves few others.

    References
    ----------
    D. Gale, L. S. Shapley, "College Admissions and the Stability of Marriage", American
    Mathematical Monthly 69(1), 1962.
    """
    left = list(dict.fromkeys(variants))
    enough = (n for n in CLEAREST if n >= len(left))
    places = range(next(enough, len(PALETTE)))
    at: dict[str, int] = {}
    while left:  # more names than colours share them, one more a round
        found = _matched(left, places)
        at |= found
        left = [name for name in left if name not in found]
    return {name: PALETTE[at[name]] for name in variants}


def _matched(names: Sequence[str], places: Sequence[int]) -> dict[str, int]:
    """Return a stable matching: as many names as there are places, one each."""
    wishes = {n: sorted(places, key=lambda at: _liking(n, at)) for n in names}
    holder: dict[int, str] = {}
    asking = list(names)
    while asking:
        name = asking.pop()
        if not wishes[name]:
            continue
        place = wishes[name].pop(0)
        other = holder.get(place)
        if other is not None and _liking(other, place) < _liking(name, place):
            asking.append(name)
            continue
        holder[place] = name
        if other is not None:
            asking.append(other)
    return {name: place for place, name in holder.items()}


def _liking(name: str, place: int) -> bytes:
    """Return a sort key: how a name and a place of the palette like each other."""
    text = f"{place}:{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()


def config() -> dict[str, Any]:  # Any: the values of JSON
    """Return the Vega-Lite configuration shared by all charts."""
    title = {"color": INK, "fontSize": 13, "anchor": "start", "offset": 10}
    title["fontWeight"] = 600
    return {
        "aria": False,  # the page labels each chart as one image, with its caption
        "background": BACKGROUND,
        "font": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
        "padding": {"left": 18, "right": 24, "top": 8, "bottom": 8},
        "axis": _AXIS,
        "legend": _LEGEND,
        "title": {**title, "subtitleColor": MUTED},
        "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
        "view": {"stroke": GRID},
        "line": {"strokeWidth": 2},
    }


_AXIS = {
    "labelColor": MUTED,
    "titleColor": INK,
    "gridColor": GRID,
    "domainColor": MUTED,
    "tickColor": MUTED,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": 600,
    "labelLimit": 170,
    "labelSeparation": 8,
    "titlePadding": 12,
}
_LEGEND = {
    "orient": "bottom",
    "labelColor": MUTED,
    "titleColor": INK,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "labelLimit": 300,
    "offset": 20,
    "padding": 4,
    "rowPadding": 5,
    "columnPadding": 24,
    "titlePadding": 7,
    "titleOrient": "top",
    "symbolType": "circle",
    "symbolStrokeWidth": 2,
    "layout": {"bottom": {"direction": "vertical", "anchor": "start"}},
}


MOST_LEGEND_COLUMNS = 3


def legend_columns(labels: Sequence[str], width: int = WIDTH) -> int:
    """Return how many legend entries fit side by side: few, as fonts differ in width.

    A character is taken as 9 px, what the widest of the fonts named here needs.
    """
    longest = max((len(label) for label in labels), default=1)
    fitting = width // (9 * min(longest, 34) + 60)
    return max(1, min(len(labels), fitting, MOST_LEGEND_COLUMNS))
