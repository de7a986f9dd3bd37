"""Alternating non-negative least squares by accelerated projected gradients (NeNMF)."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import rescale

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class AcceleratedProjectedGradient:
    """Nesterov's method on H to a tolerance, then on W: at each step, with F = H or W'.

    ``F_t = max(0, Z − (GZ − C)/L)``, ``Z = F_t + ((a_t − 1)/a_{t+1}) (F_t − F_{t−1})``
    and ``a_{t+1} = (1 + sqrt(1 + 4 a_t²))/2``, where for H ``G = W'W + l2 I``,
    ``C = W'X − l1`` and L is the largest eigenvalue of G.

    Parameters
    ----------
    inner_min, inner_max : int, default 10 and 1000
        Fewest and most gradient steps on a factor before the other is updated.
    tol : float, default 1e-3
        Gradient steps end once the norm of the projected gradient at Z is at most `tol`
        times that of both factors at the start (dimensionless). A factor for which
        `inner_min` steps were enough has its tolerance divided by ten.

    Notes
    -----
    Cost of a step: the two products with X, and for each gradient step
    2 (n_samples or n_features) n_components² operations.

    Two departures from the paper. Within a block the method does not descend at every
    gradient step: columns of H (rows of W) for which the block's start was better
    than its end keep the start, so that the objective never rises. And the tolerance
    never falls below what rounding leaves of the gradient.

    References
    ----------
    N. Guan, D. Tao, Z. Luo, B. Yuan, "NeNMF: An Optimal Gradient Method for Nonnegative
    Matrix Factorization", IEEE Trans. Signal Processing 60(6), 2012 (algorithm 1; the
    tolerances are those of the authors' code).
    """

    inner_min: int = 10
    inner_max: int = 1000
    tol: float = 1e-3

    def __post_init__(self) -> None:
        if not 1 <= self.inner_min <= self.inner_max:
            raise ValueError(
                "solver.inner_min must be >= 1 and <= solver.inner_max, got"
                f" {self.inner_min} and {self.inner_max}: they count gradient steps."
                " Use 10 and 1000, as published."
            )
        if not 0 < self.tol < math.inf:
            raise ValueError(
                f"solver.tol must be > 0 and finite, got {self.tol}. Use 1e-3, as"
                " published."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        scaled = rescale(problem)
        Wt, H = scaled.enter(init)
        X, objective = scaled.problem.X, scaled.problem.objective
        reseeder = Reseeder(scaled.problem)
        for_H = _block(Wt, times(Wt, X), objective.l1_H, objective.l2_H)
        for_W = _block(H, times_transposed(H, X), objective.l1_W, objective.l2_W)
        tol_H = tol_W = self.tol * math.hypot(for_H.slope(H), for_W.slope(Wt))
        while True:
            for_H = _block(Wt, times(Wt, X), objective.l1_H, objective.l2_H)
            H, enough = self._solve(for_H, H, tol_H)
            tol_H = tol_H / 10 if enough else tol_H
            for_W = _block(H, times_transposed(H, X), objective.l1_W, objective.l2_W)
            Wt, enough = self._solve(for_W, Wt, tol_W)
            tol_W = tol_W / 10 if enough else tol_W
            n_reseeded = reseeder.revive(Wt, H)
            yield replace(scaled.leave(Wt, H), n_reseeded=n_reseeded)

    def _solve(self, block: Block, start: Matrix, tol: float) -> tuple[Matrix, bool]:
        """Return the better of start and end, and whether `inner_min` steps reached it.

        Parameters
        ----------
        block : Block
        start : ndarray of shape (n_components, n_columns)
        tol : float
            Norm of the projected gradient at which to stop.
        """
        if block.lipschitz == 0:  # the other factor is 0: the gradient is too, or l1
            return start, True
        tol = max(tol, block.rounding)
        F = Z = start
        gradient, a, n_steps = block.gradient(Z), 1.0, 0
        while n_steps < self.inner_min or (
            n_steps < self.inner_max and _projected_norm(gradient, Z) > tol
        ):
            last, a_last = F, a
            F = np.maximum(Z - gradient / block.lipschitz, 0)
            a = (1 + math.sqrt(1 + 4 * a**2)) / 2
            Z = F + (a_last - 1) / a * (F - last)
            gradient = block.gradient(Z)
            n_steps += 1
        return block.better(start, F), n_steps == self.inner_min


@dataclass(frozen=True)
class Block:
    """The least squares problem ``min ½⟨F, GF⟩ − ⟨C, F⟩`` over ``F >= 0``.

    Parameters
    ----------
    G : ndarray of shape (n_components, n_components)
    C : ndarray of shape (n_components, n_columns)
    lipschitz : float
        Largest eigenvalue of G.
    """

    G: Matrix
    C: Matrix
    lipschitz: float

    @property
    def rounding(self) -> float:
        """What is left of the gradient's norm where it would be 0 without rounding."""
        return float(np.finfo(self.C.dtype).eps) * float(np.linalg.norm(self.C))

    def gradient(self, F: Matrix) -> Matrix:
        """Return ``GF − C``."""
        gradient = self.G @ F
        gradient -= self.C
        return gradient

    def slope(self, F: Matrix) -> float:
        """Return the norm of the projected gradient at F."""
        return _projected_norm(self.gradient(F), F)

    def better(self, start: Matrix, end: Matrix) -> Matrix:
        """Return the better of two solutions, column by column."""
        step = end - start
        # f(end) − f(start) by the gradient half-way: exact for a quadratic
        slope = self.gradient((start + end) / 2)
        rise = np.einsum("kj,kj->j", step, slope, dtype=np.float64)
        return np.where(rise > 0, start, end)


def _block(other: Matrix, C: Matrix, l1: float, l2: float) -> Block:
    """Return the problem of one factor given the other; C is used up."""
    G = other @ other.T
    G.flat[:: len(G) + 1] += l2
    C -= l1
    lipschitz = float(np.linalg.eigvalsh(G.astype(np.float64))[-1])
    return Block(G, C, max(lipschitz, 0.0))


def _projected_norm(gradient: Matrix, F: Matrix) -> float:
    """Return the norm of the gradient less what points out of ``F >= 0`` at 0."""
    return float(np.linalg.norm(gradient[(gradient < 0) | (F > 0)]))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Accelerated projected gradients (NeNMF)."""
    yield SolverSpec(
        name="apg",
        solver=AcceleratedProjectedGradient,
        takes=Takes(losses=frozenset({"frobenius"}), penalties=frozenset({"l1", "l2"})),
        promises=Promises(monotone=True),
        examples=(
            AcceleratedProjectedGradient(),
            AcceleratedProjectedGradient(inner_min=1, inner_max=3),
        ),
    )
