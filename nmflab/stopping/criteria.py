"""Stop criteria: small rules that see each evaluation once and say when they hold.

They share nothing and know nothing of the loop; `nmflab.stopping` puts those in use
together. What they remember is theirs, so each attempt gets new ones.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

Minimises: TypeAlias = Literal["shared", "own"]


class Evaluation(NamedTuple):
    """What was measured at one step; NaN or None where it was not.

    `own` is the solver's own objective (`nmflab.contracts.Step.objective`).
    """

    step: int
    objective: float
    kappa: float = math.nan
    projected_gradient: float = math.nan
    validation: float = math.nan
    own: float | None = None


def minimised(evaluation: Evaluation, minimises: Minimises) -> float:
    """Return the objective the solver minimises; NaN where it did not tell its own."""
    if minimises == "shared":
        return evaluation.objective
    return math.nan if evaluation.own is None else evaluation.own


class Criterion(Protocol):
    """One rule: sees each evaluation once, in order, and says when it holds."""

    def see(self, evaluation: Evaluation) -> str | None:
        """Return the sentence to stop with, or None to go on."""
        ...


@dataclass(frozen=True)
class Kkt:
    """``kappa < threshold``; kappa as in SCIENCE: the largest relative HALS step."""

    threshold: float

    def see(self, evaluation: Evaluation) -> str | None:
        """Say when the residual is below the threshold."""
        if not evaluation.kappa < self.threshold:
            return None
        return (
            f"kkt residual {evaluation.kappa:.3g} fell below"
            f" stop.kkt={self.threshold:g} at step {evaluation.step}"
        )


@dataclass(frozen=True)
class Target:
    """``objective <= target``."""

    target: float
    minimises: Minimises = "shared"

    def see(self, evaluation: Evaluation) -> str | None:
        """Say when the objective reached the target."""
        value = minimised(evaluation, self.minimises)
        if not value <= self.target:
            return None
        return (
            f"objective {value:.6g} reached stop.target={self.target:g} at step"
            f" {evaluation.step}"
        )


class ProjectedGradient:
    """``‖P‖ <= share ‖P₀‖``, P the projected gradient, P₀ at the first evaluation.

    The first at which it is finite: a divergence may have an infinite slope at a start.

    References
    ----------
    C.-J. Lin, "Projected Gradient Methods for Nonnegative Matrix Factorization", Neural
    Computation 19(10), 2007.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._first: float | None = None

    def see(self, evaluation: Evaluation) -> str | None:
        """Say when the norm is down to the share."""
        norm = evaluation.projected_gradient
        if self._first is None and math.isfinite(norm):
            self._first = norm
        if self._first is None or not norm <= self._share * self._first:
            return None
        return (
            f"projected gradient norm {norm:.3g} fell to"
            f" stop.projected_gradient={self._share:g} of its first value"
            f" {self._first:.3g} at step {evaluation.step}"
        )


class Tol:
    """``f(at or before half the step) − f(now) <= tol (f(first) − f(now))``.

    Looking back half the way makes the rule independent of how far apart evaluations
    are: one that compares neighbours fires earlier the denser they stand.
    Looked at from step 2 on.
    """

    def __init__(self, tol: float, minimises: Minimises = "shared") -> None:
        self._tol, self._minimises = tol, minimises
        self._steps: list[int] = []
        self._values: list[float] = []

    def see(self, evaluation: Evaluation) -> str | None:
        """Say when the objective has all but stopped falling."""
        step, value = evaluation.step, minimised(evaluation, self._minimises)
        if not math.isfinite(value):
            return None
        self._steps.append(step)
        self._values.append(value)
        half = bisect_right(self._steps, step // 2) - 1
        if half < 0 or step < 2:
            return None
        fall, total = self._values[half] - value, self._values[0] - value
        # A total below 0 (an objective above its start) asks for no fall at all.
        if not fall <= self._tol * max(total, 0.0):
            return None
        return (
            f"the objective fell by {fall:.3g} between steps {self._steps[half]} and"
            f" {step}, no more than stop.tol={self._tol:g} of its total fall"
            f" {total:.3g}"
        )


class Validation:
    """The best error on validation cells is at least `patience` evaluations old."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._best, self._best_step, self._since = math.inf, 0, 0

    def see(self, evaluation: Evaluation) -> str | None:
        """Say when the last `patience` evaluations brought no improvement."""
        if evaluation.validation < self._best:
            self._best, self._best_step = evaluation.validation, evaluation.step
            self._since = 0
            return None
        self._since += 1
        if self._since < self._patience:
            return None
        return (
            f"validation error did not improve on {self._best:.6g} (step"
            f" {self._best_step}) over the last stop.validation={self._patience}"
            f" evaluations, up to step {evaluation.step}"
        )
