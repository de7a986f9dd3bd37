"""Averages of randomly chosen rows or columns of X: Random Acol and Random C."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._matrix import in_safe_units, square_lengths
from nmflab_inits._partner import best_partner
from nmflab_inits._starts import balanced, finished, refuse_below

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


class Averaged(StrEnum):
    """What the averages are of."""

    samples = "samples"
    features = "features"


@dataclass(frozen=True, kw_only=True)
class RandomAcol:
    """Random Acol: each component of H is the mean of `n_averaged` random rows of X.

    W is then the best nonnegative partner of H, by nonnegative least squares. Rows are
    drawn without replacement for each component anew, and empty ones are passed over.

    Parameters
    ----------
    n_averaged : int, default 20
        Rows averaged for each component; all of them where X has fewer.
    of : {"samples", "features"}, default "samples"
        "samples" averages rows into H. "features" averages columns into W, and H is
        its partner.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    Notes
    -----
    The paper has the samples (documents) in the columns of its A = X', so that its
    averaged columns are the rows averaged here. Costs one product of X with H and a
    nonnegative least squares problem for each row; a sparse X stays sparse. W may hold
    zeros, which suits `hals`; multiplicative updates lift them to their floor. Missing
    entries are not taken: they would be averaged as zeros.

    References
    ----------
    A. N. Langville, C. D. Meyer, R. Albright, J. Cox, D. Duling, "Initializations for
    the Nonnegative Matrix Factorization", KDD 2006; "Algorithms, Initializations, and
    Convergence for the Nonnegative Matrix Factorization", arXiv:1407.7299, 2014.
    """

    n_averaged: int = 20
    of: Averaged = Averaged.samples
    scale: bool = True

    def __post_init__(self) -> None:
        _check(self)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return averages and their partner; all zero where X is."""
        return _averages(self, problem, n_components, rng, share=1.0)


@dataclass(frozen=True, kw_only=True)
class RandomC:
    """Random C: as `RandomAcol`, with rows drawn from the longest ones only.

    Long rows (in the Euclidean norm) tend to be the densest, so their averages lie
    further apart from an all-purpose mean.

    Parameters
    ----------
    n_averaged : int, default 20
        Rows averaged for each component; all candidates where there are fewer.
    longest : float, default 0.5
        Share of the rows that are candidates, above 0 and at most 1; the paper names
        none.
    of, scale
        As in ``init=random_acol``.

    References
    ----------
    A. N. Langville, C. D. Meyer, R. Albright, J. Cox, D. Duling, "Initializations for
    the Nonnegative Matrix Factorization", KDD 2006; "Algorithms, Initializations, and
    Convergence for the Nonnegative Matrix Factorization", arXiv:1407.7299, 2014.
    """

    n_averaged: int = 20
    longest: float = 0.5
    of: Averaged = Averaged.samples
    scale: bool = True

    def __post_init__(self) -> None:
        _check(self)
        if not 0 < self.longest <= 1:
            raise ValueError(
                f"init.longest must be > 0 and <= 1, got {self.longest}: it is the"
                " share of the rows to draw from. Use 0.5."
            )

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return averages and their partner; all zero where X is."""
        return _averages(self, problem, n_components, rng, share=self.longest)


def _check(init: RandomAcol | RandomC) -> None:
    refuse_below("n_averaged", init.n_averaged, 1)
    if init.of not in list(Averaged):
        raise ValueError(
            f"init.of must be one of {', '.join(Averaged)}, got {init.of!r}"
        )


def _averages(
    init: RandomAcol | RandomC,
    problem: Problem,
    n_components: int,
    rng: np.random.Generator,
    *,
    share: float,
) -> Factors:
    X, root = in_safe_units(problem)
    A = X if init.of == Averaged.samples else _transposed(X)
    candidates = _longest(square_lengths(A), share)
    q = min(init.n_averaged, candidates.size)
    drawn = np.array([rng.choice(candidates, q, False) for _ in range(n_components)])
    B = _means(A, drawn)
    partner, B = balanced(best_partner(A, B), B)
    W, H = (partner, B) if init.of == Averaged.samples else (B.T, partner.T)
    return finished(problem, W * root, H * root, scale=init.scale)


def _transposed(X: Matrix | csr_array) -> Matrix | csr_array:
    return X.T if isinstance(X, np.ndarray) else X.T.tocsr()


def _longest(lengths: Matrix, share: float) -> npt.NDArray[np.intp]:
    """Return the longest rows, none of them empty unless all are."""
    order = np.argsort(-lengths, kind="stable")
    n_filled = max(1, int(np.count_nonzero(lengths)))
    return order[: max(1, round(share * n_filled))]


def _means(A: Matrix | csr_array, drawn: npt.NDArray[np.intp]) -> Matrix:
    """Return the mean of each set of rows of A, dense and in float64."""
    means = np.empty((len(drawn), A.shape[1]))
    for mean, rows in zip(means, drawn, strict=True):
        mean[:] = A[rows].sum(axis=0, dtype=np.float64)
        mean /= rows.size
    return means


def _spec(name: str, initialization: type[RandomAcol] | type[RandomC]) -> InitSpec:
    return InitSpec(
        name=name,
        initialization=initialization,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        # of so few rows that two seeds can tell a small X apart
        examples=(
            initialization(n_averaged=2),
            initialization(n_averaged=1, of=Averaged.features),
        ),
    )


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Averages of random rows or columns."""
    yield _spec("random_acol", RandomAcol)
    yield _spec("random_c", RandomC)
