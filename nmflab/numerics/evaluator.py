"""Evaluation of a problem's objective, its derivatives and its stationarity."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from nmflab.contracts import Factors, Problem
from nmflab.numerics.cells import Float64, double, n_fitted
from nmflab.numerics.data_terms import DataTerm, Derivatives, data_term
from nmflab.numerics.kkt import BOTH, projected_norm, relative_step
from nmflab.numerics.model import data_norm, refuse_values, widened
from nmflab.numerics.penalties import penalties_of


class ObjectiveEvaluator:
    """The objective of one problem, ready for many evaluations.

    ``F(W, H) = D(X | WH) + l1_W Σ|W| + l1_H Σ|H| + ½ l2_W ‖W‖² + ½ l2_H ‖H‖²``, as
    `nmflab.contracts.Objective` states it: with offsets in the model and their
    penalties, and L2 by counts of cells where it is asked for. What depends on X alone
    is computed once, here; `Objective.floor` is in X already (`splits.make_problem`).
    All sums are float64, whatever the dtypes; a dense ``W H`` is never formed for a
    large sparse X, and large problems are worked through in blocks of a few MB.

    Parameters
    ----------
    problem : Problem

    Raises
    ------
    ValueError
        If the loss does not allow the values of X: any below 0 unless the loss is
        frobenius, any 0 in a fitted cell for β ≤ 0 (itakura_saito).
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        goal = problem.objective
        self._beta = goal.exponent
        refuse_values(problem, self._beta)
        self._term = data_term(problem, self._beta)
        self._squared: DataTerm | None = self._term if self._beta == 2 else None
        offsets = goal.l2_row_offset or goal.l2_column_offset
        self._penalised = bool(goal.penalties - {"unit"} or offsets)
        self._penalties = penalties_of(problem)
        self._unit = goal.unit

    def value(self, factors: Factors) -> float:
        """Return the objective, penalties included.

        +inf where the divergence is: for kullback_leibler and itakura_saito at
        ``WH = 0`` with X > 0; for every loss but frobenius at ``WH < 0``.
        """
        W, H = double(factors.W), double(factors.H)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value = self._term.value(*widened(factors, W, H))
            if self._penalised:
                value += self._penalties.value(factors, W, H)
        return float(value)

    def gradients(self, factors: Factors) -> tuple[Float64, Float64]:
        """Return the gradients of the objective by W and by H, float64.

        The L1 penalties count as ``+l1`` at 0, the side that is left to them.

        Raises
        ------
        ValueError
            If the slope is infinite: X > 0 where ``WH = 0``, for β < 2, or ``WH < 0``.
        """
        W, H = double(factors.W), double(factors.H)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = self._derivatives(factors, W, H)
        if found is None:
            raise ValueError(
                f"gradients: loss {self.problem.objective.loss!r} has an infinite slope"
                " where WH is 0 and X is not, or where WH is negative; keep the factors"
                " above a small positive floor"
            )
        return found.grad_W, found.grad_H

    def kappa(self, factors: Factors, nonnegative: Collection[str] = BOTH) -> float:
        """Return the scale-invariant KKT residual: 0 at a stationary point.

        ``κ = max_k ‖min(h_k, ∂F/∂h_k / q)‖ / ‖h_k‖``, and the same for W, with q the
        curvature of F along each entry: ``(W'W)_kk`` for frobenius over all cells,
        ``Σ_i w_ik²`` over the observed cells of a column under a mask,
        ``Σ_i w_ik² x/y²`` for kullback_leibler (see `divergence.slope_and_curvature`),
        plus l2. Dimensionless; the offsets are held fixed. +inf where a slope is.

        A factor held at unit length (`Objective.unit`) steps along the sphere:
        ``‖u − v/‖v‖‖`` with ``u = w_k/‖w_k‖``, ``v = max(0, u − ∂F/∂w_k / q)`` and q
        the largest curvature along an entry of w_k. Where that is the same for all of
        them (frobenius over all cells) v/‖v‖ is the best w_k on the sphere, the others
        given; where ``v = 0`` the best is the unit vector of its largest argument.

        Parameters
        ----------
        factors : Factors
        nonnegative : collection of {"W", "H"}
            The factors that are bound to stay at or above 0, as in `Promises`.
        """
        W, H = double(factors.W), double(factors.H)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = self._derivatives(factors, W, H)
            if found is None:
                return np.inf
            return relative_step(W, H, found, nonnegative, self._unit)

    def projected_gradient_norm(
        self, factors: Factors, nonnegative: Collection[str] = BOTH
    ) -> float:
        """Return ``‖P‖_F``: P the gradient where an entry is above 0, else min(0, ·).

        For a factor held at unit length, the gradient without its part along w_k: what
        is left lies in the tangent space of the sphere. Entries at a solver's floor
        count as 0 (`kkt.NEGLIGIBLE`). It depends on the units of X and on the scale of
        the components: good to stop one run against its own start, never to compare
        runs (Lin 2007). +inf where a slope is.
        """
        W, H = double(factors.W), double(factors.H)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = self._derivatives(factors, W, H)
            if found is None:
                return np.inf
            return projected_norm(W, H, found, nonnegative, self._unit)

    def residual_norm(self, factors: Factors) -> float:
        """Return ``‖X − WH‖_F`` over the fitted cells, whatever the loss; units of X.

        Accurate near an exact fit too.
        """
        if self._squared is None:
            self._squared = data_term(self.problem, 2.0)
        W, H = double(factors.W), double(factors.H)
        with np.errstate(over="ignore", invalid="ignore"):
            return float(np.sqrt(2.0 * self._squared.value(*widened(factors, W, H))))

    def optimal_scale(self, factors: Factors) -> float:
        """Return the a that minimises ``D(X | a WH)`` over the fitted cells.

        ``a = Σ x y^(β−1) / Σ y^β`` with ``y = WH`` (Ho 2008): frobenius
        ``⟨X, Y⟩/‖Y‖²``, kullback_leibler ``ΣX/ΣY``, itakura_saito the mean of X/Y.
        Multiply both factors by √a. 1 where WH is 0 in every fitted cell, since no
        scalar changes that; cells with WH = 0 are left out for β ≤ 1.

        Raises
        ------
        ValueError
            If the factors have offsets, which a scalar on W and H does not reach.
        """
        if factors.row_offset is not None or factors.column_offset is not None:
            raise ValueError(
                "optimal_scale: the factors have offsets, and a scalar of W and H does"
                " not scale those; scale W and H first and add the offsets after"
            )
        above, below = self._term.scale(double(factors.W), double(factors.H))
        return above / below if below > 0 else 1.0

    @property
    def n_fitted(self) -> int:
        """How many cells are fitted; a count."""
        return n_fitted(self.problem)

    @property
    def data_norm(self) -> float:
        """``‖X‖_F`` over the fitted cells; units of X."""
        return data_norm(self.problem)

    def _derivatives(
        self, factors: Factors, W: Float64, H: Float64
    ) -> Derivatives | None:
        found = self._term.derivatives(*widened(factors, W, H), W, H)
        return self._penalties.join(found, W, H) if self._penalised else found
