"""What the starts share: the natural size of an entry, and the optimal scalar."""

from __future__ import annotations

import math

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem
from nmflab.numerics import n_fitted, optimal_scale


def mean_observed(problem: Problem) -> float:
    """Return the mean of X over its observed cells, summed in float64; 0 if none is."""
    values = problem.X if isinstance(problem.X, np.ndarray) else problem.X.data
    n_cells = n_fitted(problem)
    return float(values.sum(dtype=np.float64)) / n_cells if n_cells else 0.0


def finished(problem: Problem, W: Matrix, H: Matrix, *, scale: bool) -> Factors:
    """Return C-ordered factors of the problem's dtype, scaled where that is asked.

    Both factors are multiplied by the root of the scalar a that minimizes the loss of
    ``a WH`` (Ho 2008). Where no finite positive scalar does, they stay as they are.
    """
    if scale and W.any() and H.any():
        a = optimal_scale(problem, Factors(W, H))
        if 0 < a < math.inf:
            W, H = W * math.sqrt(a), H * math.sqrt(a)
    dtype = problem.dtype
    return Factors(
        np.ascontiguousarray(W, dtype=dtype), np.ascontiguousarray(H, dtype=dtype)
    )
