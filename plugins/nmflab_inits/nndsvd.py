"""Nonnegative double singular value decomposition: NNDSVD, NNDSVDa, NNDSVDar."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._sketch import (
    Decomposition,
    check_decomposition,
    is_randomized,
    triplets,
)
from nmflab_inits._starts import finished, mean_observed, refuse_beyond_min_shape
from nmflab_inits._svd import nonnegative_halves

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Nndsvd:
    """NNDSVD: ``sqrt(s_j m_j)`` times the larger half of each singular pair of X.

    Its many zeros suit `hals`; multiplicative updates, which cannot leave a 0, lift
    them first and say so.

    Parameters
    ----------
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss. False, with the exact decomposition, gives
        scikit-learn's digits to rounding.
    svd : {"exact", "randomized"}, default "exact"
        "randomized" is quicker on large X and depends on the seed (Halko et al. 2011).
    oversampling, power_iterations : int, default 10 and 2
        Of the randomized decomposition: directions sampled beyond n_components, and
        how often they are sharpened, each time with two more passes over X.

    Notes
    -----
    The exact decomposition is deterministic: LAPACK's for small X, for large X iterated
    to machine precision from a fixed vector; a large sparse X stays sparse. The
    randomized one passes ``2 + 2 power_iterations`` times over X, each time with
    ``2 n_samples n_features (n_components + oversampling)`` operations (of a sparse X,
    its stored entries). Data with missing entries are not taken: their singular vectors
    would be those of invented zeros.

    References
    ----------
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition 41(4), 2008.
    N. Halko, P.-G. Martinsson, J. A. Tropp, "Finding Structure with Randomness:
    Probabilistic Algorithms for Constructing Approximate Matrix Decompositions", SIAM
    Review 53(2), 2011.
    """

    scale: bool = True
    svd: Decomposition = Decomposition.exact
    oversampling: int = 10
    power_iterations: int = 2

    def __post_init__(self) -> None:
        check_decomposition(self)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the factors, zeros included; `rng` serves a randomized `svd` only.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(self, problem, n_components, rng, "nndsvd")
        return finished(problem, W, H, scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class NndsvdA:
    """NNDSVDa: `Nndsvd` with ``mean(X)`` in place of its zeros.

    Parameters
    ----------
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss. False, with the exact decomposition, gives
        scikit-learn's digits to rounding.
    svd, oversampling, power_iterations
        As in ``init=nndsvd``.

    Notes
    -----
    The mean is in units of X, the other entries in units of ``sqrt(X)``, as published:
    unlike other starts, this one changes with the unit X is given in.

    References
    ----------
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition 41(4), 2008.
    """

    scale: bool = True
    svd: Decomposition = Decomposition.exact
    oversampling: int = 10
    power_iterations: int = 2

    def __post_init__(self) -> None:
        check_decomposition(self)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the filled factors; `rng` serves a randomized `svd` only.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(self, problem, n_components, rng, "nndsvda")
        mean = mean_observed(problem)
        W[W == 0] = mean
        H[H == 0] = mean
        return finished(problem, W, H, scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class NndsvdAr:
    """NNDSVDar: `Nndsvd` with ``|N(0, 1)|·mean(X)/100`` in place of its zeros.

    Parameters
    ----------
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.
    svd, oversampling, power_iterations
        As in ``init=nndsvd``.

    Notes
    -----
    The paper fills with uniform numbers up to ``mean(X)/100``; this is the form
    scikit-learn made common.

    References
    ----------
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition 41(4), 2008.
    """

    scale: bool = True
    svd: Decomposition = Decomposition.exact
    oversampling: int = 10
    power_iterations: int = 2

    def __post_init__(self) -> None:
        check_decomposition(self)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the filled factors; a randomized `svd` is drawn first, then W, then H.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(self, problem, n_components, rng, "nndsvdar")
        mean = mean_observed(problem)
        for factor in (W, H):
            zeros = factor == 0
            noise = rng.standard_normal(int(np.count_nonzero(zeros)))
            factor[zeros] = np.abs(noise) * (mean / 100)
        return finished(problem, W, H, scale=self.scale)


def _zeros_kept(
    plugin: Nndsvd | NndsvdA | NndsvdAr,
    problem: Problem,
    n_components: int,
    rng: np.random.Generator,
    name: str,
) -> tuple[Matrix, Matrix]:
    """Return NNDSVD's W and H, writable and in float64."""
    refuse_beyond_min_shape(problem, n_components, name)
    # The unit of an entry of W or H: what is left of a zero after rounding is far less.
    threshold = 1e-6 * math.sqrt(mean_observed(problem))
    U, s, Vt = triplets(plugin, problem.X, n_components, rng)
    return nonnegative_halves(U, s, Vt, threshold=threshold)


def _spec(name: str, initialization: type[Any], *, always_random: bool) -> InitSpec:
    return InitSpec(
        name=name,
        initialization=initialization,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=always_random or is_randomized,
        limit="min_shape",
        examples=(initialization(), initialization(svd=Decomposition.randomized)),
    )


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Declare the starts from singular vectors."""
    yield _spec("nndsvd", Nndsvd, always_random=False)
    yield _spec("nndsvda", NndsvdA, always_random=False)
    yield _spec("nndsvdar", NndsvdAr, always_random=True)
