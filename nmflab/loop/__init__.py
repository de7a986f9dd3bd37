"""The loop, written once: step, time, measure, stop.

A solver yields factors; everything else is done here and in `nmflab.loop.attempt`. The
clock runs from the call of ``iterate`` on and stands still while the objective is
measured.
Evaluations come at steps 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, ...
(`next_evaluation`): about four for each doubling, 34 in a run of 1,000 steps. They
depend on step counts only, never on time, so that one seed gives one result.
"""

from __future__ import annotations

import numpy as np

from nmflab.contracts import TRACE_COLUMNS, Cells, Factors, Problem, Promises, Solver
from nmflab.loop.attempt import Attempt, next_evaluation
from nmflab.loop.clock import Clock
from nmflab.loop.evaluations import Evaluator, Task
from nmflab.loop.outcome import Outcome, Solved
from nmflab.loop.warmup import warm_up
from nmflab.stopping import StopSettings

__all__ = [
    "TRACE_COLUMNS",
    "Attempt",
    "Evaluator",
    "Outcome",
    "Solved",
    "Task",
    "next_evaluation",
    "solve",
]


def solve(
    problem: Problem,
    solver: Solver,
    init: Factors,
    rng: np.random.Generator,
    stop: StopSettings,
    evaluator: Evaluator,
    validation: Cells | None = None,
    *,
    promises: Promises | None = None,
    trace: bool = True,
    name: str = "(unnamed)",
    clock: Clock | None = None,
) -> Solved:
    """Run one solver from one start until a criterion holds.

    Parameters
    ----------
    problem, solver, stop, evaluator, validation, promises, trace, name
        See `Task`; the default promises are those of `nmflab.contracts.Promises`.
    init : Factors
        Of the problem's dtype; not written to.
    rng : numpy.random.Generator
        The solver's only source of chance.
    clock : Clock, optional
        In place of the process's own.

    Returns
    -------
    Solved
        What the solver raises or does wrong is told in its ``outcome``, not raised.

    Raises
    ------
    ValueError
        If the stop settings do not fit the solver or the split.
    """
    task = Task(
        problem=problem,
        solver=solver,
        evaluator=evaluator,
        stop=stop,
        promises=Promises() if promises is None else promises,
        validation=validation,
        trace=trace,
        name=name,
    )
    warm_up(solver, problem, init.n_components)
    attempt = Attempt(task, init, rng, clock=clock)
    attempt.advance()
    return attempt.finish()
