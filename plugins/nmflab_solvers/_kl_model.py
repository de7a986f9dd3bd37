"""The state of `nmflab_solvers.kl`: factors as tables, and either kind of step."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from nmflab.contracts import Factors, Matrix, Step
from nmflab.kernels import load, n_threads
from nmflab_solvers._masked_rows import Side, by_row_and_column, width_for
from nmflab_solvers._rescale import Rescaled

_SHARE = 0.1
"""What an extrapolated entry keeps at least: from close to 0 it would only double."""


class Kind(StrEnum):
    """How a factor is updated."""

    mu = "mu"
    cd = "cd"


class KlModel:
    """Both factors of a Kullback-Leibler problem.

    Parameters
    ----------
    scaled : Rescaled
    init : Factors
    floor : float
        Smallest entry of either factor, in the units of the rescaled problem.
    sweeps : int
        Over each row in an update by coordinate descent.
    """

    def __init__(
        self, scaled: Rescaled, init: Factors, floor: float, sweeps: int
    ) -> None:
        problem = scaled.problem
        self._scaled, self._sweeps, self._floor = scaled, sweeps, floor
        self._k, self._masked = init.n_components, problem.observed is not None
        goal, width = problem.objective, width_for(self._k, problem.dtype)
        Wt, H = scaled.enter(init)
        cells = by_row_and_column(problem, zeros=False)
        self.W, self.H = (
            Side(of, np.maximum(F.T, floor), self._terms(width, l1, l2))
            for of, F, l1, l2 in zip(
                cells,
                (Wt, H),
                (goal.l1_W, goal.l1_H),
                (goal.l2_W, goal.l2_H),
                strict=True,
            )
        )
        x = cells[0].values[cells[0].values > 0].astype(np.float64)
        self._constant = float(x @ np.log(x) - x.sum())
        self._kernels, self._n_threads = load("kl"), n_threads()

    def step(self, kind: Kind, weight: float, *, measure: bool) -> float:
        """Update H, then W; return an objective that extrapolation is judged by.

        H is extrapolated, and W updated for the extrapolated H. Coordinate descent
        measures the two; a multiplicative update measures what it starts from, the
        extrapolated W and H, whose products it has at hand. Returns 0 where nothing is
        to be measured.
        """
        self._update(self.H, self.W.ahead, kind, measure=False)
        self.H.extrapolate(weight, project=True, share=_SHARE)
        loss = self._update(self.W, self.H.ahead, kind, measure=measure)
        if not measure:
            return 0.0
        table = self.W.ahead if kind == Kind.mu else self.W.new
        penalties = self.W.penalty(table) + self.H.penalty(self.H.ahead)
        return self._constant + loss + penalties

    def settle(self, weight: float, *, accepted: bool) -> None:
        """Extrapolate W and keep the step, or go back to the last one kept."""
        if accepted:
            self.W.extrapolate(weight, project=True, share=_SHARE)
            self.W.accept()
            self.H.accept()
        else:
            self.restart()

    def restart(self) -> None:
        """Go on from the last accepted pair."""
        self.W.restart()
        self.H.restart()

    def leave(self) -> Step:
        """Return the step's pair in the given problem's units, fetched when due."""

        def fetch() -> Factors:
            root, k = self._scaled.root, self._k
            H = np.ascontiguousarray(self.H.ahead[:, :k].T)
            return Factors(self.W.kept[:, :k] * root, H * root)

        return Step(fetch)

    def _terms(self, width: int, l1: float, l2: float) -> Matrix:
        terms = np.zeros((5, width))
        terms[:, : self._k] = np.array([l1, l2, 0, self._floor, 1])[:, None]
        return terms.astype(self._scaled.problem.dtype)

    def _update(self, side: Side, other: Matrix, kind: Kind, *, measure: bool) -> float:
        cells, sums = side.cells, other.sum(axis=0, dtype=np.float64)
        x = cells.starts, cells.columns, cells.values
        parts = *x, other, side.ahead, sums.astype(other.dtype), side.terms
        options = {
            "used": side.used,
            "masked": self._masked,
            "smallest": self._floor**2,
            "measure": measure,
            "new": side.new,
            "n_threads": self._n_threads,
        }
        if kind == Kind.mu:
            return float(self._kernels.multiply_rows(*parts, **options))
        return float(self._kernels.newton_rows(*parts, sweeps=self._sweeps, **options))
