"""What charts of measured values share: their axes, the room around them, tooltips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from nmflab.report.drawing.pencil import Records, axis_of, is_log, scale_of, spans
from nmflab.report.drawing.theme import MUTED
from nmflab.report.reading.groups import Group

MOST_PANELS = 6
NARROWEST = 2e-3
"""Smallest span of an error axis, as a share of the error: less is drawn as none."""

ALONE = 0.05
"""Room on either side of a panel's only value, as a share of it."""


def pad(records: Records, ends: tuple[str, str], into: tuple[str, str]) -> None:
    """Give each record the ends that its panel's axis must reach at least."""
    for panel in {record["panel"] for record in records}:
        members = [record for record in records if record["panel"] == panel]
        low = min(record[ends[0]] for record in members)
        high = max(record[ends[1]] for record in members)
        share = ALONE if low == high else NARROWEST / 2
        for record in members:
            first, last = record[ends[0]], record[ends[1]]
            # Each end by its own size: what is positive stays so, for log axes.
            record[into[0]] = first - share * abs(first)
            record[into[1]] = last + share * abs(last)


def point_size(
    records: Records, alone: int, span: tuple[int, int]
) -> Any:  # Any: an encoding or a value, as Altair has it
    """Return the size of a point: that of its model, where there are several.

    Parameters
    ----------
    alone : int
        Square pixels where all models are of one size.
    span : pair of int
        Square pixels of the smallest and of the largest.
    """
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return alt.value(alone)
    few = sizes if len(sizes) < 6 else [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    return alt.Size(
        "n_components:Q",
        title="n_components",
        scale=alt.Scale(range=list(span), zero=False),
        legend=alt.Legend(
            values=few,
            columns=len(few),
            format="d",
            symbolFillColor=MUTED,
            symbolStrokeColor=MUTED,
        ),
    )


def tooltip(*more: alt.Tooltip, runs: str = "seeds") -> list[alt.Tooltip]:
    """Return what is read of a point, and `more`; `runs` is what its ends are of."""
    return [
        alt.Tooltip("variant:N", title="solver"),
        alt.Tooltip("init:N", title="init"),
        alt.Tooltip("n_components:Q", title="n_components"),
        alt.Tooltip("value:Q", title="mean", format=".5g"),
        alt.Tooltip("low:Q", title="lowest", format=".5g"),
        alt.Tooltip("high:Q", title="highest", format=".5g"),
        alt.Tooltip("seeds:Q", title=runs),
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


def weighted_note(groups: Sequence[Group]) -> str:
    """Return a sentence saying that errors are of weighted data, where any are."""
    named = sorted({str(group.labels["weighting"] or "none") for group in groups})
    named = [name for name in named if name != "none"]
    return f" Errors are on the weighted data ({', '.join(named)})." if named else ""
