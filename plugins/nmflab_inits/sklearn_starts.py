"""scikit-learn's own starting factors, digit for digit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._svd import nonnegative_halves

NMFLAB_CONTRACT = 1


class Method(StrEnum):
    """The values of scikit-learn's parameter ``init``."""

    random = "random"
    nndsvd = "nndsvd"
    nndsvda = "nndsvda"
    nndsvdar = "nndsvdar"


_DRAWN = (Method.random, Method.nndsvdar)


@dataclass(frozen=True, kw_only=True)
class ScikitLearnStart:
    """The start of ``NMF(init=method, random_state=random_state)``, never rescaled.

    Parameters
    ----------
    method : {"random", "nndsvd", "nndsvda", "nndsvdar"}, default "random"
        "random" is ``|N(0, 1)|·sqrt(mean(X) / n_components)``, H drawn before W. The
        others start from scikit-learn's randomized SVD.
    random_state : int, optional
        Seed of a ``numpy.random.RandomState``, at least 0 and below 2**32. None, the
        default, draws one from the run's seed for "random" and "nndsvdar"; "nndsvd" and
        "nndsvda" then use 0 for the randomized SVD, so that they do not vary.

    Notes
    -----
    Published results name a ``random_state``; this start is for reproducing them. Data
    with missing entries are not taken: scikit-learn knows none.

    References
    ----------
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition 41(4), 2008.
    """

    method: Method = Method.random
    random_state: int | None = None

    def __post_init__(self) -> None:
        if self.method not in list(Method):
            raise ValueError(
                f"init.method must be one of {', '.join(Method)}, got {self.method!r}"
            )
        if self.random_state is not None and not 0 <= self.random_state < 2**32:
            raise ValueError(
                "init.random_state must be null or from 0 to 2**32 - 1, got"
                f" {self.random_state}"
            )

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return scikit-learn's factors for this X.

        Raises
        ------
        ValueError
            If the method is not "random" and n_components exceeds ``min(X.shape)``.
        """
        seed = self.random_state
        if seed is None:
            seed = int(rng.integers(2**32)) if self.method in _DRAWN else 0
        if self.method == Method.random:
            return _random(problem, n_components, np.random.RandomState(seed))
        if n_components > min(problem.shape):
            raise ValueError(
                f"init.method={self.method} gives at most min(X.shape) ="
                f" {min(problem.shape)} components, n_components={n_components} was"
                " asked for; use init.method=random"
            )
        return self._from_svd(problem, n_components, seed)

    def _from_svd(self, problem: Problem, n_components: int, seed: int) -> Factors:
        from sklearn.utils.extmath import randomized_svd

        U, s, Vt = randomized_svd(problem.X, n_components, random_state=seed)
        W, H = nonnegative_halves(U, s, Vt, threshold=1e-6)
        mean, state = problem.X.mean(), np.random.RandomState(seed)
        for factor in (W, H):
            zeros = factor == 0
            if self.method == Method.nndsvda:
                factor[zeros] = mean
            elif self.method == Method.nndsvdar:
                noise = state.standard_normal(size=int(np.count_nonzero(zeros)))
                factor[zeros] = abs(mean * noise / 100)
        return _as_given(problem, W, H)


def _random(
    problem: Problem, n_components: int, state: np.random.RandomState
) -> Factors:
    n_samples, n_features = problem.shape
    size, dtype = np.sqrt(problem.X.mean() / n_components), problem.dtype
    # The order of the draws and of the roundings is scikit-learn's.
    H = size * state.standard_normal(size=(n_components, n_features)).astype(dtype)
    W = size * state.standard_normal(size=(n_samples, n_components)).astype(dtype)
    return _as_given(problem, np.abs(W), np.abs(H))


def _as_given(problem: Problem, W: Matrix, H: Matrix) -> Factors:
    dtype = problem.dtype
    return Factors(
        np.ascontiguousarray(W, dtype=dtype), np.ascontiguousarray(H, dtype=dtype)
    )


def _is_random(initialization: ScikitLearnStart) -> bool:
    return initialization.random_state is None and initialization.method in _DRAWN


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """scikit-learn's starts."""
    yield InitSpec(
        name="sklearn",
        initialization=ScikitLearnStart,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=_is_random,
        requires=("scikit-learn>=1.3",),
        examples=(
            ScikitLearnStart(random_state=42),
            ScikitLearnStart(method=Method.nndsvda),
        ),
    )
