"""The data term of a multiplicative update, for each loss and storage of X.

The gradient of a beta-divergence is ``D − N``. For H, with ``Y = WH`` and M marking the
cells to fit, ``N = W'(M ∘ X ∘ Y^(beta−2))`` and ``D = W'(M ∘ Y^(beta−1))`` (Févotte &
Idier 2011, section 4.1). Factors are component-major: ``Wt`` has the shape
``(n_components, n_samples)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab_solvers._products import (
    product_at,
    row_blocks,
    stored_cells,
    times,
    times_transposed,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Parts = tuple[Matrix, Matrix]


class DataTerm(Protocol):
    """Numerator N and denominator D of each factor's update; D may broadcast."""

    def for_features(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for H."""
        ...

    def for_samples(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for ``W'``."""
        ...


@dataclass(frozen=True)
class GramTerm:
    """Frobenius on complete data: ``D = (W'W) H``, so that Y is never formed."""

    X: Matrix | csr_array

    def for_features(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return ``W'X`` and ``(W'W) H``."""
        return times(Wt, self.X), (Wt @ Wt.T) @ H

    def for_samples(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return ``H X'`` and ``(H H') W'``."""
        return times_transposed(H, self.X), (H @ H.T) @ Wt


@dataclass(frozen=True)
class DenseTerm:
    """Any divergence on a dense X, whose unobserved cells hold 0."""

    X: Matrix
    mask: Matrix | None
    beta: float

    def for_features(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for H."""
        P, Q = self._weights(Wt, H)
        numerator = Wt @ P
        return numerator, _sums(Wt) if Q is None else Wt @ Q

    def for_samples(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for ``W'``."""
        P, Q = self._weights(Wt, H)
        numerator = H @ P.T
        return numerator, _sums(H) if Q is None else H @ Q.T

    def _weights(self, Wt: Matrix, H: Matrix) -> tuple[Matrix, Matrix | None]:
        """Return ``X Y^(beta−2)`` and ``M Y^(beta−1)``, None standing for all ones."""
        Y = Wt.T @ H
        if self.beta == 1:
            return np.divide(self.X, Y, out=Y), self.mask
        if self.beta == 2:
            P, Q = self.X, Y
        else:
            Q = Y ** (self.beta - 1)
            np.divide(self.X, Y, out=Y)
            P = np.multiply(Y, Q, out=Y)
        return P, Q if self.mask is None else np.multiply(Q, self.mask, out=Q)


@dataclass(frozen=True)
class StoredTerm:
    """Any divergence on a CSR; Y is computed at stored entries only.

    Where all cells count, not the stored ones alone, the denominator is a sum over all:
    column sums for Kullback-Leibler, blocks of Y for the others, which take the time,
    though never the memory, of a dense X.
    """

    X: csr_array
    masked: bool
    beta: float

    def for_features(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for H."""
        P, Q = self._weights(Wt, H)
        numerator = times(Wt, P)
        if Q is not None:
            return numerator, times(Wt, Q)
        if self.beta == 1:
            return numerator, _sums(Wt)
        denominator = np.zeros_like(H)
        for block in row_blocks(*self._shape):
            denominator += Wt[:, block] @ (Wt[:, block].T @ H) ** (self.beta - 1)
        return numerator, denominator

    def for_samples(self, Wt: Matrix, H: Matrix) -> Parts:
        """Return N and D for ``W'``."""
        P, Q = self._weights(Wt, H)
        numerator = times_transposed(H, P)
        if Q is not None:
            return numerator, times_transposed(H, Q)
        if self.beta == 1:
            return numerator, _sums(H)
        denominator = np.empty_like(Wt)
        for block in row_blocks(*self._shape):
            powers = (Wt[:, block].T @ H) ** (self.beta - 1)
            denominator[:, block] = H @ powers.T
        return numerator, denominator

    @property
    def _shape(self) -> tuple[int, int]:
        n_samples, n_features = self.X.shape
        return int(n_samples), int(n_features)

    def _weights(self, Wt: Matrix, H: Matrix) -> tuple[csr_array, csr_array | None]:
        """Return ``X Y^(beta−2)`` and, if masked, ``Y^(beta−1)``, where X is stored."""
        y = product_at(Wt, H, *stored_cells(self.X))
        q = y ** (self.beta - 1)
        P = self._stored_like_x(self.X.data / y * q)
        return P, self._stored_like_x(q) if self.masked else None

    def _stored_like_x(self, data: Matrix) -> csr_array:
        from scipy.sparse import csr_array

        values: Any = data
        return csr_array((values, self.X.indices, self.X.indptr), shape=self.X.shape)


def data_term(problem: Problem) -> DataTerm:
    """Return the cheapest form of the data term for this loss and storage."""
    beta, X, observed = problem.objective.exponent, problem.X, problem.observed
    if beta == 2 and observed is None:
        return GramTerm(X)
    if isinstance(X, np.ndarray):
        # As numbers once, not at each step: the mask enters matrix products.
        mask = None if observed is None else np.asarray(observed, dtype=problem.dtype)
        return DenseTerm(X, mask, beta)
    return StoredTerm(X, observed is not None, beta)


def _sums(F: Matrix) -> Matrix:
    sums: Matrix = F.sum(axis=1, keepdims=True)
    return sums
