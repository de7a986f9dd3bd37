"""Nonnegative double singular value decomposition: NNDSVD, NNDSVDa, NNDSVDar."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._starts import finished, mean_observed
from nmflab_inits._svd import leading_triplets, nonnegative_halves

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Nndsvd:
    """NNDSVD: ``sqrt(s_j m_j)`` times the larger half of each singular pair of X.

    Its many zeros suit `hals`; multiplicative updates lift them to their floor, from
    where they hardly move.

    Parameters
    ----------
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss. False gives scikit-learn's digits, to rounding.

    Notes
    -----
    Deterministic: the decomposition is exact for small X and iterated to machine
    precision from a fixed vector for large X; a large sparse X stays sparse. Data with
    missing entries are not taken: their singular vectors would be those of invented
    zeros.

    References
    ----------
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition 41(4), 2008.
    """

    scale: bool = True

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the factors, zeros included; `rng` is not used.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(problem, n_components, "nndsvd")
        return finished(problem, W, H, scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class NndsvdA:
    """NNDSVDa: `Nndsvd` with ``mean(X)`` in place of its zeros.

    Parameters
    ----------
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss. False gives scikit-learn's digits, to rounding.

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

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the filled factors; `rng` is not used.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(problem, n_components, "nndsvda")
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

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return the filled factors; W is drawn before H.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        W, H = _zeros_kept(problem, n_components, "nndsvdar")
        mean = mean_observed(problem)
        for factor in (W, H):
            zeros = factor == 0
            noise = rng.standard_normal(int(np.count_nonzero(zeros)))
            factor[zeros] = np.abs(noise) * (mean / 100)
        return finished(problem, W, H, scale=self.scale)


def _zeros_kept(
    problem: Problem, n_components: int, name: str
) -> tuple[Matrix, Matrix]:
    """Return NNDSVD's W and H, writable and in float64."""
    if n_components > min(problem.shape):
        raise ValueError(
            f"init={name} gives at most min(X.shape) = {min(problem.shape)} components,"
            f" n_components={n_components} was asked for; use init=random"
        )
    # The unit of an entry of W or H: what is left of a zero after rounding is far less.
    threshold = 1e-6 * math.sqrt(mean_observed(problem))
    return nonnegative_halves(
        *leading_triplets(problem.X, n_components), threshold=threshold
    )


def _spec(name: str, initialization: type[Any], *, random: bool) -> InitSpec:
    return InitSpec(
        name=name,
        initialization=initialization,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=random,
        limit="min_shape",
        examples=(initialization(),),
    )


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Declare the starts from singular vectors."""
    yield _spec("nndsvd", Nndsvd, random=False)
    yield _spec("nndsvda", NndsvdA, random=False)
    yield _spec("nndsvdar", NndsvdAr, random=True)
