"""What becomes of each component when there is one more: kept, split, merged or new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix
from nmflab.numerics.canonical import unit_rows
from nmflab.numerics.cells import Float64
from nmflab.numerics.nnls import nnls

LINK = 0.2
"""Share of a combination's weight from which a component counts as a part of it."""

LOST = 0.5
"""Relative residual of a combination above which the component is not in it at all.

A combination that leaves half of a vector's length explains three quarters of its
square: the cosine between the two is 0.87.
"""

Fate: TypeAlias = Literal["kept", "split", "merged", "lost"]
Origin: TypeAlias = Literal["kept", "split", "merged", "new"]


@dataclass(frozen=True)
class Lineage:
    """How the components of a smaller factorization continue in a larger one.

    Parameters
    ----------
    weights : ndarray of shape (n_smaller, n_larger)
        Of the nonnegative combination ``h_k ≈ Σ_l weights[k, l] h'_l`` of unit vectors;
        dimensionless.
    residuals : ndarray of shape (n_smaller,)
        ``‖h_k − Σ_l weights[k, l] h'_l‖``: 0 is explained whole, 1 not at all.
    links : ndarray of bool of shape (n_smaller, n_larger)
        The parts that count: each of at least `LINK` of the sum of the weights, and the
        heaviest in any case; none for a component that is lost.
    """

    weights: Float64
    residuals: Float64
    links: Mask

    @property
    def shares(self) -> Float64:
        """The weights of each row as shares of their sum."""
        sums = self.weights.sum(axis=1, keepdims=True)
        return np.asarray(self.weights / np.where(sums > 0, sums, 1.0))

    @property
    def fates(self) -> tuple[Fate, ...]:
        """What became of each component of the smaller factorization.

        "split": it has several parts; "merged": its one part is also a part of another;
        "kept": its one part is its alone; "lost": nothing resembles it.
        """
        return tuple(_fate(self.links, k) for k in range(len(self.links)))

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where each component of the larger factorization comes from.

        "kept": one component, whole; "split": one, in part; "merged": several; "new":
        none.
        """
        return tuple(_origin(self.links, at) for at in range(self.links.shape[1]))


def _fate(links: Mask, k: int) -> Fate:
    parts = np.flatnonzero(links[k])
    if not parts.size:
        return "lost"
    if parts.size > 1:
        return "split"
    return "merged" if links[:, parts[0]].sum() > 1 else "kept"


def _origin(links: Mask, at: int) -> Origin:
    parents = np.flatnonzero(links[:, at])
    if not parents.size:
        return "new"
    if parents.size > 1:
        return "merged"
    return "split" if links[parents[0]].sum() > 1 else "kept"


def lineage(
    H_smaller: Matrix,
    H_larger: Matrix,
    W_smaller: Matrix | None = None,
    W_larger: Matrix | None = None,
) -> Lineage:
    """Return each component as a nonnegative combination of those of a larger run.

    ``min_{a >= 0} ‖h_k − Σ_l a_l h'_l‖`` over unit vectors, by nonnegative least
    squares: scale and order of components do not matter.

    Parameters
    ----------
    H_smaller, H_larger : ndarrays of shape (n_components, n_features)
        Usually of r and r + 1 components; any two numbers will do.
    W_smaller, W_larger : ndarrays of shape (n_samples, n_components), optional
        Only to tell which components are 0: those have no part in anything.

    Raises
    ------
    ValueError
        If the two differ in n_features.
    """
    if H_smaller.shape[1] != H_larger.shape[1]:
        raise ValueError(
            f"lineage: the factors have {H_smaller.shape[1]} and"
            f" {H_larger.shape[1]} features; only factorizations of the same columns"
            " have a lineage"
        )
    A, B = _alive_rows(H_smaller, W_smaller), _alive_rows(H_larger, W_larger)
    weights = nnls(B @ B.T, B @ A.T).T.astype(np.float64, copy=False)
    residuals = np.linalg.norm(A - weights @ B, axis=1)
    residuals[~A.any(axis=1)] = 1.0  # nothing resembles what is 0
    return Lineage(weights, residuals, _links(weights, residuals))


def _alive_rows(H: Matrix, W: Matrix | None) -> Float64:
    rows = unit_rows(H)
    if W is not None:
        rows[np.abs(W).max(axis=0, initial=0.0) == 0] = 0.0
    return rows


def _links(weights: Float64, residuals: npt.NDArray[np.float64]) -> Mask:
    links: Mask = np.zeros(weights.shape, dtype=np.bool_)
    sums = weights.sum(axis=1, keepdims=True)
    links[:] = (weights > 0) & (weights >= LINK * sums)
    heaviest = weights.argmax(axis=1)
    rows = np.arange(len(weights))
    links[rows, heaviest] = weights[rows, heaviest] > 0
    links[residuals > LOST] = False
    return links
