"""Error against sparseness: a point a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.charts import (
    by_panel,
    pad,
    room_for,
    tooltip,
    value_axis,
    weighted_note,
)
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    panel_names,
    panelled,
    shown_of,
    singled_out,
)
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import Measure


def against_sparseness(
    groups: Sequence[Group], error: Measure, sparseness: Measure | None, pencil: Pencil
) -> Figure | None:
    """Return the scatter of error against sparseness, a point a group."""
    if sparseness is None:
        return None
    both = [group for group in groups if sparseness.of(group) and error.of(group)]
    records = by_panel(both, error)
    names = panel_names(both)
    drawn = {record["panel"] for record in records}
    shown = [group for group in both if names[id(group)] in drawn]
    for record, group in zip(records, shown, strict=True):
        stat = sparseness.of(group)
        record["sparseness"] = stat.mean if stat else None
    if len(records) < 2:
        return None
    pad(records, ("sparseness", "sparseness"), ("left", "right"))
    return _scatter(records, error, sparseness, pencil, weighted_note(both))


def _scatter(
    records: Records,
    error: Measure,
    sparseness: Measure,
    pencil: Pencil,
    weighted: str,
) -> Figure:
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    x = alt.X(
        "sparseness:Q",
        title=sparseness.title,
        axis=axis_of(log=False),
        scale=alt.Scale(zero=False, padding=12),
    )
    points = alt.Chart().encode(
        x=x,
        y=value_axis(alt.Y, records, "value", error.title),
        color=pencil.colour(variants),
        shape=pencil.shape(inits),
        size=_size(records),
        opacity=opacity,
        tooltip=tooltip(alt.Tooltip("sparseness:Q", title="sparseness", format=".4g")),
    )
    drawn = points.mark_point(filled=True).add_params(picked)
    room = room_for(alt.Y, alt.Y2, records, error.title)
    wide = alt.Chart().mark_rule(opacity=0).encode(_left(x), alt.X2("right:Q"))
    return Figure(
        id="error-by-sparseness",
        title=f"{error.short} against sparseness",
        caption="One point a solver, initialization and size, at its means over seeds:"
        f" lower is closer to the data, further right is easier to read.{weighted}",
        live=pencil.click,
        spec=panelled([room, wide, drawn], records, panels, 300),
    )


def _left(x: alt.X) -> alt.X:
    left: alt.X = x.copy()
    left.shorthand = "left:Q"
    return left


def _size(records: Records) -> Any:  # Any: an encoding or a value, as Altair has it
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return alt.value(90)
    few = sizes if len(sizes) < 6 else [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    return alt.Size(
        "n_components:Q",
        title="n_components",
        scale=alt.Scale(range=[40, 260], zero=False),
        legend=alt.Legend(values=few, columns=len(few), format="d"),
    )
