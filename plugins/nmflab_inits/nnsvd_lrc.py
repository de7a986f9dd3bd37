"""NNSVD with low-rank correction: all of the singular vectors, half as many needed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._hals import descend
from nmflab_inits._sketch import (
    Decomposition,
    check_decomposition,
    is_randomized,
    triplets,
)
from nmflab_inits._starts import finished, refuse_below, refuse_beyond_min_shape

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class NnsvdLrc:
    """NNSVD-LRC: both halves of each singular pair, improved on the low-rank X.

    ``X ≈ Y Z`` with ``Y = U √S``, ``Z = √S V'`` of rank ``floor(n_components/2 + 1)``.
    The first component is ``(|y_1|, |z_1|)``; each further pair gives two, the positive
    parts and the negative parts. Accelerated HALS then fits ``Y Z``, never X itself.

    Parameters
    ----------
    tol : float, default 0.05
        The correction ends with a step that lowers ``‖YZ − WH‖_F`` by less than `tol`
        times its first value (dimensionless).
    max_steps : int, default 20
        Most steps of the correction; 0 leaves the halves as they are.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.
    svd : {"exact", "randomized"}, default "exact"
        "randomized" is quicker on large X and depends on the seed (Halko et al. 2011).
    oversampling, power_iterations : int, default 10 and 2
        Of the randomized decomposition: directions sampled beyond its rank, and how
        often they are sharpened, each time with two more passes over X.

    Notes
    -----
    A step costs ``O((n_samples + n_features) n_components²)``, far less than one on X:
    half of an NNDSVD in vectors and a few cheap steps give a smaller error than NNDSVD.
    With an even n_components only one half of the last pair finds a place: the one with
    the larger product of norms (a departure: the authors take the positive parts,
    which depend on the sign the decomposition happens to give).

    Entries may be 0, which suits `hals`; multiplicative updates lift them to their
    floor. A sparse X stays sparse. Missing entries are not taken: the singular vectors
    would be those of invented zeros.

    References
    ----------
    S. M. Atif, S. Qazi, N. Gillis, "Improved SVD-based initialization for nonnegative
    matrix factorization using low-rank correction", Pattern Recognition Letters 122,
    2019.
    N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions", SIAM
    Review 53(2), 2011.
    """

    tol: float = 0.05
    max_steps: int = 20
    scale: bool = True
    svd: Decomposition = Decomposition.exact
    oversampling: int = 10
    power_iterations: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.tol < 1:
            raise ValueError(
                f"init.tol must be >= 0 and < 1, got {self.tol}. Use 0.05, as"
                " published."
            )
        refuse_below("max_steps", self.max_steps, 0)
        check_decomposition(self)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the corrected factors; `rng` serves a randomized `svd` only.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        refuse_beyond_min_shape(problem, n_components, "nnsvd_lrc")
        U, s, Vt = triplets(self, problem.X, n_components // 2 + 1, rng)
        Yt, Z = np.sqrt(s)[:, None] * U.T, np.sqrt(s)[:, None] * Vt
        Wt, H = _halves(Yt, Z, n_components)
        self._correct(Yt, Z, Wt, H)
        return finished(problem, Wt.T, H, scale=self.scale)

    def _correct(self, Yt: Matrix, Z: Matrix, Wt: Matrix, H: Matrix) -> None:
        """Improve W and H in place by accelerated HALS on ``Y Z``."""
        most_W = _most_sweeps(Z.shape, Yt.shape[1], n_components=len(H))
        most_H = _most_sweeps(Yt.shape, Z.shape[1], n_components=len(H))
        size = float(np.vdot(Yt @ Yt.T, Z @ Z.T))
        _scale(Yt, Z, Wt, H)
        C, G = (H @ Z.T) @ Yt, H @ H.T  # products of YZ with H, and its Gram matrix
        first = before = _error(size, C, G, Wt)
        for _ in range(self.max_steps):
            descend(Wt, C, G, most_W)
            descend(H, (Wt @ Yt.T) @ Z, Wt @ Wt.T, most_H)
            C, G = (H @ Z.T) @ Yt, H @ H.T
            error = _error(size, C, G, Wt)
            if not before - error >= self.tol * first:
                break
            before = error


def _halves(Yt: Matrix, Z: Matrix, n_components: int) -> tuple[Matrix, Matrix]:
    """Return W' and H: the first pair's moduli, then both halves of each other pair."""
    Wt, H = np.zeros((n_components, Yt.shape[1])), np.zeros((n_components, Z.shape[1]))
    Wt[0], H[0] = np.abs(Yt[0]), np.abs(Z[0])
    for k in range(1, n_components):
        y, z = Yt[(k + 1) // 2], Z[(k + 1) // 2]
        sign = 1 if k % 2 else -1
        if k % 2 and k == n_components - 1:  # its other half has no place
            sign = 1 if _size_of_half(y, z, 1) >= _size_of_half(y, z, -1) else -1
        Wt[k], H[k] = np.maximum(sign * y, 0), np.maximum(sign * z, 0)
    return Wt, H


def _size_of_half(y: Matrix, z: Matrix, sign: int) -> float:
    halves = np.maximum(sign * y, 0), np.maximum(sign * z, 0)
    return float(np.linalg.norm(halves[0]) * np.linalg.norm(halves[1]))


def _scale(Yt: Matrix, Z: Matrix, Wt: Matrix, H: Matrix) -> None:
    """Multiply W and H by the root of the scalar a that fits ``a WH`` best to YZ."""
    above = float(np.vdot((H @ Z.T) @ Yt, Wt))
    below = float(np.vdot(H @ H.T, Wt @ Wt.T))
    if above > 0 and below > 0:
        Wt *= math.sqrt(above / below)
        H *= math.sqrt(above / below)


def _error(size: float, C: Matrix, G: Matrix, Wt: Matrix) -> float:
    """Return ``‖YZ − WH‖_F`` from ``‖YZ‖²``, ``C = (YZ H')'`` and ``G = HH'``."""
    square = size - 2 * float(np.vdot(C, Wt)) + float(np.vdot(G, Wt @ Wt.T))
    return math.sqrt(max(0.0, square))


def _most_sweeps(shape: tuple[int, ...], n_columns: int, *, n_components: int) -> int:
    """Return ``floor(1 + ρ/2)``, ρ from the operations of a low-rank product.

    As Gillis & Glineur (2012, section 3.1) count them, with the product of X replaced
    by those of its two low-rank factors.

    Parameters
    ----------
    shape : tuple of int
        Rank of the low-rank X, and length of the other factor.
    n_columns : int
        Length of the factor that is swept.
    n_components : int
    """
    rank, length = shape
    products = rank * (length + n_columns) + length * n_components
    return int(1 + 0.5 * (1 + products / (n_columns * (n_components + 1))))


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """NNSVD with low-rank correction."""
    yield InitSpec(
        name="nnsvd_lrc",
        initialization=NnsvdLrc,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=is_randomized,
        limit="min_shape",
        examples=(NnsvdLrc(), NnsvdLrc(svd=Decomposition.randomized, max_steps=0)),
    )
