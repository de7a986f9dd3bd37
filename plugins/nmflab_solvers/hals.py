"""Hierarchical alternating least squares, textbook and accelerated."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import rescale, stored_values

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Hals:
    """Exact coordinate descent, one component of W at a time, then one of H.

    ``w_k ← max(0, w_k + ((XH')_k − W(HH')_k − l1 − l2 w_k) / ((HH')_kk + l2))``, and
    h_k likewise with ``W'X`` and ``W'W``. The costly products are formed once per step;
    the accelerated form sweeps each factor several times before it goes to the other.

    Parameters
    ----------
    inner : int, optional
        Most sweeps over a factor before the other is updated. 1 is textbook HALS. None,
        the default, is the accelerated rule of Gillis & Glineur: at most
        ``floor(1 + alpha·rho)``, where rho weighs the cost of forming the products
        against that of a sweep, in floating-point operations.
    alpha : float, default 0.5
        Factor of that rule (dimensionless); read where ``inner`` is None.
    delta : float, default 0.1
        Sweeping stops early once a sweep changes the factor by no more than `delta`
        times what the first one did (Frobenius norms); 0 never stops early.

    Notes
    -----
    A component whose partner has become 0 everywhere (a zero on the Gram diagonal) is
    skipped, so that what is left of it can revive it; where both halves are 0 it stays
    out, and the run's ``n_active`` counts it so.

    References
    ----------
    A. Cichocki, R. Zdunek, S. Amari, "Hierarchical ALS Algorithms for Nonnegative
    Matrix and 3D Tensor Factorization", ICA 2007.
    N. Gillis, F. Glineur, "Accelerated Multiplicative Updates and Hierarchical ALS
    Algorithms for Nonnegative Matrix Factorization", Neural Computation 24(4), 2012.
    """

    inner: int | None = None
    alpha: float = 0.5
    delta: float = 0.1

    def __post_init__(self) -> None:
        if self.inner is not None and not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1 or null, got {self.inner}: it counts the"
                " sweeps over a factor. Use 1 for textbook HALS, null for the rule."
            )
        if not 0 <= self.alpha < np.inf:
            raise ValueError(
                f"solver.alpha must be >= 0 and finite, got {self.alpha}. Use 0.5, as"
                " published."
            )
        if not 0 <= self.delta < 1:
            raise ValueError(
                f"solver.delta must be >= 0 and < 1, got {self.delta}. Use 0.1, as"
                " published."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        scaled = rescale(problem)
        Wt, H = scaled.enter(init)
        X, objective = scaled.problem.X, scaled.problem.objective
        most_W, most_H = self._most_sweeps(problem, n_components=H.shape[0])
        while True:
            C = times_transposed(H, X)
            self._solve(Wt, C, H @ H.T, objective.l1_W, objective.l2_W, most_W)
            C = times(Wt, X)
            self._solve(H, C, Wt @ Wt.T, objective.l1_H, objective.l2_H, most_H)
            yield scaled.leave(Wt, H)

    def _most_sweeps(self, problem: Problem, n_components: int) -> tuple[int, int]:
        """Return the most sweeps for W and for H (Gillis & Glineur 2012, section 3.1).

        Operations are counted, never timed: the same run twice does the same steps.
        """
        if self.inner is not None:
            return self.inner, self.inner
        n_samples, n_features = problem.shape
        n_stored, r = stored_values(problem.X).size, n_components
        rho_W = 1 + (n_stored + n_features * r) / (n_samples * (r + 1))
        rho_H = 1 + (n_stored + n_samples * r) / (n_features * (r + 1))
        return int(1 + self.alpha * rho_W), int(1 + self.alpha * rho_H)

    def _solve(
        self, F: Matrix, C: Matrix, G: Matrix, l1: float, l2: float, most: int
    ) -> None:
        """Sweep F in place towards ``min ½⟨F, GF⟩ − ⟨C, F⟩`` plus penalties, F >= 0."""
        if l1 > 0:
            C -= l1
        if l2 > 0:
            G.flat[:: G.shape[0] + 1] += l2
        first = sweep(F, C, G)
        for _ in range(most - 1):
            # Squared lengths are compared, hence the squared delta.
            if sweep(F, C, G) <= self.delta**2 * first:
                break


def sweep(F: Matrix, C: Matrix, G: Matrix) -> float:
    """Update each row of F once, in place, and return the squared change of F.

    Parameters
    ----------
    F : ndarray of shape (n_components, n_columns)
    C : ndarray of shape (n_components, n_columns)
        Products of X with the other factor, less the L1 weight.
    G : ndarray of shape (n_components, n_components)
        Gram matrix of the other factor, plus the L2 weight on its diagonal.
    """
    moved, step = 0.0, np.empty_like(F[0])
    smallest = np.finfo(F.dtype).tiny
    for f, c, g, curvature in zip(F, C, G, G.diagonal(), strict=True):
        if curvature < smallest:
            continue
        np.dot(g, F, out=step)
        np.subtract(c, step, out=step)
        step /= curvature
        step += f
        np.maximum(step, 0, out=step)
        f -= step
        moved += float(f @ f)
        f[:] = step
    return moved


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Hierarchical alternating least squares."""
    yield SolverSpec(
        name="hals",
        solver=Hals,
        takes=Takes(losses=frozenset({"frobenius"}), penalties=frozenset({"l1", "l2"})),
        promises=Promises(monotone=True),
        examples=(Hals(), Hals(inner=1)),
    )
