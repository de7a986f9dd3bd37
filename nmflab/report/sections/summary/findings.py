"""What a report is written from: what several sections share, each found once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nmflab.advice import panel
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material
from nmflab.report.reading.measures import Measure, error_measure
from nmflab.report.sections.aligned.reading import aligned_runs
from nmflab.report.sections.held_out.section import families
from nmflab.report.sections.results.boards import Board, Pool, boards, pools
from nmflab.report.sections.stability.matching import stabilities
from nmflab.selection import CONFIGURATION

if TYPE_CHECKING:
    from nmflab.advice import Panel
    from nmflab.report.sections.aligned.found import AlignedRuns
    from nmflab.report.sections.held_out.family import Family
    from nmflab.report.sections.stability.matching import Stability


@dataclass(frozen=True)
class Findings:
    """What was found, each part read or computed when it is first asked for.

    Parameters
    ----------
    planned : Material
        Every planned run.
    material : Material
        The same without runs on other draws of the data.
    groups : sequence of Group
        Those of `material`.
    """

    planned: Material
    material: Material
    groups: Sequence[Group]

    @property
    def clock(self) -> str:
        """Whose times are told: " on vega" where machines differ, else nothing."""
        clocks = self.material.clocks
        return f" on {clocks.machines[0].label}" if clocks.several else ""

    @cached_property
    def error(self) -> Measure:
        """What stands for the error."""
        return error_measure(self.groups, self.material.info)

    @cached_property
    def stable(self) -> list[Stability]:
        """How well components come back from other seeds."""
        return stabilities(self.material, self.groups)

    @cached_property
    def aligned(self) -> AlignedRuns:
        """What runs of one comparison have in common."""
        return aligned_runs(self.material, self.groups)

    @cached_property
    def families(self) -> list[Family]:
        """The runs that held cells out, by data set and split."""
        return families(self.material)

    @cached_property
    def advised(self) -> Panel | None:
        """Criteria for the number of components, where the study was asked for them."""
        return panel(self.planned.store)

    @cached_property
    def boards(self) -> list[Board]:
        """Every comparison of the shared objective, those of one setting too."""
        return boards(self.groups, ())

    @cached_property
    def pools(self) -> list[Pool]:
        """The comparisons of two settings or more, folds of a split as one."""
        found = pools([board for board in self.boards if len(board.ranked) > 1])
        return [pool for pool in found if pool.standings]

    @cached_property
    def places(self) -> dict[str, list[Pool]]:
        """The same by data set and treatment: of one place only the size differs."""
        found: dict[str, list[Pool]] = {}
        for pool in self.pools:
            found.setdefault(pool.place, []).append(pool)
        return found

    @cached_property
    def votes(self) -> dict[int, str]:
        """How many criteria choose each number of components, in words."""
        if self.advised is None:
            return {}
        votes = self.advised.votes()
        n = sum(map(len, votes.values()))
        return {size: f"{len(some)} of {n} criteria" for size, some in votes.items()}

    @property
    def size(self) -> int | None:
        """The number of components that most criteria choose; None without a choice."""
        if self.advised is None:
            return None
        votes = self.advised.votes()
        most = max(map(len, votes.values()), default=0)
        first = [size for size, some in votes.items() if len(some) == most]
        return first[0] if len(first) == 1 else None

    @cached_property
    def leading(self) -> list[Group]:
        """The settings that came first; all that share the objective where none did.

        Those that validation cells chose stand first, then those of the size that
        criteria choose; those that took missing cells as 0 last.
        """
        first = [pool.best for pool in self.pools]
        shared = [group for group in self.groups if not group.own_objective]
        return sorted(first or shared or list(self.groups), key=self._last)

    def _last(self, group: Group) -> tuple[bool, int, bool]:
        chosen = self.size in (None, group.n_components)
        folds = max((self._validated.get(key, 0) for key in group.keys), default=0)
        return bool(group.labels["zero_filled"]), -folds, not chosen

    @cached_property
    def _validated(self) -> dict[str, int]:
        """In how many folds validation chose the configuration of a chosen run, by key.

        Of each data set and split, the runs of the model that did best by it.
        """
        found: dict[str, int] = {}
        for family in self.families:
            seen = [one for one in family.rows if one["validation"].notna().any()]
            if not seen:
                continue
            best = min(seen, key=lambda one: float(one["validation"].mean()))
            often = best.groupby(list(CONFIGURATION))["keys"].transform("size")
            for keys, n in zip(best["keys"], often, strict=True):
                found.update(dict.fromkeys(map(str, keys), int(n)))
        return found
