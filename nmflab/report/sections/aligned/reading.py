"""Reading the runs to be aligned from a store, within bounds of number and memory."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from nmflab.numerics import census, directions
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.sections.aligned.found import AlignedRuns, Comparison, Counted, Entry
from nmflab.statistics import EXACT

if TYPE_CHECKING:
    from nmflab.contracts import Factors

MOST_SEEDS = 20
MOST_ENTRIES = 8
"""Runs of one comparison that are aligned: the best of each of so many groups."""

MOST_SHOWN_SEEDS = 4
"""Runs shown of a group that is alone in its comparison."""

MOST_COMPARISONS = 40
MOST_COUNTED = 60_000_000
"""Entries of W and H read for censuses: a bound on time for large data."""

MOST_KEPT = 15_000_000
"""Entries of W and H kept for comparisons: a bound on memory for large data."""

_OF_A_RUN = ["seed", "objective_value", "own_objective", "kappa", "tolerance"]

KAPPA = 1e-6
"""What kappa counts as converged where no tolerance was asked for."""


def aligned_runs(material: Material, groups: Sequence[Group]) -> AlignedRuns:
    """Return the comparisons of two runs or more whose factors were kept."""
    found = AlignedRuns([], [], 0)
    reader, n_left_out = _Reader(material), 0
    ordered = sorted(groups, key=lambda group: group.signature)
    by = [list(some) for _, some in groupby(ordered, key=lambda g: g.signature)]
    for members in sorted(by, key=lambda some: groups.index(some[0])):
        if len(found.comparisons) == MOST_COMPARISONS or reader.left["kept"] <= 0:
            n_left_out += 1
            continue
        counted = [one for group in members for one in reader.counted(group)]
        found.counted.extend(counted)
        comparison = reader.compared(members, counted)
        found.comparisons.extend(comparison)
    return AlignedRuns(found.comparisons, found.counted, n_left_out)


class _Reader:
    """Reads runs out of a store, until so many numbers were read."""

    def __init__(self, material: Material) -> None:
        self._material = material
        runs = material.finished.set_index("key")[_OF_A_RUN]
        self._runs = runs.to_dict("index")
        self.left = {"counted": MOST_COUNTED, "kept": MOST_KEPT}

    def counted(self, group: Group) -> Iterator[Counted]:
        """Yield the census of a group of two seeds or more, if they were kept."""
        if group.n_seeds < 2:
            return
        entries = list(self._entries(group, _first(group), purpose="counted"))
        if len(entries) < 2:
            return
        found = census(
            [entry.shape for entry in entries],
            [entry.objective for entry in entries],
            [entry.is_converged for entry in entries],
            exact=_exact([group]),
        )
        left = group.n_seeds - len(entries)
        yield Counted(group, found, self._tolerance(group.best_key), left)

    def compared(
        self, members: Sequence[Group], counted: Sequence[Counted]
    ) -> Iterator[Comparison]:
        """Yield the comparison of several groups, or of one group's seeds."""
        shared = [group for group in members if not group.own_objective]
        if len(shared) > 1:
            yield from self._of_groups(shared)
        elif len(members) == 1 and counted:
            yield from self._of_seeds(counted[0])

    def _of_groups(self, members: Sequence[Group]) -> Iterator[Comparison]:
        best = sorted(members, key=_low)
        alone = len({group.variant for group in best}) == len(best)
        entries = [
            entry
            for group in best[:MOST_ENTRIES]
            for entry in self._entries(
                group, [group.best_key], group.variant if alone else group.name
            )
        ]
        entries.sort(key=_by_objective)
        if len(entries) > 1:
            left = len(best) - len(entries)
            yield Comparison(best[0], entries, _exact(members), left)

    def _of_seeds(self, one: Counted) -> Iterator[Comparison]:
        """Yield the best run with one of each other optimum, else with other seeds."""
        keys = _first(one.group)
        optima = sorted(one.census.representatives)
        others = [*optima, *one.census.not_converged]
        if len(others) < 2:  # one optimum, reached by all: two of them show it
            others = list(range(len(keys)))
        chosen = [keys[at] for at in others if at < len(keys)]
        wanted = list(dict.fromkeys([one.group.best_key, *chosen]))
        entries = list(self._entries(one.group, wanted[:MOST_SHOWN_SEEDS]))
        entries.sort(key=_by_objective)
        if len(entries) > 1:
            left = one.group.n_seeds - len(entries)
            yield Comparison(one.group, entries, _exact([one.group]), left)

    def _entries(
        self,
        group: Group,
        keys: Iterable[str],
        name: str = "",
        *,
        purpose: str = "kept",
    ) -> Iterator[Entry]:
        """Yield runs whose factors were kept; named by their seed unless told."""
        for key in keys:
            few = self.left[purpose] <= 0
            factors = None if few else self._material.factors(key)
            if factors is not None:
                self.left[purpose] -= factors.W.size + factors.H.size
                yield self._entry(group, key, factors, name)

    def _entry(self, group: Group, key: str, factors: Factors, name: str) -> Entry:
        row = self._runs[key]
        column = "own_objective" if group.own_objective else "objective_value"
        return Entry(
            name or f"seed {row['seed']}",
            int(row["seed"]),
            float(row[column]),
            bool(row["kappa"] < self._tolerance(key)),
            factors,
            directions(factors),
        )

    def _tolerance(self, key: str) -> float:
        asked = float(self._runs[key]["tolerance"])
        return KAPPA if math.isnan(asked) else asked


def _first(group: Group) -> list[str]:
    """Return the runs of a group that are looked at: the best, then by seed."""
    others = [key for key in group.keys if key != group.best_key]
    return [group.best_key, *others[: MOST_SEEDS - 1]]


def _low(group: Group) -> float:
    return group.objective.low if group.objective else math.inf


def _by_objective(entry: Entry) -> tuple[bool, float]:
    return math.isnan(entry.objective), entry.objective


def _exact(groups: Sequence[Group]) -> float:
    """Return the objective up to which a fit is exact."""
    return EXACT * max((g.start.high for g in groups if g.start), default=0.0)
