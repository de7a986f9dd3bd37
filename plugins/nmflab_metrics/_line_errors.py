"""Squared residuals and norms of each row and each column, over the fitted cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Problem
from nmflab.numerics.cells import fitted_blocks, stored_blocks
from nmflab.numerics.model import widened

Float64 = npt.NDArray[np.float64]

MOST_DENSE_CELLS = 20_000_000
"""Cells of a sparse complete X up to which the model is computed in all of them."""


@dataclass(frozen=True)
class Squares:
    """Of each line: ``‖x − y‖²`` and ``‖x‖²``, in units of X squared."""

    residual: Float64
    norm: Float64


def line_squares(problem: Problem, factors: Factors) -> dict[str, Squares]:
    """Return the squares of the rows, "row", and of the columns, "column".

    Works in blocks of rows; ``W H`` never is in memory as a whole.
    """
    W, H = factors.W.astype(np.float64), factors.H.astype(np.float64)
    A, B = widened(factors, W, H)
    n_samples, n_features = problem.shape
    complete = problem.observed is None
    if problem.is_sparse and complete and n_samples * n_features > MOST_DENSE_CELLS:
        return _by_gram(problem, A, B)
    return _by_cells(problem, A, B)


def _by_cells(problem: Problem, A: Float64, B: Float64) -> dict[str, Squares]:
    found = _zeros(problem)
    for block in fitted_blocks(problem):
        residual = block.predict(A, B)
        residual -= block.x
        for part, values in (("residual", residual), ("norm", block.x)):
            _add(found, part, block.rows, block.spread(np.square(values)))
    return found


def _by_gram(problem: Problem, A: Float64, B: Float64) -> dict[str, Squares]:
    """Use the stored cells and ``‖x − y‖² = ‖x‖² − 2 ⟨x, y⟩ + ‖y‖²``."""
    found = _zeros(problem)
    for block in stored_blocks(problem):
        norm = np.square(block.x)
        cross = norm - 2 * block.x * block.predict(A, B)
        for part, values in (("residual", cross), ("norm", norm)):
            _add(found, part, block.rows, block.spread(values))
    model = (
        np.einsum("ik,ik->i", A @ (B @ B.T), A),
        np.einsum("kj,kj->j", (A.T @ A) @ B, B),
    )
    for squares, own in zip(found.values(), model, strict=True):
        # Rounding can leave an exact line a little below 0.
        np.maximum(squares.residual + own, 0, out=squares.residual)
    return found


def _zeros(problem: Problem) -> dict[str, Squares]:
    n_samples, n_features = problem.shape
    return {
        "row": Squares(np.zeros(n_samples), np.zeros(n_samples)),
        "column": Squares(np.zeros(n_features), np.zeros(n_features)),
    }


def _add(found: dict[str, Squares], part: str, rows: slice, spread: Any) -> None:
    getattr(found["row"], part)[rows] += np.asarray(spread.sum(axis=1)).ravel()
    getattr(found["column"], part)[:] += np.asarray(spread.sum(axis=0)).ravel()
