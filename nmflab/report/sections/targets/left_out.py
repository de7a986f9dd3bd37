"""The race again, with each solver's runs left out of the best known objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nmflab.report.content import Block, Cell, Column, Details, Prose, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.numbers import count, listed, number
from nmflab.report.sections.targets.charts import Drawing, records, steps_figure
from nmflab.report.sections.targets.pools import TIE, Pool, left_out_of

MOST_PANELS = 6


def left_out_blocks(pool: Pool, pencil: Pencil) -> list[Block]:
    """Return whether the order stands when no solver sets its own targets; folded, how.

    A solver that alone found the best objective makes targets that only it can reach.
    """
    views = left_out_of(pool)
    if not views or not pool.areas:
        return []
    # A view may lack comparisons: the order is held against that of the same ones.
    same = [replace(pool, contests=view.contests) for view in views]
    return [
        Prose(_verdict(views, same)),
        Details(
            "With each solver's runs left out of the best known",
            [*_chart(views, pencil), _table(views, same)],
        ),
    ]


def _verdict(views: Sequence[Pool], same: Sequence[Pool]) -> str:
    changed = [
        (view, all_in)
        for view, all_in in zip(views, same, strict=True)
        if view.order != all_in.order
    ]
    test = "With the best known taken from the other solvers' runs alone"
    if not changed:
        return (
            f"{test}, for each of {count(len(views), 'solver')} in turn, the order by"
            f" area stays: {_told(same[0].order)}."
        )
    said = [
        f"without {view.without} it is {_told(view.order)}, with it"
        f" {_told(all_in.order)}"
        for view, all_in in changed
    ]
    return (
        f"{test} the order by area changes for {len(changed)} of"
        f" {count(len(views), 'solver')}: {listed(said, 3)}."
    )


def _told(order: Sequence[Sequence[str]]) -> str:
    """Return ``a, then b and c (equal)``."""
    places = [
        f"{listed(names)} (equal)" if len(names) > 1 else names[0] for names in order
    ]
    return ", then ".join(places)


def _chart(views: Sequence[Pool], pencil: Pencil) -> list[Block]:
    rows = [
        row
        for view in views[:MOST_PANELS]
        for row in records(
            {line: view.seconds(line) for line in view.lines}, f"without {view.without}"
        )
    ]
    if not rows:
        return []
    drawing = Drawing(
        "time-to-target-left-out",
        "Targets reached, a solver's runs left out of the best known",
        "As above, but each panel's targets are set by the runs of the other solvers.",
        views[0].clock,
        "Targets reached",
    )
    return [steps_figure(rows, pencil, drawing)]


def _table(views: Sequence[Pool], same: Sequence[Pool]) -> Table:
    rows = [
        [
            Cell(f"without {view.without}"),
            Cell(str(len(view.contests)), sort=len(view.contests)),
            Cell(view.named(line)),
            Cell(number(view.areas.get(line, 0.0), 3), sort=view.areas.get(line, 0.0)),
            Cell(number(all_in.areas.get(line, 0.0), 3)),
        ]
        for view, all_in in zip(views, same, strict=True)
        for line in view.lines
    ]
    return Table(
        "left-out-areas",
        "Area under the curve, with each solver's runs left out of the best known",
        [
            Column("Best known"),
            Column("Comparisons", True),
            Column("Solver and init"),
            Column("Area", True, "Of the curve, log time; in [0, 1]."),
            Column("With all runs", True, "The area where all runs set the targets."),
        ],
        rows,
        note=f"Areas within {TIE:g} of each other count as equal.",
    )
