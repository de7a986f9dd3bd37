"""Alternating non-negative least squares, each block solved exactly."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics import data_norm
from nmflab.numerics.nnls import nnls
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._extrapolation import ANLS, Extrapolation, Momentum, growth_of
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import rescale

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class AnlsBpp:
    """Block principal pivoting: at each step the best H for W, then the best W for H.

    ``H ← argmin_{H >= 0} ½‖X − WH‖² + l1 ΣH + ½ l2 ‖H‖²`` exactly, from the Gram matrix
    ``W'W + l2 I`` and the products ``W'X − l1``; W likewise. The passive sets of the
    last step are the first guess of the next.

    Parameters
    ----------
    extrapolation : {"none", "ang_gillis", "tuned"}, default "none"
        "none" is the published algorithm, which never lets the objective rise. With
        "ang_gillis" each block is solved at the other's extrapolation, by the rule and
        the constants that these authors give for exact blocks; "tuned" has others. A
        step that raises the objective is undone, and the pair before it yielded again.

    Notes
    -----
    Cost of a step: the two products with X, and for each group of columns (rows of W)
    with the same passive set a Cholesky factorization of at most n_components³ / 3
    operations, a few times over.

    It works in float64 whatever the dtype of the run: a rounding of ``W'X`` is
    magnified by the inverse of ``W'W``, which may be singular. A float32 X is copied,
    and the factors yielded are the rounded ones.

    References
    ----------
    J. Kim, H. Park, "Fast Nonnegative Matrix Factorization: An Active-Set-Like Method
    and Comparisons", SIAM J. Sci. Comput. 33(6), 2011.
    A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms
    Using Extrapolation", Neural Computation 31(2), 2019.
    """

    extrapolation: Extrapolation = Extrapolation.none

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        scaled = rescale(problem)
        blocks, reseeder = _Blocks(scaled.problem), Reseeder(scaled.problem)
        Wt, H = (_double(F) for F in scaled.enter(init))
        W_ahead, H_ahead = shown = Wt, H
        momentum = Momentum(growth_of(self.extrapolation, ANLS))
        while True:
            H_new = blocks.best_H(W_ahead, H_ahead)
            H_ahead = np.maximum(H_new + momentum.weight * (H_new - H), 0)
            W_new, objective = blocks.best_W(H_ahead, W_ahead)
            W_ahead = W_new + momentum.weight * (W_new - Wt)
            if momentum.accepts(objective):
                # W was fitted to the extrapolated H: with H_new the pair may be worse.
                Wt, H, shown = W_new, H_new, (W_new, H_ahead)
            else:
                W_ahead, H_ahead = Wt, H
            n_reseeded = reseeder.revive(Wt, H)
            if n_reseeded:
                momentum.forget()
                shown = W_ahead, H_ahead = Wt, H
            step = scaled.leave(*(F.astype(problem.dtype) for F in shown))
            yield replace(step, n_reseeded=n_reseeded)


class _Blocks:
    """The two least squares problems of a factorization, in float64.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem: Problem) -> None:
        self._X = problem.X.astype(np.float64, copy=False)
        self._goal = problem.objective
        self._half_square = data_norm(problem) ** 2 / 2

    def best_H(self, Wt: Matrix, start: Matrix) -> Matrix:  # noqa: N802 (of H)
        """Return the best H for ``W'``, which may hold negative entries."""
        G, C = Wt @ Wt.T, times(Wt, self._X)
        return nnls(_shifted(G, self._goal.l2_H), C - self._goal.l1_H, start)

    def best_W(  # noqa: N802 (of W)
        self, H: Matrix, start: Matrix
    ) -> tuple[Matrix, float]:
        """Return the best ``W'`` for H, and the objective of the two."""
        goal, G, C = self._goal, H @ H.T, times_transposed(H, self._X)
        Wt = nnls(_shifted(G, goal.l2_W), C - goal.l1_W, start)
        fit = self._half_square - np.vdot(C, Wt) + np.vdot(G, Wt @ Wt.T) / 2
        first = goal.l1_W * Wt.sum() + goal.l1_H * H.sum()
        second = goal.l2_W * np.vdot(Wt, Wt) + goal.l2_H * np.trace(G)
        return Wt, float(fit + first + second / 2)


def _shifted(G: Matrix, l2: float) -> Matrix:
    shifted: Matrix = G + l2 * np.eye(len(G))
    return shifted


def _double(F: Matrix) -> Matrix:
    return F.astype(np.float64, copy=False)


def _is_monotone(solver: AnlsBpp) -> bool:
    return solver.extrapolation == Extrapolation.none


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Alternating non-negative least squares by block principal pivoting."""
    yield SolverSpec(
        name="anls_bpp",
        solver=AnlsBpp,
        takes=Takes(losses=frozenset({"frobenius"}), penalties=frozenset({"l1", "l2"})),
        promises=Promises(monotone=_is_monotone),
        examples=(AnlsBpp(), AnlsBpp(extrapolation=Extrapolation.ang_gillis)),
    )
