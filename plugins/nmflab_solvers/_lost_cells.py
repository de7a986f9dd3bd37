"""Where a model is 0 and X is not, so that most divergences are infinite."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab_solvers._products import product_at, stored_cells


def lost_cells(problem: Problem, Wt: Matrix, H: Matrix) -> tuple[Any, Any]:
    """Return rows and columns of the cells where X is not 0, but the model is.

    Parameters
    ----------
    problem : Problem
    Wt : ndarray of shape (n_components, n_samples)
    H : ndarray of shape (n_components, n_features)
    """
    X = problem.X
    if isinstance(X, np.ndarray):
        rows, columns = np.nonzero((Wt.T @ H == 0) & (X > 0))
        return rows, columns
    rows, columns = stored_cells(X)
    lost = (product_at(Wt, H, rows, columns) == 0) & (X.data > 0)
    return rows[lost], columns[lost]
