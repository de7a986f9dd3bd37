"""Random sketches of X: a basis of its range, and singular triplets from that."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nmflab.contracts import Matrix
from nmflab_inits._matrix import times
from nmflab_inits._starts import refuse_below
from nmflab_inits._svd import Triplets, leading_triplets, signed

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Decomposition(StrEnum):
    """How singular vectors are found."""

    exact = "exact"
    randomized = "randomized"


class Decomposing(Protocol):
    """An init with the parameters of a singular value decomposition."""

    @property
    def svd(self) -> Decomposition:
        """Which decomposition."""
        ...

    @property
    def oversampling(self) -> int:
        """Directions sampled beyond those asked for."""
        ...

    @property
    def power_iterations(self) -> int:
        """How often the sampled directions are sharpened."""
        ...


def check_decomposition(init: Decomposing) -> None:
    """Raise ValueError where a parameter is out of its range."""
    if init.svd not in list(Decomposition):
        raise ValueError(
            f"init.svd must be one of {', '.join(Decomposition)}, got {init.svd!r}"
        )
    refuse_below("oversampling", init.oversampling, 0)
    refuse_below("power_iterations", init.power_iterations, 0)


def is_randomized(init: Decomposing) -> bool:
    """Return whether a configured init draws its decomposition."""
    return init.svd == Decomposition.randomized


def triplets(
    init: Decomposing, X: Matrix | csr_array, n_triplets: int, rng: np.random.Generator
) -> Triplets:
    """Return leading singular triplets as an init is configured to find them."""
    if not is_randomized(init):
        return leading_triplets(X, n_triplets)
    size = n_triplets + init.oversampling
    Q = range_basis(X, size, rng, power_iterations=init.power_iterations)
    U, s, Vt = np.linalg.svd(times(Q.T, X), full_matrices=False)
    rounding = float(np.finfo(s.dtype).eps) * max(X.shape)
    cut = slice(n_triplets)
    return signed(Q @ U[:, cut], s[cut], Vt[cut], rounding)


def range_basis(
    X: Matrix | csr_array, size: int, rng: np.random.Generator, *, power_iterations: int
) -> Matrix:
    """Return Q with orthonormal columns such that ``X ≈ QQ'X``.

    ``Q`` spans ``(XX')^q X Ω`` with Gaussian Ω and q power iterations, orthonormalised
    after every product so that small singular values are not lost to rounding (Halko et
    al. 2011, algorithm 4.4). Costs ``1 + 2q`` products of X with `size` vectors.

    Returns
    -------
    ndarray of shape (n_samples, size)
        In X's dtype; fewer columns, ``min(X.shape)``, where `size` exceeds that.

    References
    ----------
    N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions", SIAM
    Review 53(2), 2011.
    """
    size = min(size, *X.shape)
    # Drawn in float64 whatever X is: one seed then means one start in either dtype.
    omega = rng.standard_normal((X.shape[1], size)).astype(X.dtype)
    Q = np.linalg.qr(X @ omega).Q
    for _ in range(power_iterations):
        Q = np.linalg.qr(times(Q.T, X).T).Q
        Q = np.linalg.qr(X @ Q).Q
    return Q
