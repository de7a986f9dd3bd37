"""Alternating optimization, each block by the alternating direction method."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import rescale

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class AoAdmm:
    """A few rounds of ADMM on H, then on W: at each round, with F = H or W'.

    ``F̃ = (G + rho I)⁻¹ (C + rho (F + U))``, ``F = prox(F̃ − U)``, ``U ← U + F − F̃``,
    where for H ``G = W'W + l2 I``, ``C = W'X``, ``rho = tr(G)/n_components`` and
    ``prox(V) = max(0, V − l1/rho)``.

    Parameters
    ----------
    inner : int, default 5
        Most rounds on a factor before the other is updated.
    tol : float, default 0.01
        Rounds end once ``‖F − F̃‖ <= tol ‖F‖`` and ``‖F − F_last‖ <= tol ‖U‖``
        (dimensionless); 0 never ends early.

    Notes
    -----
    Cost of a step: the two products with X, a Cholesky factorization of n_components³/3
    operations for each factor, and for each round
    2 (n_samples or n_features) n_components² operations.

    What is yielded is F, which is non-negative, not F̃, which is optimal where F is not.
    The two meet only in the limit, so the objective may rise. The scaled duals U are
    kept from one step to the next.

    References
    ----------
    K. Huang, N. D. Sidiropoulos, A. P. Liavas, "A Flexible and Efficient Algorithmic
    Framework for Constrained Matrix and Tensor Factorization", IEEE Trans. Signal
    Processing 64(19), 2016 (algorithms 1 and 3).
    """

    inner: int = 5
    tol: float = 0.01

    def __post_init__(self) -> None:
        if not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1, got {self.inner}: it counts the rounds of"
                " ADMM on a factor. Use 5 to 10."
            )
        if not 0 <= self.tol < math.inf:
            raise ValueError(
                f"solver.tol must be >= 0 and finite, got {self.tol}. Use 0.01."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        scaled = rescale(problem)
        Wt, H = scaled.enter(init)
        U_W, U_H = np.zeros_like(Wt), np.zeros_like(H)
        X, objective = scaled.problem.X, scaled.problem.objective
        reseeder = Reseeder(scaled.problem)
        while True:
            G, C = Wt @ Wt.T, times(Wt, X)
            H = self._solve(G, C, H, U_H, objective.l1_H, objective.l2_H)
            G, C = H @ H.T, times_transposed(H, X)
            Wt = self._solve(G, C, Wt, U_W, objective.l1_W, objective.l2_W)
            n_reseeded = reseeder.revive(Wt, H)
            yield replace(scaled.leave(Wt, H), n_reseeded=n_reseeded)

    def _solve(
        self, G: Matrix, C: Matrix, F: Matrix, U: Matrix, l1: float, l2: float
    ) -> Matrix:
        """Return F after some rounds; U is updated in place."""
        from scipy.linalg import cho_factor, cho_solve

        limits = np.finfo(G.dtype)
        G.flat[:: len(G) + 1] += l2
        rho = float(np.trace(G)) / len(G)
        if rho < limits.tiny:  # the other factor is 0: nothing to learn about this one
            return F
        G.flat[:: len(G) + 1] += rho
        factor, threshold = cho_factor(G), min(l1 / rho, float(limits.max))
        for _ in range(self.inner):
            last = F
            free = cho_solve(factor, C + rho * (F + U))
            F = np.maximum(free - U - threshold, 0)
            U += F - free
            if self._settled(F - free, F) and self._settled(F - last, U):
                break
        return F

    def _settled(self, residual: Matrix, size: Matrix) -> bool:
        return bool(np.linalg.norm(residual) <= self.tol * np.linalg.norm(size))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Alternating optimization with ADMM."""
    yield SolverSpec(
        name="ao_admm",
        solver=AoAdmm,
        takes=Takes(losses=frozenset({"frobenius"}), penalties=frozenset({"l1", "l2"})),
        examples=(AoAdmm(), AoAdmm(inner=3, tol=0.0)),
    )
