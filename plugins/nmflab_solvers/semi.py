"""Semi-nonnegative factorization: X and W of any sign, H at least 0."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import Factors, Problem, Promises, SolverSpec, Step, Takes
from nmflab.hookspecs import hookimpl
from nmflab_solvers._choices import check_choice
from nmflab_solvers._unit import Float64, InUnits, largest_entry, sweep

NMFLAB_CONTRACT = 1


class Update(StrEnum):
    """How H is updated: coordinate by coordinate, or as first published."""

    coordinate = "coordinate"
    multiplicative = "multiplicative"


@dataclass(frozen=True, kw_only=True)
class SemiNMF:
    """Least squares with H >= 0 and W free: at each step W exactly, then H.

    ``W = XH'(HH')⁻¹``, then H by coordinate descent (`update=coordinate`) or by
    ``H ← H ∘ √( ((W'X)⁺ + (W'W)⁻H) / ((W'X)⁻ + (W'W)⁺H) )``, where A⁺ and A⁻ are the
    positive and negative parts of A. Features are what H assigns to components; to
    cluster samples instead, give X transposed.

    Parameters
    ----------
    update : {"coordinate", "multiplicative"}, default "coordinate"
        Coordinate descent reaches the same stationary points in fewer steps.
        "multiplicative" is the published algorithm, for comparisons.
    inner : int, default 3
        Most sweeps over H in a step of coordinate descent.

    Notes
    -----
    With one constraint less than NMF the best error is no larger, and components lose
    their reading as parts. It need not be reached by any W and H: columns of W may grow
    without bound while they cancel each other (Gillis & Kumar). Penalties l2_W and l2_H
    of the objective prevent that.

    Where coordinate descent leaves a component of H without entries, its column of W
    changes sign, which W is free to do, and H starts anew on that side. Multiplicative
    updates keep entries above 1e-16 of the largest of the start, for an entry at 0
    could never move again.

    A step costs two products with X and ``n_features n_components²`` operations a
    sweep. Where rows of H are linearly dependent W is the shortest solution.

    References
    ----------
    C. Ding, T. Li, M. I. Jordan, "Convex and Semi-Nonnegative Matrix Factorizations",
    IEEE TPAMI 32(1), 2010, equations 10 and 11 (their X, F, G are our X, W, H').
    N. Gillis, A. Kumar, "Exact and Heuristic Algorithms for Semi-Nonnegative Matrix
    Factorization", SIAM J. Matrix Anal. Appl. 36(4), 2015 (coordinate descent).
    """

    update: Update = Update.coordinate
    inner: int = 3

    def __post_init__(self) -> None:
        check_choice("update", self.update, Update)
        if not self.inner >= 1:
            raise ValueError(
                f"solver.inner must be >= 1, got {self.inner}: it counts the sweeps"
                " over H. Use 3."
            )

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each step, without end; `rng` is not used."""
        if not largest_entry(problem) > 0:
            yield Factors(np.zeros_like(init.W), np.zeros_like(init.H))
            return "X is 0 everywhere: W = 0 and H = 0 reproduce it exactly"
        data = InUnits.even(problem)
        l2_W = problem.objective.l2_W / data.unit
        l2_H = problem.objective.l2_H / data.unit
        Wt, H = data.enter(init)
        smallest = 1e-16 * (float(H.max()) or 1.0)
        if self.update == Update.multiplicative:
            np.maximum(H, smallest, out=H)
        while True:
            Wt = _least_squares(H @ H.T, data.for_samples(H), Wt, l2_W)
            gram = Wt @ Wt.T
            gram.flat[:: len(gram) + 1] += l2_H
            products = data.for_features(Wt)
            if self.update == Update.coordinate:
                for _ in range(self.inner):
                    sweep(H, products, gram)
                _turn(Wt, H, products, gram)
            else:
                _multiply(H, products, gram)
                np.maximum(H, smallest, out=H)
            yield data.leave(Wt, H)


def _least_squares(gram: Float64, products: Float64, Wt: Float64, l2: float) -> Float64:
    """Return the ``W'`` that fits best given H; a component whose h is 0 keeps its w.

    Works in units in which every h has length 1: what counts as dependent then does not
    hang on how long the components are.
    """
    found = Wt.copy()
    lengths = np.sqrt(gram.diagonal() + l2)
    alive = lengths > 0
    lengths = lengths[alive, None]
    G = gram[np.ix_(alive, alive)] + l2 * np.eye(len(lengths))
    values, vectors = np.linalg.eigh(G / lengths / lengths.T)
    independent = values > 64 * len(gram) * np.finfo(np.float64).eps
    vectors = vectors[:, independent]
    coordinates = vectors.T @ (products[alive] / lengths)
    found[alive] = vectors @ (coordinates / values[independent, None]) / lengths
    return found


def _turn(Wt: Float64, H: Float64, products: Float64, gram: Float64) -> None:
    """Turn each w whose h is 0 everywhere, and give h its best values on that side."""
    for k in np.flatnonzero(~H.any(axis=1) & (gram.diagonal() > 0)):
        h = np.maximum(gram[k] @ H - products[k], 0) / gram[k, k]
        if h.any():
            H[k] = h
            Wt[k] *= -1
            products[k] *= -1
            gram[k] *= -1
            gram[:, k] *= -1


def _multiply(H: Float64, products: Float64, gram: Float64) -> None:
    """Update H in place by equation 11 of Ding, Li & Jordan."""
    up = np.maximum(products, 0) + np.maximum(-gram, 0) @ H
    down = np.maximum(-products, 0) + np.maximum(gram, 0) @ H
    H *= np.sqrt(np.divide(up, down, out=np.ones_like(H), where=down > 0))


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """Semi-nonnegative factorization."""
    yield SolverSpec(
        name="semi",
        solver=SemiNMF,
        takes=Takes(
            losses=frozenset({"frobenius"}), penalties=frozenset({"l2"}), signed=True
        ),
        promises=Promises(nonnegative=frozenset({"H"}), monotone=True),
        examples=(SemiNMF(), SemiNMF(update=Update.multiplicative)),
    )
