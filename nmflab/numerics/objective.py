"""The objective of a problem, its gradients and the norms of its parts.

Each function builds an `ObjectiveEvaluator` and asks it once; whoever evaluates one
problem again and again keeps the evaluator.
"""

from __future__ import annotations

from nmflab.contracts import Factors, Problem
from nmflab.numerics.cells import Float64, n_fitted
from nmflab.numerics.evaluator import ObjectiveEvaluator
from nmflab.numerics.model import data_norm

__all__ = [
    "ObjectiveEvaluator",
    "data_norm",
    "gradients",
    "n_fitted",
    "objective_value",
    "optimal_scale",
    "residual_norm",
]


def objective_value(problem: Problem, factors: Factors) -> float:
    """Return ``D(X | WH)`` plus penalties; see `ObjectiveEvaluator.value`."""
    return ObjectiveEvaluator(problem).value(factors)


def gradients(problem: Problem, factors: Factors) -> tuple[Float64, Float64]:
    """Return the gradients by W and H; see `ObjectiveEvaluator.gradients`."""
    return ObjectiveEvaluator(problem).gradients(factors)


def residual_norm(problem: Problem, factors: Factors) -> float:
    """Return ``‖X − WH‖_F``; see `ObjectiveEvaluator.residual_norm`."""
    return ObjectiveEvaluator(problem).residual_norm(factors)


def optimal_scale(problem: Problem, factors: Factors) -> float:
    """Return the best scalar for ``WH``; see `ObjectiveEvaluator.optimal_scale`."""
    return ObjectiveEvaluator(problem).optimal_scale(factors)
