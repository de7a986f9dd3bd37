"""Successive halving as arithmetic: who takes part in a round, and on what budget.

``restarts=m halving=η`` spends one budget, ``stop.max_steps`` and ``stop.max_seconds``,
on all starts together: ``⌈log_η m⌉ + 1`` rounds, each with an equal share of it, and
after each round one start in η goes on (rounded up). See docs/restarts.md.

References
----------
K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
Optimization", AISTATS 2016 (fig. 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from nmflab.stopping import StopSettings

Limit: TypeAlias = Literal["max_steps", "max_seconds"]


def places(n_starts: int, halving: int) -> tuple[int, ...]:
    """Return how many starts may take part in each round: ``m, ⌈m/η⌉, ⌈m/η²⌉, ... 1``.

    In whole numbers: a logarithm, or a share such as 0.1, would round to one too many.
    """
    found = [n_starts]
    while found[-1] > 1:
        found.append(-(-found[-1] // halving))
    return tuple(found)


def check_halving(halving: object, n_starts: int, stop: StopSettings) -> None:
    """Raise ValueError unless a budget can be shared out among so many starts.

    Parameters
    ----------
    halving : int or None
        The η above; None shares nothing out.
    n_starts : int
    stop : StopSettings
    """
    if halving is None:
        return
    if isinstance(halving, bool) or not isinstance(halving, int) or halving < 2:
        raise ValueError(
            f"halving must be a whole number >= 2, got {halving!r}: after each round"
            " one start in so many goes on; use halving=2, or null to give each the"
            " whole budget"
        )
    if n_starts == 1:
        return
    if stop.max_steps is None and stop.max_seconds is None:
        raise ValueError(
            f"halving={halving} shares out a budget among restarts={n_starts}, and none"
            " is set; set stop.max_steps or stop.max_seconds"
        )
    n_rounds = len(places(n_starts, halving))
    least = n_rounds * n_starts
    if stop.max_steps is not None and stop.max_steps < least:
        raise ValueError(
            f"halving={halving} with restarts={n_starts} needs stop.max_steps of at"
            f" least {least}, a step for each start in the first of {n_rounds} equal"
            f" rounds, got {stop.max_steps}; raise it, or lower restarts"
        )


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one start may spend in one round; None is no limit."""

    n_steps: int | None
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What all starts of a run may spend together.

    Parameters
    ----------
    max_steps : int or None
    max_seconds : float or None
        Wall seconds of the solver, summed over the starts.
    """

    max_steps: int | None
    max_seconds: float | None

    def share(self, n_steps: int, seconds: float, n_shares: int) -> Share:
        """Return one of `n_shares` equal shares of what is left.

        Whole steps, rounded down: what remains goes to later rounds. So does what a
        start did not need; what it took too much, by a yield of several steps or by a
        last step over time, is taken off them.
        """
        return Share(
            n_steps=None
            if self.max_steps is None
            else max(0, self.max_steps - n_steps) // n_shares,
            seconds=None
            if self.max_seconds is None
            else max(0.0, self.max_seconds - seconds) / n_shares,
        )

    def used_up(self, n_steps: int, seconds: float) -> Limit | None:
        """Return the limit that is reached, if one is."""
        if self.max_steps is not None and n_steps >= self.max_steps:
            return "max_steps"
        if self.max_seconds is not None and seconds >= self.max_seconds:
            return "max_seconds"
        return None

    def named(self, limit: Limit) -> str:
        """Return a limit as it is written on the command line."""
        value = self.max_steps if limit == "max_steps" else self.max_seconds
        return f"stop.{limit}={value}"
