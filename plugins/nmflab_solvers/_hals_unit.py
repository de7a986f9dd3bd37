"""Textbook HALS with the components of one factor held at Euclidean length 1."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Step
from nmflab_solvers._products import times, times_transposed


def unit_steps(
    problem: Problem, init: Factors
) -> Generator[Factors | Step, None, str | None]:
    """Yield the factors after each step, W updated before H, without end.

    On the unit sphere ``½‖R_k − w_k h_k‖²`` falls with ``⟨w_k, R_k h_k'⟩`` alone: the
    exact update of a component is the positive part of ``R_k h_k' − l1`` brought to
    length 1; where that part is 0, the unit vector at its largest entry.
    """
    X, goal = problem.X, problem.objective
    Wt = np.array(init.W.T, problem.dtype, order="C")
    H = np.array(init.H, problem.dtype, order="C")
    while True:
        C, G = times_transposed(H, X), H @ H.T
        _sweep(Wt, C - goal.l1_W, G, goal.l2_W, unit=goal.unit == "W")
        C, G = times(Wt, X), Wt @ Wt.T
        _sweep(H, C - goal.l1_H, G, goal.l2_H, unit=goal.unit == "H")
        yield Factors(Wt.T, H)


def _sweep(F: Matrix, C: Matrix, G: Matrix, l2: float, *, unit: bool) -> None:
    """Update each component of F once, in place."""
    smallest = np.finfo(F.dtype).tiny
    for k, (f, c, g) in enumerate(zip(F, C, G, strict=True)):
        pull = c - g @ F + g[k] * f
        if unit:
            f[:] = _on_sphere(pull)
        elif g[k] + l2 >= smallest:
            np.maximum(pull / (g[k] + l2), 0, out=f)


def _on_sphere(pull: Matrix) -> Matrix:
    """Return the non-negative unit vector with the largest product with `pull`."""
    best = np.maximum(pull, 0)
    largest = best.max()
    if not largest > 0:
        best[np.argmax(pull)] = 1
        return best
    best /= largest  # so that the length can neither overflow nor vanish
    unit: Matrix = best / np.sqrt(np.vdot(best, best))
    return unit
