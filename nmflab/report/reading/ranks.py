"""Groups ranked against their likes, comparison by comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from nmflab.report.reading.group import Group
from nmflab.statistics import EXACT, ties


def ranked(groups: Sequence[Group]) -> list[Group]:
    """Return the groups with their ranks, comparison by comparison.

    Only groups of one signature that minimise the shared objective are ranked, and only
    where there are two.
    """
    ordered = sorted(groups, key=_order)
    done: list[Group] = []
    for _, members in groupby(ordered, key=lambda group: group.signature):
        together = list(members)
        contest = [g for g in together if not g.own_objective and g.objective]
        rest = [g for g in together if g.own_objective or not g.objective]
        done += [*(_placed(contest) if len(contest) > 1 else contest), *rest]
    return done


def _order(group: Group) -> tuple[object, ...]:
    labels = group.labels
    return (
        group.dataset,
        str(labels["objective"]),
        group.n_components,
        group.signature,
        group.own_objective,
        group.objective.mean if group.objective else math.inf,
    )


def _placed(contest: Sequence[Group]) -> list[Group]:
    first = contest[0]
    return [
        replace(group, rank=place, tied=place > 1 and is_tie(first, group))
        for place, group in enumerate(contest, start=1)
    ]


def is_tie(a: Group, b: Group) -> bool:
    """Return whether mean objectives differ by no more than `nmflab.statistics.margin`.

    ``|mean_a − mean_b| <= max(sd_a, sd_b, 1e-3 · min(mean_a, mean_b))``, or both fit
    exactly (`EXACT`).
    """
    if a.objective is None or b.objective is None:
        return False
    starts = [group.start.high for group in (a, b) if group.start]
    rounding = EXACT * max(starts, default=0.0)
    return ties.is_tie(a.objective, b.objective, rounding=rounding)
