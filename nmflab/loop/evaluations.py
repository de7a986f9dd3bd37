"""What one attempt was measured at: its trace, and the best pair it passed."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nmflab.contracts import (
    TRACE_COLUMNS,
    Cells,
    Factors,
    Matrix,
    Problem,
    Promises,
    Solver,
)
from nmflab.loop.clock import Clock
from nmflab.stopping import StopSettings
from nmflab.stopping.criteria import Evaluation


class Evaluator(Protocol):
    """Measures factors on the shared objective, in float64."""

    def value(self, factors: Factors) -> float:
        """Return the objective."""
        ...

    def kappa(self, factors: Factors, nonnegative: Collection[str], /) -> float:
        """Return the scale-invariant stationarity residual."""
        ...

    def projected_gradient_norm(
        self, factors: Factors, nonnegative: Collection[str], /
    ) -> float:
        """Return the Frobenius norm of the projected gradient of both factors."""
        ...


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all starts of one run share.

    Parameters
    ----------
    problem : Problem
    solver : Solver
    evaluator : Evaluator
    stop : StopSettings
    promises : Promises
        Read: ``nonnegative``, ``init`` and ``minimises``.
    validation : Cells, optional
        Cells the solver does not see; their RMSE is measured at each evaluation.
    validation_rank : callable, optional
        Measures factors in place of that RMSE, where the cells are events: a model that
        was told 0 there is not judged by how near it comes to 1. Lower is better.
    trace : bool
        False: evaluate only where a criterion needs it, and at the start and the end.
        A solver that is not monotone may then return another of its pairs.
    name : str
        The solver's name, for sentences.

    Raises
    ------
    ValueError
        If ``stop.validation`` is set without validation cells.
    """

    problem: Problem
    solver: Solver
    evaluator: Evaluator
    stop: StopSettings
    promises: Promises
    validation: Cells | None = None
    validation_rank: Callable[[Factors], float] | None = None
    trace: bool = True
    name: str = "(unnamed)"

    def __post_init__(self) -> None:
        if self.stop.validation is not None and not self.validation:
            raise ValueError(
                f"stop.validation={self.stop.validation} needs validation cells, and"
                " the split sets none aside; choose a split that does, or use"
                " stop.validation=null"
            )

    @property
    def needs_kappa(self) -> bool:
        """Whether each evaluation measures kappa."""
        return self.trace or self.stop.kkt is not None


class Evaluations:
    """Measures pairs, keeps the trace rows and a copy of the best pair.

    Best is: the lowest validation error where ``stop.validation`` is set; else the
    lowest own objective of a solver that minimises its own (the latest pair, where it
    does not tell it); else the lowest shared objective.
    """

    def __init__(self, task: Task, start: int) -> None:
        self._task, self._start = task, start
        self._rows: list[tuple[float, ...]] = []
        self._kept: Factors | None = None
        self.first: Evaluation | None = None
        self.best: Evaluation | None = None
        self.last_step = -1

    def add(
        self,
        factors: Factors,
        step: int,
        passes: float,
        clock: Clock,
        own: float | None,
    ) -> Evaluation:
        """Measure a pair, note it in the trace and keep a copy if it is the best."""
        evaluation = self._measure(as_float64(factors), step, own)
        self._rows.append(
            (
                self._start,
                step,
                passes,
                clock.seconds,
                clock.cpu_seconds,
                evaluation.objective,
                evaluation.kappa,
                evaluation.validation,
            )
        )
        self.last_step = step
        if self.first is None:
            self.first = evaluation
        if not math.isnan(evaluation.objective) and self._is_better(evaluation):
            self.best = evaluation
            self._kept = _copy_into(self._kept, factors)
        return evaluation

    def best_factors(self) -> Factors | None:
        """Return the best pair in float64, or None before the first evaluation."""
        return None if self._kept is None else as_float64(self._kept)

    def trace(self) -> Matrix:
        """Return the trace, float64 ``(n_points, 8)``; see `TRACE_COLUMNS`."""
        rows = np.array(self._rows, dtype=np.float64)
        return rows.reshape(-1, len(TRACE_COLUMNS))

    def complete(self) -> Evaluation | None:
        """Return the best evaluation with its kappa, measured now if it was not."""
        factors = self.best_factors()
        if self.best is None or factors is None:
            return None
        if not self._task.needs_kappa:
            signs = self._task.promises.nonnegative
            kappa = self._task.evaluator.kappa(factors, signs)
            return self.best._replace(kappa=kappa)
        return self.best

    def _measure(self, factors: Factors, step: int, own: float | None) -> Evaluation:
        task, evaluator = self._task, self._task.evaluator
        signs = task.promises.nonnegative
        return Evaluation(
            step,
            evaluator.value(factors),
            evaluator.kappa(factors, signs) if task.needs_kappa else math.nan,
            math.nan
            if task.stop.projected_gradient is None
            else evaluator.projected_gradient_norm(factors, signs),
            self._validation_error(factors),
            own,
        )

    def _validation_error(self, factors: Factors) -> float:
        task = self._task
        if not task.validation:
            return math.nan
        if task.validation_rank is not None:
            return task.validation_rank(factors)
        return rmse(task.validation, factors)

    def _is_better(self, new: Evaluation) -> bool:
        if self.best is None:
            return True
        if self._task.stop.validation is not None:
            return new.validation < self.best.validation
        if self._task.promises.minimises == "own":
            if new.own is None or self.best.own is None:
                return True
            return new.own < self.best.own
        return new.objective < self.best.objective


def rmse(cells: Cells, factors: Factors) -> float:
    """Return ``sqrt(mean (x − (WH))²)`` over some cells; NaN for no cell."""
    if not len(cells):
        return math.nan
    residual = cells.values - factors.predict(cells.rows, cells.columns)
    return math.sqrt(float(np.mean(np.square(residual, dtype=np.float64))))


def as_float64(factors: Factors) -> Factors:
    """Return factors in float64 and C order; the same arrays where they are already.

    C order, because sums taken in another order differ in their last bits.
    """
    return Factors(
        np.ascontiguousarray(factors.W, np.float64),
        np.ascontiguousarray(factors.H, np.float64),
        _float64(factors.row_offset),
        _float64(factors.column_offset),
    )


def _float64(offset: Matrix | None) -> Matrix | None:
    return None if offset is None else np.ascontiguousarray(offset, np.float64)


def _copy_into(kept: Factors | None, factors: Factors) -> Factors:
    """Copy factors, into the arrays of an earlier copy where they fit.

    In the solver's own dtype: it takes half the memory in float32, and loses nothing.
    """
    W, H = factors.W, factors.H
    if kept is None or (kept.W.dtype, kept.H.dtype) != (W.dtype, H.dtype):
        return Factors(
            np.array(W, order="C"), np.array(H, order="C"), *_offsets(factors)
        )
    np.copyto(kept.W, W)
    np.copyto(kept.H, H)
    return Factors(kept.W, kept.H, *_offsets(factors))


def _offsets(factors: Factors) -> tuple[Matrix | None, Matrix | None]:
    row, column = factors.row_offset, factors.column_offset
    return (
        None if row is None else row.copy(),
        None if column is None else column.copy(),
    )
