"""What all charts share: colours and dashes, panels, axes, the click on a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt

from nmflab.report.drawing.theme import DASHES, SHAPES, WIDTH, legend_columns
from nmflab.report.reading.groups import Group

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
        legend = alt.Legend(columns=legend_columns(shown))
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
    return picked, alt.condition(picked, alt.value(1.0), alt.value(0.12))


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


def axis_of(*, log: bool, span: float = 1.0, grid: bool = True) -> alt.Axis:
    """Return an axis of few labels; at powers of ten only where there are enough.

    Parameters
    ----------
    log : bool
    span : float
        The smallest of the panels' spans: below 100 powers of ten would be too few.
    grid : bool
    """
    if not log or span < 100:
        return alt.Axis(tickCount=5, grid=grid, format="~g")
    at_powers = {"condition": {"test": _POWER, "value": 1}, "value": 0}
    return alt.Axis(
        labelExpr=_POWER_LABEL,
        labelOverlap="greedy",
        grid=grid,
        gridOpacity=at_powers,
        tickOpacity=at_powers,
    )


def sizes_axis(sizes: Sequence[int]) -> alt.X:
    """Return the axis of n_components, marked at the sizes there are."""
    return alt.X(
        "n_components:Q",
        title="n_components",
        axis=alt.Axis(values=list(sizes), format="d", grid=False),
        scale=alt.Scale(zero=False, nice=False, padding=18),
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
    chart = alt.layer(*layers, data=alt.NamedData("rows"))
    data = {"rows": records}
    if len(panels) < 2:
        title = panels[0] if panels else ""
        wide = chart.properties(width=WIDTH - 90, height=height, title=title)
        return {**spec_of(wide, data), "usermeta": {"panels": 1, "margin": margin}}
    grid = chart.properties(
        width=max(150, WIDTH // 2 - margin), height=height * 3 // 4
    ).facet(
        facet=alt.Facet("panel:N", title=None, sort=list(panels), header=_HEADER),
        columns=2,
    )
    grid = grid.resolve_scale(y="independent", x="shared" if same_x else "independent")
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
    return {**spec, "datasets": dict(datasets)}


_PANEL = ("objective", "weighting", "split", "dtype", "threads")


def panel_names(groups: Sequence[Group]) -> dict[int, str]:
    """Return each group's panel by its id: its data, and what else differs."""
    differing = [
        name for name in _PANEL if len({str(g.labels[name]) for g in groups}) > 1
    ]
    names: dict[int, str] = {}
    for group in groups:
        parts = [group.dataset, *(_said(group, name) for name in differing)]
        if group.labels["zero_filled"]:
            parts.append("missing taken as 0")
        names[id(group)] = " · ".join(parts)
    return names


def _said(group: Group, name: str) -> str:
    label = str(group.labels[name])
    return label if name == "objective" else f"{name} {label}"
