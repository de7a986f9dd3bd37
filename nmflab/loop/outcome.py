"""How an attempt ended, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from nmflab.contracts import Factors, Matrix
from nmflab.stopping.criteria import Evaluation

Status: TypeAlias = Literal["ok", "error", "invalid", "oom"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended; `stop` names the criterion that fired."""

    status: Status
    stop: str | None
    reason: str
    traceback: str | None = None


@dataclass(frozen=True, kw_only=True)
class Solved:
    """One finished attempt.

    Parameters
    ----------
    outcome : Outcome
    factors : Factors or None
        Copies of the best evaluated pair, float64; None if there is none.
    best, first : Evaluation or None
        What was measured of that pair, and at the start.
    trace : ndarray of shape (n_points, 8)
        See `TRACE_COLUMNS`.
    n_steps : int
    passes : float
        Passes over the data.
    n_reseeded : int
        Dead components given new entries, each time counted.
    seconds, cpu_seconds : float
        The solver's own, evaluations excluded.
    """

    outcome: Outcome
    factors: Factors | None
    best: Evaluation | None
    first: Evaluation | None
    trace: Matrix
    n_steps: int
    passes: float
    n_reseeded: int
    seconds: float
    cpu_seconds: float
