"""The section on the number of components: criteria side by side."""

from __future__ import annotations

from dataclasses import replace

import altair as alt
import numpy as np

from nmflab.advice import Criterion, Panel, Spread, panel
from nmflab.report.content import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Prose,
    Section,
    Table,
    Tone,
)
from nmflab.report.drawing.pencil import (
    Records,
    axis_of,
    panelled,
    scale_of,
    sizes_axis,
)
from nmflab.report.drawing.theme import MUTED, PALETTE
from nmflab.report.numbers import count, interval, number
from nmflab.report.reading.material import Material
from nmflab.selection import RESAMPLINGS

_READING = (
    "Each criterion asks a question of its own, by its own runs, and chooses a size by"
    " its own rule. None is right for all data; where they disagree, the kind of data"
    " they are meant for says which to heed, and the components themselves decide."
)


def without_draws(material: Material) -> Material:
    """Return a material without runs on other draws of the data.

    They fit other data than the rest, so that nothing may be ranked against them; what
    they tell stands in this section. Where all runs are such, they are the study.
    """
    drawn = [s.partition("(")[0] in RESAMPLINGS for s in material.runs["split"]]
    if not any(drawn) or all(drawn):
        return material
    return replace(material, runs=material.runs[~np.array(drawn)])


def advice_section(material: Material, found: Panel | None = None) -> Section | None:
    """Return the panel of criteria; None where the study was not asked for one.

    Parameters
    ----------
    material : Material
    found : Panel, optional
        Where it was made before.
    """
    found = found or panel(material.store)
    if found is None:
        return None
    figure = _chart(found)
    return Section(
        "how-many-components",
        "How many components",
        [
            Prose(_READING),
            *_verdict(found),
            _choices(found),
            *([figure] if figure is not None else []),
            _values(found),
        ],
    )


def _verdict(found: Panel) -> list[Block]:
    first, *more = found.verdict()
    blocks: list[Block] = [Prose(first, "note")]
    if more:
        blocks.append(Bullets(more))
    if found.n_left:
        text = f"{count(found.n_left, 'planned run')} without a result: the panel is"
        blocks.append(Prose(f"{text} of the others.", "warning"))
    return blocks


def _choices(found: Panel) -> Table:
    return Table(
        id="size-choices",
        caption=f"What each criterion chooses: {found.dataset}, {found.objective},"
        f" {found.solver}",
        columns=[
            Column("Criterion"),
            Column("Chooses", True),
            Column("There", True, "its value at that size, with its spread"),
            Column("Rule"),
            Column("Meant for"),
        ],
        rows=[_choice(criterion) for criterion in found.criteria],
        note="In brackets: shown only, not weighed with the others.",
    )


def _choice(criterion: Criterion) -> list[Cell]:
    chosen = criterion.choice
    said = "none" if chosen is None else str(chosen)
    there = None if chosen is None else criterion.at(chosen)
    return [
        Cell(criterion.title, criterion.source),
        Cell(
            said if criterion.counts or chosen is None else f"({said})",
            criterion.why,
            sort=-1 if chosen is None else chosen,
        ),
        Cell(*_spread(there, criterion)),
        Cell(criterion.rule),
        Cell(criterion.suits),
    ]


def _spread(spread: Spread | None, criterion: Criterion) -> tuple[str, str]:
    """Return a value, and its range with what it is over."""
    if spread is None:
        return number(None), ""
    if spread.n < 2 or not criterion.over:
        return number(spread.value), ""
    ends = _ends(spread) or "the same"
    return number(spread.value), f"{ends} over {spread.n} {criterion.over}"


def _ends(spread: Spread) -> str:
    """Return the range of a spread; nothing where four digits hide it."""
    if number(spread.low) == number(spread.high):
        return ""
    return interval(spread.low, spread.high)


def _values(found: Panel) -> Table:
    shown = [criterion for criterion in found.criteria if criterion.values]
    return Table(
        id="size-values",
        caption="Every criterion at every size",
        columns=[
            Column("n_components", True),
            *(Column(one.title, True, _hint(one)) for one in shown),
        ],
        rows=[
            [Cell(str(size), sort=size), *(_cell(one, size) for one in shown)]
            for size in found.sizes
        ],
        note="Below each value its lowest and highest; marked: what is chosen.",
    )


def _hint(criterion: Criterion) -> str:
    better = {"lower": "lower is better", "higher": "higher is better", "none": ""}
    over = f"over {criterion.over}" if criterion.over else ""
    return "; ".join(part for part in (better[criterion.direction], over) if part)


def _cell(criterion: Criterion, size: int) -> Cell:
    spread = criterion.values.get(size)
    if spread is None:
        return Cell(number(None))
    ends = _ends(spread)
    if size in criterion.reference:
        ends = f"shuffled: {number(criterion.reference[size])}"
    chosen = size == criterion.choice and criterion.counts
    tone: Tone = "good" if chosen else ""
    return Cell(number(spread.value), ends, sort=spread.value, tone=tone)


def _chart(found: Panel) -> Figure | None:
    """Return one small chart a criterion, with its spread and its choice."""
    records = [r for one in found.criteria if len(one.values) > 1 for r in _points(one)]
    if not records:
        return None
    panels = list(dict.fromkeys(record["panel"] for record in records))
    y = alt.Y("value:Q", title=None, scale=scale_of(log=False), axis=axis_of(log=False))
    base = alt.Chart().encode(
        x=sizes_axis(found.sizes),
        tooltip=[
            alt.Tooltip("panel:N", title="criterion"),
            alt.Tooltip("n_components:Q", title="n_components"),
            alt.Tooltip("value:Q", title="value", format=".5g"),
            alt.Tooltip("low:Q", title="lowest", format=".5g"),
            alt.Tooltip("high:Q", title="highest", format=".5g"),
        ],
    )
    own, chosen = PALETTE[0], PALETTE[1]
    layers = [
        base.mark_rule(color=own, strokeWidth=1.5, opacity=0.5).encode(
            y=alt.Y("low:Q", title=None, scale=scale_of(log=False)), y2="high:Q"
        ),
        base.transform_filter("isValid(datum.reference)")
        .mark_line(color=MUTED, strokeDash=[3, 3])
        .encode(y=alt.Y("reference:Q", title=None)),
        base.mark_line(color=own).encode(y=y),
        base.mark_circle(color=own, size=40, opacity=1).encode(y=y),
        base.transform_filter("datum.chosen")
        .mark_point(color=chosen, size=160, strokeWidth=3, opacity=1)
        .encode(y=y),
    ]
    return Figure(
        id="criteria-by-size",
        title="Criteria against the number of components",
        caption="Points are values, bars run from the lowest to the highest; a ring"
        " marks what the criterion chooses. Dashed: the same on data whose columns were"
        " shuffled, where the criterion compares with these.",
        spec=panelled(layers, records, panels, 220, same_x=True),
    )


def _points(criterion: Criterion) -> Records:
    return [
        {
            "panel": criterion.title + ("" if criterion.counts else " (shown only)"),
            "n_components": size,
            "value": spread.value,
            "low": spread.low,
            "high": spread.high,
            "chosen": size == criterion.choice,
            "reference": criterion.reference.get(size),
        }
        for size, spread in criterion.values.items()
    ]
