"""Which component of one factorization is which of another, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Matrix
from nmflab.numerics.canonical import canonical, unit_rows
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


@dataclass(frozen=True)
class Directions:
    """The components of a factorization that are not 0, as unit vectors and sizes.

    What alignment, match scores and the census compare: made once of each run, however
    many others it is compared with.

    Parameters
    ----------
    W : ndarray of shape (n_alive, n_samples)
        Columns of W at unit length, as rows.
    H : ndarray of shape (n_alive, n_features)
        Rows of H at unit length.
    sizes : ndarray of shape (n_alive,)
        ``‖w_k‖‖h_k‖``, units of X, descending.
    given : ndarray of int of shape (n_alive,)
        Which component of the factors given each is.
    n_given : int
        How many those had, components that are 0 included.
    """

    W: Float64
    H: Float64
    sizes: Float64
    given: npt.NDArray[np.intp]
    n_given: int


def directions(factors: Factors) -> Directions:
    """Return the directions and sizes of a factorization's components."""
    form = canonical(factors)
    alive = form.sizes > 0
    return Directions(
        unit_rows(form.W[:, alive].T),
        unit_rows(form.H[alive]),
        form.sizes[alive],
        form.permutation[alive],
        factors.n_components,
    )


class Alignment(NamedTuple):
    """Which component of one factorization is which of another, judged by W and H.

    Parameters
    ----------
    permutation : ndarray of int of shape (n_components of the first,)
        Component of the second that goes with each of the first; -1 where none does.
    cosines_W, cosines_H : ndarrays of shape (n_components of the first,)
        Cosines of the paired columns of W and rows of H; 0 where there is no partner.
    unmatched : ndarray of int
        Components of the second that go with none of the first, ascending.
    """

    permutation: npt.NDArray[np.intp]
    cosines_W: Float64
    cosines_H: Float64
    unmatched: npt.NDArray[np.intp]

    @property
    def scores(self) -> Float64:
        """``cos(w, w') cos(h, h')`` of each pair: 1 is the same component."""
        return self.cosines_W * self.cosines_H


def align(first: Factors | Directions, second: Factors | Directions) -> Alignment:
    """Return the pairing of components with the largest ``Σ cos(w, w') cos(h, h')``.

    Scale and order of the components do not matter, their numbers may differ. A pair
    that shares nothing, or a component that is 0, is no pair.

    Parameters
    ----------
    first, second : Factors or Directions
        Of the same samples and features.

    Raises
    ------
    ValueError
        If they differ in n_samples or n_features.
    """
    a, b = _directed(first), _directed(second)
    in_W, in_H = _cosines(a, b)
    rows, columns = _best_pairs(in_W * in_H)
    permutation = np.full(a.n_given, -1, dtype=np.intp)
    cosines_W, cosines_H = np.zeros(a.n_given), np.zeros(a.n_given)
    at = a.given[rows]
    permutation[at] = b.given[columns]
    cosines_W[at], cosines_H[at] = in_W[rows, columns], in_H[rows, columns]
    unmatched = np.setdiff1d(np.arange(b.n_given), permutation)
    return Alignment(permutation, cosines_W, cosines_H, unmatched)


def factor_match_score(
    first: Factors | Directions, second: Factors | Directions
) -> float:
    """Return ``mean (1 − |ξ − ξ'|/max(ξ, ξ')) cos(w, w') cos(h, h')``, ``ξ = ‖w‖‖h‖``.

    From 0 (nothing shared) to 1 (the same factors but for scale and order); symmetric;
    dimensionless. Components are paired for the largest sum, and one without a partner
    counts 0. Components that are 0 are left out; two models of nothing else score 1.

    Raises
    ------
    ValueError
        If they differ in n_samples or n_features.

    References
    ----------
    E. Acar, D. M. Dunlavy, T. G. Kolda, M. Mørup, "Scalable Tensor Factorizations for
    Incomplete Data", Chemometrics and Intelligent Laboratory Systems 106(1), 2011.
    """
    a, b = _directed(first), _directed(second)
    in_W, in_H = _cosines(a, b)
    if not max(in_W.shape):
        return 1.0
    larger = np.maximum(a.sizes[:, None], b.sizes)
    scores = (1 - np.abs(a.sizes[:, None] - b.sizes) / larger) * in_W * in_H
    rows, columns = _best_pairs(scores)
    total = float(scores[rows, columns].sum())
    return float(np.clip(total / max(scores.shape), 0.0, 1.0))


def _directed(factors: Factors | Directions) -> Directions:
    return factors if isinstance(factors, Directions) else directions(factors)


def _cosines(a: Directions, b: Directions) -> tuple[Float64, Float64]:
    """Return the cosines of all columns of W and of all rows of H."""
    for what, one, other in (("samples", a.W, b.W), ("features", a.H, b.H)):
        if one.shape[1] != other.shape[1]:
            raise ValueError(
                f"align: the factors have {one.shape[1]} and {other.shape[1]} {what};"
                " only factorizations of one data set can be aligned"
            )
    in_W, in_H = a.W @ b.W.T, a.H @ b.H.T
    return np.clip(in_W, -1.0, 1.0), np.clip(in_H, -1.0, 1.0)


def _best_pairs(
    scores: Float64,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the assignment with the largest sum, without pairs that add nothing."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    some = scores[rows, columns] > 0
    return rows[some], columns[some]
