"""The data term of a multiplicative update, for each loss and storage of X.

The gradient of a beta-divergence is ``D − N``. For H, with ``Y = WH`` and M marking the
cells to fit, ``N = W'(M ∘ X ∘ Y^(beta−2))`` and ``D = W'(M ∘ Y^(beta−1))`` (Févotte &
Idier 2011, section 4.1). Factors are component-major: ``Wt`` has the shape
``(n_components, n_samples)``.
"""

from __future__ import annotations

from collections.abc import Callable
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


class Half(Protocol):
    """One factor's half of a step, the other factor held; what can be is shared."""

    def parts(self, F: Matrix, /) -> Parts:
        """Return N and D at the factor F, component-major; D may broadcast.

        N may be kept for the next call unless beta is 1: it is not to be written into.
        """
        ...


class DataTerm(Protocol):
    """What the data contribute to the update of each factor."""

    def for_features(self, Wt: Matrix) -> Half:
        """Return the half of a step that updates H."""
        ...

    def for_samples(self, H: Matrix) -> Half:
        """Return the half of a step that updates ``W'``."""
        ...


@dataclass(frozen=True)
class GramHalf:
    """``N = C`` and ``D = G F``: the costly products are formed once for any F."""

    C: Matrix
    G: Matrix

    def parts(self, F: Matrix) -> Parts:
        """Return N and D."""
        return self.C, self.G @ F

    def value(self, F: Matrix) -> float:
        """Return ``½‖X − WH‖² − ½‖X‖²``, summed in float64."""
        slopes = 0.5 * (self.G @ F) - self.C
        return float(np.einsum("kn,kn->", slopes, F, dtype=np.float64))


@dataclass(frozen=True)
class GramTerm:
    """Frobenius on complete data: ``D = (W'W) H``, so that Y is never formed."""

    X: Matrix | csr_array

    def for_features(self, Wt: Matrix) -> GramHalf:
        """Form ``W'X`` and ``W'W``."""
        return GramHalf(times(Wt, self.X), Wt @ Wt.T)

    def for_samples(self, H: Matrix) -> GramHalf:
        """Form ``H X'`` and ``H H'``."""
        return GramHalf(times_transposed(H, self.X), H @ H.T)


@dataclass(frozen=True)
class _Half:
    """A half whose every part depends on both factors."""

    parts: Callable[[Matrix], Parts]


@dataclass(frozen=True)
class DenseTerm:
    """Any divergence on a dense X, whose unobserved cells hold 0."""

    X: Matrix
    mask: Matrix | None
    beta: float

    def for_features(self, Wt: Matrix) -> Half:
        """See `DataTerm.for_features`."""

        def parts(H: Matrix) -> Parts:
            P, Q = self._weights(Wt, H)
            return Wt @ P, _sums(Wt) if Q is None else Wt @ Q

        return _Half(parts)

    def for_samples(self, H: Matrix) -> Half:
        """See `DataTerm.for_samples`."""

        def parts(Wt: Matrix) -> Parts:
            P, Q = self._weights(Wt, H)
            return H @ P.T, _sums(H) if Q is None else H @ Q.T

        return _Half(parts)

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


class StoredTerm:
    """Any divergence on a CSR; Y is computed at stored entries only.

    Where all cells count, not the stored ones alone, the denominator is a sum over all:
    column sums for Kullback-Leibler, blocks of Y for the others, which take the time,
    though never the memory, of a dense X.
    """

    def __init__(self, X: csr_array, *, masked: bool, beta: float) -> None:
        self._X, self._masked, self._beta = X, masked, beta
        # Found once: at each step they would cost a pass over the stored entries.
        self._cells = stored_cells(X)
        self._ones = self._like_x(np.ones_like(X.data)) if masked else None

    def for_features(self, Wt: Matrix) -> Half:
        """See `DataTerm.for_features`."""

        def parts(H: Matrix) -> Parts:
            P, Q = self._weights(Wt, H)
            numerator = times(Wt, P)
            if Q is not None:
                return numerator, times(Wt, Q)
            if self._beta == 1:
                return numerator, _sums(Wt)
            denominator = np.zeros_like(H)
            for block in self._row_blocks():
                rows = Wt[:, block]
                denominator += rows @ (rows.T @ H) ** (self._beta - 1)
            return numerator, denominator

        return _Half(parts)

    def for_samples(self, H: Matrix) -> Half:
        """See `DataTerm.for_samples`."""

        def parts(Wt: Matrix) -> Parts:
            P, Q = self._weights(Wt, H)
            numerator = times_transposed(H, P)
            if Q is not None:
                return numerator, times_transposed(H, Q)
            if self._beta == 1:
                return numerator, _sums(H)
            denominator = np.empty_like(Wt)
            for block in self._row_blocks():
                powers = (Wt[:, block].T @ H) ** (self._beta - 1)
                denominator[:, block] = H @ powers.T
            return numerator, denominator

        return _Half(parts)

    def _row_blocks(self) -> list[slice]:
        n_samples, n_features = self._X.shape
        return row_blocks(int(n_samples), int(n_features))

    def _weights(self, Wt: Matrix, H: Matrix) -> tuple[csr_array, csr_array | None]:
        """Return ``X Y^(beta−2)`` and, if masked, ``Y^(beta−1)``, where X is stored."""
        x, y = self._X.data, product_at(Wt, H, *self._cells)
        if self._beta == 1:
            return self._like_x(np.divide(x, y, out=y)), self._ones
        if self._beta == 2:
            return self._X, self._like_x(y)
        q = y ** (self._beta - 1)
        p = np.divide(x, y, out=y)
        p *= q
        return self._like_x(p), self._like_x(q) if self._masked else None

    def _like_x(self, data: Matrix) -> csr_array:
        from scipy.sparse import csr_array

        values: Any = data
        X = self._X
        return csr_array((values, X.indices, X.indptr), shape=X.shape)


def data_term(problem: Problem) -> DataTerm:
    """Return the cheapest form of the data term for this loss and storage."""
    beta, X, observed = problem.objective.exponent, problem.X, problem.observed
    if beta == 2 and observed is None:
        return GramTerm(X)
    if isinstance(X, np.ndarray):
        # As numbers once, not at each step: the mask enters matrix products.
        mask = None if observed is None else np.asarray(observed, dtype=problem.dtype)
        return DenseTerm(X, mask, beta)
    return StoredTerm(X, masked=observed is not None, beta=beta)


def _sums(F: Matrix) -> Matrix:
    sums: Matrix = F.sum(axis=1, keepdims=True)
    return sums
