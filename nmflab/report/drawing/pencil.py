"""What all charts share: colours and dashes, panels, axes, the click on a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt

from nmflab.report.drawing.theme import DASHES, MUTED, SHAPES, WIDTH, legend_columns
from nmflab.report.reading.groups import Group
from nmflab.selection import family

Records: TypeAlias = list[dict[str, Any]]  # Any: the values of JSON
Spec: TypeAlias = dict[str, Any]  # Any: the same

LOG_FROM = 30.0
"""Span, highest over lowest, from which an axis is logarithmic."""


class Pencil:
    """The encodings that all charts of a report share.

    Parameters
    ----------
    colours : mapping of variant to colour
    inits : sequence of str
        Every initialization of the report, so that its dash never changes.
    title : str
        What colours tell apart: "Solver", or "Case" where a study has cases.
    """

    def __init__(
        self, colours: Mapping[str, str], inits: Sequence[str], title: str = "Solver"
    ) -> None:
        self.title = title
        self.colours = dict(colours)
        self.inits = list(inits)

    @property
    def click(self) -> str:
        """What a reader can do with a live chart, in a sentence."""
        what = self.title.lower()
        return f"Click a {what} in the legend to single it out; shift-click adds more."

    def colour(self, shown: Sequence[str]) -> alt.Color:
        """Return the colour of the solver; its legend names those shown."""
        return alt.Color(
            "variant:N",
            title=self.title,
            scale=alt.Scale(domain=list(shown), range=[self.colours[v] for v in shown]),
            legend=alt.Legend(columns=legend_columns(shown)),
        )

    def dash(self, shown: Sequence[str]) -> alt.StrokeDash:
        """Return the dash of the initialization; no legend where there is but one."""
        legend = alt.Legend(columns=legend_columns(shown), symbolType="stroke")
        return alt.StrokeDash(
            "init:N",
            title="Initialization",
            scale=self._scale(shown, DASHES),
            legend=legend if len(shown) > 1 else None,
        )

    def shape(self, shown: Sequence[str]) -> alt.Shape:
        """Return the shape of the initialization; no legend where there is but one."""
        legend = alt.Legend(
            columns=legend_columns(shown),
            symbolFillColor=MUTED,
            symbolStrokeColor=MUTED,
        )
        return alt.Shape(
            "init:N",
            title="Initialization",
            scale=self._scale(shown, SHAPES),
            legend=legend if len(shown) > 1 else None,
        )

    def _scale(self, shown: Sequence[str], marks: Sequence[Any]) -> alt.Scale:
        at = [self.inits.index(init) % len(marks) for init in shown]
        return alt.Scale(domain=list(shown), range=[marks[i] for i in at])


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
    # Not alt.condition: Altair would look for the class of its dict, chart by chart.
    condition = {"param": "picked", "value": 1.0}
    return picked, alt.OpacityValue(value=0.12, condition=condition)


def spans(records: Records, *names: str) -> list[float]:
    """Return highest over lowest value of each panel; 1 for one that holds a 0."""
    ends: dict[str, list[float]] = {}
    for record in records:
        ends.setdefault(record["panel"], []).extend(record[name] for name in names)
    return [
        max(values) / min(values) if min(values) > 0 else 1.0
        for values in ends.values()
    ]


def is_log(records: Records, *names: str) -> bool:
    """Return whether the axis of these values is logarithmic.

    It is where all are positive and, in some panel, span more than `LOG_FROM`.
    """
    if any(record[name] <= 0 for record in records for name in names):
        return False
    return max(spans(records, *names), default=1.0) > LOG_FROM


def scale_of(*, log: bool) -> alt.Scale:
    """Return a log scale, or a linear one that need not begin at 0."""
    if log:
        return alt.Scale(type="log", nice=False, padding=10)
    return alt.Scale(zero=False, nice=True)


_POWER = "abs(log(datum.value)/LN10 - round(log(datum.value)/LN10)) < 1e-6"
_EXPONENT = "round(log(datum.value)/LN10)"
_POWER_LABEL = (
    f"!({_POWER}) ? '' :"
    f" abs({_EXPONENT}) < 4 ? format(datum.value, '~g') : '1e' + {_EXPONENT}"
)


_PLAIN_LABEL = (
    "abs(datum.value) < 1e6 && (abs(datum.value) >= 1e-4 || datum.value === 0) ?"
    " format(datum.value, ',~r') : format(datum.value, '~g')"
)
"""Not a format: Vega would cut its digits to the ticks' and write 1e+3 for 1,000."""


def axis_of(*, log: bool, span: float = 1.0, grid: bool = True) -> alt.Axis:
    """Return an axis of few labels; at powers of ten only where there are enough.

    Parameters
    ----------
    log : bool
    span : float
        The smallest of the panels' spans: below 100 powers of ten would be too few.
    grid : bool
    """
    if not log:
        return alt.Axis(tickCount=5, grid=grid, labelExpr=_PLAIN_LABEL)
    if span < 100:
        return alt.Axis(tickCount=5, grid=grid, format="~g")
    at_powers = {"condition": {"test": _POWER, "value": 1}, "value": 0}
    return alt.Axis(
        labelExpr=_POWER_LABEL,
        labelOverlap="greedy",
        tickCount=5,  # over more decades than that, powers of ten are the only ticks
        grid=grid,
        gridOpacity=at_powers,
        tickOpacity=at_powers,
    )


def sizes_axis(sizes: Sequence[int]) -> alt.X:
    """Return the axis of n_components, marked at the sizes there are."""
    return values_axis("n_components", "n_components", sizes, form="d")


def values_axis(
    field: str, title: str, values: Sequence[float], form: str = "~g"
) -> alt.X:
    """Return the axis of a number that was varied, marked at the values there are.

    It is logarithmic where they span more than `LOG_FROM`; a 0 among them stands left
    of the others.
    """
    positive = [value for value in values if value > 0]
    spread = len(positive) > 1 and max(positive) / min(positive) > LOG_FROM
    scale: dict[str, Any] = {"zero": False}
    if spread and min(values) >= 0:
        scale = {"type": "log"}
        if min(values) == 0:
            scale = {"type": "symlog", "constant": min(positive)}
    return alt.X(
        f"{field}:Q",
        title=title,
        axis=alt.Axis(
            values=list(values), format=form, grid=False, labelOverlap="greedy"
        ),
        scale=alt.Scale(nice=False, padding=18, **scale),
    )


def panelled(
    layers: Sequence[alt.Chart],
    records: Records,
    panels: Sequence[str],
    height: int,
    *,
    same_x: bool = False,
    margin: int = 80,
) -> Spec:
    """Return layers over one data set: one wide chart, or a grid of panels.

    The page fits either to the window; ``usermeta`` tells its script how.

    Parameters
    ----------
    height : int
        Of a wide chart, in pixels.
    same_x : bool
        Whether panels share the horizontal axis.
    margin : int
        Pixels left of a panel for its axis.
    """
    # Put together in one go: each method of a chart would copy all that is in it.
    source, data = alt.NamedData("rows"), {"rows": records}
    if len(panels) < 2:
        wide = alt.LayerChart(
            layer=list(layers),
            data=source,
            width=WIDTH - 90,
            height=height,
            title=panels[0] if panels else "",
        )
        return {**spec_of(wide, data), "usermeta": {"panels": 1, "margin": margin}}
    each = alt.LayerChart(
        layer=list(layers),
        width=max(150, WIDTH // 2 - margin),
        height=height * 3 // 4,
    )
    grid = alt.FacetChart(
        data=source,
        spec=each,
        facet=alt.Facet("panel:N", title=None, sort=list(panels), header=_HEADER),
        columns=2,
        resolve=alt.Resolve(
            scale=alt.ScaleResolveMap(
                x="shared" if same_x else "independent", y="independent"
            )
        ),
    )
    return {
        **spec_of(grid, data),
        "usermeta": {"panels": len(panels), "margin": margin},
    }


_HEADER = alt.Header(labelExpr="split(datum.value, ' · ')", labelLimit=420)
"""A panel's name on as many lines as it has parts."""


def spec_of(chart: alt.TopLevelMixin, datasets: Mapping[str, Records]) -> Spec:
    """Return a chart's specification without Altair's own look or its checks.

    The data are put in last: Altair would check each record against its schema, which
    takes longer than drawing them.
    """
    with alt.theme.enable("none"):
        spec: Spec = chart.to_dict(validate=False)
    spec.pop("config", None)
    _call_alike(spec)
    return {**spec, "datasets": dict(datasets)}


def _call_alike(node: object) -> None:
    """Have tooltips call what colours tell apart as the legend does: solver, case."""
    if isinstance(node, list):
        for inner in node:
            _call_alike(inner)
    if not isinstance(node, dict):
        return
    colour = node.get("color")
    tips = node.get("tooltip")
    if isinstance(colour, dict) and colour.get("field") == "variant":
        for tip in tips if isinstance(tips, list) else ():
            if tip.get("field") == "variant":
                tip["title"] = str(colour.get("title", "solver")).lower()
    for inner in node.values():
        _call_alike(inner)


_PANEL = ("objective", "weighting", "split", "dtype", "threads")


def panel_names(groups: Sequence[Group], *, pooled: bool = False) -> dict[int, str]:
    """Return each group's panel by its id: its data, and what else differs.

    Parameters
    ----------
    groups : sequence of Group
    pooled : bool, default False
        Whether folds and seeds of a split share a panel.
    """

    def said(group: Group, name: str) -> str:
        label = str(group.labels[name])
        return family(label) if pooled and name == "split" else label

    differing = [name for name in _PANEL if len({said(g, name) for g in groups}) > 1]
    names: dict[int, str] = {}
    for group in groups:
        told = ((name, said(group, name)) for name in differing)
        parts = [group.dataset, *(_as_part(name, label) for name, label in told)]
        if group.labels["zero_filled"]:
            parts.append("missing taken as 0")
        names[id(group)] = " · ".join(parts)
    return names


def _as_part(name: str, label: str) -> str:
    return label if name == "objective" else f"{name} {label or 'none'}"
