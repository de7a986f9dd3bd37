"""How far factors are from a stationary point of their problem.

``kappa`` compares across solvers, starts, units and scales; the projected gradient does
not, and stops one run against its own start.

References
----------
C.-J. Lin, "Projected Gradient Methods for Nonnegative Matrix Factorization", Neural
Computation 19(10), 2007 (the projected gradient). H. Kim, H. Park, "Fast Nonnegative
Matrix Factorization: An Active-Set-Like Method and Comparisons", SIAM J. Sci. Comput.
33(6), 2011, sec. 5 (the residual that ``kappa`` makes free of units).
"""

from __future__ import annotations

from collections.abc import Collection

from nmflab.contracts import Factors, Problem
from nmflab.numerics.evaluator import ObjectiveEvaluator
from nmflab.numerics.kkt import BOTH, NEGLIGIBLE

__all__ = ["NEGLIGIBLE", "kappa", "projected_gradient_norm"]


def kappa(
    problem: Problem, factors: Factors, nonnegative: Collection[str] = BOTH
) -> float:
    """Return the scale-invariant KKT residual; see `ObjectiveEvaluator.kappa`."""
    return ObjectiveEvaluator(problem).kappa(factors, nonnegative)


def projected_gradient_norm(
    problem: Problem, factors: Factors, nonnegative: Collection[str] = BOTH
) -> float:
    """Return ``‖P‖_F``; see `ObjectiveEvaluator.projected_gradient_norm`."""
    return ObjectiveEvaluator(problem).projected_gradient_norm(factors, nonnegative)
