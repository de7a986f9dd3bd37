"""The chart of a trade-off: points, spreads over seeds, fronts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.charts import (
    MOST_PANELS,
    pad,
    point_size,
    room_for,
    tooltip,
    value_axis,
    weighted_note,
)
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    panelled,
    shown_of,
    singled_out,
)
from nmflab.report.drawing.theme import MUTED
from nmflab.report.reading.measures import Measure, in_sentence
from nmflab.report.sections.tradeoff.points import Point

MARGIN = 130
"""Pixels beside a panel: an axis title of two lines, and labels of five digits."""


def tradeoff_chart(
    points: Sequence[Point],
    error: Measure,
    worth: Measure,
    pencil: Pencil,
    *,
    higher: bool,
) -> Figure | None:
    """Return the scatter of error against a measure of features; None without rivals.

    A panel of a single point is not drawn: nothing stands beside it.
    """
    often = Counter(point.panel for point in points)
    points = [point for point in points if often[point.panel] > 1]
    records = _records(points)
    if not records:
        return None
    better = "right" if higher else "left"
    return Figure(
        id=figure_id(worth),
        title=f"{error.short} against {in_sentence(worth.short)}",
        caption="One point a solver, initialization and size, at its means over seeds;"
        " bars run from the lowest to the highest seed. Lower is closer to the data,"
        f" further {better} is better in {in_sentence(worth.short)}.{_said(points)}"
        f"{weighted_note([point.group for point in points])}{_left_out(points)}",
        live=pencil.click,
        spec=panelled(
            _layers(records, error, worth, pencil),
            records,
            shown_of(records)[2],
            320,
            margin=MARGIN,
        ),
    )


def _layers(
    records: Records, error: Measure, worth: Measure, pencil: Pencil
) -> list[alt.Chart]:
    variants, inits, _ = shown_of(records)
    picked, opacity = singled_out()
    x = alt.X(
        "worth:Q",
        title=worth.title,
        axis=axis_of(log=False),
        scale=alt.Scale(zero=False, padding=12),
    )
    y, ends = (value_axis(alt.Y, records, of, error.title) for of in ("value", "low"))
    base = alt.Chart().encode(color=pencil.colour(variants), opacity=opacity)
    bars = base.mark_rule(strokeWidth=1.2)
    drawn = base.mark_point(filled=True).encode(
        x=x,
        y=y,
        shape=pencil.shape(inits),
        size=point_size(records, 90, (40, 220)),
        tooltip=tooltip(
            alt.Tooltip("worth:Q", title=in_sentence(worth.short), format=".4g"),
            alt.Tooltip("front:N", title="on the front"),
        ),
    )
    return [
        room_for(alt.Y, alt.Y2, records, error.title),
        alt.Chart().mark_rule(opacity=0).encode(_at(x, "left"), alt.X2("right:Q")),
        *_front(x, y),
        bars.encode(x=x, y=ends, y2="high:Q"),
        bars.encode(_at(x, "worth_low"), alt.X2("worth_high:Q"), y=y),
        drawn.add_params(picked),
    ]


def figure_id(worth: Measure) -> str:
    """Return the id of the chart of a measure."""
    name = worth.names[0]
    usual = name in ("hoyer_sparseness_H", "hoyer_sparseness")
    return f"error-by-{'sparseness' if usual else name.replace('_', '-')}"


def _said(points: Sequence[Point]) -> str:
    """Return what is said of fronts: where one is drawn, and why not across sizes."""
    sizes = {point.group.n_components for point in points}
    if all(point.alone for point in points):
        return (
            " No front is drawn: every size has one setting, and across sizes the error"
            " falls by itself."
        )
    if len(sizes) > 1:
        return (
            " Joined, and ringed: the Pareto front of each size, the settings that no"
            " other of that size is at least as good as in both. Sizes are not held"
            " against each other, as the error falls with size by itself."
        )
    return (
        " Joined, and ringed: the Pareto front, the settings that no other is at least"
        " as good as in both."
    )


def _left_out(points: Sequence[Point]) -> str:
    """Return that more data sets were compared than are drawn, where it is so."""
    n = len({point.panel for point in points})
    if n <= MOST_PANELS:
        return ""
    return f" Drawn: the first {MOST_PANELS} of {n} data sets; the table is of all."


def _records(points: Sequence[Point]) -> Records:
    panels = list(dict.fromkeys(point.panel for point in points))[:MOST_PANELS]
    records: Records = [
        {
            "panel": point.panel,
            "dataset": point.group.dataset,
            "objective": str(point.group.labels["objective"]),
            "variant": point.group.variant,
            "init": point.group.init,
            "n_components": point.group.n_components,
            "value": point.error.mean,
            "low": point.error.low,
            "high": point.error.high,
            "seeds": point.error.n,
            "worth": point.worth.mean,
            "worth_low": point.worth.low,
            "worth_high": point.worth.high,
            "front": "yes" if point.on_front and not point.alone else "no",
        }
        for point in points
        if point.panel in panels
    ]
    pad(records, ("low", "high"), ("under", "over"))
    pad(records, ("worth_low", "worth_high"), ("left", "right"))
    return records


def _front(x: alt.X, y: Any) -> list[alt.Chart]:  # Any: alt.Y, as value_axis has it
    """Return the line through a front, and a ring around each of its members."""
    front = alt.Chart().transform_filter("datum.front == 'yes'")
    ring = alt.Chart().transform_filter("datum.front == 'yes'")
    return [
        front.mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1.2).encode(
            x=x, y=y, detail="n_components:N", order=alt.Order("value:Q")
        ),
        ring.mark_point(color=MUTED, size=340, strokeWidth=1.4, opacity=0.9).encode(
            x=x, y=y
        ),
    ]


def _at(x: alt.X, field: str) -> alt.X:
    other: alt.X = x.copy()
    other.shorthand = f"{field}:Q"
    return other
