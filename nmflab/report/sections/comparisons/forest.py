"""Differences within each data set, with their intervals: a forest plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import Pencil, Records, panelled, singled_out
from nmflab.report.drawing.theme import MUTED, PALETTE
from nmflab.report.numbers import count
from nmflab.report.sections.comparisons.questions import Question
from nmflab.report.sections.comparisons.tables import named_by
from nmflab.statistics.comparison import Comparison

MOST_SETS = 20
MOST_METHODS = 8
_ROW = 16
"""Height of one interval in pixels."""


def forest(question: Question, found: Comparison, pencil: Pencil) -> Figure | None:
    """Return the differences to the control by data set; None without an interval."""
    records = _records(question, found)
    if not any(record["low"] < record["high"] for record in records):
        return None
    sets = list(dict.fromkeys(record["dataset"] for record in records))
    methods = list(dict.fromkeys(record["method"] for record in records))
    what = question.title
    return Figure(
        id=f"differences-{question.id}",
        title=f"{what} against {found.control}, by data set",
        caption=_caption(question, found, len(sets), len(methods)),
        live=pencil.click,
        spec=_spec(question, found, pencil, records, sets, methods),
    )


def _records(question: Question, found: Comparison) -> Records:
    names = named_by(question)
    factor = 100.0 if found.scale.relative else 1.0
    sets = list(dict.fromkeys(one.dataset for one in found.pairs))[:MOST_SETS]
    methods = [m for m in found.methods if m != found.control][:MOST_METHODS]
    records: Records = []
    for one in found.pairs:
        if one.dataset not in sets or one.method not in methods:
            continue
        low, high = one.interval.ends or (one.difference, one.difference)
        variant, init = names[one.method]
        records.append(
            {
                "panel": "",
                "dataset": one.dataset,
                "method": one.method,
                "variant": variant,
                "init": init,
                "value": factor * one.difference,
                "low": factor * low,
                "high": factor * high,
                "a12": one.a12,
                "seeds": one.n_seeds,
            }
        )
    return records


def _caption(question: Question, found: Comparison, n_sets: int, n_methods: int) -> str:
    way = "right" if found.scale.higher else "left"
    parts = [
        "Points are mean differences over seeds, bars their 95 % BCa intervals (none"
        " from fewer than five seeds). Left is lower, right is higher;"
        f" {way} of 0 is ahead of {found.control}.",
        "The axis is linear within the shaded band, where values are practically equal,"
        " and logarithmic beyond.",
    ]
    all_sets = len({one.dataset for one in found.pairs})
    if n_sets < all_sets or n_methods < len(found.against):
        parts.append(
            f"Shown: {count(n_sets, 'data set')} of {all_sets}, {n_methods} of"
            f" {count(len(found.against), 'method')}; the table holds all."
        )
    return " ".join(parts)


def _spec(
    question: Question,
    found: Comparison,
    pencil: Pencil,
    records: Records,
    sets: Sequence[str],
    methods: Sequence[str],
) -> dict[str, Any]:  # Any: the values of JSON
    variants = sorted({record["variant"] for record in records})
    inits = list(dict.fromkeys(record["init"] for record in records))
    known = known_to(pencil, variants, inits)
    picked, opacity = singled_out()
    rope = found.scale.rope * (100 if found.scale.relative else 1)
    unit = "%" if found.scale.relative else "difference"
    title = f"{question.title}, {unit} against {found.control}"
    x = _axis(records, rope, title)
    y: dict[str, Any] = {"y": alt.Y("dataset:N", sort=list(sets), title=None)}
    if len(methods) > 1:
        y["yOffset"] = alt.YOffset("method:N", sort=list(methods))
    base = alt.Chart().encode(
        color=known.colour(variants), opacity=opacity, tooltip=_tooltip(), **y
    )
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", **x), x2=alt.X2("high:Q")
    )
    points = base.mark_point(filled=True, size=55).encode(
        x=alt.X("value:Q", **x), shape=known.shape(inits)
    )
    height = max(90, _ROW * len(sets) * len(methods) + 10 * len(sets))
    layers = [_band(x), _zero(x), bars, points.add_params(picked)]
    spec = panelled(layers, records, [""], height, margin=150)
    spec["datasets"]["band"] = [{"from": -rope, "to": rope, "at": 0}]
    return spec


def _axis(records: Records, rope: float, title: str) -> dict[str, Any]:
    """Return the axis of differences: linear around 0, logarithmic beyond the ROPE."""
    ends = [record[end] for record in records for end in ("low", "high")]
    low, high = min([*ends, -2 * rope]), max([*ends, 2 * rope])
    return {
        "title": title,
        "axis": alt.Axis(
            values=_ticks(low, high, rope), labelExpr=_TICK, labelOverlap="greedy"
        ),
        "scale": alt.Scale(
            type="symlog", constant=rope, domain=[low, high], nice=False, padding=8
        ),
    }


_TICK = "abs(datum.value) < 1e4 ? format(datum.value, '~g') : format(datum.value, '~s')"


def _ticks(low: float, high: float, rope: float) -> list[float]:
    """Return 0 and powers of ten times the ROPE, few enough to be read.

    Not the ROPE itself, which the band shows: its labels would cover the 0.
    """
    n = math.ceil(math.log10(max(-low, high) / rope)) + 1
    step = 1 + n // 5
    powers = [rope * 10.0**at for at in range(1, n, step)] or [rope]
    return [-at for at in reversed(powers) if -at >= low] + [0.0] + powers


def _band(x: dict[str, Any]) -> alt.Chart:
    base = alt.Chart(alt.NamedData("band")).mark_rect(color=MUTED, opacity=0.16)
    chart: alt.Chart = base.encode(x=alt.X("from:Q", **x), x2=alt.X2("to:Q"))
    return chart


def _zero(x: dict[str, Any]) -> alt.Chart:
    base = alt.Chart(alt.NamedData("band")).mark_rule(color=MUTED, strokeDash=[2, 3])
    chart: alt.Chart = base.encode(x=alt.X("at:Q", **x))
    return chart


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("dataset:N", title="data set"),
        alt.Tooltip("method:N", title="method"),
        alt.Tooltip("value:Q", title="difference", format=".3g"),
        alt.Tooltip("low:Q", title="interval from", format=".3g"),
        alt.Tooltip("high:Q", title="to", format=".3g"),
        alt.Tooltip("a12:Q", title="A12", format=".2f"),
        alt.Tooltip("seeds:Q", title="seeds"),
    ]


def known_to(pencil: Pencil, variants: Sequence[str], inits: Sequence[str]) -> Pencil:
    """Return a pencil that knows these methods, in the report's colours if it can."""
    colours = {
        name: pencil.colours.get(name, PALETTE[at % len(PALETTE)])
        for at, name in enumerate(variants)
    }
    return Pencil(colours, list(dict.fromkeys([*pencil.inits, *inits])), pencil.title)
