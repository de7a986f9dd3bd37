"""Multiplicative updates for any beta-divergence, dense, sparse, complete or masked.

All are of the form ``F ← F ∘ (N / D)^g``, where the gradient of the data term is
``D − N`` (`nmflab_solvers._data_terms`). Restricting the sum to observed cells leaves
the majorizer, and so the descent, as it is. Factors are component-major: ``Wt`` has the
shape ``(n_components, n_samples)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab.numerics.penalties import penalties_of
from nmflab_solvers._data_terms import Half, Parts, data_term
from nmflab_solvers._inner_rule import most_updates
from nmflab_solvers._rescale import Rescaled

Weight: TypeAlias = float | Matrix
"""Of an L2 penalty: one for all entries, or one for each column of a factor."""


@dataclass(frozen=True, kw_only=True)
class InnerRule:
    """How often a factor is updated before the other; see `mu`'s parameters."""

    inner: int | None
    alpha: float
    delta: float

    def most(self, problem: Problem, n_components: int) -> tuple[int, int]:
        """Return the most updates of W and of H in one step (`most_updates`).

        Only the Frobenius loss on complete data has products that can be kept.
        """
        keeps = problem.objective.exponent == 2 and problem.observed is None
        if self.inner is None and not keeps:
            return 1, 1
        return most_updates(problem, n_components, self.alpha, self.inner)


class Updates:
    """The two halves of a step, with all that stays the same from step to step.

    Parameters
    ----------
    scaled : Rescaled
    n_components : int
    floor : float
        See `smallest_entry`.
    rule : InnerRule
    """

    def __init__(
        self, scaled: Rescaled, n_components: int, floor: float, rule: InnerRule
    ) -> None:
        problem = scaled.problem
        self.smallest = smallest_entry(scaled, n_components, floor)
        self._term, self._beta = data_term(problem), problem.objective.exponent
        self._l1_W, self._l1_H = problem.objective.l1_W, problem.objective.l1_H
        weights = penalties_of(problem)
        self._l2_W = _as_row(weights.l2_W, problem.dtype)
        self._l2_H = _as_row(weights.l2_H, problem.dtype)
        self._most_W, self._most_H = rule.most(problem, n_components)
        self._delta = rule.delta

    def update_features(self, Wt: Matrix, H: Matrix) -> Half:
        """Update H in place and return the half of the step that did it."""
        half = self._term.for_features(Wt)
        self._repeat(H, half, self._l1_H, self._l2_H, self._most_H)
        return half

    def update_samples(self, Wt: Matrix, H: Matrix) -> Half:
        """Update ``W'`` in place and return the half of the step that did it."""
        half = self._term.for_samples(H)
        self._repeat(Wt, half, self._l1_W, self._l2_W, self._most_W)
        return half

    def clip(self, *factors: Matrix) -> None:
        """Raise entries below the floor to it, in place."""
        for F in factors:
            np.maximum(F, self.smallest, out=F)

    def _repeat(self, F: Matrix, half: Half, l1: float, l2: Weight, most: int) -> None:
        """Update a factor up to `most` times, until it changes little."""
        first = 0.0
        for i in range(most):
            before = F.copy() if most > 1 else F
            multiply(F, half.parts(F), beta=self._beta, l1=l1, l2=l2)
            # Clipping keeps the descent: the surrogate is separable, with one minimum
            # each.
            self.clip(F)
            if most == 1:
                return
            before -= F
            change = float(np.vdot(before, before))
            first = first if i else change
            # Squared lengths are compared, hence the squared delta.
            if change <= self._delta**2 * first:
                return


def _as_row(weight: Any, dtype: np.dtype[Any]) -> Weight:
    """Return a weight that broadcasts to a component-major factor."""
    if isinstance(weight, np.ndarray):
        row: Matrix = weight.reshape(1, -1).astype(dtype)
        return row
    return float(weight)


def power(beta: float, *, l2: bool) -> float:
    """Return the exponent g that makes the update descend, penalties included.

    Without L2: 1/(2−beta) below 1, 1/(beta−1) above 2, else 1 (Févotte & Idier 2011,
    section 4.1). The L1 weight joins D: ``t ≤ t^beta/beta + const`` majorizes it where
    beta > 1. With L2, ``D + l2 F`` takes its place; where beta < 2 the terms of D are
    majorized by squares, which gives 1/(3−beta) (Tan & Févotte 2013).
    """
    if beta > 2:
        return 1 / (beta - 1)
    if l2:
        return 1 / (3 - beta)
    return 1 / (2 - beta) if beta < 1 else 1.0


def multiply(F: Matrix, parts: Parts, *, beta: float, l1: float, l2: Weight) -> None:
    """Update a factor in place from its numerator and denominator.

    A factor's entry on which neither term acts (no observed cell, no penalty) keeps its
    value: the objective does not depend on it.
    """
    N, D = parts
    penalised = bool(np.any(l2))
    if l1 > 0:
        D = D + l1
    if beta == 1 and penalised:
        # The surrogate −a log h + D h + ½ l2 h² has its minimum in closed form.
        N *= F
        D = D + np.sqrt(D * D + 4 * l2 * N)
        F *= np.equal(l2, 0)
        np.divide(2 * N, D, out=F, where=D > 0)
        return
    if penalised:
        D = D + l2 * F
    ratio = np.divide(N, D, out=np.ones_like(F), where=D > 0)
    exponent = power(beta, l2=penalised)
    if exponent != 1:
        ratio **= exponent
    F *= ratio


def smallest_entry(scaled: Rescaled, n_components: int, floor: float) -> float:
    """Return ``floor·sqrt(mean(X)/n_components)``, raised where the dtype asks for it.

    Proportional to the natural size of a factor's entry, so that a change of units
    changes nothing. The powers of a few floored entries that a step multiplies must
    themselves be normal numbers: in float32 that asks for 3e-10.
    """
    beta = scaled.problem.objective.exponent
    depth = max(4.0, 2 * (2 - beta) + 1)
    representable = math.pow(np.finfo(scaled.problem.dtype).tiny, 1 / depth)
    return max(floor, representable) * math.sqrt(scaled.mean / n_components)


def check_floor(floor: float) -> None:
    """Raise ValueError unless the floor can keep entries alive and stay negligible."""
    if not 0 < floor < 1:  # written so that NaN is refused too
        raise ValueError(
            f"solver.floor must be > 0 and < 1, got {floor}: an entry at 0 could never"
            " move again, and 1 is the size of a typical entry. Use a small number,"
            " such as 1e-16."
        )
