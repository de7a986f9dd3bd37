"""The section on error against interpretability: charts, and who is on the front."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nmflab.report.content import Block, Cell, Column, Details, Prose, Section, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed
from nmflab.report.reading.groups import Group
from nmflab.report.reading.measures import (
    Measure,
    feature_measures,
    higher_is_better,
    in_sentence,
    varying,
)
from nmflab.report.sections.results.cells import stat_cell
from nmflab.report.sections.results.table import axes_of
from nmflab.report.sections.tradeoff.chart import figure_id, tradeoff_chart
from nmflab.report.sections.tradeoff.points import Point, by_front, points_of

MOST_OPEN = 3
"""Measures whose charts are not folded away."""

MOST_MEASURES = 12
MOST_ROWS = 120


def tradeoff_section(
    groups: Sequence[Group],
    error: Measure,
    info: Mapping[str, Mapping[str, Any]],
    pencil: Pencil,
) -> Section:
    """Return a chart and a table for each measure of the features, sparseness first."""
    parts: list[tuple[str, list[Block]]] = []
    measures = feature_measures(groups, info)
    drawn = varying(measures, groups)
    for worth in drawn[:MOST_MEASURES]:
        made = _part(groups, error, worth, info, pencil)
        if made:
            parts.append((worth.short, made))
    blocks = [block for _, made in parts[:MOST_OPEN] for block in made]
    rest = parts[MOST_OPEN:]
    if rest:
        names = ", ".join(name for name, _ in rest)
        folded = [block for _, made in rest for block in made]
        blocks.append(Details(f"{count(len(rest), 'more measure')}: {names}", folded))
    if not blocks:
        blocks = [
            Prose(
                "It takes two settings on the same data and loss, with a measure of"
                " their features that differs between runs, such as"
                " metrics=[relative_error,hoyer_sparseness], to draw this chart."
            )
        ]
    same = [in_sentence(one.short) for one in measures if one not in drawn]
    if same:
        text = f"No variation, so not drawn: {listed(same)}, the same in every run."
        blocks.append(Prose(text, "note"))
    return Section("trade-off", "Error against interpretability", blocks)


def _part(
    groups: Sequence[Group],
    error: Measure,
    worth: Measure,
    info: Mapping[str, Mapping[str, Any]],
    pencil: Pencil,
) -> list[Block]:
    higher = higher_is_better(worth, info)
    points = points_of(groups, error, worth, higher=higher)
    figure = tradeoff_chart(points, error, worth, pencil, higher=higher)
    if figure is None:
        return []
    fronts = [point for front in by_front(points).values() for point in front]
    table = [_table(fronts, points, error, worth, pencil)] if fronts else []
    return [figure, *table]


def _table(
    fronts: Sequence[Point],
    points: Sequence[Point],
    error: Measure,
    worth: Measure,
    pencil: Pencil,
) -> Table:
    """Return the members of every front, each with how many settings it was of."""
    several = len({point.panel for point in fronts}) > 1
    rivals = Counter((point.panel, point.group.n_components) for point in points)
    shown = fronts[:MOST_ROWS]
    left = len(fronts) - len(shown)
    columns = [
        Column("Data"),
        Column("n_components", True),
        Column(pencil.title),
        Column("Init"),
        Column(error.short, True),
        Column(worth.short, True),
        Column("Out of", True, "settings of this data and size"),
    ]
    first = 0 if several else 1
    return Table(
        id=f"{figure_id(worth)}-front",
        caption=f"On the front of {in_sentence(error.short)} and"
        f" {in_sentence(worth.short)}",
        columns=columns[first:],
        rows=[_row(point, rivals)[first:] for point in shown],
        note=f"{count(left, 'more member')} not listed." if left > 0 else "",
        n_headers=4 - first,
        about=[axes_of(point.group) for point in shown],
    )


def _row(point: Point, rivals: Mapping[tuple[str, int], int]) -> list[Cell]:
    group = point.group
    return [
        Cell(point.panel),
        Cell(str(group.n_components), sort=group.n_components),
        Cell(group.variant),
        Cell(group.init),
        stat_cell(point.error),
        stat_cell(point.worth),
        Cell(str(rivals[point.panel, group.n_components])),
    ]
