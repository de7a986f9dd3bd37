"""Greedy coordinate descent on many small quadratic problems that share a Hessian."""

from __future__ import annotations

import numpy as np

from nmflab.contracts import Matrix


def descend(F: Matrix, gradient: Matrix, gram: Matrix, tol: float, most: int) -> int:
    """Lower ``½⟨f, Gf⟩ − ⟨c, f⟩`` for each row f >= 0; return the number of updates.

    The entry with the largest gain is changed to its optimum, until no entry gains more
    than `tol` times the largest first gain of all rows.

    Parameters
    ----------
    F : ndarray of shape (n_rows, n_components)
        C-ordered; updated in place.
    gradient : ndarray of shape (n_rows, n_components)
        ``FG − C``, C-ordered; kept up to date in place.
    gram : ndarray of shape (n_components, n_components)
        G. Entries whose diagonal is 0 (or denormal) stay as they are.
    tol : float
    most : int
        Most updates of a row.

    Notes
    -----
    Steps and gains are float64 for every dtype of the factors.
    """
    enough = tol * float(_gains(F, gradient, gram)[1].max(initial=0))
    at, n_updates = np.arange(len(F)), 0
    for _ in range(most):
        steps, gains = _gains(F[at], gradient[at], gram)
        k = gains.argmax(axis=1)
        goes_on = gains[np.arange(len(at)), k] > enough
        at, k, steps = at[goes_on], k[goes_on], steps[goes_on]
        if not at.size:
            break
        step = steps[np.arange(len(at)), k]
        F[at, k] += step
        gradient[at] += step[:, None] * gram[k]
        n_updates += len(at)
    return n_updates


def _gains(F: Matrix, gradient: Matrix, gram: Matrix) -> tuple[Matrix, Matrix]:
    """Return the best step of each entry alone, and what it lowers the objective by."""
    curvature = gram.diagonal().astype(np.float64)
    alive = curvature >= np.finfo(gram.dtype).tiny
    safe = np.where(alive, curvature, 1)
    steps = np.where(alive, np.maximum(F - gradient / safe, 0) - F, 0)
    return steps, -steps * (gradient + curvature * steps / 2)
