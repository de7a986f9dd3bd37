"""scikit-learn's NMF, one iteration a step or in one call."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import (
    LOSSES,
    Factors,
    Objective,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics.model import refuse_values
from nmflab_solvers._choices import check_choice
from nmflab_solvers._rescale import rescale
from nmflab_solvers._sklearn_call import (
    FAR_FROM_ONE,
    SklearnCall,
    Stepping,
    handed_over,
    refusal,
)

NMFLAB_CONTRACT = 1


class Method(StrEnum):
    """scikit-learn's solvers: coordinate descent, multiplicative updates."""

    cd = "cd"
    mu = "mu"


@dataclass(frozen=True, kw_only=True)
class ScikitLearnNMF:
    """``sklearn.decomposition.NMF`` from the given start, W then H in each iteration.

    Parameters
    ----------
    method : {"cd", "mu"}, default "cd"
        Coordinate descent takes the frobenius loss only, multiplicative updates any.
    stepping : {"fair", "native"}, default "fair"
        "fair": one iteration a step, stopped by nmflab's criteria as every solver is.
        "native": one call, stopped by `tol` and `max_iter`, and one step.
    tol : float, default 1e-4
        scikit-learn's tolerance (dimensionless); read with ``stepping=native``.
    max_iter : int, default 200
        Most iterations of the one call; read with ``stepping=native``.
    shuffle : bool, default False
        Whether ``cd`` visits components in random order, drawn from the run's seed.

    Notes
    -----
    n fair steps give the factors of one call with ``max_iter=n`` to the last bit, for
    both methods, shuffled or not: an iteration depends on W, H and the state of the
    random generator only, and all three are handed on. What a call does besides is paid
    at each step: it looks for the minimum of X, and ``mu`` evaluates the divergence
    once. Fair steps of ``mu`` are therefore slower than the library's own.

    Penalties are converted as of scikit-learn 1.0: ``alpha_W = (l1_W + l2_W) /
    n_features``, ``alpha_H = (l1_H + l2_H) / n_samples``, one ``l1_ratio`` for both.
    The conversion divides and multiplies back, so weights may differ in the last bit.

    scikit-learn floors WH at 1.2e-7 in ``mu``, an absolute number: data whose mean is
    beyond 2^±20 are therefore handed over in another unit, a power of four. For beta <=
    1 it sets entries below 2.2e-16 to 0; where that would make the loss infinite, 1e-20
    is handed over. The library refuses a factor that is 0 everywhere; where one becomes
    so, the run ends and says so.

    References
    ----------
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
    A. Cichocki, A.-H. Phan, "Fast Local Algorithms for Large Scale Nonnegative Matrix
    and Tensor Factorizations", IEICE Transactions E92-A(3), 2009 (cd).
    C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
    beta-Divergence", Neural Computation 23(9), 2011 (mu).
    """

    method: Method = Method.cd
    stepping: Stepping = Stepping.fair
    tol: float = 1e-4
    max_iter: int = 200
    shuffle: bool = False

    def __post_init__(self) -> None:
        check_choice("method", self.method, Method)
        check_choice("stepping", self.stepping, Stepping)
        if not 0 <= self.tol < np.inf:
            raise ValueError(
                f"solver.tol must be >= 0 and finite, got {self.tol}; 1e-4 is"
                " scikit-learn's default"
            )
        if not self.max_iter >= 1:
            raise ValueError(
                f"solver.max_iter must be >= 1, got {self.max_iter}; 200 is"
                " scikit-learn's default"
            )
        if self.shuffle and self.method != Method.cd:
            raise ValueError(
                "solver.shuffle=true needs solver.method=cd, got"
                f" {self.method}: only coordinate descent has an order to shuffle"
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step; `rng` orders the components in a shuffle.

        Raises
        ------
        ValueError
            If the method does not take the loss, the penalties have no counterpart in
            scikit-learn, or X has a 0 where beta <= 0.
        """
        self._check(problem.objective)
        refuse_values(problem, problem.objective.exponent)
        scaled = rescale(problem, most=FAR_FROM_ONE)
        call = SklearnCall.prepare(scaled.problem, str(self.method), self.shuffle, rng)
        # Own copies: scikit-learn writes into the arrays it is given.
        Wt, H = scaled.enter(init)
        W, n_steps = np.ascontiguousarray(Wt.T), 0
        if self.stepping == Stepping.native and refusal(W, H, n_steps) is None:
            W, H, n_steps = call(W, H, tol=self.tol, max_iter=self.max_iter)
            yield Step(handed_over(scaled, init, W, H).factors, n_steps=n_steps)
            return self._stopped(n_steps)
        while (reason := refusal(W, H, n_steps)) is None:
            W, H, _ = call(W, H, tol=0.0, max_iter=1)
            n_steps += 1
            yield handed_over(scaled, init, W, H)
        if n_steps == 0:
            yield handed_over(scaled, init, W, H)
        return reason

    def _stopped(self, n_iter: int) -> str:
        if n_iter == self.max_iter:
            why = f"its limit max_iter={self.max_iter} was"
        else:
            why = f"tolerance {self.tol:g}"
        return (
            f"scikit-learn stopped after {n_iter} iterations: {why} reached in one call"
        )

    def _check(self, objective: Objective) -> None:
        if self.method == Method.cd and objective.exponent != 2:
            raise ValueError(
                "solver.method=cd takes objective.loss=frobenius only, got"
                f" {objective.loss}; use solver.method=mu"
            )


def _is_random(solver: ScikitLearnNMF) -> bool:
    return solver.shuffle


def _takes(solver: ScikitLearnNMF) -> Takes:
    losses = frozenset({"frobenius"}) if solver.method == Method.cd else LOSSES
    return Takes(losses=losses, penalties=frozenset({"l1", "l2"}))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """scikit-learn's NMF."""
    yield SolverSpec(
        name="sklearn",
        solver=ScikitLearnNMF,
        takes=_takes,
        promises=Promises(random=_is_random),
        requires=("scikit-learn>=1.3",),
        examples=(
            ScikitLearnNMF(),
            ScikitLearnNMF(shuffle=True),
            ScikitLearnNMF(method=Method.mu),
            ScikitLearnNMF(stepping=Stepping.native),
        ),
    )
