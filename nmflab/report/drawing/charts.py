"""Error against size and by solver: charts of groups.

Every chart draws what was aggregated before: a point or a line a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    is_log,
    panel_names,
    panelled,
    scale_of,
    shown_of,
    singled_out,
    sizes_axis,
    spans,
)
from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import Measure

MOST_PANELS = 6
MOST_LINES = 40
NARROWEST = 2e-3
"""Smallest span of an error axis, as a share of the error: less is drawn as none."""

ALONE = 0.05
"""Room on either side of a panel's only value, as a share of it."""

_ENDS = "Points are means over seeds, bars run from the lowest to the highest seed."


def by_panel(groups: Sequence[Group], measure: Measure) -> Records:
    """Return one record a group that was measured, at most `MOST_PANELS` panels."""
    named = panel_names(groups)
    records: Records = []
    for group in groups:
        stat = measure.of(group)
        if stat is None:
            continue
        records.append(
            {
                "panel": named[id(group)],
                "variant": group.variant,
                "init": group.init,
                "n_components": group.n_components,
                "value": stat.mean,
                "low": stat.low,
                "high": stat.high,
                "seeds": stat.n,
            }
        )
    panels = list(dict.fromkeys(r["panel"] for r in records))[:MOST_PANELS]
    kept = [record for record in records if record["panel"] in panels]
    pad(kept, ("low", "high"), ("under", "over"))
    return kept


def pad(records: Records, ends: tuple[str, str], into: tuple[str, str]) -> None:
    """Give each record the ends that its panel's axis must reach at least."""
    for panel in {record["panel"] for record in records}:
        members = [record for record in records if record["panel"] == panel]
        low = min(record[ends[0]] for record in members)
        high = max(record[ends[1]] for record in members)
        share = ALONE if low == high else NARROWEST / 2
        for record in members:
            room = share * abs(record["value"] if low != high else low)
            record[into[0]] = record[ends[0]] - room
            record[into[1]] = record[ends[1]] + room


def tooltip(*more: alt.Tooltip) -> list[alt.Tooltip]:
    """Return what is read of a point, and `more`."""
    return [
        alt.Tooltip("variant:N", title="solver"),
        alt.Tooltip("init:N", title="init"),
        alt.Tooltip("n_components:Q", title="n_components"),
        alt.Tooltip("value:Q", title="mean", format=".5g"),
        alt.Tooltip("low:Q", title="lowest", format=".5g"),
        alt.Tooltip("high:Q", title="highest", format=".5g"),
        alt.Tooltip("seeds:Q", title="seeds"),
        *more,
    ]


def value_axis(
    channel: type[alt.X] | type[alt.Y], records: Records, field: str, title: str
) -> Any:  # Any: alt.X or alt.Y, as asked
    """Return the axis of the measured value; the same for each end of a bar."""
    log = is_log(records, "low", "high")
    span = min(spans(records, "low", "high"), default=1.0)
    axis = axis_of(log=log, span=span)
    return channel(f"{field}:Q", title=title, scale=scale_of(log=log), axis=axis)


def room_for(
    channel: type[alt.X] | type[alt.Y],
    second: type[alt.X2] | type[alt.Y2],
    records: Records,
    title: str,
) -> alt.Chart:
    """Return an unseen mark that keeps an axis from magnifying rounding errors."""
    low = value_axis(channel, records, "under", title)
    unseen: alt.Chart = alt.Chart().mark_rule(opacity=0)
    drawn: alt.Chart = unseen.encode(low, second("over:Q"))
    return drawn


def against_size(
    groups: Sequence[Group], measure: Measure, pencil: Pencil
) -> Figure | None:
    """Return the error against n_components; by solver where there is one size."""
    records = by_panel(groups, measure)
    if len(records) < 2:
        return None
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return _by_solver(records, measure, pencil, sizes[0])
    if not _have_curves(records):
        return None
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    y = value_axis(alt.Y, records, "value", measure.title)
    base = alt.Chart().encode(
        x=sizes_axis(sizes),
        color=pencil.colour(variants),
        opacity=opacity,
        tooltip=tooltip(),
    )
    low = value_axis(alt.Y, records, "low", measure.title)
    bars = base.mark_rule(strokeWidth=1.5).encode(y=low, y2="high:Q")
    lines = base.mark_line().encode(y=y, strokeDash=pencil.dash(inits))
    points = base.mark_circle(size=60).encode(y=y).add_params(picked)
    room = room_for(alt.Y, alt.Y2, records, measure.title)
    return Figure(
        id="error-by-size",
        title=f"{measure.short} against the number of components",
        caption=f"{_ENDS} The error of the best fit cannot rise with size, so its fall"
        " alone is no reason to take more components."
        f"{weighted_note(groups)}{_left_out(groups, panels)}",
        live=pencil.click,
        spec=panelled([room, bars, lines, points], records, panels, 300, same_x=True),
    )


def _have_curves(records: Records) -> bool:
    """Return whether any solver was run from one start with two sizes."""
    kinds = [(r["panel"], r["variant"], r["init"]) for r in records]
    return len(set(kinds)) < len(kinds)


def why_no_error(groups: Sequence[Group]) -> str:
    """Return why there is no chart of the error, in a sentence."""
    if len(groups) < 2:
        return "It takes two kinds of run to draw this chart."
    return (
        "No solver was run from one start with two sizes on the same data, so there is"
        " no error against size to draw; the errors are under Results."
    )


def weighted_note(groups: Sequence[Group]) -> str:
    """Return a sentence saying that errors are of weighted data, where any are."""
    named = sorted({str(group.labels["weighting"] or "none") for group in groups})
    named = [name for name in named if name != "none"]
    return f" Errors are on the weighted data ({', '.join(named)})." if named else ""


def _left_out(groups: Sequence[Group], panels: Sequence[str]) -> str:
    n = len(set(panel_names(groups).values()))
    if n <= len(panels):
        return ""
    return f" Shown: the first {len(panels)} of {count(n, 'data set')}; see runs.csv."


def _by_solver(records: Records, measure: Measure, pencil: Pencil, size: int) -> Figure:
    records = sorted(records, key=lambda record: float(record["value"]))[:MOST_LINES]
    variants, _, panels = shown_of(records)
    longest = _name_rows(records)
    base = alt.Chart().encode(
        y=alt.Y("row:N", title=None, sort=None, axis=alt.Axis(labelLimit=280)),
        color=pencil.colour(variants).legend(None),
        tooltip=tooltip(),
    )
    ends = value_axis(alt.X, records, "low", measure.title)
    mean = value_axis(alt.X, records, "value", measure.title)
    layers = [
        room_for(alt.X, alt.X2, records, measure.title),
        base.mark_rule(strokeWidth=2).encode(x=ends, x2="high:Q"),
        base.mark_circle(size=90).encode(x=mean),
    ]
    most = max(sum(r["panel"] == panel for r in records) for panel in panels)
    height = 26 * most + 20
    return Figure(
        id="error-by-solver",
        title=f"{measure.short} with {count(size, 'component')}",
        caption=f"{_ENDS} The lowest error stands first.",
        spec=panelled(
            layers, records, panels, height, margin=min(280, 9 * longest) + 30
        ),
    )


def _name_rows(records: Records) -> int:
    """Give each record a row, named by solver and, where that is not enough, start.

    Returns the length of the longest name.
    """
    pairs = {(record["panel"], record["variant"]) for record in records}
    enough = len(pairs) == len(records)
    for record in records:
        name = record["variant"]
        record["row"] = name if enough else f"{name} · {record['init']}"
    return max(len(record["row"]) for record in records)
