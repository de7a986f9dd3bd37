"""Greedy coordinate descent: the entry that gains most is updated next."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.kernels import load
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import rescale

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class GreedyCoordinateDescent:
    """Coordinate descent on W, then on H, always at a row's most rewarding entry.

    Given the gradient ``g = Gf − c`` of a row f of W (a column of H), changing entry k
    alone to its optimum, by ``d_k = max(0, f_k − g_k/G_kk) − f_k``, lowers the
    objective by ``−g_k d_k − ½ G_kk d_k²``. The entry with the largest gain is changed,
    g updated, and so on; for W ``G = HH' + l2 I`` and ``c = XH' − l1``.

    Parameters
    ----------
    tol : float, default 0.01
        A row is left once no entry gains more than `tol` times the largest gain of any
        entry of the whole factor before its update (dimensionless).
    most : int, optional
        Most updates of a row before the next. None, the default, is n_components².

    Notes
    -----
    Cost of a step: the two products with X, the gradients
    (2 (n_samples + n_features) n_components² operations), and about 4 n_components for
    each update of an entry.

    References
    ----------
    C.-J. Hsieh, I. S. Dhillon, "Fast Coordinate Descent Methods with Variable Selection
    for Non-negative Matrix Factorization", KDD 2011 (algorithm 2; the defaults are
    those of the authors' code).
    """

    tol: float = 0.01
    most: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.tol < 1:
            raise ValueError(
                f"solver.tol must be >= 0 and < 1, got {self.tol}: it is a share of the"
                " largest gain. Use 0.01, as published."
            )
        if self.most is not None and not self.most >= 1:
            raise ValueError(
                f"solver.most must be >= 1 or null, got {self.most}: it counts the"
                " updates of a row. Use null for n_components²."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        scaled = rescale(problem)
        Wt, H = scaled.enter(init)
        X, objective = scaled.problem.X, scaled.problem.objective
        kernels, reseeder = load("gcd"), Reseeder(scaled.problem)
        while True:
            G, C = H @ H.T, times_transposed(H, X)
            self._descend(kernels, G, C, Wt, objective.l1_W, objective.l2_W)
            G, C = Wt @ Wt.T, times(Wt, X)
            self._descend(kernels, G, C, H, objective.l1_H, objective.l2_H)
            n_reseeded = reseeder.revive(Wt, H)
            yield replace(scaled.leave(Wt, H), n_reseeded=n_reseeded)

    def _descend(
        self,
        kernels: ModuleType,
        G: Matrix,
        C: Matrix,
        F: Matrix,
        l1: float,
        l2: float,
    ) -> None:
        """Update F, component-major, in place."""
        G.flat[:: len(G) + 1] += l2
        gradient = G @ F - C + l1
        # An update reads all components of one row: these lie side by side.
        rows = np.ascontiguousarray(F.T)
        most = len(G) ** 2 if self.most is None else self.most
        kernels.descend(rows, np.ascontiguousarray(gradient.T), G, self.tol, most)
        F[:] = rows.T


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Greedy coordinate descent."""
    yield SolverSpec(
        name="gcd",
        solver=GreedyCoordinateDescent,
        takes=Takes(losses=frozenset({"frobenius"}), penalties=frozenset({"l1", "l2"})),
        promises=Promises(monotone=True),
        requires=("numba>=0.60",),
        examples=(
            GreedyCoordinateDescent(),
            GreedyCoordinateDescent(tol=0.0, most=2),
        ),
    )
