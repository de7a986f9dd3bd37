"""Several starts of one run; the best is kept.

Each start has its own generators (`nmflab.run.seeds`) and its own clock. Without
halving they go one after another, each to its own stop with the whole of ``stop.*``;
`nmflab.run.halving` shares one budget out among them.
"""

from __future__ import annotations

from collections.abc import Callable

from nmflab.loop.attempt import Attempt
from nmflab.loop.evaluations import Task
from nmflab.run.halving import run_halving
from nmflab.run.seeds import role_rng
from nmflab.run.starts import Start
from nmflab.run.tried import Best, Origin, Restarted, Tried


def run_starts(
    task: Task,
    make_start: Callable[[int], Start],
    seed: int,
    n_starts: int,
    halving: int | None = None,
) -> Restarted:
    """Solve from `n_starts` starts; end early where one fails or is invalid.

    A start that fails is not passed over: the fault would show in some runs and not in
    others, and the best of the rest would look like a sound result.

    Parameters
    ----------
    task : Task
    make_start : callable
        Returns the start of an index; called once for each, in order.
    seed : int
        The run's.
    n_starts : int
    halving : int, optional
        Race them on one budget, where one in so many goes on after each round.
    """
    if halving is not None and n_starts > 1:
        return run_halving(task, make_start, seed, n_starts, halving)
    best = Best(task)
    for index in range(n_starts):
        start = make_start(index)
        rng = role_rng(seed, "solver", index)
        attempt = Attempt(task, start.factors, rng, start=index)
        attempt.advance()
        solved = attempt.finish()
        best.add(Tried(index=index, start=Origin.of(start), solved=solved))
        if best.has_failed:
            break
    return best.result(n_starts)
