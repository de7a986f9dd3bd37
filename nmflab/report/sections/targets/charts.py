"""Charts of the share of trials that had reached their target, as steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt
import numpy as np

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    panelled,
    shown_of,
    singled_out,
    spans,
)
from nmflab.report.reading.contests import Line
from nmflab.statistics.targets import Steps, Vector, ecdf

MOST_STEPS = 120
"""Steps drawn of a curve; of more, evenly chosen ones."""


@dataclass(frozen=True)
class Drawing:
    """What a chart of steps is called and how it is read."""

    id: str
    title: str
    caption: str
    across: str
    up: str


def records(
    hits: Mapping[Line, Vector],
    panel: str = "",
    weights: Mapping[Line, Vector] | None = None,
) -> Records:
    """Return one record a curve that reached anything, all to the same right end.

    Hits at 0, before any step, stand at the left edge of the log axis.
    """
    curves = {
        line: ecdf(values, None if weights is None else weights[line])
        for line, values in hits.items()
    }
    return stepped(
        {line: steps for line, steps in curves.items() if steps.at.size}, panel
    )


def stepped(curves: Mapping[Line, Steps], panel: str = "") -> Records:
    """Return step functions as records, from 0 at the left to one right end."""
    known = [steps.at for steps in curves.values()]
    positive = np.concatenate([np.empty(0), *(at[at > 0] for at in known)])
    if not positive.size:
        return []
    early = any((at <= 0).any() for at in known)
    left, right = float(positive.min()) / (2 if early else 1), float(positive.max())
    return [
        _record(line, steps, panel, left, right)
        for line, steps in sorted(curves.items())
    ]


def _record(
    line: Line, steps: Steps, panel: str, left: float, right: float
) -> dict[str, object]:
    at, share = np.maximum(steps.at, left), steps.share
    kept = np.unique(np.linspace(0, at.size - 1, MOST_STEPS).round().astype(int))
    x = [float(f"{value:.4g}") for value in (at[0], *at[kept], right)]
    y = [float(f"{value:.4g}") for value in (0.0, *share[kept], share[-1])]
    return {"panel": panel, "variant": line[0], "init": line[1], "x": x, "share": y}


def steps_figure(rows: Records, pencil: Pencil, drawing: Drawing) -> Figure:
    """Return a chart of steps; a panel each where records have several."""
    variants, inits, panels = shown_of(rows)
    picked, opacity = singled_out()
    points = [{"panel": row["panel"], "x": x} for row in rows for x in row["x"]]
    axis = axis_of(log=True, span=min(spans(points, "x")), grid=False)
    lines = (
        alt.Chart()
        .transform_flatten(["x", "share"])
        .mark_line(interpolate="step-after", clip=True)
        .encode(
            x=alt.X(
                "x:Q",
                title=drawing.across,
                scale=alt.Scale(type="log", nice=False),
                axis=axis,
            ),
            y=alt.Y(
                "share:Q",
                title=drawing.up,
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=pencil.colour(variants),
            strokeDash=pencil.dash(inits),
            opacity=opacity,
            tooltip=[
                alt.Tooltip("variant:N", title="solver"),
                alt.Tooltip("init:N", title="init"),
                alt.Tooltip("x:Q", title=drawing.across.lower(), format=".4g"),
                alt.Tooltip("share:Q", title="share", format=".1%"),
            ],
        )
        .add_params(picked)
    )
    return Figure(
        id=drawing.id,
        title=drawing.title,
        caption=drawing.caption,
        live=pencil.click,
        spec=panelled([lines], rows, panels, 300, margin=100),
    )
