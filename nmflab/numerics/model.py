"""What surrounds the divergence: offsets, and the values a loss allows."""

from __future__ import annotations

from typing import cast

import numpy as np

from nmflab.contracts import Factors, Mask, Problem
from nmflab.numerics.cells import Float64, double, fitted_blocks, stored_blocks


def widened(factors: Factors, W: Float64, H: Float64) -> tuple[Float64, Float64]:
    """Return A and B with ``A B = W H + row_offset + column_offset``."""
    rows, columns = factors.row_offset, factors.column_offset
    if rows is None and columns is None:
        return W, H
    one_row, one_column = np.ones((1, H.shape[1])), np.ones((W.shape[0], 1))
    A, B = [W], [H]
    if rows is not None:
        A, B = [*A, double(rows)[:, None]], [*B, one_row]
    if columns is not None:
        A, B = [*A, one_column], [*B, double(columns)[None, :]]
    return np.hstack(A), np.vstack(B)


def data_norm(problem: Problem) -> float:
    """Return ``‖X‖_F`` over the fitted cells, accumulated in float64; units of X."""
    sparse = problem.is_sparse
    blocks = stored_blocks(problem) if sparse else fitted_blocks(problem)
    return float(np.sqrt(sum(float(np.vdot(block.x, block.x)) for block in blocks)))


def refuse_values(problem: Problem, beta: float) -> None:
    """Raise ValueError at the first value of X for which the loss is not defined."""
    if beta == 2:
        return
    loss = problem.objective.loss
    lowest = _lowest(problem)
    if lowest < 0:
        raise ValueError(
            f"objective: loss {loss!r} is not defined below 0, but X is"
            f" {_first(problem, below_zero=True)} (config key 'objective.loss'); use"
            " loss 'frobenius' or shift the data"
        )
    if beta <= 0 and lowest == 0:
        raise ValueError(
            f"objective: loss {loss!r} with beta={beta:g} needs X > 0 in every fitted"
            f" cell, but X is {_first(problem, below_zero=False)} (config key"
            " 'objective.loss'); use loss 'kullback_leibler', give objective.floor, the"
            " smallest value a cell is to count as, or mark the zeros of X as missing"
        )


def _lowest(problem: Problem) -> float:
    """Return the smallest fitted value, 0 where a CSR leaves a fitted cell out."""
    X = problem.X
    if isinstance(X, np.ndarray):
        fitted = True if problem.observed is None else cast(Mask, problem.observed)
        return float(np.min(X, initial=np.inf, where=fitted))
    lowest = float(X.data.min(initial=np.inf))
    n_samples, n_features = problem.shape
    full = problem.observed is not None or X.data.size == n_samples * n_features
    return lowest if full else min(lowest, 0.0)


def _first(problem: Problem, *, below_zero: bool) -> str:
    """Say which fitted cell is the first below (or at) 0, and what it holds."""
    X = problem.X
    for i in range(problem.shape[0]):
        if isinstance(X, np.ndarray):
            row = np.asarray(X[i])
            fitted = np.ones(row.shape, bool)
            if problem.observed is not None:
                fitted = np.asarray(cast(Mask, problem.observed)[i])
        else:
            row = X[i : i + 1].toarray()[0]
            fitted = np.ones(row.shape, bool)
            if problem.observed is not None:
                fitted[:] = False
                fitted[X.indices[X.indptr[i] : X.indptr[i + 1]]] = True
        found = np.flatnonzero(fitted & (row < 0 if below_zero else row <= 0))
        if found.size:
            return f"{row[found[0]]:g} at row {i}, column {found[0]}"
    raise AssertionError("called only where such a cell exists")
