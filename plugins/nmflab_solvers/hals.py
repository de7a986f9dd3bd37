"""Hierarchical alternating least squares: textbook, accelerated, extrapolated."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._extrapolation import (
    HALS_AND_MU,
    Extrapolation,
    Momentum,
    growth_of,
)
from nmflab_solvers._hals_csr import SparseSteps
from nmflab_solvers._hals_unit import unit_steps
from nmflab_solvers._hals_whole import Side, Sweeps, WholeSteps
from nmflab_solvers._inner_rule import most_updates
from nmflab_solvers._rescale import Rescaled, rescale

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Hals:
    """Exact coordinate descent, one component of W at a time, then one of H.

    ``w_k ← max(0, w_k + ((XH')_k − W(HH')_k − l1 − l2 w_k) / ((HH')_kk + l2))``, and
    h_k likewise with ``W'X`` and ``W'W``. The costly products are formed once per step;
    each factor is swept several times before it goes to the other (A-HALS), and steps
    may be extrapolated (E-HALS). The defaults are the fastest known; the published
    methods are ``inner=1 extrapolation=none`` (HALS), ``alpha=0.5 blocked=false
    extrapolation=none`` (A-HALS), ``inner=1 extrapolation=ang_gillis`` (E-HALS) and
    ``alpha=0.5 blocked=false extrapolation=ang_gillis`` (E-A-HALS).

    Parameters
    ----------
    extrapolation : {"none", "ang_gillis", "tuned"}, default "tuned"
        After each update the factor is moved on, ``H_y = max(0, H + b (H − H_last))``
        and ``W_y = W + b (W − W_last)``; where the objective rises, the step starts
        again from the last accepted pair with a smaller b. "ang_gillis" has
        the authors' constants: b is 0.5 at first, grows by 1.01, its cap by 1.005;
        "tuned" has 0.3, 1.03 and 1.01. Both update H before W, as published; "none"
        updates W before H.
    inner : int, optional
        Most sweeps over a factor before the other is updated. None, the default, is the
        rule of Gillis & Glineur: at most ``floor(1 + alpha·rho)``, where rho weighs the
        cost of forming the products against that of a sweep, in operations.
    alpha : float, default 1
        Factor of that rule (dimensionless); read where ``inner`` is None. Published as
        0.5, for sweeps that are not as quick beside the products as these.
    delta : float, default 0.1
        Sweeping stops early once a sweep changes the factor by no more than `delta`
        times what the first one did (Frobenius norms); 0 never stops early.
    blocked : bool, default True
        Whether that is decided for blocks of 32 rows (64 in float32), each with all its
        sweeps in cache, or for the whole factor, as published.

    Notes
    -----
    A step costs ``4 nnz(X) r + 2 (n_samples + n_features) r²`` operations and ``2
    (n_samples + n_features) r²`` for each further sweep, r = n_components. On a CSR a
    step is one pass over X: products, sweeps of W and the sums for H go row block by
    row block, and X is never transposed.

    Extrapolated steps may raise the objective by a little; what is yielded is the last
    accepted pair, and the run keeps its best. With ``objective.unit`` every step is a
    textbook one, ``inner`` and ``extrapolation`` are not read.

    A component whose partner is 0 everywhere is left as it is; one that is dead on both
    sides is given new entries from the worst-fit row, at most three times
    (`nmflab.numerics.reseed`).

    References
    ----------
    A. Cichocki, R. Zdunek, S. Amari, "Hierarchical ALS Algorithms for Nonnegative
    Matrix and 3D Tensor Factorization", ICA 2007.
    N. Gillis, F. Glineur, "Accelerated Multiplicative Updates and Hierarchical ALS
    Algorithms for Nonnegative Matrix Factorization", Neural Computation 24(4), 2012.
    A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms
    Using Extrapolation", Neural Computation 31(2), 2019.
    """

    extrapolation: Extrapolation = Extrapolation.tuned
    inner: int | None = None
    alpha: float = 1.0
    delta: float = 0.1
    blocked: bool = True

    def __post_init__(self) -> None:
        if self.extrapolation not in list(Extrapolation):
            raise ValueError(
                f"solver.extrapolation must be one of {', '.join(Extrapolation)}, got"
                f" {self.extrapolation!r}"
            )
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
        if problem.objective.unit != "none":
            return (yield from unit_steps(problem, init))
        scaled = rescale(problem)
        steps = self._steps(scaled, init)
        momentum = Momentum(growth_of(self.extrapolation, HALS_AND_MU))
        extrapolated = self.extrapolation != Extrapolation.none
        order: tuple[Side, Side] = ("H", "W") if extrapolated else ("W", "H")
        reseeder = Reseeder(scaled.problem)
        smallest = np.finfo(scaled.problem.dtype).eps
        while True:
            for side in order:
                steps.update(side, momentum.weight)
            restarted = extrapolated and not momentum.accepts(steps.objective())
            if restarted:
                steps.restart()
            else:
                steps.accept()
            n_reseeded = 0
            if steps.smallest() <= smallest and not restarted:
                n_reseeded = steps.revive(reseeder)
                if n_reseeded:
                    momentum.forget()
            pair = partial(
                steps.accepted, extrapolated=extrapolated, restarted=restarted
            )
            yield _left(scaled, pair, n_reseeded)

    def _steps(self, scaled: Rescaled, init: Factors) -> WholeSteps | SparseSteps:
        problem = scaled.problem
        Wt, H = scaled.enter(init)
        most_W, most_H = most_updates(problem, H.shape[0], self.alpha, self.inner)
        sweeps = Sweeps(
            most_W=most_W, most_H=most_H, delta=self.delta, blocked=self.blocked
        )
        one_pass = self.blocked or self.delta == 0 or most_W == most_H == 1
        if problem.is_sparse and one_pass:
            return SparseSteps(problem, Wt, H, sweeps)
        return WholeSteps(problem, Wt, H, sweeps)


def _left(
    scaled: Rescaled, pair: Callable[[], tuple[Matrix, Matrix]], n_reseeded: int
) -> Step:
    """Return a step with a pair in the given problem's units, fetched when due."""

    def fetch() -> Factors:
        Wt, H = pair()
        return Factors(Wt.T * scaled.root, H * scaled.root)

    return Step(fetch, n_reseeded=n_reseeded)


def _descends(solver: Hals) -> bool:
    return solver.extrapolation == Extrapolation.none


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Hierarchical alternating least squares."""
    yield SolverSpec(
        name="hals",
        solver=Hals,
        takes=Takes(
            losses=frozenset({"frobenius"}),
            penalties=frozenset({"l1", "l2", "unit"}),
        ),
        promises=Promises(monotone=_descends),
        requires=("numba>=0.60",),
        examples=(
            Hals(),
            Hals(extrapolation=Extrapolation.ang_gillis, alpha=0.5, blocked=False),
            Hals(extrapolation=Extrapolation.none, inner=1),
            Hals(extrapolation=Extrapolation.none, alpha=0.5, blocked=False),
        ),
    )
