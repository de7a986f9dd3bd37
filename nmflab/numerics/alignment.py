"""Which component of one factorization is which of another, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.canonical import unit_rows
from nmflab.numerics.cells import Float64


class Matching(NamedTuple):
    """Pairs of components: row k of the first H goes with ``permutation[k]``.

    Parameters
    ----------
    permutation : ndarray of int of shape (n_components of the first,)
        Row of the second H; -1 where the first has more components and k got none.
    cosines : ndarray of shape (n_components of the first,)
        Cosine of each pair, dimensionless; 0 where there is no partner.
    """

    permutation: npt.NDArray[np.intp]
    cosines: Float64


class Stability(NamedTuple):
    """How well each component of a reference is found again.

    Parameters
    ----------
    mean, minimum : ndarray of shape (n_components of the reference,)
        Over the other factorizations; dimensionless, 1 is found again exactly.
    """

    mean: Float64
    minimum: Float64


def match_components(H_a: Matrix, H_b: Matrix) -> Matching:
    """Return the pairing of rows with the largest sum of cosines.

    Scale and order of the components do not matter. The numbers of components may
    differ; a zero row has cosine 0 with every row.

    Parameters
    ----------
    H_a, H_b : ndarrays of shape (n_components, n_features)

    Raises
    ------
    ValueError
        If the two differ in n_features.
    """
    from scipy.optimize import linear_sum_assignment

    if H_a.shape[1] != H_b.shape[1]:
        raise ValueError(
            f"match_components: the factors have {H_a.shape[1]} and {H_b.shape[1]}"
            " features; only factorizations of the same columns can be matched"
        )
    cosines = np.clip(unit_rows(H_a) @ unit_rows(H_b).T, -1.0, 1.0)
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    permutation = np.full(H_a.shape[0], -1, dtype=np.intp)
    matched = np.zeros(H_a.shape[0])
    permutation[rows], matched[rows] = columns, cosines[rows, columns]
    return Matching(permutation, matched)


def stability(Hs: Sequence[npt.NDArray[Any]], reference: int = 0) -> Stability:
    """Return how alike the components of several factorizations are.

    Each is matched with the reference (see `match_components`); per component of the
    reference the mean and the smallest matched cosine over the others are given.

    Parameters
    ----------
    Hs : sequence of ndarrays of shape (n_components, n_features)
        At least two; n_components may differ.
    reference : int, default 0
        Index of the factorization to compare with: the best run, say.

    Raises
    ------
    ValueError
        If there are fewer than two, or n_features differs.
    """
    if len(Hs) < 2:
        raise ValueError(
            f"stability: needs at least 2 factorizations, got {len(Hs)}; run more seeds"
        )
    at = range(len(Hs))[reference]
    others = [H for index, H in enumerate(Hs) if index != at]
    cosines = np.array([match_components(Hs[at], H).cosines for H in others])
    return Stability(cosines.mean(axis=0), cosines.min(axis=0))
