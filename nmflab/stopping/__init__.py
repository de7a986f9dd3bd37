"""When a run ends: the stop criteria, their settings and how they work together.

Any combination may be in use; the first that holds ends the run and is named. Where
several hold at one evaluation the order is kkt, target, projected_gradient, tol,
validation, then the limits max_steps and max_seconds.

What a criterion sees: ``kkt``, ``target``, ``projected_gradient``, ``tol`` and
``validation`` are looked at when the loop evaluates, which is at steps a fifth apart
(`nmflab.loop`), so a run may go up to a fifth further than needed. ``max_steps`` is
exact, unless one yield of the solver holds several steps; ``max_seconds`` is looked at
after each yield, on the solver's own clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol

from nmflab.stopping.criteria import (
    Criterion,
    Evaluation,
    Kkt,
    Minimises,
    ProjectedGradient,
    Target,
    Tol,
    Validation,
)


@dataclass(frozen=True, kw_only=True)
class StopSettings:
    """The settings ``stop.*``; None switches a criterion off.

    Parameters
    ----------
    kkt : float, default 1e-4
        Stop when the scale-invariant residual kappa is below this (dimensionless; see
        `nmflab.numerics.stationarity`). The one criterion that compares fairly between
        solvers and starts.
    max_steps : int, default 2000
        Stop after this many steps (updates of both factors).
    max_seconds : float
        Stop after this many wall seconds of the solver, evaluations excluded. Where it
        fires, two equal runs may end at different steps.
    tol : float
        Stop when the objective fell by no more than ``tol`` x (total fall so far) since
        the evaluation at or before half the present step (dimensionless).
    projected_gradient : float
        Stop when the norm of the projected gradient is at most this share of its value
        at the start (dimensionless). Depends on the start: never compare runs by it.
    target : float
        Stop when the objective is at most this (units of the objective).
    validation : int
        Patience, in evaluations: stop when the error on the validation cells did not
        improve over the last so many evaluations, and return the pair that was best on
        them. 3 to 5 is usual: over five evaluations the steps grow 2.5-fold.

    Raises
    ------
    ValueError
        If a value is out of range, or no criterion is left and a run would never end.
    """

    kkt: float | None = 1e-4
    max_steps: int | None = 2000
    max_seconds: float | None = None
    tol: float | None = None
    projected_gradient: float | None = None
    target: float | None = None
    validation: int | None = None

    def __post_init__(self) -> None:
        for name in ("kkt", "max_seconds", "projected_gradient"):
            value = _number(name, getattr(self, name))
            if value is not None and not value > 0:
                raise ValueError(
                    f"stop.{name} must be > 0, got {value:g}; use null to switch it off"
                )
        tol = _number("tol", self.tol)
        if tol is not None and not tol >= 0:
            raise ValueError(
                f"stop.tol must be >= 0, got {tol:g}; use null to switch it off"
            )
        _number("target", self.target)
        for name in ("max_steps", "validation"):
            _count(name, getattr(self, name))
        if all(getattr(self, field.name) is None for field in fields(self)):
            raise ValueError(
                "stop: every criterion is null, so a run would never end; set one, such"
                " as stop.max_steps=2000 or stop.kkt=0.0001"
            )


class Stop(NamedTuple):
    """The criterion that fired, by its name under ``stop.``, and a sentence."""

    criterion: str
    reason: str


class Timed(Protocol):
    """Tells the solver's wall seconds, as `nmflab.loop.clock.Clock` does."""

    @property
    def seconds(self) -> float:
        """Wall seconds of the solver so far."""
        ...


class StopRule:
    """All criteria in use by one attempt; made anew for each, as some remember.

    Parameters
    ----------
    settings : StopSettings
    minimises : {"shared", "own"}
        "own": `tol` and `target` look at the solver's own objective, and the criteria
        on gradients of the shared one, which it does not minimise, are left out.

    Raises
    ------
    ValueError
        If no criterion is left for a solver with an objective of its own.
    """

    def __init__(self, settings: StopSettings, minimises: Minimises = "shared") -> None:
        self.max_steps, self.max_seconds = settings.max_steps, settings.max_seconds
        self.criteria: dict[str, Criterion] = {}
        if settings.kkt is not None and minimises == "shared":
            self.criteria["kkt"] = Kkt(settings.kkt)
        if settings.target is not None:
            self.criteria["target"] = Target(settings.target, minimises)
        if settings.projected_gradient is not None and minimises == "shared":
            share = settings.projected_gradient
            self.criteria["projected_gradient"] = ProjectedGradient(share)
        if settings.tol is not None:
            self.criteria["tol"] = Tol(settings.tol, minimises)
        if settings.validation is not None:
            self.criteria["validation"] = Validation(settings.validation)
        if not self.criteria and self.max_steps is None and self.max_seconds is None:
            raise ValueError(
                "stop: only stop.kkt or stop.projected_gradient is set, and they do not"
                " apply to a solver that minimises its own objective; set stop.tol or"
                " stop.max_steps too"
            )

    def see(self, evaluation: Evaluation) -> Stop | None:
        """Show all criteria an evaluation; return the first that holds."""
        said = [(name, rule.see(evaluation)) for name, rule in self.criteria.items()]
        for name, reason in said:
            if reason is not None:
                return Stop(name, reason)
        return None

    def limit(self, step: int, clock: Timed) -> Stop | None:
        """Return the limit that is reached after `step`, if one is."""
        if self.max_steps is not None and step >= self.max_steps:
            return Stop("max_steps", f"reached stop.max_steps={self.max_steps}")
        if self.max_seconds is not None and clock.seconds >= self.max_seconds:
            return Stop(
                "max_seconds",
                f"the solver's {clock.seconds:.3g} s reached"
                f" stop.max_seconds={self.max_seconds:g} at step {step}",
            )
        return None


def _number(name: str, value: object) -> float | None:
    """Return a finite number or None; raise for anything else."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    else:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(
            f"stop.{name} must be a finite number or null, got {value!r};"
            f" for example stop.{name}=0.0001"
        )
    return number


def _count(name: str, value: object) -> None:
    """Raise unless the value is a whole number of at least 1, or None."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"stop.{name} must be a whole number >= 1, got {value!r}; use null to"
            " switch it off"
        )
