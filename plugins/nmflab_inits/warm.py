"""A warm start from smaller sizes: one component more at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._hals import hals_step
from nmflab_inits._matrix import in_safe_units, square_lengths
from nmflab_inits._residual import with_residual_components
from nmflab_inits._starts import balanced, finished, refuse_below

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """A rank path: the solution with one component less, and one from its residual.

    From no component at all, one is added at a time: a nonnegative rank-one fit of
    ``R = X − WH``, found by ``w ← max(0, Rh)/‖h‖²``, ``h ← max(0, R'w)/‖w‖²`` from the
    row fitted worst. In between, steps of accelerated HALS improve all of them.

    Parameters
    ----------
    from_size : int, default 1
        Smallest size that is improved; below it components are only added, which is
        quicker and gives a rougher start.
    n_steps : int, default 2
        Steps of HALS at each size from there on, the last excepted: that is the
        solver's. 0 adds components only.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    Notes
    -----
    Deterministic, and nested: with equal parameters a larger n_components begins with
    the path of a smaller one, which makes errors along a range of sizes comparable.
    Costs as many passes over X as the sizes from `from_size` on have steps, each with
    ``4 n_samples n_features size`` operations: with the defaults about ``n_components``
    full steps of HALS, the dearest start there is. A sparse X stays sparse, and no
    residual is formed. Missing entries are not taken: they would be fitted as zeros.

    References
    ----------
    M. Biggs, A. Ghodsi, S. Vavasis, "Nonnegative Matrix Factorization via Rank-One
    Downdate", ICML 2008 (one component at a time from what is left).
    N.-D. Ho, "Nonnegative Matrix Factorization Algorithms and Applications", PhD
    thesis, Université catholique de Louvain, 2008 (nonnegative rank-one fits of a
    residual).
    """

    from_size: int = 1
    n_steps: int = 2
    scale: bool = True

    def __post_init__(self) -> None:
        refuse_below("from_size", self.from_size, 1)
        refuse_below("n_steps", self.n_steps, 0)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the factors at the end of the path; `rng` is not used."""
        X, root = in_safe_units(problem)
        lengths = square_lengths(X)
        Wt = np.zeros((0, X.shape[0]), dtype=X.dtype)
        H = np.zeros((0, X.shape[1]), dtype=X.dtype)
        for size in range(1, n_components + 1):
            Wt, H = with_residual_components(X, lengths, Wt, H, 1)
            if self.from_size <= size < n_components:
                for _ in range(self.n_steps):
                    hals_step(X, Wt, H)
        W, H = balanced(Wt.T, H)
        return finished(problem, W * root, H * root, scale=self.scale)


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Declare the rank path."""
    yield InitSpec(
        name="warm",
        initialization=WarmStart,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=False,
        examples=(WarmStart(), WarmStart(from_size=3, n_steps=1)),
    )
