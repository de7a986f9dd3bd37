"""The critical-difference diagram: average ranks, and which of them a test tells apart.

References
----------
J. Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7,
2006.
A. Benavoli, G. Corani, F. Mangili, "Should We Really Use Post-Hoc Tests Based on
Mean-Ranks?", JMLR 17, 2016.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from nmflab.report.content import Figure
from nmflab.report.drawing.pencil import Pencil, Records, spec_of
from nmflab.report.drawing.theme import INK, MUTED, WIDTH
from nmflab.report.numbers import number
from nmflab.report.sections.comparisons.forest import known_to
from nmflab.report.sections.comparisons.questions import Question
from nmflab.report.sections.comparisons.tables import named_by
from nmflab.statistics.comparison import Comparison
from nmflab.statistics.friedman import alike

_ROW = 30
_LANE = 0.06
"""Room for one of the bars at the right, as a share of the ranks."""

_RULER = ""
"""The row above the methods, where the critical difference is drawn to scale."""


def diagram(question: Question, found: Comparison, pencil: Pencil) -> Figure | None:
    """Return the diagram; None below eight data sets or three methods."""
    if found.cd is None:
        return None
    best = "highest" if found.scale.higher else "lowest"
    n = len(found.complete)
    return Figure(
        id=f"ranks-{question.id}",
        title=f"Average ranks by {question.what} and their critical difference",
        caption=f"Average ranks over {n} data sets; 1 is the {best} value. Methods that"
        " a bar at the right joins are not told apart by Nemenyi's test at"
        f" {found.alpha:g}: their average ranks differ by less than"
        f" {number(found.cd, 3)}, the length of the line at the top. Mean ranks depend"
        " on which methods are in the comparison; the table tests each pair by itself.",
        spec=_spec(question, found, pencil, found.cd),
    )


def _spec(
    question: Question, found: Comparison, pencil: Pencil, cd: float
) -> dict[str, Any]:  # Any: the values of JSON
    records = _records(question, found)
    rows = [_RULER, *found.methods]
    joined = _joined(found, cd)
    x = _axis(len(found.methods), cd, len(joined))
    y = alt.Y("method:N", sort=rows, title=None, scale=alt.Scale(domain=rows))
    ranks = _ranks(records, pencil, x, y)
    bars = _bars(joined, x, y)
    chart = alt.layer(
        *ranks, _ruler(cd, x, y), bars, data=alt.NamedData("rows")
    ).properties(width=WIDTH - 150, height=_ROW * len(rows))
    datasets = {"rows": records, "ruler": _ruler_rows(cd), "joined": joined}
    return {**spec_of(chart, datasets), "usermeta": {"panels": 1, "margin": 150}}


def _axis(k: int, cd: float, n_bars: int) -> dict[str, Any]:
    """Return the axis of average ranks, with room for the bars at its end."""
    end = max(k, 1 + cd) + _LANE * k * (1 + n_bars)
    return {
        "title": "Average rank",
        "axis": alt.Axis(values=list(range(1, k + 1)), format="d", grid=True),
        "scale": alt.Scale(domain=[1, end], nice=False),
    }


def _ranks(
    records: Records, pencil: Pencil, x: dict[str, Any], y: alt.Y
) -> list[alt.Chart]:
    variants = sorted({record["variant"] for record in records})
    inits = list(dict.fromkeys(record["init"] for record in records))
    known = known_to(pencil, variants, inits)
    base = alt.Chart(alt.NamedData("rows")).encode(
        y=y,
        color=known.colour(variants).legend(None),  # the rows name the methods
        tooltip=[
            alt.Tooltip("method:N", title="method"),
            alt.Tooltip("rank:Q", title="average rank", format=".3g"),
        ],
    )
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("rank:Q", **x), shape=known.shape(inits).legend(None)
    )
    stems = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("one:Q", **x), x2=alt.X2("rank:Q")
    )
    return [stems, points]


def _records(question: Question, found: Comparison) -> Records:
    names = named_by(question)
    return [
        {
            "method": method,
            "variant": names[method][0],
            "init": names[method][1],
            "rank": found.average_ranks[method],
            "one": 1,
        }
        for method in found.methods
    ]


def _ruler_rows(cd: float) -> Records:
    label = f"CD = {number(cd, 3)}"
    return [{"method": _RULER, "from": 1, "to": 1 + cd, "label": label}]


def _ruler(cd: float, x: dict[str, Any], y: alt.Y) -> alt.LayerChart:
    base = alt.Chart(alt.NamedData("ruler")).encode(y=y)
    line = base.mark_rule(strokeWidth=3, color=INK).encode(
        x=alt.X("from:Q", **x), x2=alt.X2("to:Q")
    )
    text = base.mark_text(align="left", dx=8, color=MUTED, fontSize=12).encode(
        x=alt.X("to:Q", **x), text="label:N"
    )
    both: alt.LayerChart = line + text
    return both


def _joined(found: Comparison, cd: float) -> Records:
    """Return one record a stretch of methods that the test does not tell apart."""
    placed = [found.average_ranks[method] for method in found.methods]
    k = len(placed)
    start = max(k, 1 + cd)
    return [
        {
            "lane": lane,
            "at": start + _LANE * k * (1 + lane),
            "first": found.methods[first],
            "last": found.methods[last],
        }
        for lane, (first, last) in enumerate(alike(placed, cd))
    ]


def _bars(joined: Records, x: dict[str, Any], y: alt.Y) -> alt.Chart:
    first: alt.Y = y.copy()
    first.shorthand = "first:N"
    chart: alt.Chart = (
        alt.Chart(alt.NamedData("joined"))
        .mark_rule(strokeWidth=5, color=INK, strokeCap="round")
        .encode(x=alt.X("at:Q", **x), y=first, y2=alt.Y2("last:N"))
    )
    return chart
