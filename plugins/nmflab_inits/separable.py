"""Rows of X as components: SPA and SNPA."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._matrix import dense_row, in_safe_units, square_lengths
from nmflab_inits._partner import best_partner
from nmflab_inits._residual import with_residual_components
from nmflab_inits._starts import (
    balanced,
    finished,
    refuse_beyond_min_shape,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class SpaStart:
    """SPA: the rows of X that the successive projection algorithm picks, as H.

    Each pick is the row farthest from the span of those before; W is the best
    nonnegative partner of H, by nonnegative least squares. Where X is separable, some
    rows being pure, this start is an exact factorization.

    Parameters
    ----------
    sum_to_one : bool, default True
        Whether rows are picked from X with each divided by its sum, so that a row and
        twice that row count as one. H holds rows of X itself either way.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    Notes
    -----
    Deterministic. A pick costs one product of X with a vector; W one product of X with
    H and a small problem for each row. A sparse X stays sparse. Where the picked rows
    span all of X before n_components are found, the rest are nonnegative rank-one fits
    of what is left of X, and 0 where nothing is. W has zeros, which suits `hals`;
    multiplicative updates lift them to their floor. Missing entries are not taken: they
    would count as zeros.

    References
    ----------
    M. C. U. Araújo et al., "The successive projections algorithm for variable selection
    in spectroscopic multicomponent analysis", Chemometrics and Intelligent Laboratory
    Systems 57(2), 2001.
    N. Gillis, S. A. Vavasis, "Fast and Robust Recursive Algorithms for Separable
    Nonnegative Matrix Factorization", IEEE TPAMI 36(4), 2014.
    """

    sum_to_one: bool = True
    scale: bool = True

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return picked rows and their partner; `rng` is not used.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        from nmflab.numerics.separable import spa

        refuse_beyond_min_shape(problem, n_components, "spa")
        return _picked(self, problem, n_components, spa)


@dataclass(frozen=True, kw_only=True)
class SnpaStart:
    """SNPA: as `SpaStart`, each pick farthest from the hull of 0 and those before.

    More robust than SPA where the pure rows are nearly dependent, and slower: each pick
    solves a small problem for each row.

    Parameters
    ----------
    sum_to_one, scale
        As in ``init=spa``.

    References
    ----------
    N. Gillis, "Successive Nonnegative Projection Algorithm for Robust Nonnegative Blind
    Source Separation", SIAM Journal on Imaging Sciences 7(2), 2014.
    """

    sum_to_one: bool = True
    scale: bool = True

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return picked rows and their partner; `rng` is not used.

        Raises
        ------
        ValueError
            If n_components is larger than ``min(X.shape)``.
        """
        from nmflab.numerics.separable import snpa

        refuse_beyond_min_shape(problem, n_components, "snpa")
        return _picked(self, problem, n_components, snpa)


def _picked(
    init: SpaStart | SnpaStart,
    problem: Problem,
    n_components: int,
    pick: Callable[..., npt.NDArray[np.intp]],
) -> Factors:
    X, root = in_safe_units(problem)
    rows = pick(X, n_components, sum_to_one=init.sum_to_one)
    H = _dense_rows(X, rows)
    W, H = balanced(best_partner(X, H), H)
    n_missing = n_components - len(H)
    if n_missing:
        Wt, H = with_residual_components(X, square_lengths(X), W.T, H, n_missing)
        W = Wt.T
    return finished(problem, W * root, H * root, scale=init.scale)


def _dense_rows(X: Matrix | csr_array, rows: npt.NDArray[np.intp]) -> Matrix:
    dense = np.zeros((rows.size, X.shape[1]))
    for into, row in zip(dense, rows, strict=True):
        into[:] = dense_row(X, int(row))
    return dense


def _spec(name: str, initialization: type[Any]) -> InitSpec:
    return InitSpec(
        name=name,
        initialization=initialization,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        random=False,
        limit="min_shape",
        examples=(initialization(), initialization(sum_to_one=False)),
    )


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Rows of X that the others are mixtures of."""
    yield _spec("spa", SpaStart)
    yield _spec("snpa", SnpaStart)
