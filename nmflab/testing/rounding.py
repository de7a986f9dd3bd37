"""How far rounding alone can move an objective: the tolerance of the contract tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.contracts import Factors, Mask, Matrix, Problem
from nmflab.numerics.cells import Float64
from nmflab.numerics.penalties import penalties_of


def objective_slack(problem: Problem, factors: Factors) -> float:
    """Return what rounding in the problem's dtype can add to the objective.

    An update rounds each entry of ``Y = W H`` by at most ``δ = c ε``, relatively: ε of
    the dtype, and c a few times the longest sum in an update (an inner product over
    samples, features or components). The divergence has ``D'(x|y) = y^(β−2) (y − x)``
    and ``y² D'' ≤ const (y^β + x y^(β−1))``, so that to second order it moves by at
    most ``δ Σ y^(β−1) |y − x| + δ² Σ (y^β + x y^(β−1))``; the penalties, homogeneous of
    degree 1 and 2, by ``2 δ`` times their value. Evaluating the objective in float64
    adds ``δ₆₄ Σ (y^β + x y^(β−1))``, its terms being of that size before they cancel.
    """
    X, seen = dense(problem)
    W = np.asarray(factors.W, dtype=np.float64)
    H = np.asarray(factors.H, dtype=np.float64)
    Y = Factors(W, H, factors.row_offset, factors.column_offset).reconstruct()
    # A y of 0 to a negative power would be infinite: the smallest normal number is not.
    y, x = np.maximum(Y[seen], np.finfo(np.float64).tiny), np.abs(X[seen])
    beta = problem.objective.exponent
    with np.errstate(over="ignore"):  # an infinite objective has an infinite slack
        size = y**beta + x * y ** (beta - 1)
        slope = y ** (beta - 1) * np.abs(y - x)
    longest = max(*problem.shape, factors.n_components)
    delta = 16.0 * longest * float(np.finfo(problem.dtype).eps)
    delta_64 = 16.0 * longest * float(np.finfo(np.float64).eps)
    penalties = 2 * delta * _penalties(problem, W, H)
    return float(delta * slope.sum() + (delta**2 + delta_64) * size.sum() + penalties)


def dense(problem: Problem) -> tuple[Matrix, Mask]:
    """Return X in float64 and where it is to be fitted, both dense."""
    X = problem.X if isinstance(problem.X, np.ndarray) else problem.X.toarray()
    mask: Any = problem.observed
    if mask is None:
        mask = np.ones(X.shape, dtype=np.bool_)
    seen: Mask = mask if isinstance(mask, np.ndarray) else mask.toarray()
    return np.asarray(X, dtype=np.float64), seen


def _penalties(problem: Problem, W: Float64, H: Float64) -> float:
    return penalties_of(problem).value(Factors(W, H), W, H)
