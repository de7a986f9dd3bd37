"""The divergence between X and its model over the fitted cells, three ways.

Cell by cell (any storage, any loss, accurate near an exact fit), by Gram matrices
(Frobenius, all cells of a large X), and by stored cells (Kullback-Leibler, all cells of
a large CSR). All take the model as two factors ``A B``, which are W and H, widened
where there are offsets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

import numpy as np

from nmflab.contracts import Problem
from nmflab.numerics.cells import (
    Blocks,
    Float64,
    fitted_blocks,
    is_small,
    stored_blocks,
)
from nmflab.numerics.divergence import (
    close_sum,
    constants,
    scale_sums,
    slope_and_curvature,
    varying_sum,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Spread: TypeAlias = "Float64 | csr_array"

# A value this small against its terms is computed again cell by cell: rounding leaves
# about 1e-16 of the terms, hence 1e-10 and 1e-8 of the value. A large CSR pays for that
# with the dense product, so it waits longer.
NEAR_EXACT = 1e-6
NEAR_EXACT_SPARSE = 1e-8


class Derivatives(NamedTuple):
    """Gradients by W and H, and the curvatures one coordinate step divides by.

    A curvature has the shape of its factor, or is None where it is the squared norms of
    the other factor's components (Frobenius over all cells).
    """

    grad_W: Float64
    grad_H: Float64
    curvature_W: Float64 | None
    curvature_H: Float64 | None


class DataTerm(Protocol):
    """``D(X | A B)`` over the fitted cells."""

    def value(self, A: Float64, B: Float64) -> float:
        """Return the sum of the divergence; +inf outside its domain."""
        ...

    def derivatives(
        self, A: Float64, B: Float64, W: Float64, H: Float64
    ) -> Derivatives | None:
        """Return the derivatives by W and H; None where a slope is infinite."""
        ...

    def scale(self, A: Float64, B: Float64) -> tuple[float, float]:
        """Return numerator and denominator of the scalar that fits ``A B`` best."""
        ...


def data_term(problem: Problem, beta: float) -> DataTerm:
    """Return the cheapest way of evaluating this divergence on this problem."""
    complete = problem.observed is None
    if complete and not is_small(problem):
        if beta == 2:
            return GramTerm(problem)
        if beta == 1 and problem.is_sparse:
            return StoredKullbackLeibler(problem)
    return CellTerm(fitted_blocks(problem), beta, complete=complete)


class CellTerm:
    """Any loss, cell by cell."""

    def __init__(self, blocks: Blocks, beta: float, *, complete: bool) -> None:
        self._blocks, self._beta = blocks, beta
        self._plain = beta == 2 and complete
        self._constant = self._size = 0.0
        if beta != 2:
            pairs = [constants(block.x, beta) for block in blocks]
            self._constant = sum(constant for constant, _ in pairs)
            self._size = sum(size for _, size in pairs)

    def value(self, A: Float64, B: Float64) -> float:
        """See `DataTerm.value`."""
        total = 0.0
        if self._beta == 2:
            for block in self._blocks:
                residual = block.predict(A, B)
                residual -= block.x
                total += float(np.vdot(residual, residual))
            return 0.5 * total
        for block in self._blocks:
            total += varying_sum(block.x, block.predict(A, B), self._beta)
        total += self._constant
        return self.close_value(A, B) if total < NEAR_EXACT * self._size else total

    def close_value(self, A: Float64, B: Float64) -> float:
        """Return the value to full precision near an exact fit."""
        total = 0.0
        for block in self._blocks:
            total += close_sum(block.x, block.predict(A, B), self._beta)
        return total

    def derivatives(
        self, A: Float64, B: Float64, W: Float64, H: Float64
    ) -> Derivatives | None:
        """See `DataTerm.derivatives`."""
        if self._plain:
            return self._plain_derivatives(A, B, W, H)
        sums = _Sums(W, H)
        for block in self._blocks:
            pair = slope_and_curvature(block.x, block.predict(A, B), self._beta)
            if pair is None:
                return None
            sums.add(block.rows, block.spread(pair[0]), block.spread(pair[1]))
        return sums.derivatives()

    def _plain_derivatives(
        self, A: Float64, B: Float64, W: Float64, H: Float64
    ) -> Derivatives:
        grad_W, grad_H = np.empty(W.shape), np.zeros(H.shape)
        for block in self._blocks:
            residual = block.predict(A, B)
            residual -= block.x
            np.matmul(residual, H.T, out=grad_W[block.rows])
            grad_H += W[block.rows].T @ residual
        return Derivatives(grad_W, grad_H, None, None)

    def scale(self, A: Float64, B: Float64) -> tuple[float, float]:
        """See `DataTerm.scale`."""
        above = below = 0.0
        for block in self._blocks:
            sums = scale_sums(block.x, block.predict(A, B), self._beta)
            above, below = above + sums[0], below + sums[1]
        return above, below


class GramTerm:
    """``½‖X − AB‖² = ½(‖X‖² − 2⟨XB', A⟩ + ⟨A'A, BB'⟩)`` over all cells of a large X.

    Where the terms cancel, the residual is formed block by block instead.
    """

    def __init__(self, problem: Problem) -> None:
        sparse = problem.is_sparse
        self._blocks = stored_blocks(problem) if sparse else fitted_blocks(problem)
        self._near = NEAR_EXACT_SPARSE if sparse else NEAR_EXACT
        self._direct = CellTerm(fitted_blocks(problem), 2.0, complete=True)
        self._half_square = 0.5 * sum(
            float(np.vdot(block.x, block.x)) for block in self._blocks
        )

    def value(self, A: Float64, B: Float64) -> float:
        """See `DataTerm.value`."""
        gram = float(np.vdot(A.T @ A, B @ B.T))
        value = self._half_square - self._product(A, B) + 0.5 * gram
        if value >= self._near * self._half_square:
            return value
        return self._direct.value(A, B)  # NaN too: where the terms overflow

    def derivatives(
        self, A: Float64, B: Float64, W: Float64, H: Float64
    ) -> Derivatives:
        """See `DataTerm.derivatives`; ``A (BH') − XH'`` and ``(W'A) B − W'X``."""
        sums = _Sums(W, H, curved=False)
        for block in self._blocks:
            sums.add(block.rows, block.spread(block.x))
        grad_W = A @ (B @ H.T) - sums.grad_W
        grad_H = (W.T @ A) @ B - sums.grad_H_T.T
        return Derivatives(grad_W, grad_H, None, None)

    def scale(self, A: Float64, B: Float64) -> tuple[float, float]:
        """See `DataTerm.scale`."""
        return self._product(A, B), float(np.vdot(A.T @ A, B @ B.T))

    def _product(self, A: Float64, B: Float64) -> float:
        B_T, total = np.ascontiguousarray(B.T), 0.0
        for block in self._blocks:
            total += float(np.vdot(block.spread(block.x) @ B_T, A[block.rows]))
        return total


class StoredKullbackLeibler:
    """``Σ c(x) − Σ_stored x log y + (1'A)(B1)`` over all cells of a large CSR."""

    def __init__(self, problem: Problem) -> None:
        self._blocks = stored_blocks(problem)
        self._direct = CellTerm(fitted_blocks(problem), 1.0, complete=True)
        pairs = [constants(block.x, 1.0) for block in self._blocks]
        self._constant = sum(constant for constant, _ in pairs)
        self._size = sum(size for _, size in pairs)
        self._total = sum(float(block.x.sum()) for block in self._blocks)

    def value(self, A: Float64, B: Float64) -> float:
        """See `DataTerm.value`."""
        if _any_negative(A, B):
            return self._direct.value(A, B)
        value = self._constant + _sum_of_product(A, B)
        for block in self._blocks:
            y = block.predict(A, B)
            value += varying_sum(block.x, y, 1.0) - float(y.sum())
        near = value < NEAR_EXACT_SPARSE * self._size
        return self._direct.close_value(A, B) if near else value

    def derivatives(
        self, A: Float64, B: Float64, W: Float64, H: Float64
    ) -> Derivatives | None:
        """See `DataTerm.derivatives`; the slope is 1 where X is 0."""
        if _any_negative(A, B):
            return self._direct.derivatives(A, B, W, H)
        sums = _Sums(W, H)
        for block in self._blocks:
            pair = slope_and_curvature(block.x, block.predict(A, B), 1.0)
            if pair is None:
                return None
            sums.add(block.rows, block.spread(pair[0] - 1), block.spread(pair[1]))
        sums.grad_W += H.sum(axis=1)
        sums.grad_H_T += W.sum(axis=0)
        return sums.derivatives()

    def scale(self, A: Float64, B: Float64) -> tuple[float, float]:
        """See `DataTerm.scale`."""
        return self._total, _sum_of_product(A, B)


class _Sums:
    """Adds up ``G H'``, ``W' G`` and the same of curvatures with squared factors."""

    def __init__(self, W: Float64, H: Float64, *, curved: bool = True) -> None:
        self._W, self._H_T = W, np.ascontiguousarray(H.T)
        self.grad_W, self.grad_H_T = np.empty(W.shape), np.zeros(self._H_T.shape)
        if curved:
            self._W2, self._H2_T = W * W, self._H_T * self._H_T
            self._curvature_W = np.empty(W.shape)
            self._curvature_H_T = np.zeros(self._H_T.shape)

    def add(self, rows: slice, G: Spread, C: Spread | None = None) -> None:
        self.grad_W[rows] = G @ self._H_T
        self.grad_H_T += G.T @ self._W[rows]
        if C is not None:
            self._curvature_W[rows] = C @ self._H2_T
            self._curvature_H_T += C.T @ self._W2[rows]

    def derivatives(self) -> Derivatives:
        return Derivatives(
            self.grad_W, self.grad_H_T.T, self._curvature_W, self._curvature_H_T.T
        )


def _sum_of_product(A: Float64, B: Float64) -> float:
    return float(A.sum(axis=0) @ B.sum(axis=1))


def _any_negative(A: Float64, B: Float64) -> bool:
    return bool(A.min() < 0 or B.min() < 0)
