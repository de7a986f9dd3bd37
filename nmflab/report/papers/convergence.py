"""The convergence figure of a paper: its name, its caption, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import Spec, axis_of
from nmflab.report.drawing.theme import DASHES, SHAPES
from nmflab.report.papers.curves import TITLES, Axis, Curves
from nmflab.report.papers.names import safe_name, told_apart

ID = "paper-convergence"
MARKS = 8
"""Marks on a line, so that lines are told apart in grey."""


@dataclass(frozen=True)
class Look:
    """How a line is drawn, the same in every figure of a study.

    Parameters
    ----------
    colour : str
        As ``#rrggbb``.
    place : int
        Among the solvers of the study: gives its dash and its mark.
    """

    colour: str
    place: int

    @property
    def dash(self) -> Sequence[int]:
        """Lengths of strokes and gaps; ``[1, 0]`` is a full line."""
        return DASHES[self.place % len(DASHES)]

    @property
    def shape(self) -> str:
        """The mark, by Vega's name."""
        return SHAPES[self.place % len(SHAPES)]


def looks(colours: Mapping[str, str]) -> dict[str, Look]:
    """Return the look of each solver of a report, from their colours."""
    names = sorted(colours)
    return {name: Look(colours[name], at) for at, name in enumerate(names)}


def ids(figures: Sequence[Curves]) -> list[str]:
    """Return the name of each figure: `ID`, and where there are several, of what."""
    if len(figures) == 1:
        return [ID]
    named = [safe_name(one.name.replace("n_components ", "k")) for one in figures]
    return [f"{ID}-{name}" for name in told_apart(named)]


def figure(curves: Curves, name: str, look: Mapping[str, Look], said: str) -> Figure:
    """Return the figure as a chart of two panels: against time, and iterations."""
    shown = [variant for variant in look if variant in curves.shared.keys]
    drawn = [_panel(axis, curves, shown, look) for axis in curves.axes]
    return Figure(
        id=name,
        title=f"Convergence on {curves.name}",
        caption=said,
        spec={
            "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
            "title": curves.name,
            "datasets": {axis.clock: _records(axis, shown) for axis in curves.axes},
            "concat": drawn,
            "columns": 2,
            "usermeta": {"panels": 2, "margin": 90, "narrowest": 110},
        },
    )


def _panel(
    axis: Axis, curves: Curves, shown: Sequence[str], look: Mapping[str, Look]
) -> Spec:
    """Return the lines against one clock, and the marks on them."""
    legend = {"columns": len(shown), "title": None}
    names = {"domain": list(shown)}
    by_line = {"field": "line", "type": "nominal", "legend": legend}
    colour = {**names, "range": [look[name].colour for name in shown]}
    marks = {**names, "range": [look[name].shape for name in shown]}
    points = {
        "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
        "transform": [{"filter": "datum.marked"}],
        "encoding": {
            "color": {**by_line, "scale": colour},
            "shape": {**by_line, "scale": marks},
        },
    }
    return {
        "width": 300,
        "height": 215,
        "data": {"name": axis.clock},
        "encoding": _axes(axis, error_words(curves)),
        # One layer a line: with a scale of dashes the legend's marks had them, too.
        "layer": [*(_stroke(name, look[name]) for name in shown), points],
    }


def _axes(axis: Axis, error: str) -> Spec:
    clock = {"type": "log", "nice": False} if axis.log else {"zero": True}
    across = axis_of(log=axis.log, span=_span(axis.at), grid=False).to_dict()
    across |= {} if axis.log else {"format": ",.6~r"}
    up = axis_of(log=True, span=_span(np.hstack(list(axis.lines.values()))))
    return {
        "x": {
            "field": "at",
            "type": "quantitative",
            "title": TITLES[axis.clock],
            "scale": clock,
            "axis": across,
        },
        "y": {
            "field": "above",
            "type": "quantitative",
            "title": error,
            "scale": {"type": "log", "nice": False},
            "axis": up.to_dict(),
        },
    }


def _stroke(name: str, look: Look) -> Spec:
    mark = {"type": "line", "color": look.colour, "strokeDash": list(look.dash)}
    return {"mark": mark, "transform": [{"filter": {"field": "line", "equal": name}}]}


def error_words(curves: Curves) -> str:
    """Return what the vertical axis shows, in words."""
    if curves.scale.kind == "frobenius":
        return "Relative error − best known"
    return "Objective − best known, relative"


def _span(values: Any) -> float:  # Any: an array of float
    known = values[np.isfinite(values) & (values > 0)]
    return float(known.max() / known.min()) if known.size else 1.0


def marked(axis: Axis, names: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of the marks on each line, apart from the other lines'."""
    found: dict[str, list[int]] = {}
    for nth, name in enumerate(names):
        if name not in axis.lines:
            continue
        drawn = np.flatnonzero(np.isfinite(axis.lines[name]))
        drawn = drawn[axis.at[drawn] > 0] if axis.log else drawn
        stride = max(1, drawn.size // MARKS)
        first = stride * nth // max(1, len(names))
        found[name] = [int(i) for i in drawn[first::stride]] or [int(drawn[-1])]
    return found


def _records(axis: Axis, names: Sequence[str]) -> list[dict[str, Any]]:
    marks = marked(axis, names)
    return [
        {
            "line": name,
            "at": float(f"{axis.at[i]:.5g}"),
            "above": float(f"{axis.lines[name][i]:.5g}"),
            "marked": int(i) in marks[name],
        }
        for name in names
        if name in axis.lines
        for i in np.flatnonzero(np.isfinite(axis.lines[name]))
        if axis.at[i] > 0 or not axis.log
    ]
