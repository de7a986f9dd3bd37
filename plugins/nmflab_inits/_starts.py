"""What the starts share: natural sizes, the optimal scalar, refusals."""

from __future__ import annotations

import math

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem
from nmflab.numerics import n_fitted, optimal_scale


def mean_observed(problem: Problem) -> float:
    """Return the mean of |X| over its observed cells, in float64; 0 if none is."""
    values = problem.X if isinstance(problem.X, np.ndarray) else problem.X.data
    n_cells = n_fitted(problem)
    if values.min(initial=0) < 0:  # only then is a copy of X made
        values = np.abs(values)
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


def balanced(W: Matrix, H: Matrix) -> tuple[Matrix, Matrix]:
    """Return the same product with equally long halves in each component.

    Both factors then change with the root of the unit of X, whatever units they were
    found in. A component with a half of 0 becomes 0 in both. In float64.
    """
    W, H = W.astype(np.float64), H.astype(np.float64)
    length_W, length_H = np.linalg.norm(W, axis=0), np.linalg.norm(H, axis=1)
    alive = (length_W > 0) & (length_H > 0)
    root = np.sqrt(length_W * length_H)
    to_W = np.divide(root, length_W, out=np.zeros_like(root), where=alive)
    to_H = np.divide(root, length_H, out=np.zeros_like(root), where=alive)
    return W * to_W, H * to_H[:, None]


def refuse_beyond_min_shape(problem: Problem, n_components: int, name: str) -> None:
    """Raise ValueError where n_components is larger than ``min(X.shape)``."""
    if n_components > min(problem.shape):
        raise ValueError(
            f"init={name} gives at most min(X.shape) = {min(problem.shape)} components,"
            f" n_components={n_components} was asked for; use init=random"
        )


def refuse_below(name: str, value: int, least: int) -> None:
    """Raise ValueError where an init's parameter is less than it may be."""
    if not value >= least:
        raise ValueError(f"init.{name} must be >= {least}, got {value}")
