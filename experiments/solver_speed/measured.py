"""All runs of one problem, and the races between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crossings import Clock, Run
from problems import Problem
from races import Race, race
from studies import Footprint

PAIRS = (("float32", "float32"), ("float64", "float64"), ("float32", "float64"))
"""Dtypes of ours and of the peer; the last is a mixed ratio, and labelled as one."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The runs of one problem.

    Parameters
    ----------
    problem : Problem
    runs : list of Run
        On one thread, from one start each.
    threaded : list of Run
        On two threads.
    several : list of (Run, Run)
        A reference run, and the starts that raced on its time.
    footprints : list of Footprint
    """

    problem: Problem
    runs: list[Run]
    threaded: list[Run]
    several: list[tuple[Run, Run]]
    footprints: list[Footprint]

    @property
    def sizes(self) -> list[int]:
        """The numbers of components, ascending."""
        return sorted({run.n_components for run in self.runs})

    @property
    def solvers(self) -> list[str]:
        """The solvers on one thread, in the order they ran."""
        return list(dict.fromkeys(run.solver for run in self.runs))

    def of(
        self, solver: str, n_components: int, dtype: str, *, threads: int = 1
    ) -> list[Run]:
        """Return the runs of one solver, size and dtype."""
        wanted = solver, n_components, dtype
        return [
            run
            for run in (self.runs if threads == 1 else self.threaded)
            if (run.solver, run.n_components, run.dtype) == wanted
        ]

    def everything(self, n_components: int) -> list[Run]:
        """Return all runs of a size, several starts and two threads among them."""
        pool = [*self.runs, *self.threaded, *(run for _, run in self.several)]
        return [run for run in pool if run.n_components == n_components]

    def against_reference(
        self,
        size: int,
        mine: str,
        theirs: str,
        *,
        threads: int = 1,
        clock: Clock = "cpu_seconds",
    ) -> Race | None:
        """Race ours to where the reference's own run of the seed ended."""
        problem = self.problem
        peer = self.of(str(problem.reference), size, theirs, threads=threads)
        ends = {run.seed: run.objective for run in peer}
        ours = self.of(problem.ours, size, mine, threads=threads)
        ours = [run for run in ours if run.seed in ends]
        return race(ours, peer, lambda seed: ends[seed], clock)


def always(value: float) -> Callable[[object], float]:
    """Return a function that has one value."""
    return lambda _: value
