"""Multiplicative updates that fit the observed cells only."""

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
class MaskedMultiplicativeUpdates:
    """Masked updates of H, then W: ``H ← H ∘ W'(M∘X) / (W'(M∘WH) + l1 + l2 H)``.

    M marks the observed cells; the formula is that of the Frobenius loss, the others
    follow `nmflab_solvers.mu` with every sum restricted to M. On a CSR with missing
    cells a step takes time in proportion to the stored entries times n_components.

    Parameters
    ----------
    floor : float, default 1e-16
        Smallest entry of W and H, in units of ``sqrt(mean(X) / n_components)`` over the
        observed cells (dimensionless); float32 raises it to 3e-10.

    Notes
    -----
    A row or column without any observed cell keeps its start where there is no penalty
    (the objective does not depend on it) and goes to the floor where there is one.
    Complete data are taken too, and then cost what they cost `mu`.

    References
    ----------
    S. Zhang, W. Wang, J. Ford, F. Makedon, "Learning from Incomplete Ratings Using
    Non-negative Matrix Factorization", SIAM Data Mining, 2006.
    C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
    beta-Divergence", Neural Computation 23(9), 2011.
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
            If beta <= 0 and an observed cell of X is 0.
        """
        return (yield from multiplicative_steps(problem, init, self.floor))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Multiplicative updates for missing entries."""
    yield SolverSpec(
        name="masked_mu",
        solver=MaskedMultiplicativeUpdates,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"}), missing=True),
        promises=Promises(monotone=True),
        examples=(MaskedMultiplicativeUpdates(),),
    )
