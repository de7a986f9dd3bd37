"""Convergence: how far above the best known objective, against steps and seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from nmflab.report.content import Figure, Prose
from nmflab.report.drawing.curves import Vector, one_start, resampled
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    axis_of,
    panel_names,
    panelled,
    scale_of,
    shown_of,
    singled_out,
    spans,
)
from nmflab.report.numbers import listed
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material

MOST_PANELS = 4
MOST_GROUPS = 10
MOST_SEEDS = 10
FLOOR = 1e-10
"""Smallest share drawn: below it, differences of objectives are rounding."""


def convergence(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> list[Figure]:
    """Return the curves against steps and against seconds, where traces were kept."""
    panels = _chosen(groups)
    keys = [key for group in panels for key in group.keys[:MOST_SEEDS]]
    traces = material.store.traces(keys) if keys else pd.DataFrame()
    if traces.empty:
        return []
    runs = {str(key): one_start(frame) for key, frame in traces.groupby("key")}
    best = _best_known(groups)
    clock = _clock(panels)
    figures = (
        _figure(panels, runs, best, pencil, "step", "Steps"),
        _figure(panels, runs, best, pencil, clock, _CLOCKS[clock]),
    )
    return [figure for figure in figures if figure]


def undrawn(groups: Sequence[Group], figures: Sequence[Figure]) -> list[Prose]:
    """Return a sentence naming the ranked groups that none of the charts shows.

    Parameters
    ----------
    figures : sequence of Figure
        Those of `convergence`, of the same groups.
    """
    rows = [row for figure in figures for row in figure.spec["datasets"]["rows"]]
    seen = {(row["panel"], row["variant"], row["init"]) for row in rows}
    chosen = _chosen(groups)
    names = panel_names(chosen)
    absent = [
        f"{group.name} (n_components {group.n_components})"
        for group in chosen
        if (_panel(names, group), group.variant, group.init) not in seen
    ]
    if not figures or not absent:
        return []
    text = (
        f"Not drawn: {listed(list(dict.fromkeys(absent)))}. A run that was evaluated"
        " only once, or was never above the best known objective, has no curve."
    )
    return [Prose(text, "note")]


def _panel(names: Mapping[int, str], group: Group) -> str:
    return f"{names[id(group)]} · n_components {group.n_components}"


_CLOCKS = {
    "seconds": "Wall-clock seconds",
    "cpu_seconds": "CPU seconds",
}


def _clock(groups: Sequence[Group]) -> str:
    """Return which clock is fair: CPU time, unless several threads share the work."""
    return (
        "cpu_seconds"
        if all(int(g.labels["threads"]) <= 1 for g in groups)
        else "seconds"
    )


def _chosen(groups: Sequence[Group]) -> list[Group]:
    """Return the groups drawn: of the comparisons with most groups, the best ranked."""
    members: dict[int, list[Group]] = {}
    for group in groups:
        if not group.own_objective and group.objective:
            members.setdefault(group.signature, []).append(group)
    fullest = sorted(members.values(), key=len, reverse=True)[:MOST_PANELS]
    kept = {id(group) for member in fullest for group in member[:MOST_GROUPS]}
    return [group for group in groups if id(group) in kept]


def _best_known(groups: Sequence[Group]) -> dict[int, float]:
    best: dict[int, float] = {}
    for group in groups:
        if group.objective:
            at = group.signature
            best[at] = min(best.get(at, np.inf), group.objective.low)
    return best


def _curve(
    group: Group, runs: dict[str, pd.DataFrame], x: str, best: float
) -> tuple[Vector, Vector]:
    found = [runs[key] for key in group.keys[:MOST_SEEDS] if key in runs]
    pairs = [
        (frame[x].to_numpy(float), frame["objective"].to_numpy(float) - best)
        for frame in found
        if len(frame)
    ]
    start = max((y[0] for _, y in pairs), default=0.0)
    if start <= 0:
        return np.empty(0), np.empty(0)
    at, gap = resampled(pairs)
    return at, gap


def _figure(
    groups: Sequence[Group],
    runs: dict[str, pd.DataFrame],
    best: dict[int, float],
    pencil: Pencil,
    x: str,
    title: str,
) -> Figure | None:
    records: Records = []
    falls = _falls(groups, runs, best)
    names = panel_names(groups)
    for group in groups:
        fall = falls.get(group.signature, 0.0)
        at, gap = _curve(group, runs, x, best[group.signature])
        if at.size == 0 or fall <= 0:
            continue
        panel = _panel(names, group)
        share = gap / fall
        drawn = share > FLOOR
        records.append(
            {
                "panel": panel,
                "variant": group.variant,
                "init": group.init,
                "x": [float(f"{value:.4g}") for value in at[drawn]],
                "gap": [float(f"{value:.3g}") for value in share[drawn]],
            }
        )
    records = [record for record in records if record["x"]]
    several = any(group.n_starts > 1 for group in groups)
    return _drawn(records, pencil, x, title, several=several) if records else None


def _falls(
    groups: Sequence[Group], runs: dict[str, pd.DataFrame], best: dict[int, float]
) -> dict[int, float]:
    """Return, for each comparison, its highest start less its best objective."""
    falls: dict[int, float] = {}
    for group in groups:
        at = group.signature
        for key in group.keys[:MOST_SEEDS]:
            if key in runs and len(runs[key]):
                start = float(runs[key]["objective"].iloc[0])
                falls[at] = max(falls.get(at, 0.0), start - best[at])
    return falls


_GAP = "Share of the fall to go"


def _drawn(
    records: Records, pencil: Pencil, x: str, title: str, *, several: bool
) -> Figure:
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    across, up = _axes(records, title)
    base = alt.Chart().encode(
        x=across,
        y=up,
        color=pencil.colour(variants),
        opacity=opacity,
        tooltip=[
            alt.Tooltip("variant:N", title="solver"),
            alt.Tooltip("init:N", title="init"),
            alt.Tooltip("x:Q", title=title.lower(), format=".4g"),
            alt.Tooltip("gap:Q", title="share to go", format=".3g"),
        ],
    )
    lines = base.transform_flatten(["x", "gap"]).mark_line(clip=True)
    lines = lines.encode(strokeDash=pencil.dash(inits)).add_params(picked)
    ends = base.transform_calculate(x="peek(datum.x)", gap="peek(datum.gap)")
    what = "steps" if x == "step" else "seconds"
    return Figure(
        id=f"convergence-{what}",
        title=f"Convergence against {what}",
        caption=_CAPTION
        + ("" if x == "step" else _CLOCK)
        + (_ONE_START if several else ""),
        live=pencil.click,
        spec=panelled([lines, ends.mark_circle(size=35)], records, panels, 320),
    )


_CAPTION = (
    "(objective − best known) / (highest start − best known), the median over seeds;"
    " the best known is the lowest objective of any run on the same data, size and"
    " objective, and a curve ends, at its dot, where its runs stop, reach it"
    " or fall below 1e-10."
)
_CLOCK = " Time spent on evaluations is not counted."
_ONE_START = (
    " Of a run with several starts the one that came lowest is drawn, on its own clock:"
    " what the others cost is not in the curve."
)


def _axes(records: Records, title: str) -> tuple[alt.X, alt.Y]:
    points = [
        {"panel": record["panel"], "x": x, "gap": gap}
        for record in records
        for x, gap in zip(record["x"], record["gap"], strict=True)
    ]
    log = alt.Scale(type="log", nice=False)
    across = axis_of(log=True, span=min(spans(points, "x")), grid=False)
    up = axis_of(log=True, span=min(spans(points, "gap")))
    return (
        alt.X("x:Q", title=title, scale=log, axis=across),
        alt.Y("gap:Q", title=_GAP, scale=scale_of(log=True), axis=up),
    )
