"""Multiplicative updates: plain, with inner repetitions, or extrapolated."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import (
    LOSSES,
    Factors,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics.model import refuse_values
from nmflab_solvers._multiplicative import InnerRule, Updates, check_floor
from nmflab_solvers._multiplicative_steps import extrapolated, lift_zeros, plain
from nmflab_solvers._rescale import rescale, stored_values

NMFLAB_CONTRACT = 1


class Extrapolation(StrEnum):
    """Whether updates start from a point beyond the last one."""

    none = "none"
    ang_gillis = "ang_gillis"
    geometric = "geometric"


@dataclass(frozen=True, kw_only=True)
class MultiplicativeUpdates:
    """Multiplicative updates of H, then W: ``H ← H ∘ (W'(X Y^(b−2)) / W'Y^(b−1))^g``.

    Here ``Y = WH``, b is the beta of the loss and g the exponent for which it is proved
    that the objective never rises: 1 for 1 <= b <= 2, 1/(2 − b) below, 1/(b − 1) above.
    L1 and L2 penalties join the denominator (with g = 1/(3 − b) where an L2 penalty
    meets b < 2; Kullback-Leibler with L2 has its own closed form). Where entries of X
    are missing every sum is over the observed ones.

    Parameters
    ----------
    floor : float, default 1e-16
        Smallest entry of W and H, in units of ``sqrt(mean(X) / n_components)`` over the
        observed cells (dimensionless), so that no entry is locked at 0. float32 raises
        it to 3e-10, so that products stay normal numbers. Entries at the floor are
        handed over as 0, except where the loss would become infinite.
    lift : float, default 0.1
        What zeros of the start are set to, in the same units; at least `floor`. From
        1e-16 an entry needs some hundred steps to matter. A warning says how many.
    inner : int, optional
        Most updates of a factor before the other is updated, default 1. None is the
        accelerated rule of Gillis & Glineur: at most ``floor(1 + alpha·rho)``, where
        rho weighs the cost of forming the products against that of one more update, in
        operations; 1 where no product can be kept (other losses, missing entries).
    alpha : float, default 2
        Factor of that rule (dimensionless); read where ``inner`` is None.
    delta : float, default 0.1
        Repeating stops early once an update changes the factor by no more than `delta`
        times what the first one did (Frobenius norms); 0 never stops early.
    extrapolation : {"none", "ang_gillis", "geometric"}, default "none"
        "ang_gillis": each update starts from ``F + b (F − F_last)``, at least the
        floor, and from the last good pair where the objective rose; b grows and shrinks
        as published. "geometric": from ``F (F / F_last)^b`` with the same b, which no
        floor cuts off (an entry cut off needs long to come back). The best pair so far
        is yielded. The objective costs next to nothing for Frobenius on complete data,
        and about a quarter of a step otherwise.

    Notes
    -----
    A step costs two products with X and, on a CSR, time in proportion to its stored
    entries times n_components for Frobenius (Gram matrices), for Kullback-Leibler (Y at
    the stored entries only), and for any loss where the entries not stored are missing.
    Other divergences need a sum over all cells of Y: they run block by block, in the
    memory of the CSR but in the time of a dense X. A divergence with beta <= 0
    (Itakura-Saito) is infinite where X is 0, and such data are refused.

    A row or column without any observed cell keeps its start where there is no penalty
    (the objective does not depend on it) and goes to 0 where there is one. No component
    dies for good: from the floor it returns as soon as that lowers the objective.

    References
    ----------
    D. D. Lee, H. S. Seung, "Algorithms for Non-negative Matrix Factorization",
    NeurIPS 13, 2000.
    C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
    beta-Divergence", Neural Computation 23(9), 2011.
    S. Zhang, W. Wang, J. Ford, F. Makedon, "Learning from Incomplete Ratings Using
    Non-negative Matrix Factorization", SIAM Data Mining, 2006 (missing entries).
    N. Gillis, F. Glineur, "Nonnegative Factorization and The Maximum Edge Biclique
    Problem", arXiv:0810.4225, 2008 (the floor).
    N. Gillis, F. Glineur, "Accelerated Multiplicative Updates and Hierarchical ALS
    Algorithms for Nonnegative Matrix Factorization", Neural Computation 24(4), 2012.
    V. Y. F. Tan, C. Févotte, "Automatic Relevance Determination in Nonnegative Matrix
    Factorization with the beta-Divergence", IEEE TPAMI 35(7), 2013 (the L2 exponent).
    A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms
    Using Extrapolation", Neural Computation 31(2), 2019.
    """

    floor: float = 1e-16
    lift: float = 0.1
    inner: int | None = 1
    alpha: float = 2.0
    delta: float = 0.1
    extrapolation: Extrapolation = Extrapolation.none

    def __post_init__(self) -> None:
        check_floor(self.floor)
        if not self.floor <= self.lift < np.inf:
            raise ValueError(
                f"solver.lift must be finite and at least solver.floor={self.floor:g},"
                f" got {self.lift}. Use 0.1, a tenth of a typical entry."
            )
        if self.inner is not None and not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1 or null, got {self.inner}: it counts the"
                " updates of a factor. Use 1 for plain updates, null for the rule."
            )
        if not 0 <= self.alpha < np.inf:
            raise ValueError(
                f"solver.alpha must be >= 0 and finite, got {self.alpha}. Use 2, as"
                " published."
            )
        if not 0 <= self.delta < 1:
            raise ValueError(
                f"solver.delta must be >= 0 and < 1, got {self.delta}. Use 0.1, as"
                " published."
            )
        if self.extrapolation not in list(Extrapolation):
            raise ValueError(
                "solver.extrapolation must be one of none, ang_gillis, geometric,"
                f" got {self.extrapolation!r}"
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used.

        Raises
        ------
        ValueError
            If beta <= 0 and an observed cell of X is 0.
        """
        refuse_values(problem, problem.objective.exponent)
        if not stored_values(problem.X).any():
            yield Factors(np.zeros_like(init.W), np.zeros_like(init.H))
            return "X is 0 at every fitted cell: W = 0 and H = 0 reproduce it exactly"
        scaled = rescale(problem)
        Wt, H = scaled.enter(init)
        lift_zeros(scaled, Wt, H, self.lift)
        rule = InnerRule(inner=self.inner, alpha=self.alpha, delta=self.delta)
        updates = Updates(scaled, H.shape[0], self.floor, rule)
        updates.clip(Wt, H)
        if self.extrapolation == Extrapolation.none:
            yield from plain(scaled, updates, Wt, H)
        else:
            by_ratio = self.extrapolation == Extrapolation.geometric
            yield from extrapolated(scaled, updates, Wt, H, by_ratio=by_ratio)
        return None


def _is_monotone(solver: MultiplicativeUpdates) -> bool:
    return solver.extrapolation == Extrapolation.none


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Multiplicative updates."""
    yield SolverSpec(
        name="mu",
        solver=MultiplicativeUpdates,
        takes=Takes(
            losses=LOSSES,
            penalties=frozenset({"l1", "l2", "l2_per_count"}),
            missing=True,
        ),
        promises=Promises(monotone=_is_monotone),
        examples=(
            MultiplicativeUpdates(),
            MultiplicativeUpdates(inner=None),
            MultiplicativeUpdates(extrapolation=Extrapolation.ang_gillis),
            MultiplicativeUpdates(inner=None, extrapolation=Extrapolation.geometric),
        ),
    )
