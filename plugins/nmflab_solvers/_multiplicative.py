"""Multiplicative updates for any beta-divergence, dense, sparse, complete or masked.

All are of the form ``F ← F ∘ (N / D)^g``, where the gradient of the data term is
``D − N`` (`nmflab_solvers._data_terms`). Restricting the sum to observed cells leaves
the majorizer, and so the descent, as it is. Factors are component-major: ``Wt`` has the
shape ``(n_components, n_samples)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Step
from nmflab.numerics.model import refuse_values
from nmflab_solvers._data_terms import Parts, data_term
from nmflab_solvers._rescale import Rescaled, rescale, stored_values


def power(beta: float, l2: float) -> float:
    """Return the exponent g that makes the update descend, penalties included.

    Without L2: 1/(2−beta) below 1, 1/(beta−1) above 2, else 1 (Févotte & Idier 2011,
    section 4.1). The L1 weight joins D: ``t ≤ t^beta/beta + const`` majorizes it where
    beta > 1. With L2, ``D + l2 F`` takes its place; where beta < 2 the terms of D are
    majorized by squares, which gives 1/(3−beta) (Tan & Févotte 2013).
    """
    if beta > 2:
        return 1 / (beta - 1)
    if l2 > 0:
        return 1 / (3 - beta)
    return 1 / (2 - beta) if beta < 1 else 1.0


def multiply(F: Matrix, parts: Parts, *, beta: float, l1: float, l2: float) -> None:
    """Update a factor in place from its numerator and denominator.

    A factor's entry on which neither term acts (no observed cell, no penalty) keeps its
    value: the objective does not depend on it.
    """
    N, D = parts
    if l1 > 0:
        D = D + l1
    if beta == 1 and l2 > 0:
        # The surrogate −a log h + D h + ½ l2 h² has its minimum in closed form.
        N *= F
        D = D + np.sqrt(D * D + 4 * l2 * N)
        F.fill(0)
        np.divide(2 * N, D, out=F, where=D > 0)
        return
    if l2 > 0:
        D = D + l2 * F
    ratio = np.divide(N, D, out=np.ones_like(F), where=D > 0)
    exponent = power(beta, l2)
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


def multiplicative_steps(
    problem: Problem, init: Factors, floor: float
) -> Generator[Factors | Step, None, str | None]:
    """Yield the factors after each update of H, then W, without end.

    Raises
    ------
    ValueError
        If the loss is infinite at a cell of X: one that is 0, where beta <= 0.
    """
    refuse_values(problem, problem.objective.exponent)
    scaled = rescale(problem)
    Wt, H = scaled.enter(init)
    if not stored_values(problem.X).any():
        yield Factors(np.zeros_like(Wt.T), np.zeros_like(H))
        return "X is 0 at every fitted cell: W = 0 and H = 0 reproduce it exactly"
    step = _stepper(scaled, Wt, H, floor)
    while True:
        step()
        yield scaled.leave(Wt, H)


def _stepper(
    scaled: Rescaled, Wt: Matrix, H: Matrix, floor: float
) -> Callable[[], None]:
    """Floor both factors in place and return a function that updates them in place."""
    objective, term = scaled.problem.objective, data_term(scaled.problem)
    smallest = smallest_entry(scaled, H.shape[0], floor)
    beta = objective.exponent
    np.maximum(Wt, smallest, out=Wt)
    np.maximum(H, smallest, out=H)

    # Clipping keeps the descent: the surrogate is separable, with one minimum each.
    def step() -> None:
        parts = term.for_features(Wt, H)
        multiply(H, parts, beta=beta, l1=objective.l1_H, l2=objective.l2_H)
        np.maximum(H, smallest, out=H)
        parts = term.for_samples(Wt, H)
        multiply(Wt, parts, beta=beta, l1=objective.l1_W, l2=objective.l2_W)
        np.maximum(Wt, smallest, out=Wt)

    return step


def check_floor(floor: float) -> None:
    """Raise ValueError unless the floor can keep entries alive and stay negligible."""
    if not 0 < floor < 1:  # written so that NaN is refused too
        raise ValueError(
            f"solver.floor must be > 0 and < 1, got {floor}: an entry at 0 could never"
            " move again, and 1 is the size of a typical entry. Use a small number,"
            " such as 1e-16."
        )
