"""Views by parameter: what a swept number does, with all else being equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from nmflab.report.content import Block, Details, Figure, Prose, Section
from nmflab.report.drawing.charts import (
    MOST_PANELS,
    pad,
    point_size,
    room_for,
    value_axis,
)
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    panelled,
    shown_of,
    values_axis,
)
from nmflab.report.drawing.theme import MUTED, PALETTE, legend_columns
from nmflab.report.numbers import count, listed, number
from nmflab.report.reading.groups import Group, Stat, pooled
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import (
    Measure,
    feature_measures,
    in_sentence,
    varying,
)
from nmflab.report.reading.parameters import Setting, Swept, swept_parameters
from nmflab.selection import family, plain_name

MOST_OPEN = 2
"""Parameters whose charts are not folded away."""

MOST_PARAMETERS = 6
MOST_MEASURES = 3


@dataclass(frozen=True)
class _Validation(Measure):
    """The error on validation cells."""

    def of(self, group: Group) -> Stat | None:
        """Return the statistics of a group, where it has them."""
        return group.validation


_VALIDATION = _Validation((), "Validation error", "Validation error")


def by_parameter_section(
    material: Material, groups: Sequence[Group], error: Measure, pencil: Pencil
) -> Section | None:
    """Return a chart for each swept parameter; None where none was swept.

    Parameters
    ----------
    error : Measure
        Where it is the objective itself, it is only drawn against parameters that do
        not enter it.
    """
    swept = swept_parameters(material, groups)
    features = feature_measures(groups, material.info)
    blocks: list[Block] = []
    for at, one in enumerate(swept[:MOST_PARAMETERS], start=1):
        made = [
            figure
            for name, measures in (
                (f"by-parameter-{at}", _errors(one, error)),
                (f"by-parameter-{at}-features", _features(one, features)),
            )
            if (figure := _figure(name, one, measures, pencil)) is not None
        ]
        if made and at > MOST_OPEN:
            blocks.append(Details(made[0].title, made))
        else:
            blocks += made
    if not blocks:
        return None
    if len(swept) > MOST_PARAMETERS:
        left = [one.title for one in swept[MOST_PARAMETERS:]]
        blocks.append(Prose(f"Not drawn, for length: {listed(left)}.", "note"))
    return Section("by-parameter", "What parameters do", [Prose(_READING), *blocks])


_READING = (
    "Each line joins settings that agree in everything but the parameter below: data,"
    " loss, size, start and the other parameters. Points are means over seeds, and over"
    " folds where there are several; bars run from the lowest to the highest."
)
_SHARED = ("objective", "weighting", "dataset")
"""Axes that change what the objective is of."""


def _errors(swept: Swept, error: Measure) -> list[Measure]:
    """Return the errors that are drawn against a parameter."""
    drawn = [error] if error.names or swept.axis not in _SHARED else []
    return [*drawn, _VALIDATION]


def _features(swept: Swept, features: Sequence[Measure]) -> list[Measure]:
    """Return the measures of features that are not the same at every value."""
    return varying(features, [one.group for one in swept.settings])[:MOST_MEASURES]


def _figure(
    name: str, swept: Swept, measures: Sequence[Measure], pencil: Pencil
) -> Figure | None:
    records = _records(swept, measures)
    panels = list(dict.fromkeys(record["panel"] for record in records))
    records = [one for one in records if one["panel"] in panels[:MOST_PANELS]]
    if len(records) < 2:
        return None
    pad(records, ("low", "high"), ("under", "over"))
    values = sorted({record["x"] for record in records})
    left = count(len(panels) - MOST_PANELS, "further panel")
    more = f" {left} not drawn." if len(panels) > MOST_PANELS else ""
    return Figure(
        id=name,
        title=_title(swept, measures, records),
        caption=f"{swept.title} from {number(values[0])} to {number(values[-1])}, in"
        f" {count(len(values), 'value')}.{_other_sizes(records)}{more}",
        spec=panelled(_layers(records, swept, pencil), records, panels, 280),
    )


def _title(swept: Swept, measures: Sequence[Measure], records: Records) -> str:
    """Return what is drawn against what: ``Relative error against solver.alpha``."""
    panels = " ".join(record["panel"] for record in records)
    drawn = [one.short for one in measures if one.short in panels]
    named = listed([drawn[0], *(in_sentence(one) for one in drawn[1:])])
    return f"{named} against {swept.title} of {swept.plugin}"


def _other_sizes(records: Records) -> str:
    sizes = sorted({str(record["n_components"]) for record in records}, key=int)
    return f" A line a size: {listed(sizes)} components." if len(sizes) > 1 else ""


def _records(swept: Swept, measures: Sequence[Measure]) -> Records:
    """Return a point a curve and value, panel by panel: a data set and a measure."""
    records: Records = []
    for measure in measures:
        by: dict[tuple[str, str, float], list[Setting]] = {}
        for setting in swept.settings:
            if measure.of(setting.group):
                key = (_panel(setting.group, swept), setting.curve, setting.value)
                by.setdefault(key, []).append(setting)
        for (panel, curve, value), members in by.items():
            stats = [s for one in members if (s := measure.of(one.group))]
            records.append(
                _record(f"{measure.short} · {panel}", curve, value, members[0], stats)
            )
    return records


def _panel(group: Group, swept: Swept) -> str:
    """Return a group's data set, by its plain name where that is what was swept."""
    dataset = group.dataset
    named = plain_name(dataset) if swept.axis == "dataset" else dataset
    split = family(str(group.labels["split"]))
    return named if split in ("", "none") else f"{named} · {split}"


def _record(
    panel: str, curve: str, value: float, setting: Setting, stats: Sequence[Stat]
) -> dict[str, str | int | float]:
    group, stat = setting.group, pooled(stats)
    return {
        "panel": panel,
        "curve": curve,
        "dataset": group.dataset,
        "objective": str(group.labels["objective"]),
        "variant": plain_name(str(group.labels["solver"])),
        "init": group.init,
        "n_components": group.n_components,
        "x": value,
        "value": stat.mean,
        "low": stat.low,
        "high": stat.high,
        "seeds": stat.n,
    }


def _layers(records: Records, swept: Swept, pencil: Pencil) -> list[alt.Chart]:
    curves = list(dict.fromkeys(record["curve"] for record in records))
    for record in records:
        record["curve"] = curves.index(record["curve"])
    values = sorted({record["x"] for record in records})
    variants, inits, _ = shown_of(records)
    y = value_axis(alt.Y, records, "value", "")
    base = alt.Chart().encode(
        x=values_axis("x", swept.title, values),
        color=_colour(variants, pencil),
        detail="curve:N",
        tooltip=_tooltip(swept),
    )
    low = value_axis(alt.Y, records, "low", "")
    return [
        room_for(alt.Y, alt.Y2, records, ""),
        base.mark_rule(strokeWidth=1.5).encode(y=low, y2="high:Q"),
        base.mark_line().encode(y=y, strokeDash=pencil.dash(inits)),
        base.mark_circle(opacity=0.9).encode(
            y=y, size=point_size(records, 60, (25, 160))
        ),
    ]


def _colour(solvers: Sequence[str], pencil: Pencil) -> alt.Color:
    """Return the colour of the solver, as in the other charts where these know it.

    A solver that they know by its parameters or cases only has no colour of these.
    """
    taken = set(pencil.colours.values())
    free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
    if len(solvers) == 1:
        free = [MUTED]
    colours = [
        pencil.colours.get(solver, free[at % len(free)])
        for at, solver in enumerate(solvers)
    ]
    legend = alt.Legend(columns=legend_columns(solvers))
    return alt.Color(
        "variant:N",
        title="Solver",
        scale=alt.Scale(domain=list(solvers), range=colours),
        legend=legend if len(solvers) > 1 else None,
    )


def _tooltip(swept: Swept) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("x:Q", title=swept.title.replace(".", " "), format=".4g"),
        alt.Tooltip("variant:N", title="solver"),
        alt.Tooltip("init:N", title="init"),
        alt.Tooltip("n_components:Q", title="n_components"),
        alt.Tooltip("value:Q", title="mean", format=".5g"),
        alt.Tooltip("low:Q", title="lowest", format=".5g"),
        alt.Tooltip("high:Q", title="highest", format=".5g"),
        alt.Tooltip("seeds:Q", title="runs"),
    ]
