"""Factors of a given sparseness, after Hoyer."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Factors, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab.numerics.projections import project_to_norms, sparseness_l1
from nmflab_solvers._unit import Float64, InUnits, sweep

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Hoyer:
    """Least squares with components of exactly a given sparseness.

    Minimises ``½‖X − WH‖_F²`` where each row of H, or column of W, has the sparseness
    ``S(x) = (√m − ‖x‖₁/‖x‖₂) / (√m − 1)``: 0 where its m entries are equal, 1 where
    only one is not 0.

    Parameters
    ----------
    sparseness_H : float or None, default 0.5
        S of each row of H (dimensionless); None leaves H free.
    sparseness_W : float or None, default None
        S of each column of W; None leaves W free.
    inner : int, default 3
        Sweeps over a factor before the other is updated.

    Notes
    -----
    Components are updated one at a time. With all others fixed the best row of H is
    the vector of sparseness S nearest to the unconstrained one, ``h + ((W'X)_k −
    (W'W)_k H) / (W'W)_kk``: the projection that the paper applies after a gradient step
    whose length is searched for gives the minimiser itself, and nothing needs to be
    searched. Its length is free, as a factor can be shared with W at will. So the
    objective never rises, once the start, which may break the constraint, has been
    projected; the first step may therefore end above the start. The objective is
    reported as the solver's own, since others minimise it over a larger set.

    A component that is 0 everywhere has no sparseness; it becomes so where it can only
    raise the error, and has entries again as soon as its partner asks for them. A step
    costs two products with X, and a sort of each constrained component for every sweep.

    References
    ----------
    P. O. Hoyer, "Non-negative Matrix Factorization with Sparseness Constraints", JMLR
    5, 2004.
    M. Thom, G. Palm, "Sparse Activity and Sparse Connectivity in Supervised Learning",
    JMLR 14, 2013 (the projection).
    """

    sparseness_H: float | None = 0.5
    sparseness_W: float | None = None
    inner: int = 3

    def __post_init__(self) -> None:
        for name in ("sparseness_H", "sparseness_W"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ValueError(
                    f"solver.{name} must be from 0 to 1 or null, got {value}: 0 makes"
                    " all entries equal, 1 leaves one. Use 0.5, or null for a free"
                    " factor."
                )
        if self.sparseness_H is None and self.sparseness_W is None:
            raise ValueError(
                "solver.sparseness_H and solver.sparseness_W are both null, so nothing"
                " is constrained; give one of them, such as sparseness_H=0.5, or use"
                " solver=hals"
            )
        if not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1, got {self.inner}: it counts the sweeps"
                " over a factor. Use 3."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        data = InUnits.even(problem)
        Wt, H = data.enter(init)
        for F, sparseness in ((Wt, self.sparseness_W), (H, self.sparseness_H)):
            if sparseness is not None:
                for k in range(len(F)):
                    F[k] = _nearest(F[k], sparseness)
        while True:
            products = data.for_samples(H)
            self._update(Wt, products, H @ H.T, self.sparseness_W)
            products = data.for_features(Wt)
            self._update(H, products, Wt @ Wt.T, self.sparseness_H)
            value = data.half_squared_error(products, Wt, H)
            yield Step(data.leave(Wt, H), objective=value)

    def _update(
        self, F: Float64, products: Float64, gram: Float64, sparseness: float | None
    ) -> None:
        for _ in range(self.inner):
            if sparseness is None:
                sweep(F, products, gram)
            else:
                _sparse_sweep(F, products, gram, sparseness)


def _sparse_sweep(
    F: Float64, products: Float64, gram: Float64, sparseness: float
) -> None:
    """Bring each row of F in turn to its best values of one sparseness, in place."""
    for k, curvature in enumerate(gram.diagonal()):
        if curvature > np.finfo(np.float64).tiny:
            free = F[k] + (products[k] - gram[k] @ F) / curvature
            F[k] = _nearest(free, sparseness)


def _nearest(x: Float64, sparseness: float) -> Float64:
    """Return the vector of a sparseness that is nearest to x; 0 where 0 is nearer."""
    direction = project_to_norms(x, sparseness_l1(x.size, sparseness), 1.0)
    return direction * max(float(x @ direction), 0.0)


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Nonnegative matrix factorization with a fixed sparseness."""
    yield SolverSpec(
        name="hoyer",
        solver=Hoyer,
        takes=Takes(losses=frozenset({"frobenius"})),
        promises=Promises(monotone=True, minimises="own"),
        examples=(
            Hoyer(),
            Hoyer(sparseness_H=None, sparseness_W=0.7),
            Hoyer(sparseness_H=0.3, sparseness_W=0.6, inner=1),
        ),
    )
