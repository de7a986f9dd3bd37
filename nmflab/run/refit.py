"""A second fit of what was chosen, on training and validation cells together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nmflab.contracts import Factors
from nmflab.loop.attempt import Attempt
from nmflab.run.assemble import Assembled
from nmflab.run.guard import RunFailed
from nmflab.run.prepared import Prepared
from nmflab.run.seeds import role_rng
from nmflab.run.tried import Restarted
from nmflab.stopping import StopSettings


@dataclass(frozen=True, kw_only=True)
class Refitted:
    """What came of the second fit.

    Parameters
    ----------
    factors : Factors
    objective : float
        Over training and validation cells, so not comparable with the first fit's.
    n_steps : int
        As many as the first fit's best pair had taken.
    seconds, cpu_seconds : float
        Of the second fit alone.
    """

    factors: Factors
    objective: float
    n_steps: int
    seconds: float
    cpu_seconds: float

    def columns(self) -> dict[str, Any]:
        """Return what the record keeps."""
        return {
            "refit_objective": self.objective,
            "refit_steps": self.n_steps,
            "refit_seconds": self.seconds,
            "refit_cpu_seconds": self.cpu_seconds,
        }


def refit(
    made: Assembled, whole: Prepared, done: Restarted, seed: int
) -> Refitted | None:
    """Fit the chosen start again on all but the test cells, for as many steps.

    The start is made anew, for the larger set of cells, from the same generators.

    Parameters
    ----------
    made : Assembled
    whole : Prepared
        The problem with the validation cells put back.
    done : Restarted
    seed : int

    Returns
    -------
    Refitted or None
        None where the best pair was the start itself: there is nothing to repeat.

    Raises
    ------
    RunFailed
        If the second fit fails.
    """
    chosen = done.tried[done.chosen or 0]
    best = chosen.solved.best
    if best is None or best.step < 1:
        return None
    task = replace(
        made.task,
        problem=whole.problem,
        evaluator=whole.evaluator,
        stop=StopSettings(kkt=None, max_steps=best.step),
        validation=None,
        validation_rank=None,
        trace=False,
    )
    start = replace(made.starter, problem=whole.problem).make(chosen.index)
    rng = role_rng(seed, "solver", chosen.index)
    attempt = Attempt(task, start.factors, rng)
    attempt.advance()
    solved = attempt.finish()
    if solved.outcome.status != "ok" or solved.factors is None or solved.best is None:
        raise RunFailed(f"the refit failed: {solved.outcome.reason}")
    return Refitted(
        factors=solved.factors,
        objective=solved.best.objective,
        n_steps=solved.n_steps,
        seconds=solved.seconds,
        cpu_seconds=solved.cpu_seconds,
    )
