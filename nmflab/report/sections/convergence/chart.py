"""The convergence charts: gap to the best known against steps, passes and seconds."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    panelled,
    scale_of,
    shown_of,
    singled_out,
    spans,
)

GAP = "Gap to the best known"
MARGIN = 100
"""Pixels that a panel's labels take beside it, those of powers of ten among them."""


@dataclass(frozen=True)
class Across:
    """What a chart's horizontal axis is.

    Parameters
    ----------
    id : str
        The figure's.
    what : str
        In words: "steps".
    title : str
        Of the axis.
    said : str
        What is particular to it, a sentence.
    """

    id: str
    what: str
    title: str
    said: str = ""


def figure(
    rows: Records, pencil: Pencil, across: Across, caption: str, panels: list[str]
) -> Figure:
    """Return one chart: a line and a band a curve, a panel a contest."""
    variants, inits, there = shown_of(rows)
    picked, opacity = singled_out()
    x, y = _axes(rows, across.title)
    base = alt.Chart().encode(x=x, color=pencil.colour(variants))
    lines = (
        base.transform_flatten(["x", "gap", "low", "high"])
        .mark_line(clip=True)
        .encode(
            y=y,
            strokeDash=pencil.dash(inits),
            opacity=opacity,
            tooltip=_tooltip(across.title),
        )
        .add_params(picked)
    )
    low = y.copy()
    low.shorthand = "low:Q"
    # Not the line's transform: Vega-Lite would merge the two, and never end.
    band = base.transform_flatten(["x", "low", "high"]).mark_area(
        clip=True, strokeWidth=0, fillOpacity=0.16
    )
    band = band.encode(y=low, y2="high:Q", opacity=opacity, detail="init:N")
    several = any(record["seeds"] > 1 for record in rows)
    layers = [band, lines] if several else [lines]
    if any(len(record["x"]) == 1 for record in rows):
        once = base.transform_filter("length(datum.x) == 1")
        once = once.transform_flatten(["x", "gap"]).mark_circle(size=45)
        tooltip = _tooltip(across.title)
        layers.append(once.encode(y=y, opacity=opacity, tooltip=tooltip))
    return Figure(
        id=across.id,
        title=f"Convergence against {across.what}",
        caption=f"{caption}{_BAND * several}{_ONCE * (len(layers) > 1 + several)}"
        f"{across.said}",
        live=pencil.click,
        spec=panelled(
            layers,
            rows,
            [name for name in panels if name in there],
            320,
            margin=MARGIN,
        ),
    )


_ONCE = " A dot is a solver of a single step."
_BAND = " The band holds the middle half of the seeds."


def _tooltip(title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("variant:N", title="solver"),
        alt.Tooltip("init:N", title="init"),
        alt.Tooltip("x:Q", title=title.lower(), format=".4g"),
        alt.Tooltip("gap:Q", title="gap, median", format=".3g"),
        alt.Tooltip("low:Q", title="lower quartile", format=".3g"),
        alt.Tooltip("high:Q", title="upper quartile", format=".3g"),
        alt.Tooltip("seeds:Q", title="seeds"),
    ]


def _axes(rows: Records, title: str) -> tuple[alt.X, alt.Y]:
    points = [
        {"panel": row["panel"], "x": x, "gap": gap}
        for row in rows
        for x, gap in zip(row["x"], row["gap"], strict=True)
    ]
    log = alt.Scale(type="log", nice=False)
    across = axis_of(log=True, span=min(spans(points, "x")), grid=False)
    up = axis_of(log=True, span=min(spans(points, "gap")))
    return (
        alt.X("x:Q", title=title, scale=log, axis=across),
        alt.Y("gap:Q", title=GAP, scale=scale_of(log=True), axis=up),
    )
