"""When runs reached a target.

A run reached a target at its *first evaluated point at or below it*. Nothing is
interpolated: objectives between two evaluations are not known, and a straight line
between them would credit a solver with a descent it may not have had. All solvers are
evaluated at the same steps, a fifth apart, so that each time is too long by less than
one step in five; a library call that yields once is evaluated where it ends.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Clock: TypeAlias = Literal["cpu_seconds", "seconds"]
Time: TypeAlias = float | None
"""Seconds, or None where a target was not reached."""


NOTICEABLE = 0.05
"""Seconds below which a slow first step does not matter."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One finished run, as far as its speed goes.

    Parameters
    ----------
    case : str
        Its case in the saved study. ``cmfrec_12`` and ``cmfrec_15``, which are calls of
        one library with other numbers of iterations, make one solver: see `solver`.
    n_components, seed : int
    dtype : {"float32", "float64"}
    repeat : int, default 0
        Which of several equal runs it is.
    trace : ndarray of shape (n_points, 3)
        cpu-seconds, seconds, objective of each evaluation.
    cpu_seconds, seconds, init_cpu_seconds : float
        In all, evaluations excluded; `init_cpu_seconds` is what the starts took.
    objective : float
        Of the best pair.
    n_steps, n_starts : int
    peak_memory_mb : float
        Of the process, in units of 2**20 bytes.
    """

    case: str
    n_components: int
    seed: int
    dtype: str
    repeat: int = 0
    trace: npt.NDArray[np.float64]
    cpu_seconds: float
    seconds: float
    objective: float
    init_cpu_seconds: float = 0.0
    n_steps: int = 0
    n_starts: int = 1
    peak_memory_mb: float = math.nan

    @property
    def solver(self) -> str:
        """The case without a number of iterations at its end, for cmfrec."""
        return "cmfrec" if self.case.startswith("cmfrec_") else self.case

    def total(self, clock: Clock) -> float:
        """Return all its seconds by one of the clocks."""
        return self.cpu_seconds if clock == "cpu_seconds" else self.seconds


def reach(run: Run, target: float, clock: Clock = "cpu_seconds") -> Time:
    """Return the seconds to the first evaluated point at or below a target."""
    reached = run.trace[:, 2] <= target
    if not reached.any():
        return None
    return float(run.trace[int(reached.argmax()), 0 if clock == "cpu_seconds" else 1])


def slow_start(run: Run) -> bool:
    """Return whether the first step took over ten times as long as the second.

    Then something was compiled or loaded on the clock, and the run's times are not the
    solver's. Looked at where steps 1 and 2 were evaluated, or only one was made; not in
    library calls, which yield once.
    """
    seconds = run.trace[:3, 1]
    if run.n_steps == 1:
        return bool(run.seconds > NOTICEABLE)
    if run.n_steps < 2 or len(seconds) < 3:
        return False
    first, second = np.diff(seconds)
    return bool(first > max(10 * second, NOTICEABLE))


def best_known(runs: Iterable[Run], without: Run | None = None) -> float:
    """Return the lowest objective of all runs, evaluated points included.

    Parameters
    ----------
    runs : iterable of Run
    without : Run, optional
        Leave out this one and those that differ from it by their repeat, or by a number
        of iterations of one library, only.

    Returns
    -------
    float
        inf where nothing is left.
    """
    left_out = None if without is None else _identity(without)
    return min(
        (
            min(run.objective, float(np.min(run.trace[:, 2], initial=math.inf)))
            for run in runs
            if _identity(run) != left_out
        ),
        default=math.inf,
    )


def _identity(run: Run) -> tuple[str, int, int, str]:
    return run.solver, run.n_components, run.seed, run.dtype


def times(
    runs: Iterable[Run],
    target: Callable[[Run], float],
    clock: Clock = "cpu_seconds",
) -> dict[int, Time]:
    """Return each seed's time to its target: the median over repeats.

    Several runs of one seed and repeat are calls of one library with other numbers of
    iterations; the quickest that reached the target counts.
    """
    found: dict[tuple[int, int], list[Time]] = {}
    for run in runs:
        seconds = reach(run, target(run), clock)
        found.setdefault((run.seed, run.repeat), []).append(seconds)
    return _by_seed({key: _quickest(each) for key, each in found.items()})


def totals(runs: Iterable[Run], clock: Clock = "cpu_seconds") -> dict[int, Time]:
    """Return each seed's seconds in all: the median over repeats, of the longest."""
    found: dict[tuple[int, int], Time] = {}
    for run in runs:
        key = run.seed, run.repeat
        found[key] = max(found.get(key) or 0.0, run.total(clock))
    return _by_seed(found)


def _quickest(seconds: Sequence[Time]) -> Time:
    return min((each for each in seconds if each is not None), default=None)


def _by_seed(found: Mapping[tuple[int, int], Time]) -> dict[int, Time]:
    seeds = sorted({seed for seed, _ in found})
    return {
        seed: median([each for (of, _), each in found.items() if of == seed])
        for seed in seeds
    }


def median(seconds: Sequence[Time]) -> Time:
    """Return the median; a target that was not reached counts as later than any."""
    if not seconds:
        return None
    middle = statistics.median([math.inf if x is None else x for x in seconds])
    return None if math.isinf(middle) else middle
