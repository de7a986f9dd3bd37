"""Error against size, and by solver where there is one size.

Every chart draws what was aggregated before: a point or a line a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from nmflab.report.content import Block, Details, Figure, Prose, Section
from nmflab.report.drawing.charts import (
    MOST_PANELS,
    pad,
    room_for,
    tooltip,
    value_axis,
    weighted_note,
)
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    panel_names,
    panelled,
    shown_of,
    singled_out,
    sizes_axis,
)
from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group, pooled
from nmflab.report.reading.measures import Measure

MOST_LINES = 40

_ENDS = "Points are means over seeds, bars run from the lowest to the highest seed."


MOST_FIGURES = 3
"""Charts of `MOST_PANELS` data sets each; all but the first are folded away."""


def error_section(groups: Sequence[Group], measure: Measure, pencil: Pencil) -> Section:
    """Return the error against n_components; by solver where there is one size."""
    records = by_panel(groups, measure)
    figures = _figures(groups, records, measure, pencil)
    one_size = any(figure.id.startswith("error-by-solver") for figure in figures)
    title = "Error by solver" if one_size else "Error against the number of components"
    blocks: list[Block] = [*figures[:1]] or [Prose(why_no_error(groups))]
    if len(figures) > 1:
        blocks.append(Details("The same for more data sets", figures[1:]))
    return Section("error", title, blocks)


def by_panel(groups: Sequence[Group], measure: Measure) -> Records:
    """Return one record a setting that was measured; folds of a split are one."""
    named = panel_names(groups, pooled=True)
    by: dict[tuple[str, str, str, int], list[Group]] = {}
    for group in groups:
        if measure.of(group):
            key = (named[id(group)], group.variant, group.init, group.n_components)
            by.setdefault(key, []).append(group)
    records = [_record(key[0], members, measure) for key, members in by.items()]
    pad(records, ("low", "high"), ("under", "over"))
    return records


def _record(
    panel: str, members: Sequence[Group], measure: Measure
) -> dict[str, str | int | float]:
    group = members[0]
    stat = pooled([found for one in members if (found := measure.of(one))])
    return {
        "panel": panel,
        "dataset": group.dataset,
        "objective": str(group.labels["objective"]),
        "variant": group.variant,
        "init": group.init,
        "n_components": group.n_components,
        "value": stat.mean,
        "low": stat.low,
        "high": stat.high,
        "seeds": stat.n,
    }


def _figures(
    groups: Sequence[Group], records: Records, measure: Measure, pencil: Pencil
) -> list[Figure]:
    """Return a chart of the first data sets, then one of the next, and so on."""
    panels = list(dict.fromkeys(record["panel"] for record in records))
    figures: list[Figure] = []
    for first in range(0, min(len(panels), MOST_PANELS * MOST_FIGURES), MOST_PANELS):
        shown = panels[first : first + MOST_PANELS]
        some = [record for record in records if record["panel"] in shown]
        note = weighted_note(groups) + _left_out(panels, first, len(shown))
        made = _figure(some, measure, pencil, note)
        number = len(figures) + 1
        if made:
            name = made.id if number == 1 else f"{made.id}-{number}"
            figures.append(replace(made, id=name))
    return figures


def _figure(
    records: Records, measure: Measure, pencil: Pencil, note: str
) -> Figure | None:
    if len(records) < 2:
        return None
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return _by_solver(records, measure, pencil, sizes[0], note)
    return _by_size(records, measure, pencil, note) if _have_curves(records) else None


def _by_size(records: Records, measure: Measure, pencil: Pencil, note: str) -> Figure:
    sizes = sorted({int(record["n_components"]) for record in records})
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
        f" alone is no reason to take more components.{note}",
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


def _left_out(panels: Sequence[str], first: int, n: int) -> str:
    """Return which data sets a chart is of, where there are more than it shows."""
    if len(panels) == n:
        return ""
    beyond = max(0, len(panels) - MOST_PANELS * MOST_FIGURES)
    more = f"; {count(beyond, 'data set')} in runs.csv only" if beyond else ""
    return f" Shown: {first + 1} to {first + n} of {len(panels)} data sets{more}."


def _by_solver(
    records: Records, measure: Measure, pencil: Pencil, size: int, note: str
) -> Figure:
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
        caption=f"{_ENDS} The lowest error stands first.{note}",
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
