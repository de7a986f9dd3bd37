"""What came of the starts of a run, and which of them is the best."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nmflab.contracts import TRACE_COLUMNS, Matrix
from nmflab.loop.evaluations import Task
from nmflab.loop.outcome import Outcome, Solved
from nmflab.run.starts import Start
from nmflab.stopping.criteria import Evaluation


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What is kept of a start: all but its factors, which nobody needs any more.

    Parameters
    ----------
    hash : str or None
    seconds, cpu_seconds : float
        See `nmflab.run.starts.Start`.
    """

    hash: str | None
    seconds: float
    cpu_seconds: float

    @classmethod
    def of(cls, start: Start) -> Origin:
        """Return what is kept of a start."""
        return cls(
            hash=start.hash, seconds=start.seconds, cpu_seconds=start.cpu_seconds
        )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One start and what came of it.

    Parameters
    ----------
    index : int
    start : Origin
    solved : Solved
    n_rounds : int
        Rounds it took part in; 1 without halving.
    first_round : float or None
        The shared objective of its best pair at the end of round 1, where every start
        has had the same; None without halving.
    """

    index: int
    start: Origin
    solved: Solved
    n_rounds: int = 1
    first_round: float | None = None

    @property
    def level(self) -> float:
        """The objective that is compared between starts of equal means.

        The final one without halving, else that at the end of round 1; infinite where
        it is not known.
        """
        best = self.solved.best
        final = None if best is None else best.objective
        value = final if self.first_round is None else self.first_round
        return math.inf if value is None or math.isnan(value) else value


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """All starts of a run.

    Parameters
    ----------
    tried : tuple of Tried
        In order; only the chosen one still holds its factors.
    chosen : int or None
        Place of the best in `tried`; None where no start has factors.
    planned : int
        How many starts were asked for; fewer are tried where one fails.
    n_rounds : int
        1 without halving.
    notes : tuple of str
        What went otherwise than asked, in sentences.
    """

    tried: tuple[Tried, ...]
    chosen: int | None
    planned: int
    n_rounds: int = 1
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Solved | None:
        """What came of the chosen start."""
        return None if self.chosen is None else self.tried[self.chosen].solved

    @property
    def outcome(self) -> Outcome:
        """How the run ended: as the start that failed, else as the chosen one."""
        told = self._failed or self.tried[self.chosen or 0]
        outcome = told.solved.outcome
        if self.planned == 1:
            return outcome
        where = f"start {told.index}" + ("" if self._failed else " was the best")
        reason = f"{where} (of {self.planned}, counted from 0): {outcome.reason}"
        return replace(outcome, reason=reason)

    @property
    def _failed(self) -> Tried | None:
        return next((t for t in self.tried if t.solved.outcome.status != "ok"), None)

    @property
    def median(self) -> float | None:
        """The median over starts of their `Tried.level`; None where one failed."""
        if self._failed is not None:
            return None
        return number(statistics.median(each.level for each in self.tried))

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
        return [_row(each, at == self.chosen) for at, each in enumerate(self.tried)]


class Best:
    """Takes starts as they end and lets the factors go of all but the best.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._tried: dict[int, Tried] = {}
        self._leads: tuple[float, int] | None = None

    def add(self, tried: Tried) -> None:
        """Take one start; of two that score the same the lower index is kept."""
        self._tried[tried.index] = tried
        if tried.solved.factors is None:
            return
        standing = (score(self._task, tried.solved.best), tried.index)
        if self._leads is None:
            self._leads = standing
            return
        self._leads, worse = sorted((self._leads, standing))
        left = self._tried[worse[1]]
        solved = replace(left.solved, factors=None)
        self._tried[left.index] = replace(left, solved=solved)

    def explain(self, index: int, reason: str) -> None:
        """Say why a start ended, where that is known only afterwards."""
        tried = self._tried[index]
        outcome = replace(tried.solved.outcome, reason=reason)
        solved = replace(tried.solved, outcome=outcome)
        self._tried[index] = replace(tried, solved=solved)

    @property
    def n_tried(self) -> int:
        """How many starts have ended."""
        return len(self._tried)

    @property
    def has_failed(self) -> bool:
        """Whether a start ended otherwise than well."""
        return any(t.solved.outcome.status != "ok" for t in self._tried.values())

    def result(
        self, planned: int, *, n_rounds: int = 1, notes: tuple[str, ...] = ()
    ) -> Restarted:
        """Return all starts, in order of their index."""
        tried = tuple(self._tried[index] for index in sorted(self._tried))
        leads = None if self._leads is None else self._leads[1]
        places = [at for at, each in enumerate(tried) if each.index == leads]
        return Restarted(
            tried=tried,
            chosen=places[0] if places else None,
            planned=planned,
            n_rounds=n_rounds,
            notes=notes,
        )


def score(task: Task, best: Evaluation | None) -> float:
    """Return what starts are compared by: lower is better, infinity where unknown.

    The validation error where there are validation cells, the own objective of a solver
    that minimises its own, else the shared objective.
    """
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
        "n_rounds": tried.n_rounds,
        "objective_round_1": number(tried.first_round),
        "n_steps": solved.n_steps,
        "n_reseeded": solved.n_reseeded,
        "passes": solved.passes,
        "seconds": solved.seconds,
        "cpu_seconds": solved.cpu_seconds,
        "init_seconds": tried.start.seconds,
        **measured(solved.first, best),
    }


def measured(first: Evaluation | None, best: Evaluation | None) -> Mapping[str, Any]:
    """Return the measured values of a start as plain JSON values; None: not known."""
    return {
        "objective_start": number(None if first is None else first.objective),
        "objective_value": number(None if best is None else best.objective),
        "own_objective": number(None if best is None else best.own),
        "kappa": number(None if best is None else best.kappa),
        "validation": number(None if best is None else best.validation),
        "best_step": None if best is None else best.step,
    }


def number(value: float | None) -> float | None:
    """Return a float, or None for what JSON has no word for."""
    return float(value) if value is not None and math.isfinite(value) else None
