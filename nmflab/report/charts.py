"""Error against size and against sparseness, and stability: charts of groups.

Every chart draws what was aggregated before: a point or a line a group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.groups import Group
from nmflab.report.measures import Measure
from nmflab.report.numbers import count
from nmflab.report.theme import DASHES, SHAPES, WIDTH, legend_columns

Records: TypeAlias = list[dict[str, Any]]  # Any: the values of JSON
Spec: TypeAlias = dict[str, Any]  # Any: the same

MOST_PANELS = 6
MOST_LINES = 40


class Pencil:
    """The encodings that all charts of a report share.

    Parameters
    ----------
    colours : mapping of variant to colour
    inits : sequence of str
        Every initialization of the report, so that its dash never changes.
    """

    def __init__(self, colours: Mapping[str, str], inits: Sequence[str]) -> None:
        self.colours = dict(colours)
        self.inits = list(inits)

    def colour(self, shown: Sequence[str]) -> alt.Color:
        """Return the colour of the solver; its legend names those shown."""
        return alt.Color(
            "variant:N",
            title="Solver (click to single out, shift-click to add)",
            scale=alt.Scale(domain=list(shown), range=[self.colours[v] for v in shown]),
            legend=alt.Legend(columns=legend_columns(shown)) if shown else None,
        )

    def dash(self, shown: Sequence[str]) -> alt.StrokeDash:
        """Return the dash of the initialization; no legend where there is but one."""
        legend = alt.Legend(columns=legend_columns(shown), symbolType="stroke")
        return alt.StrokeDash(
            "init:N",
            title="Initialization",
            scale=alt.Scale(
                domain=list(shown),
                range=[DASHES[self.inits.index(i) % len(DASHES)] for i in shown],
            ),
            legend=legend if len(shown) > 1 else None,
        )

    def shape(self, shown: Sequence[str], *, legend: bool = True) -> alt.Shape:
        """Return the shape of the initialization's points."""
        wanted = alt.Legend(columns=legend_columns(shown))
        return alt.Shape(
            "init:N",
            title="Initialization",
            scale=alt.Scale(
                domain=list(shown),
                range=[SHAPES[self.inits.index(i) % len(SHAPES)] for i in shown],
            ),
            legend=wanted if legend and len(shown) > 1 else None,
        )


def scale_of(values: Sequence[float]) -> alt.Scale:
    """Return a log scale where positive values span more than a factor of 30."""
    positive = [value for value in values if value > 0]
    if positive and len(positive) == len(values) and max(values) > 30 * min(values):
        return alt.Scale(type="log")
    return alt.Scale(zero=False, nice=True)


def shown_of(records: Records) -> tuple[list[str], list[str], list[str]]:
    """Return the variants, initializations and panels of records, each once."""
    columns = ("variant", "init", "panel")
    variants, inits, panels = (
        list(dict.fromkeys(record[name] for record in records)) for name in columns
    )
    return sorted(variants), inits, panels


def singled_out() -> tuple[alt.Parameter, Any]:  # Any: Altair types no conditions
    """Return the selection made by a click on the legend, and the opacity it sets."""
    picked = alt.selection_point(name="picked", fields=["variant"], bind="legend")
    return picked, alt.condition(picked, alt.value(1.0), alt.value(0.12))


def panelled(
    layers: Sequence[alt.Chart], records: Records, panels: Sequence[str], height: int
) -> Spec:
    """Return layers over one data set: one wide chart, or a grid of panels."""
    chart = alt.layer(*layers, data=alt.InlineData(values=records))
    if len(panels) < 2:
        title = panels[0] if panels else ""
        return spec_of(chart.properties(width=WIDTH - 90, height=height, title=title))
    grid = chart.properties(width=WIDTH // 2 - 80, height=height * 3 // 4).facet(
        facet=alt.Facet("panel:N", title=None, sort=list(panels)), columns=2
    )
    return spec_of(grid.resolve_scale(y="independent", x="independent"))


def spec_of(chart: alt.TopLevelMixin) -> Spec:
    """Return a chart's specification without Altair's own look or its checks."""
    with alt.theme.enable("none"):
        spec: Spec = chart.to_dict(validate=False)
    spec.pop("config", None)
    return spec


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
    return [record for record in records if record["panel"] in panels]


_PANEL = ("objective", "weighting", "split", "dtype", "threads")


def panel_names(groups: Sequence[Group]) -> dict[int, str]:
    """Return each group's panel: its data, and what else differs among `groups`."""
    differing = [
        name for name in _PANEL if len({str(g.labels[name]) for g in groups}) > 1
    ]
    names: dict[int, str] = {}
    for group in groups:
        parts = [group.dataset, *(str(group.labels[name]) for name in differing)]
        if group.labels["zero_filled"]:
            parts.append("missing taken as 0")
        names[id(group)] = " · ".join(parts)
    return names


_TOOLTIP = [
    alt.Tooltip("variant:N", title="solver"),
    alt.Tooltip("init:N", title="init"),
    alt.Tooltip("n_components:Q", title="n_components"),
    alt.Tooltip("value:Q", title="mean", format=".5g"),
    alt.Tooltip("low:Q", title="lowest", format=".5g"),
    alt.Tooltip("high:Q", title="highest", format=".5g"),
    alt.Tooltip("seeds:Q", title="seeds"),
]


def against_size(
    groups: Sequence[Group], measure: Measure, pencil: Pencil
) -> Figure | None:
    """Return the error against n_components; against the solver if there is one size."""
    records = by_panel(groups, measure)
    if len(records) < 2:
        return None
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return _by_solver(records, measure, pencil, sizes[0])
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    y = alt.Y("value:Q", title=measure.title, scale=_y_scale(records))
    x = alt.X(
        "n_components:Q",
        title="n_components",
        axis=alt.Axis(values=sizes, format="d", grid=False),
        scale=alt.Scale(zero=False, padding=18),
    )
    base = alt.Chart().encode(
        x=x, color=pencil.colour(variants), opacity=opacity, tooltip=_TOOLTIP
    )
    bars = base.mark_rule(strokeWidth=1.5).encode(y=y, y2="high:Q")
    bars = bars.encode(y=alt.Y("low:Q", title=measure.title, scale=_y_scale(records)))
    lines = base.mark_line().encode(y=y, strokeDash=pencil.dash(inits))
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        y=y, shape=pencil.shape(inits, legend=False)
    )
    spec = panelled([bars, lines, points.add_params(picked)], records, panels, 300)
    return Figure(
        id="error-by-size",
        title=f"{measure.title} against the number of components",
        caption="Points are means over seeds, bars run from the lowest to the highest"
        " seed. The error of the best fit cannot rise with size, so its fall alone is"
        " no reason to take more components." + _left_out(groups, panels),
        spec=spec,
    )


def _y_scale(records: Records) -> alt.Scale:
    return scale_of([record[end] for record in records for end in ("low", "high")])


def _left_out(groups: Sequence[Group], panels: Sequence[str]) -> str:
    n = len(set(panel_names(groups).values()))
    if n <= len(panels):
        return ""
    return f" Shown: the first {len(panels)} of {count(n, 'data set')}; see runs.csv."


def _by_solver(records: Records, measure: Measure, pencil: Pencil, size: int) -> Figure:
    records = sorted(records, key=lambda record: float(record["value"]))[:MOST_LINES]
    variants, inits, panels = shown_of(records)
    for record in records:
        record["row"] = (
            f"{record['variant']} · {record['init']}"
            if len(inits) > 1
            else record["variant"]
        )
    y = alt.Y("row:N", title=None, sort=None, axis=alt.Axis(labelLimit=240, grid=True))
    base = alt.Chart().encode(
        y=y,
        color=pencil.colour(variants).legend(None),
        tooltip=_TOOLTIP,
    )
    x = alt.X("value:Q", title=measure.title, scale=_y_scale(records))
    ends = alt.X("low:Q", title=measure.title, scale=_y_scale(records))
    layers = [
        base.mark_rule(strokeWidth=2).encode(x=ends, x2="high:Q"),
        base.mark_point(filled=True, size=80, opacity=1).encode(x=x),
    ]
    most = max(sum(r["panel"] == panel for r in records) for panel in panels)
    height = 26 * most + 20
    return Figure(
        id="error-by-solver",
        title=f"{measure.title} at n_components {size}",
        caption="Points are means over seeds, bars run from the lowest to the highest"
        " seed; the lowest error stands first.",
        spec=panelled(layers, records, panels, height if len(panels) < 2 else height),
    )


def against_sparseness(
    groups: Sequence[Group], error: Measure, sparseness: Measure | None, pencil: Pencil
) -> Figure | None:
    """Return the scatter of error against sparseness, a point a group."""
    if sparseness is None:
        return None
    found = {id(g): sparseness.of(g) for g in groups}
    both = [group for group in groups if found[id(group)] and error.of(group)]
    records = by_panel(both, error)
    if len(records) < 2:
        return None
    names = panel_names(both)
    drawn = {record["panel"] for record in records}
    for record, group in zip(
        records, (g for g in both if names[id(g)] in drawn), strict=True
    ):
        stat = found[id(group)]
        record["sparseness"] = stat.mean if stat else None
    return _scatter(records, error, sparseness, pencil)


def _scatter(
    records: Records, error: Measure, sparseness: Measure, pencil: Pencil
) -> Figure:
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    points = (
        alt.Chart()
        .mark_point(filled=True)
        .encode(
            x=alt.X(
                "sparseness:Q",
                title=sparseness.title,
                scale=alt.Scale(zero=False, padding=12),
            ),
            y=alt.Y("value:Q", title=error.title, scale=_y_scale(records)),
            color=pencil.colour(variants),
            shape=pencil.shape(inits),
            size=_size(records),
            opacity=opacity,
            tooltip=[
                *_TOOLTIP,
                alt.Tooltip("sparseness:Q", title="sparseness", format=".4g"),
            ],
        )
    )
    return Figure(
        id="error-by-sparseness",
        title=f"{error.title} against sparseness",
        caption="One point a solver, initialization and size, at its means over seeds:"
        " lower is closer to the data, further right is easier to read.",
        spec=panelled([points.add_params(picked)], records, panels, 300),
    )


def _size(records: Records) -> alt.Size | alt.SizeValue:
    sizes = sorted({int(record["n_components"]) for record in records})
    if len(sizes) < 2:
        return alt.value(90)  # type: ignore[no-any-return, unused-ignore]
    return alt.Size(
        "n_components:Q",
        title="n_components",
        scale=alt.Scale(range=[40, 240], zero=False),
        legend=alt.Legend(values=sizes, columns=len(sizes)),
    )
