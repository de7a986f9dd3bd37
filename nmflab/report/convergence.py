"""Convergence: how far above the best known objective, against steps and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from nmflab.report.charts import (
    Pencil,
    Records,
    panel_names,
    panelled,
    shown_of,
    singled_out,
)
from nmflab.report.content import Figure
from nmflab.report.groups import Group
from nmflab.report.material import Material

MOST_PANELS = 4
MOST_GROUPS = 10
MOST_SEEDS = 10
POINTS = 60

Vector = npt.NDArray[np.float64]


def convergence(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> list[Figure]:
    """Return the curves against steps and against seconds, where traces were kept."""
    panels = _chosen(groups)
    keys = [key for group in panels for key in group.keys[:MOST_SEEDS]]
    traces = material.store.traces(keys) if keys else pd.DataFrame()
    if traces.empty:
        return []
    runs = {str(key): _one_start(frame) for key, frame in traces.groupby("key")}
    best = _best_known(groups)
    clock = _clock(panels)
    figures = (
        _figure(panels, runs, best, pencil, "step", "Steps"),
        _figure(panels, runs, best, pencil, clock, _CLOCKS[clock]),
    )
    return [figure for figure in figures if figure]


_CLOCKS = {
    "seconds": "Seconds (wall clock, evaluations not counted)",
    "cpu_seconds": "CPU seconds (one thread, evaluations not counted)",
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


def _one_start(trace: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the start that came lowest, those with an objective."""
    trace = trace[trace["objective"].notna()]
    if trace.empty or trace["start"].nunique() < 2:
        return trace
    return trace[trace["start"] == trace.loc[trace["objective"].idxmin(), "start"]]


def resampled(
    runs: Sequence[tuple[Vector, Vector]], n: int = POINTS
) -> tuple[Vector, Vector]:
    """Return the median over runs at `n` points spaced geometrically.

    A run counts with its last value reached: before its first point with that point,
    after it stopped with its last.

    Parameters
    ----------
    runs : sequence of (x, y)
        x rises; points at x = 0 are the starts.
    """
    positive = [x[x > 0] for x, _ in runs if (x > 0).any()]
    if not positive:
        return np.empty(0), np.empty(0)
    low, high = min(x.min() for x in positive), max(x.max() for x in positive)
    at = np.unique(np.geomspace(low, high, n))
    at[-1] = high
    held = [y[np.clip(np.searchsorted(x, at, "right") - 1, 0, None)] for x, y in runs]
    return at, np.median(np.vstack(held), axis=0)


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
        panel = f"{names[id(group)]}, n_components {group.n_components}"
        records += [
            {
                "panel": panel,
                "variant": group.variant,
                "init": group.init,
                "x": float(f"{point:.5g}"),
                "gap": float(f"{value:.4g}"),
            }
            for point, value in zip(at, gap / fall, strict=True)
            if value > 0
        ]
    return _drawn(records, pencil, x, title) if records else None


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


def _drawn(records: Records, pencil: Pencil, x: str, title: str) -> Figure:
    variants, inits, panels = shown_of(records)
    picked, opacity = singled_out()
    log = alt.Scale(type="log", nice=False)
    axis = alt.Axis(format="~g", tickCount=6, grid=False)
    lines = (
        alt.Chart()
        .mark_line(interpolate="step-after", clip=True)
        .encode(
            x=alt.X("x:Q", title=title, scale=log, axis=axis),
            y=alt.Y(
                "gap:Q",
                title="Share of the fall still to go",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~e", tickCount=6),
            ),
            color=pencil.colour(variants),
            strokeDash=pencil.dash(inits),
            opacity=opacity,
            tooltip=[
                alt.Tooltip("variant:N", title="solver"),
                alt.Tooltip("init:N", title="init"),
                alt.Tooltip("x:Q", title=title.split(" (")[0].lower(), format=".4g"),
                alt.Tooltip("gap:Q", title="share to go", format=".3g"),
            ],
        )
        .add_params(picked)
    )
    what = "steps" if x == "step" else "seconds"
    return Figure(
        id=f"convergence-{what}",
        title=f"Convergence against {what}",
        caption="(objective − best known) / (highest start − best known), the median"
        " over seeds; the best known is the lowest objective of any run on the same"
        " data, size and objective, so a curve ends where its runs reach it.",
        spec=panelled([lines], records, panels, 320),
    )
