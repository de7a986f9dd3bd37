"""The penalties of an objective with all that depends on the data worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem
from nmflab.numerics.cells import Float64, cell_counts, double, n_fitted
from nmflab.numerics.data_terms import Derivatives

Weight: TypeAlias = float | Float64
"""One for all entries, or an array that broadcasts to the factor."""


@dataclass(frozen=True, slots=True)
class Penalties:
    """``l1 Σ|F| + ½ Σ l2 F²`` for both factors, and what offsets cost.

    Parameters
    ----------
    l1_W, l1_H : float
    l2_W : float or ndarray of shape (n_samples, 1)
        Multiplied by each row's number of fitted cells where the objective says so.
    l2_H : float or ndarray of shape (1, n_features)
    row_offset, column_offset : float
        Weights of ``½ Σ (row_offset − mean)²`` and ``½ Σ column_offset²``.
    mean : float
        Of X over the fitted cells; 0 where `row_offset` is.
    """

    l1_W: float
    l1_H: float
    l2_W: Weight
    l2_H: Weight
    row_offset: float
    column_offset: float
    mean: float

    def value(self, factors: Factors, W: Float64, H: Float64) -> float:
        """Return what the penalties add to the objective; W and H are in float64."""
        total = 0.0
        for F, l1, l2 in ((W, self.l1_W, self.l2_W), (H, self.l1_H, self.l2_H)):
            if l1:
                total += l1 * float(np.abs(F).sum())
            if np.any(l2):
                total += 0.5 * float(np.vdot(F, l2 * F))
        if factors.row_offset is not None and self.row_offset:
            away = double(factors.row_offset) - self.mean
            total += 0.5 * self.row_offset * float(np.vdot(away, away))
        if factors.column_offset is not None and self.column_offset:
            offset = double(factors.column_offset)
            total += 0.5 * self.column_offset * float(np.vdot(offset, offset))
        return total

    def join(
        self, found: Derivatives | None, W: Float64, H: Float64
    ) -> Derivatives | None:
        """Return the derivatives of the data term with those of the penalties added."""
        if found is None:
            return None
        grad_W = found.grad_W + np.where(W < 0, -self.l1_W, self.l1_W) + self.l2_W * W
        grad_H = found.grad_H + np.where(H < 0, -self.l1_H, self.l1_H) + self.l2_H * H
        curvature_W, curvature_H = found.curvature_W, found.curvature_H
        if curvature_W is None or curvature_H is None:
            curvature_W = np.einsum("kj,kj->k", H, H)[None, :]
            curvature_H = np.einsum("ik,ik->k", W, W)[:, None]
        return Derivatives(
            grad_W, grad_H, curvature_W + self.l2_W, curvature_H + self.l2_H
        )


def penalties_of(problem: Problem) -> Penalties:
    """Return the penalties of a problem's objective."""
    goal = problem.objective
    l2_W: Weight = goal.l2_W
    l2_H: Weight = goal.l2_H
    if goal.l2_per_count and (goal.l2_W or goal.l2_H):
        rows, columns = cell_counts(problem)
        l2_W, l2_H = goal.l2_W * rows[:, None], goal.l2_H * columns[None, :]
    return Penalties(
        l1_W=goal.l1_W,
        l1_H=goal.l1_H,
        l2_W=l2_W,
        l2_H=l2_H,
        row_offset=goal.l2_row_offset,
        column_offset=goal.l2_column_offset,
        mean=mean_fitted(problem) if goal.l2_row_offset else 0.0,
    )


def mean_fitted(problem: Problem) -> float:
    """Return the mean of X over the fitted cells, in float64; 0 where there is none."""
    X, n_cells = problem.X, n_fitted(problem)
    # Unobserved cells hold 0, so that all there is may be summed.
    values = X if isinstance(X, np.ndarray) else cast(Matrix, X.data)
    total = float(values.sum(dtype=np.float64))
    return total / n_cells if n_cells else 0.0
