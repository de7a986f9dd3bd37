"""Multiplicative updates for complete data."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

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
from nmflab_solvers._multiplicative import check_floor, multiplicative_steps

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class MultiplicativeUpdates:
    """Multiplicative updates of H, then W: ``H ← H ∘ (W'(X Y^(b−2)) / W'Y^(b−1))^g``.

    Here ``Y = WH``, b is the beta of the loss and g the exponent for which it is proved
    that the objective never rises: 1 for 1 <= b <= 2, 1/(2 − b) below, 1/(b − 1) above.
    L1 and L2 penalties join the denominator (with g = 1/(3 − b) where an L2 penalty
    meets b < 2; Kullback-Leibler with L2 has its own closed form).

    Parameters
    ----------
    floor : float, default 1e-16
        Smallest entry of W and H, in units of ``sqrt(mean(X) / n_components)``
        (dimensionless). Zeros of the start are raised to it: an entry at 0 could never
        move again. float32 raises it to 3e-10, so that products stay normal numbers.

    Notes
    -----
    On a CSR, Frobenius uses Gram matrices and Kullback-Leibler computes Y at the stored
    entries only. Other divergences need a sum over all cells of Y: they run block by
    block, in the memory of the CSR but in the time of a dense X. A divergence with
    beta <= 0 (Itakura-Saito) is infinite where X is 0, and such data are refused.

    References
    ----------
    D. D. Lee, H. S. Seung, "Algorithms for Non-negative Matrix Factorization",
    NeurIPS 13, 2000.
    C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
    beta-Divergence", Neural Computation 23(9), 2011.
    N. Gillis, F. Glineur, "Nonnegative Factorization and The Maximum Edge Biclique
    Problem", arXiv:0810.4225, 2008 (the floor).
    V. Y. F. Tan, C. Févotte, "Automatic Relevance Determination in Nonnegative Matrix
    Factorization with the beta-Divergence", IEEE TPAMI 35(7), 2013 (the L2 exponent).
    """

    floor: float = 1e-16

    def __post_init__(self) -> None:
        check_floor(self.floor)

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used.

        Raises
        ------
        ValueError
            If beta <= 0 and X has a 0.
        """
        return (yield from multiplicative_steps(problem, init, self.floor))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Multiplicative updates."""
    yield SolverSpec(
        name="mu",
        solver=MultiplicativeUpdates,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        promises=Promises(monotone=True),
        examples=(MultiplicativeUpdates(),),
    )
