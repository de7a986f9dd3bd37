"""Kullback-Leibler: extrapolated multiplicative updates, then coordinate descent."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import Factors, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.model import refuse_values
from nmflab_solvers._extrapolation import (
    HALS_AND_MU,
    Extrapolation,
    Growth,
    Momentum,
)
from nmflab_solvers._kl_model import Kind, KlModel
from nmflab_solvers._multiplicative import check_floor, smallest_entry
from nmflab_solvers._rescale import rescale, stored_values

NMFLAB_CONTRACT = 1

_TUNED = {
    Kind.mu: Growth(first=0.2, up=1.05, cap_up=1.01),
    Kind.cd: Growth(first=0.3, up=1.05, cap_up=1.01),
}
_MU_STEPS = (4, 60)
"""Fewest and most multiplicative steps before coordinate descent takes over."""


class Method(StrEnum):
    """Which updates are made."""

    auto = "auto"
    mu = "mu"
    cd = "cd"


@dataclass(frozen=True, kw_only=True)
class KullbackLeibler:
    """Fits ``Σ x log(x/y) − x + y``, ``Y = WH``, at the cost of the cells with x > 0.

    Two kinds of steps, each of H, then W. Multiplicative: ``w ← w N / S`` with ``N =
    Σ_j h_j x_j/y_j`` and ``S = Σ_j h_j``. Coordinate descent: for each row w, cyclic
    sweeps over the second-order model ``½ d'Gd + (S − N)'d`` of its loss, ``G = Σ_j h_j
    h_j' x_j/y_j²``, that is scalar Newton steps ``d_k = −g_k/G_kk`` with the gradient
    of the model kept up to date; then a line search, so that the loss never rises.

    Parameters
    ----------
    method : {"auto", "mu", "cd"}, default "auto"
        "auto" begins with multiplicative steps, which take a quarter of the time, and
        goes over to coordinate descent once a step lowers the objective by less than
        `switch` of it; after 4 such steps at the earliest, 60 at the latest. The moment
        depends on objectives only, never on time.
    switch : float, default 0.05
        Relative decrease (dimensionless); read where ``method="auto"``.
    inner : int, default 2
        Sweeps over each row in a step of coordinate descent.
    extrapolation : {"none", "ang_gillis", "tuned"}, default "tuned"
        "ang_gillis" has the published constants; "tuned" starts with smaller weights.
        Extrapolated entries keep a tenth of what they are at least. "none" never lets
        the objective rise.
    floor : float, default 1e-16
        Smallest entry of W and H, in units of ``sqrt(mean(X) / n_components)``
        (dimensionless). float32 raises it to 3e-10.

    Notes
    -----
    With n the cells where X > 0 (the observed ones where some are missing), a
    multiplicative step takes ``8 n r`` operations and one of coordinate descent ``n (2
    r² + 12 r)``; a dense X is gone through by its cells with x > 0, too. Where cells
    are missing, S sums over the observed cells of the row.

    References
    ----------
    D. D. Lee, H. S. Seung, "Algorithms for Non-negative Matrix Factorization",
    NeurIPS 13, 2000.
    C.-J. Hsieh, I. S. Dhillon, "Fast Coordinate Descent Methods with Variable Selection
    for Non-negative Matrix Factorization", KDD 2011 (scalar Newton steps).
    L. T. K. Hien, N. Gillis, "Algorithms for Nonnegative Matrix Factorization with the
    Kullback-Leibler Divergence", Journal of Scientific Computing 87(93), 2021.
    A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms
    Using Extrapolation", Neural Computation 31(2), 2019.
    """

    method: Method = Method.auto
    switch: float = 0.05
    inner: int = 2
    extrapolation: Extrapolation = Extrapolation.tuned
    floor: float = 1e-16

    def __post_init__(self) -> None:
        for name, kinds in (("method", Method), ("extrapolation", Extrapolation)):
            if getattr(self, name) not in list(kinds):
                raise ValueError(
                    f"solver.{name} must be one of {', '.join(kinds)}, got"
                    f" {getattr(self, name)!r}"
                )
        if not 0 <= self.switch < math.inf:
            raise ValueError(
                f"solver.switch must be >= 0 and finite, got {self.switch}: it is the"
                " relative decrease of the objective in a step. Use 0.05."
            )
        if not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1, got {self.inner}: it counts the sweeps"
                " over a row. Use 2."
            )
        check_floor(self.floor)

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used.

        Raises
        ------
        ValueError
            If X has a value below 0.
        """
        refuse_values(problem, 1.0)
        scaled = rescale(problem)
        if not stored_values(problem.X).any():
            yield Factors(np.zeros_like(init.W), np.zeros_like(init.H))
            return "X is 0 at every fitted cell: W = 0 and H = 0 reproduce it exactly"
        floor = smallest_entry(scaled, init.n_components, self.floor)
        model = KlModel(scaled, init, floor, self.inner)
        if self.method != Method.cd:
            yield from self._multiplicative(model)
        momentum = Momentum(self._growth(Kind.cd))
        while True:
            self._step(model, Kind.cd, momentum, measure=False)
            yield model.leave()

    def _multiplicative(self, model: KlModel) -> Generator[Step, None, None]:
        """Yield after multiplicative steps until it is time for coordinate descent."""
        momentum, before = Momentum(self._growth(Kind.mu)), math.inf
        fewest, most = (math.inf, math.inf) if self.method == Method.mu else _MU_STEPS
        n_steps, slow = 0, False
        while n_steps < fewest or not (slow or n_steps >= most):
            value = self._step(model, Kind.mu, momentum, measure=fewest < math.inf)
            slow = 0 <= before - value < self.switch * value
            before, n_steps = value, n_steps + 1
            yield model.leave()
        model.restart()

    def _step(
        self, model: KlModel, kind: Kind, momentum: Momentum, *, measure: bool
    ) -> float:
        """Do a step, keep or undo it, and return its objective, 0 if not measured."""
        weight = momentum.weight
        measure = measure or self.extrapolation != Extrapolation.none
        value = model.step(kind, weight, measure=measure)
        model.settle(weight, accepted=momentum.accepts(value))
        return value

    def _growth(self, kind: Kind) -> Growth | None:
        choices = {"none": None, "ang_gillis": HALS_AND_MU, "tuned": _TUNED[kind]}
        return choices[str(self.extrapolation)]


def _descends(solver: KullbackLeibler) -> bool:
    return solver.extrapolation == Extrapolation.none


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Kullback-Leibler on the support of X."""
    yield SolverSpec(
        name="kl",
        solver=KullbackLeibler,
        takes=Takes(
            losses=frozenset({"kullback_leibler"}),
            penalties=frozenset({"l1", "l2"}),
            missing=True,
        ),
        promises=Promises(monotone=_descends),
        requires=("numba>=0.60",),
        examples=(
            KullbackLeibler(),
            KullbackLeibler(extrapolation=Extrapolation.none),
            KullbackLeibler(method=Method.cd, extrapolation=Extrapolation.none),
            KullbackLeibler(method=Method.cd),
            KullbackLeibler(method=Method.mu),
        ),
    )
