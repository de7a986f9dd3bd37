"""Interpretability against the number of components, with what chance gives at each.

Most scores move with size by themselves: purity rises, diversity falls. So no score is
compared across sizes raw: it is drawn above the band that random draws of the same size
reach, and told on a scale where chance is 0 and the best possible value 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from nmflab.report.content import Block, Cell, Column, Details, Figure, Section, Table
from nmflab.report.drawing.charts import MOST_PANELS, tooltip
from nmflab.report.drawing.pencil import (
    Pencil,
    Records,
    panel_names,
    panelled,
    shown_of,
    singled_out,
    sizes_axis,
)
from nmflab.report.drawing.theme import MUTED
from nmflab.report.numbers import NOTHING, count, number
from nmflab.report.reading.groups import Group, pooled
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import about, hint, words

CHANCE, SPREAD, ADJUSTED = "_chance", "_chance_sd", "_adjusted"
MOST_ROWS = 200
OPEN = 2
"""Charts that are not folded away."""


def beside_chance_section(
    material: Material, groups: Sequence[Group], pencil: Pencil
) -> Section | None:
    """Return the scores that have a chance beside them, where sizes differ."""
    names = sorted(
        name.removesuffix(CHANCE)
        for name in {name for group in groups for name in group.metrics}
        if name.endswith(CHANCE)
    )
    drawn = [(name, records) for name in names if (records := _records(groups, name))]
    if not drawn:
        return None
    figures = [_figure(name, records, material, pencil) for name, records in drawn]
    blocks: list[Block] = [*figures[:OPEN]]
    if len(figures) > OPEN:
        blocks.append(Details("The same for other scores", figures[OPEN:]))
    blocks.append(_table(drawn, material.info))
    title = "Interpretability against the number of components"
    return Section("meaning-by-size", title, blocks)


def _records(groups: Sequence[Group], name: str) -> Records:
    """Return a record a setting; none unless some solver has the score at two sizes.

    None either where the score is the same in every run.
    """
    measured = [group for group in groups if name in group.metrics]
    panels = panel_names(measured, pooled=True)
    by: dict[tuple[str, str, str, int], list[Group]] = {}
    for group in measured:
        place = (panels[id(group)], group.variant, group.init, group.n_components)
        by.setdefault(place, []).append(group)
    if len({place[:3] for place in by}) == len(by):
        return []
    ends = [(group.metrics[name].low, group.metrics[name].high) for group in measured]
    if len({end for pair in ends for end in pair}) < 2:
        return []
    shown = list(dict.fromkeys(place[0] for place in by))[:MOST_PANELS]
    return [
        _record(place, members, name)
        for place, members in by.items()
        if place[0] in shown
    ]


def _record(
    place: tuple[str, str, str, int], members: Sequence[Group], name: str
) -> dict[str, Any]:
    """Return what was measured of a setting, and the band of chance around it."""
    panel, variant, init, size = place
    stat = pooled([group.metrics[name] for group in members])
    chance = _mean(members, name + CHANCE)
    spread = _mean(members, name + SPREAD) or 0.0
    return {
        "panel": panel,
        "dataset": members[0].dataset,
        "objective": str(members[0].labels["objective"]),
        "variant": variant,
        "init": init,
        "n_components": size,
        "value": stat.mean,
        "low": stat.low,
        "high": stat.high,
        "seeds": stat.n,
        "chance": chance,
        "chance_low": None if chance is None else chance - 2 * spread,
        "chance_high": None if chance is None else chance + 2 * spread,
        "adjusted": _mean(members, name + ADJUSTED),
    }


def _mean(members: Sequence[Group], name: str) -> float | None:
    found = [group.metrics[name] for group in members if name in group.metrics]
    return pooled(found).mean if found else None


def _figure(name: str, records: Records, material: Material, pencil: Pencil) -> Figure:
    variants, inits, panels = shown_of(records)
    sizes = sorted({int(record["n_components"]) for record in records})
    picked, opacity = singled_out()
    title = words(name)
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False, nice=True))
    base = alt.Chart().encode(x=sizes_axis(sizes))
    # One band a size: solvers differ little in it, and many would hide each other.
    by_size = base.transform_aggregate(
        below="min(chance_low)",
        above="max(chance_high)",
        middle="mean(chance)",
        groupby=["panel", "n_components"],
    )
    band = by_size.mark_area(color=MUTED, opacity=0.18).encode(
        y=alt.Y("below:Q", title=title), y2="above:Q"
    )
    middle = by_size.mark_line(color=MUTED, strokeDash=[4, 4]).encode(
        y=alt.Y("middle:Q", title=title)
    )
    seen = base.encode(
        color=pencil.colour(variants),
        opacity=opacity,
        tooltip=[
            *tooltip(),
            alt.Tooltip("chance:Q", title="by chance", format=".4g"),
            alt.Tooltip("adjusted:Q", title="adjusted", format=".4g"),
        ],
    )
    bars = seen.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y("low:Q", title=title), y2="high:Q"
    )
    lines = seen.mark_line().encode(y=y, strokeDash=pencil.dash(inits))
    points = seen.mark_circle(size=60).encode(y=y).add_params(picked)
    return Figure(
        id=f"by-size-{name.lower()}",
        title=f"{title} against the number of components",
        caption=f"{hint(name, material.info)} Grey: what chance gives at that size,"
        " mean and two standard deviations of the random draws. A score may only be"
        " compared across sizes by its distance from there.",
        live=pencil.click,
        spec=panelled(
            [band, middle, bars, lines, points], records, panels, 260, same_x=True
        ),
    )


def _table(
    drawn: Sequence[tuple[str, Records]], info: Mapping[str, Mapping[str, Any]]
) -> Table:
    rows = [
        [
            Cell(words(name)),
            Cell(str(record["panel"])),
            Cell(str(record["variant"])),
            Cell(str(record["init"])),
            Cell(str(record["n_components"]), sort=record["n_components"]),
            _cell(record["value"]),
            _chance_cell(record),
            _cell(record["adjusted"]),
        ]
        for name, records in drawn
        for record in records
    ]
    left = len(rows) - MOST_ROWS
    return Table(
        id="by-size-table",
        caption="Scores beside chance",
        columns=[
            Column("Score", hint=_directions(drawn, info)),
            Column("Data"),
            Column("Solver"),
            Column("Init"),
            Column("n_components", True),
            Column("Value", True, "mean over seeds"),
            Column("Chance", True, "mean of random draws, ± their standard deviation"),
            Column(
                "Adjusted",
                True,
                "(value − chance) / (best − chance): 0 is chance, 1 the best possible."
                " Empty where no best value is known.",
            ),
        ],
        rows=rows[:MOST_ROWS],
        note=f"{count(left, 'more row')} in runs.csv." if left > 0 else "",
        n_headers=5,
    )


def _directions(
    drawn: Sequence[tuple[str, Records]], info: Mapping[str, Mapping[str, Any]]
) -> str:
    lower = [
        words(name)
        for name, _ in drawn
        if about(name, info).get("direction") == "lower"
    ]
    return f"Higher is better, but for {', '.join(lower)}." if lower else ""


def _cell(value: float | None) -> Cell:
    if value is None:
        return Cell(NOTHING, sort=float("inf"))
    return Cell(number(value), sort=value)


def _chance_cell(record: Mapping[str, Any]) -> Cell:
    chance = record["chance"]
    if chance is None:
        return Cell(NOTHING, sort=float("inf"))
    sd = (record["chance_high"] - chance) / 2
    return Cell(number(chance, 3), f"± {number(sd, 2)}" if sd > 0 else "", chance)
