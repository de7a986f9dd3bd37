"""A short NMF of a compressed X: randomized HALS."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._hals import descend
from nmflab_inits._matrix import in_safe_units, times
from nmflab_inits._sketch import range_basis
from nmflab_inits._starts import balanced, finished, mean_observed, refuse_below

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class CompressedStart:
    """Randomized HALS: a few steps from a random start on ``B = Q'X``, a small X.

    Q is an orthonormal basis of what X does to ``n_components + oversampling`` random
    vectors. W is kept twice, as ``W̃ = Q'W`` and as itself: after each column update
    ``w = max(0, Q w̃)`` and ``w̃ = Q'w``, so that it stays nonnegative.

    Parameters
    ----------
    n_steps : int, default 20
        Updates of both factors; 0 returns the random start.
    oversampling : int, default 20
        Random vectors beyond n_components.
    power_iterations : int, default 2
        How often the basis is sharpened, each time with two more passes over X.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    Notes
    -----
    With ``l = n_components + oversampling``: ``2 + 2 power_iterations`` passes over X,
    each a product with l vectors, then ``O((n_samples + n_features) l n_components)`` a
    step, where HALS on X itself needs ``4 n_samples n_features n_components``. A sparse
    X stays sparse; Q and B are dense, ``(n_samples + n_features) l`` numbers. Missing
    entries are not taken: they would be compressed as zeros.

    References
    ----------
    N. B. Erichson, A. Mendible, S. Wihlborn, J. N. Kutz, "Randomized nonnegative matrix
    factorization", Pattern Recognition Letters 104, 2018.
    N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions", SIAM
    Review 53(2), 2011.
    """

    n_steps: int = 20
    oversampling: int = 20
    power_iterations: int = 2
    scale: bool = True

    def __post_init__(self) -> None:
        for name in ("n_steps", "oversampling", "power_iterations"):
            refuse_below(name, getattr(self, name), 0)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the factors of the compressed X; all zero where X is.

        The basis is drawn first, then W, then H.
        """
        X, root = in_safe_units(problem)
        size = n_components + self.oversampling
        Q = range_basis(X, size, rng, power_iterations=self.power_iterations)
        n_samples, n_features = problem.shape
        entry = math.sqrt(mean_observed(problem) / n_components) / root
        drawn = entry * np.abs(rng.standard_normal((n_samples, n_components)))
        Wt: Matrix = drawn.T.astype(X.dtype, order="C")
        drawn = entry * np.abs(rng.standard_normal((n_components, n_features)))
        H: Matrix = drawn.astype(X.dtype)
        self._improve(Q, times(Q.T, X), Wt, H)
        W, H = balanced(Wt.T, H)
        return finished(problem, W * root, H * root, scale=self.scale)

    def _improve(self, Q: Matrix, B: Matrix, Wt: Matrix, H: Matrix) -> None:
        """Step H and W in place, W by its compressed form."""
        small = Wt @ Q  # the compressed W', (n_components, l)
        for _ in range(self.n_steps):
            descend(H, small @ B, small @ small.T)
            _sweep_compressed(Q, Wt, small, H @ B.T, H @ H.T)


def _sweep_compressed(
    Q: Matrix, Wt: Matrix, small: Matrix, C: Matrix, G: Matrix
) -> None:
    """Update each component of W once, in place, and its compressed form with it."""
    smallest = np.finfo(G.dtype).tiny
    parts = zip(Wt, small, C, G, G.diagonal(), strict=True)
    for w, w_small, c, g, curvature in parts:
        if curvature < smallest:  # this component of H is 0
            continue
        w_small += (c - g @ small) / curvature
        np.maximum(Q @ w_small, 0, out=w)
        w_small[:] = w @ Q


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Declare the short NMF of a compressed X."""
    yield InitSpec(
        name="compressed",
        initialization=CompressedStart,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        examples=(CompressedStart(), CompressedStart(oversampling=0, n_steps=3)),
    )
