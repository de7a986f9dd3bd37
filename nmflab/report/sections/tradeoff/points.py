"""The points of a trade-off: a setting's error beside what its features are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nmflab.report.drawing.pencil import panel_names
from nmflab.report.reading.groups import Group, Stat, pooled
from nmflab.report.reading.measures import Measure
from nmflab.report.sections.tradeoff.front import pareto_front


@dataclass(frozen=True)
class Point:
    """One solver, start and size on one data set.

    Parameters
    ----------
    panel : str
        Its data set and treatment.
    group : Group
        Of several folds the first.
    error, worth : Stat
        Over seeds, and over folds where there are several.
    on_front : bool
        Whether no point of its panel and size dominates it.
    alone : bool
        Whether it has no rival of its size.
    """

    panel: str
    group: Group
    error: Stat
    worth: Stat
    on_front: bool = False
    alone: bool = False


def points_of(
    groups: Sequence[Group], error: Measure, worth: Measure, *, higher: bool
) -> list[Point]:
    """Return a point a setting that has both measures, fronts found.

    A front is that of one data set and one number of components: error falls with size
    by itself, and most measures of features move with it.
    """
    names = panel_names(groups, pooled=True)
    by: dict[tuple[str, str, str, int], list[Group]] = {}
    for group in groups:
        if error.of(group) and worth.of(group):
            key = (names[id(group)], group.variant, group.init, group.n_components)
            by.setdefault(key, []).append(group)
    points = [
        Point(key[0], members[0], _stat(members, error), _stat(members, worth))
        for key, members in by.items()
    ]
    return _with_fronts(points, higher=higher)


def _stat(members: Sequence[Group], measure: Measure) -> Stat:
    return pooled([stat for group in members if (stat := measure.of(group))])


def _with_fronts(points: Sequence[Point], *, higher: bool) -> list[Point]:
    sign = -1.0 if higher else 1.0
    by: dict[tuple[str, int], list[int]] = {}
    for at, point in enumerate(points):
        by.setdefault((point.panel, point.group.n_components), []).append(at)
    best: set[int] = set()
    alone: set[int] = set()
    for members in by.values():
        costs = [(points[i].error.mean, sign * points[i].worth.mean) for i in members]
        best |= {members[at] for at in pareto_front(costs)}
        alone |= set(members) if len(members) == 1 else set()
    return [
        Point(one.panel, one.group, one.error, one.worth, at in best, at in alone)
        for at, one in enumerate(points)
    ]


def by_front(points: Sequence[Point]) -> Mapping[tuple[str, int], list[Point]]:
    """Return the fronts that were contested, each from its lowest error on."""
    fronts: dict[tuple[str, int], list[Point]] = {}
    for point in sorted(points, key=lambda one: one.error.mean):
        if point.on_front and not point.alone:
            key = (point.panel, point.group.n_components)
            fronts.setdefault(key, []).append(point)
    return fronts
