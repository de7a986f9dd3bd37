"""Which runs a lineage is drawn of: one solver's best seeds, size by size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from nmflab.numerics import Lineage, lineage
from nmflab.report.reading.groups import Group, without_other_folds
from nmflab.report.reading.material import GROUP, Material

if TYPE_CHECKING:
    from nmflab.contracts import Factors

MOST_SIZES = 10
MOST_COMPONENTS = 30
MOST_NUMBERS = 20_000_000
"""Entries of W and H read in all: a bound on time and memory for large data."""


@dataclass(frozen=True)
class Chain:
    """Best runs of one solver at several sizes, smallest first."""

    groups: list[Group]
    factors: list[Factors]
    lineages: list[Lineage]
    n_left_out: int


def chains(material: Material, groups: Sequence[Group]) -> list[Chain]:
    """Return the chain of the best solver of each problem that has two sizes kept."""
    found = map(_Reader(material), _members(groups))
    return [chain for chain in found if chain is not None]


_SETTING = [name for name in GROUP if name != "n_components"]
_PROBLEM = [
    name
    for name in _SETTING
    if name not in ("case", "init", "solver", "minimises", "split")
]


def _members(groups: Sequence[Group]) -> list[list[Group]]:
    """Return for each problem one solver's groups, by size: of most sizes, then best.

    Best is the lowest objective at the largest size. Runs on a split's folds, and of
    these on the first, stand in only for a problem that was never run on all the data.
    """
    settings: dict[tuple[object, ...], list[Group]] = {}
    for group in without_other_folds(groups):
        if group.n_components <= MOST_COMPONENTS:
            settings.setdefault(_labels(group, _SETTING), []).append(group)
    chosen: dict[tuple[object, ...], list[Group]] = {}
    for members in settings.values():
        members.sort(key=lambda group: group.n_components)
        problem = _labels(members[0], _PROBLEM)
        chosen[problem] = min(chosen.get(problem, members), members, key=_place)
    return [members for members in chosen.values() if len(members) > 1]


def _labels(group: Group, names: Sequence[str]) -> tuple[object, ...]:
    return tuple(group.labels[name] for name in names)


def _place(members: Sequence[Group]) -> tuple[bool, int, bool, float]:
    last = members[-1]
    low = last.objective.low if last.objective else math.inf
    in_part = last.labels["split"] not in ("", "none") or len(members) < 2
    return in_part, -len(members), last.own_objective, low


class _Reader:
    """Reads the best runs of a chain, until so many numbers were read."""

    def __init__(self, material: Material) -> None:
        self._material, self._budget = material, MOST_NUMBERS

    def __call__(self, members: Sequence[Group]) -> Chain | None:
        groups, factors = [], []
        for group in members[:MOST_SIZES]:
            found = self._material.factors(group.best_key) if self._budget > 0 else None
            if found is not None:
                self._budget -= found.H.size + found.W.size
                groups.append(group)
                factors.append(found)
        if len(groups) < 2:
            return None
        lineages = [lineage(a.H, b.H, a.W, b.W) for a, b in pairwise(factors)]
        return Chain(groups, factors, lineages, len(members) - len(groups))
