"""The objective of the best fit of rank one: what the targets of a comparison refer to.

A run's own start is no reference: a poor start makes every target easy. The best fit of
one component depends on the data and the objective alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nmflab.contracts import Factors, Matrix, Objective, Problem
from nmflab.numerics.cells import (
    BLOCK_CELLS,
    Float64,
    cell_counts,
    double,
    is_small,
)
from nmflab.numerics.evaluator import ObjectiveEvaluator

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOST_SWEEPS = 200
STILL = 1e-7
"""Turn of a factor that ends the sweeps; the objective's is its square."""

Half = Callable[[Float64], Float64]


def rank_one_objective(
    problem: Problem, evaluator: ObjectiveEvaluator | None = None
) -> float | None:
    """Return ``min D(X | w h') + penalties`` over ``w, h >= 0``; None where unknown.

    Over all cells it is exact for two losses: ``(‖X‖² − σ₁²)/2`` for frobenius, since
    the leading singular vectors of a non-negative X can be taken non-negative (Perron
    and Frobenius), and ``D(X | r c'/N)`` for kullback_leibler, r and c the sums of rows
    and columns and N that of X. Elsewhere (masks, other losses, penalties of the
    frobenius loss, an X with negative cells) w and h are minimised in turn, each
    exactly given the other, from the product of the means of rows and columns: where
    they come to rest is a stationary point, not provably the lowest. None for penalties
    of another loss, for a factor held at unit length under a mask, and where the value
    is not finite.

    Parameters
    ----------
    problem : Problem
    evaluator : ObjectiveEvaluator, optional
        That of the problem, where it is there already.

    References
    ----------
    A. Berman, R. J. Plemmons, "Nonnegative Matrices in the Mathematical Sciences",
    SIAM 1994 (chapter 2).
    N.-D. Ho, "Nonnegative Matrix Factorization: Algorithms and Applications", PhD
    thesis, UCLouvain 2008 (rank-one problems).
    """
    factors = rank_one(problem)
    if factors is None:
        return None
    value = (evaluator or ObjectiveEvaluator(problem)).value(factors)
    return value if np.isfinite(value) else None


def rank_one(problem: Problem) -> Factors | None:
    """Return the best ``w h'``, as `rank_one_objective` says; None where unknown."""
    goal, beta = problem.objective, problem.objective.exponent
    plain = not goal.penalties
    complete = problem.observed is None
    if not plain and (beta != 2 or (goal.unit != "none" and not complete)):
        return None
    with np.errstate(all="ignore"):
        if plain and complete and beta == 2 and _leading_is_safe(problem):
            found = _leading(problem)
            if found is not None:
                return found
        return _alternated(problem, goal, beta)


def _leading_is_safe(problem: Problem) -> bool:
    X: Any = problem.X
    cells = X if isinstance(X, np.ndarray) else X.data
    return min(problem.shape) > 1 and bool(cells.size) and float(cells.min()) >= 0


def _leading(problem: Problem) -> Factors | None:
    """Return the leading singular triple as two non-negative factors."""
    X: Any = problem.X
    X = np.asarray(X) if isinstance(X, np.ndarray) else X
    try:
        found = _whole_svd(X) if is_small(problem) else _one_triple(X)
    except (ValueError, RuntimeError):  # out of range, or no convergence
        return None
    left, size, right = (double(np.asarray(part)) for part in found)
    W, H = (np.abs(part) * np.sqrt(size) for part in (left, right))
    finite = np.isfinite(W).all() and np.isfinite(H).all()
    return Factors(W[:, None], H[None, :]) if finite else None


def _whole_svd(X: Any) -> tuple[Any, Any, Any]:  # Any: arrays of the dtype of X
    """Return the leading triple of a small X, without what SciPy takes to import."""
    cells = X if isinstance(X, np.ndarray) else X.toarray()
    left, sizes, right = np.linalg.svd(cells.astype(np.float64), full_matrices=False)
    return left[:, 0], sizes[0], right[0]


def _one_triple(X: Any) -> tuple[Any, Any, Any]:  # Any: as above
    from scipy.sparse.linalg import svds

    short = min(X.shape)
    left, sizes, right = svds(
        X, k=1, v0=np.full(short, short**-0.5, X.dtype), tol=1e-10
    )
    return left[:, 0], sizes[0], right[0]


def _alternated(problem: Problem, goal: Objective, beta: float) -> Factors | None:
    """Return w and h minimised in turn until their directions stand still."""
    to_h, to_w = _halves(problem, goal, beta)
    w, h = _means(problem)
    if goal.unit == "W":
        w = _direction(w)
    if goal.unit == "H":
        h = _direction(h)
        w = to_w(h)
    for _ in range(MOST_SWEEPS):
        before = h
        h = to_h(w)
        w = to_w(h)
        if np.linalg.norm(_direction(h) - _direction(before)) <= STILL:
            break
    if not (np.isfinite(w).all() and np.isfinite(h).all()):
        return None
    return Factors(w[:, None], h[None, :])


def _direction(vector: Float64) -> Float64:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _means(problem: Problem) -> tuple[Float64, Float64]:
    """Return means of rows and columns whose product has the mean of X."""
    rows, columns = cell_counts(problem)
    X = problem.X
    ones = np.ones(problem.shape[0]), np.ones(problem.shape[1])
    w = np.maximum(_across(X, ones[1]), 0.0) / np.maximum(rows, 1.0)
    h = np.maximum(_down(X, ones[0]), 0.0) / np.maximum(columns, 1.0)
    scale = np.sqrt(float(w @ rows) / max(float(rows.sum()), 1.0))
    return (w / scale, h / scale) if scale > 0 else (w, h)


def _halves(problem: Problem, goal: Objective, beta: float) -> tuple[Half, Half]:
    """Return what gives h for a w, and w for an h.

    ``h_j = (Σ_i x_ij w_i^(β−1) − l1)₊ / (Σ_i w_i^β + l2 c_j)``, the sums over fitted
    cells, c_j their count where L2 goes by counts and else 1. A factor held at unit
    length takes the direction of the numerator.
    """
    X: Any = problem.X
    pattern = _pattern(problem)
    rows, columns = cell_counts(problem)
    counts = (columns, rows) if goal.l2_per_count else (1.0, 1.0)

    def half(
        total: Callable[[Any, Float64], Float64],
        given: Float64,
        l1: float,
        l2: Float64 | float,
        unit: bool,
    ) -> Float64:
        above = np.maximum(total(X, _power(given, beta - 1)) - l1, 0.0)
        if unit:
            return _direction(above)
        weight = _power(given, beta)
        below = (weight.sum() if pattern is None else total(pattern, weight)) + l2
        none = np.zeros(above.shape)
        return cast(Float64, np.divide(above, below, out=none, where=below > 0))

    def to_h(w: Float64) -> Float64:
        return half(_down, w, goal.l1_H, goal.l2_H * counts[0], goal.unit == "H")

    def to_w(h: Float64) -> Float64:
        return half(_across, h, goal.l1_W, goal.l2_W * counts[1], goal.unit == "W")

    return to_h, to_w


def _power(values: Float64, exponent: float) -> Float64:
    """Return ``v^exponent``, 0 where v is 0: nothing is to be learned there."""
    return np.power(values, exponent, out=np.zeros(values.shape), where=values > 0)


def _pattern(problem: Problem) -> Matrix | csr_array | None:
    """Return 1 where a cell is fitted; None where all are."""
    if problem.observed is None:
        return None
    if not problem.is_sparse:
        return cast(Matrix, problem.observed)
    from scipy.sparse import csr_array

    X = cast("csr_array", problem.X)
    return csr_array((np.ones(X.data.size), X.indices, X.indptr), shape=X.shape)


def _down(A: Any, v: Float64) -> Float64:
    """Return ``A' v`` in float64; a dense A is taken in blocks of rows."""
    if not isinstance(A, np.ndarray):
        return cast(Float64, A.T @ v)
    total = np.zeros(A.shape[1])
    for rows in _slices(A):
        total += v[rows] @ np.asarray(A[rows], np.float64)
    return total


def _across(A: Any, v: Float64) -> Float64:
    """Return ``A v`` in float64; a dense A is taken in blocks of rows."""
    if not isinstance(A, np.ndarray):
        return cast(Float64, A @ v)
    parts = [np.asarray(A[rows], np.float64) @ v for rows in _slices(A)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _slices(A: Matrix) -> list[slice]:
    height = max(1, BLOCK_CELLS // max(1, A.shape[1]))
    return [slice(a, a + height) for a in range(0, A.shape[0], height)]
