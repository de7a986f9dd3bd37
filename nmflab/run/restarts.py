"""Several starts of one run: each goes to its own stop, the best is kept.

Each start has its own generators (`nmflab.run.seeds`) and its own clock. They go one
after another; an `Attempt` can also be advanced in turns, which a scheduler that drops
the worst early (successive halving) would do here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nmflab.contracts import TRACE_COLUMNS, Matrix
from nmflab.loop.attempt import Attempt
from nmflab.loop.evaluations import Task
from nmflab.loop.outcome import Outcome, Solved
from nmflab.run.seeds import role_rng
from nmflab.run.starts import Start
from nmflab.stopping.criteria import Evaluation


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One start and what came of it."""

    index: int
    start: Start
    solved: Solved


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """All starts of a run.

    Parameters
    ----------
    tried : tuple of Tried
        In order; only the chosen one still holds its factors.
    chosen : int or None
        Index of the best; None where no start has factors.
    planned : int
        How many starts were asked for; fewer are tried where one fails.
    """

    tried: tuple[Tried, ...]
    chosen: int | None
    planned: int

    @property
    def best(self) -> Solved | None:
        """What came of the chosen start."""
        return None if self.chosen is None else self.tried[self.chosen].solved

    @property
    def outcome(self) -> Outcome:
        """How the run ended: as the start that failed, else as the chosen one."""
        last = self.tried[-1]
        if self.planned == 1:
            return last.solved.outcome
        if last.solved.outcome.status != "ok" or self.chosen is None:
            where, outcome = f"start {last.index}", last.solved.outcome
        else:
            where = f"start {self.chosen} was the best"
            outcome = self.tried[self.chosen].solved.outcome
        reason = f"{where} (of {self.planned}, counted from 0): {outcome.reason}"
        return replace(outcome, reason=reason)

    def total(self, of: Callable[[Tried], float]) -> float:
        """Return a sum over the starts."""
        return math.fsum(of(each) for each in self.tried)

    def trace(self) -> Matrix:
        """Return the traces of all starts, one below the other."""
        return np.concatenate(
            [np.empty((0, len(TRACE_COLUMNS))), *(t.solved.trace for t in self.tried)]
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each start, plain values."""
        return [_row(each, each.index == self.chosen) for each in self.tried]


def run_starts(
    task: Task, make_start: Callable[[int], Start], seed: int, n_starts: int
) -> Restarted:
    """Solve from `n_starts` starts; end early where one fails or is invalid.

    A start that fails is not passed over: the fault would show in some runs and not in
    others, and the best of the rest would look like a sound result.
    """
    tried: list[Tried] = []
    chosen: int | None = None
    for index in range(n_starts):
        start = make_start(index)
        rng = role_rng(seed, "solver", index)
        attempt = Attempt(task, start.factors, rng, start=index)
        attempt.advance()
        tried.append(Tried(index=index, start=start, solved=attempt.finish()))
        if tried[-1].solved.factors is not None:
            chosen = _better(task, tried, chosen)
        if tried[-1].solved.outcome.status != "ok":
            break
    return Restarted(tried=tuple(tried), chosen=chosen, planned=n_starts)


def _better(task: Task, tried: list[Tried], chosen: int | None) -> int:
    """Return the better of the chosen and the last; let the other's factors go."""
    last = len(tried) - 1
    if chosen is None:
        return last
    wins = _score(task, tried[last]) < _score(task, tried[chosen])
    keep, drop = (last, chosen) if wins else (chosen, last)
    solved = replace(tried[drop].solved, factors=None)
    tried[drop] = replace(tried[drop], solved=solved)
    return keep


def _score(task: Task, tried: Tried) -> float:
    """Return what starts are compared by: lower is better, infinity where unknown."""
    best = tried.solved.best
    if best is None:
        return math.inf
    if task.validation:
        value: float | None = best.validation
    elif task.promises.minimises == "own":
        value = best.own
    else:
        value = best.objective
    return math.inf if value is None or math.isnan(value) else value


def _row(tried: Tried, chosen: bool) -> dict[str, Any]:
    solved, best = tried.solved, tried.solved.best
    return {
        "start": tried.index,
        "start_hash": tried.start.hash,
        "chosen": chosen,
        "status": solved.outcome.status,
        "stop": solved.outcome.stop,
        "reason": solved.outcome.reason,
        "n_steps": solved.n_steps,
        "passes": solved.passes,
        "seconds": solved.seconds,
        "cpu_seconds": solved.cpu_seconds,
        "init_seconds": tried.start.seconds,
        **measured(solved.first, best),
    }


def measured(first: Evaluation | None, best: Evaluation | None) -> Mapping[str, Any]:
    """Return the measured values of a start as plain JSON values; None: not known."""
    return {
        "objective_start": _number(None if first is None else first.objective),
        "objective_value": _number(None if best is None else best.objective),
        "own_objective": _number(None if best is None else best.own),
        "kappa": _number(None if best is None else best.kappa),
        "validation": _number(None if best is None else best.validation),
        "best_step": None if best is None else best.step,
    }


def _number(value: float | None) -> float | None:
    """Return a float, or None for what JSON has no word for."""
    return float(value) if value is not None and math.isfinite(value) else None
