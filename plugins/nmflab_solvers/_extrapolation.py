"""When to extrapolate, and how far: the rule of Ang & Gillis.

A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms Using
Extrapolation", Neural Computation 31(2), 2019; constants as in the authors' programs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Extrapolation(StrEnum):
    """Whether steps are extrapolated, and how fast the weight may grow."""

    none = "none"
    ang_gillis = "ang_gillis"
    tuned = "tuned"


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Constants of the rule.

    Parameters
    ----------
    first : float
        Weight of the first extrapolation.
    up : float
        What the weight is multiplied by after a step that lowers the objective.
    cap_up : float
        What its cap is multiplied by then; the cap never exceeds 1.
    down : float
        What the weight is divided by after a step that raises the objective.
    """

    first: float = 0.5
    up: float
    cap_up: float
    down: float = 1.5


HALS_AND_MU = Growth(up=1.01, cap_up=1.005)
ANLS = Growth(up=1.1, cap_up=1.05)
TUNED = Growth(first=0.3, up=1.03, cap_up=1.01)
"""A careful first step and quicker growth: fewest steps on faces and text."""


class Momentum:
    """The weight of the extrapolation, step by step.

    Parameters
    ----------
    growth : Growth or None
        None: the weight is 0 for ever, and every step is accepted.
    """

    def __init__(self, growth: Growth | None) -> None:
        self._growth = growth
        self._cap = 1.0
        self.weight = 0.0 if growth is None else growth.first
        self._before = self.weight
        self._objective = math.inf

    def accepts(self, objective: float) -> bool:
        """Take note of a step's objective; return False where it calls for a restart.

        After a restart the next step starts from the last accepted pair, with a smaller
        weight whose cap is the weight before the one that went too far.
        """
        growth, weight = self._growth, self.weight
        if growth is None:
            return True
        accepted = objective <= self._objective
        if accepted:
            self.weight = min(self._cap, growth.up * weight)
            self._cap = min(1.0, growth.cap_up * self._cap)
        else:
            self._cap = self._before
            self.weight = weight / growth.down
        self._before, self._objective = weight, objective
        return accepted

    def forget(self) -> None:
        """Accept the next step whatever its objective is."""
        self._objective = math.inf


def growth_of(choice: Extrapolation, published: Growth) -> Growth | None:
    """Return the constants of a choice, where `published` are the authors' own."""
    return {"none": None, "ang_gillis": published, "tuned": TUNED}[str(choice)]
