"""Automatic relevance determination: components that are not needed vanish."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from nmflab.contracts import (
    LOSSES,
    Factors,
    Matrix,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.hookspecs import hookimpl
from nmflab.numerics import ObjectiveEvaluator
from nmflab.numerics.model import refuse_values
from nmflab_solvers._choices import check_choice
from nmflab_solvers._data_terms import Parts, data_term
from nmflab_solvers._multiplicative import smallest_entry
from nmflab_solvers._rescale import Rescaled, rescale, stored_values

NMFLAB_CONTRACT = 1

Float64 = npt.NDArray[np.float64]


class Prior(StrEnum):
    """What is put on the entries: exponential (l1) or half-normal (l2)."""

    l1 = "l1"
    l2 = "l2"


@dataclass(frozen=True, kw_only=True)
class Ard:
    """Multiplicative updates that find the number of components.

    ``D(X|WH) + φ Σ_k [ (f(w_k) + f(h_k) + b)/λ_k + c log(λ_k/B) ]``, with f the sum of
    a component's entries (l1) or half the sum of their squares (l2): each component has
    a relevance λ_k that its two halves share, and one that explains little is drawn to
    0. Start with more components than there can be; ``n_active`` counts those kept.

    Parameters
    ----------
    prior : {"l1", "l2"}, default "l1"
        "l1" also favours sparse factors.
    a : float, default 5.0
        Shape of the inverse-gamma prior on λ (dimensionless); small numbers prune more.
        More than 2 with l1, more than 1 with l2, which needs a smaller one than l1 to
        prune as much: on Poisson counts of 4 components, 12 to start with, 5 kept 4 by
        l1 and 4 to 7 by l2, 2.1 kept 4 by both.
    phi : float, default 1.0
        φ, the dispersion of the noise, in units of ``X^beta``: 1 for counts with the
        Kullback-Leibler loss (Poisson noise), the variance of the noise with Frobenius.
        Larger values prune more.
    tol : float, default 1e-5
        The run ends once no λ changes by more than this relatively in a step; and a
        component counts as kept where ``(λ_k − B)/B`` is above it.

    Notes
    -----
    With ``Y = WH`` and the β of the loss, ``H ← H ∘ (W'(X Y^(β−2)) / (W'Y^(β−1) +
    φ/λ))^g`` (l1; g is 1/(2−β) for β < 1, 1/(β−1) for β > 2, else 1), or with ``φH/λ``
    in the denominator (l2; g is 1/(3−β) for β <= 2, else 1/(β−1)); W likewise; then
    ``λ_k = (f(w_k) + f(h_k) + b)/c``. Here ``c = n_samples + n_features + a + 1`` (l1)
    or ``(n_samples + n_features)/2 + a + 1`` (l2); b matches the prior to the mean of
    X: ``√((a−1)(a−2) mean(X)/n_components)`` (l1), ``π (a−1) mean(X)/(2
    n_components)`` (l2); and ``B = b/c`` is the least that λ can be. The whole never
    rises; the divergence alone may.

    When X changes its unit, φ must change with it, by the unit's β-th power: then the
    same components are kept. Pruned components are handed over as zeros; were all
    pruned, the most relevant would be handed over alone. A step costs one of
    multiplicative updates and an evaluation of the divergence.

    References
    ----------
    V. Y. F. Tan, C. Févotte, "Automatic Relevance Determination in Nonnegative Matrix
    Factorization with the β-Divergence", IEEE TPAMI 35(7), 2013.
    """

    prior: Prior = Prior.l1
    a: float = 5.0
    phi: float = 1.0
    tol: float = 1e-5

    def __post_init__(self) -> None:
        check_choice("prior", self.prior, Prior)
        least = 2 if self.prior == Prior.l1 else 1
        if not least < self.a < math.inf:
            raise ValueError(
                f"solver.a must be > {least} and finite with solver.prior="
                f"{self.prior}, got {self.a}: the scale of the prior is matched to the"
                " mean of X through its moments. Use 5."
            )
        if not 0 < self.phi < math.inf:
            raise ValueError(
                f"solver.phi must be > 0 and finite, got {self.phi}: it is the"
                " dispersion of the noise. Use 1 for counts, the noise variance with"
                " objective=frobenius."
            )
        if not 0 < self.tol < 1:
            raise ValueError(
                f"solver.tol must be > 0 and < 1, got {self.tol}: it is a relative"
                " change. Use 1e-5."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step until the relevances settle.

        Raises
        ------
        ValueError
            If beta <= 0 and X has a 0.
        """
        refuse_values(problem, problem.objective.exponent)
        if not stored_values(problem.X).any():
            empty = Factors(np.zeros_like(init.W), np.zeros_like(init.H))
            yield Step(empty, objective=0.0)
            return "X is 0 at every fitted cell: no component is needed"
        state = _Relevance(self, rescale(problem), init)
        while True:
            change = state.step()
            yield Step(state.factors(), objective=state.objective())
            if change < self.tol:
                return (
                    f"relevances changed by less than tol={self.tol:g} in a step:"
                    f" {int(state.kept().sum())} of {init.n_components} components kept"
                )


class _Relevance:
    """Factors and relevances of one run, in rescaled units."""

    def __init__(self, solver: Ard, scaled: Rescaled, init: Factors) -> None:
        self._solver, self._scaled = solver, scaled
        self._term = data_term(scaled.problem)
        self._divergence = ObjectiveEvaluator(scaled.problem)
        self._beta = beta = scaled.problem.objective.exponent
        self._phi = solver.phi / scaled.root ** (2 * beta)
        self._exponent = exponent(beta, solver.prior)
        self._Wt, self._H = scaled.enter(init)
        self._smallest = smallest_entry(scaled, init.n_components, 1e-16)
        for F in (self._Wt, self._H):
            np.maximum(F, self._smallest, out=F)
        a, mean = solver.a, scaled.mean / init.n_components
        length = sum(scaled.problem.shape)
        if solver.prior == Prior.l1:
            self._b = math.sqrt((a - 1) * (a - 2) * mean)
            self._c = length + a + 1
        else:
            self._b = math.pi * (a - 1) * mean / 2
            self._c = length / 2 + a + 1
        self._relevances = self._best_relevances()

    def step(self) -> float:
        """Update H, W and the relevances; return the largest relative change of one."""
        self._multiply(self._H, self._term.for_features(self._Wt).parts(self._H))
        self._multiply(self._Wt, self._term.for_samples(self._H).parts(self._Wt))
        before, self._relevances = self._relevances, self._best_relevances()
        return float(np.abs(self._relevances / before - 1).max())

    def kept(self) -> npt.NDArray[np.bool_]:
        """Return which components are relevant; the most relevant one always is."""
        least = self._b / self._c
        kept = self._relevances - least > self._solver.tol * least
        kept[self._relevances.argmax()] = True
        return kept

    def factors(self) -> Factors:
        """Return the factors in the given units, what is pruned as 0."""
        kept = self.kept()[:, None]
        root = self._scaled.root
        Wt, H = (np.where(kept, F * root, 0) for F in (self._Wt, self._H))
        dtype = self._scaled.problem.dtype
        return Factors(Wt.T.astype(dtype), H.astype(dtype))

    def objective(self) -> float:
        """Return what the updates minimise, in units of the given divergence."""
        divergence = self._divergence.value(Factors(self._Wt.T, self._H))
        terms = (self._sizes() + self._b) / self._relevances
        terms += self._c * np.log(self._relevances * (self._c / self._b))
        value = divergence + self._phi * float(terms.sum())
        return float(value * self._scaled.root ** (2 * self._beta))

    def _multiply(self, F: Matrix, parts: Parts) -> None:
        N, D = parts
        pull = (self._phi / self._relevances).astype(F.dtype)[:, None]
        D = D + (pull if self._solver.prior == Prior.l1 else pull * F)
        F *= (N / D) ** self._exponent
        np.maximum(F, self._smallest, out=F)

    def _sizes(self) -> Float64:
        """Return ``f(w_k) + f(h_k)`` of each component, in float64."""
        sizes = np.zeros(len(self._H))
        for F in (self._Wt, self._H):
            wide = F.astype(np.float64)
            if self._solver.prior == Prior.l1:
                sizes += wide.sum(axis=1)
            else:
                sizes += np.einsum("kj,kj->k", wide, wide) / 2
        return sizes

    def _best_relevances(self) -> Float64:
        relevances: Float64 = (self._sizes() + self._b) / self._c
        return relevances


def exponent(beta: float, prior: Prior) -> float:
    """Return the exponent of the update for which descent is proved.

    Tan & Févotte 2013, section 4: gamma(beta) with l1, xi(beta) with l2.
    """
    if beta > 2:
        return 1 / (beta - 1)
    if prior == Prior.l2:
        return 1 / (3 - beta)
    return 1 / (2 - beta) if beta < 1 else 1.0


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Automatic relevance determination."""
    yield SolverSpec(
        name="ard",
        solver=Ard,
        takes=Takes(losses=LOSSES, missing=True),
        # phi is a number in units of X to the power of beta.
        promises=Promises(minimises="own", unit_free=False),
        examples=(Ard(), Ard(prior=Prior.l2), Ard(phi=0.01)),
    )
