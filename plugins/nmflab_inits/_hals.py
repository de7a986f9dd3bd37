"""A few coordinate descent sweeps, for starts that improve themselves a little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab_inits._matrix import times, times_transposed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_DELTA = 0.1  # Gillis & Glineur 2012, section 3.2
_MOST_SWEEPS = 10
_CHUNK_CELLS = 2**16  # half a megabyte of float64: a chunk stays in the second cache


def hals_step(X: Matrix | csr_array, Wt: Matrix, H: Matrix) -> None:
    """Improve W, then H, in place: one step of accelerated HALS for ``½‖X − WH‖²``.

    Costs two products with X, ``4 n_samples n_features n_components`` operations, and
    at most ten sweeps over each factor.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    Wt : ndarray of shape (n_components, n_samples)
        W transposed.
    H : ndarray of shape (n_components, n_features)
    """
    descend(Wt, times_transposed(H, X), H @ H.T)
    descend(H, times(Wt, X), Wt @ Wt.T)


def descend(
    F: Matrix,
    C: Matrix,
    G: Matrix,
    most: int = _MOST_SWEEPS,
    *,
    delta: float = _DELTA,
) -> None:
    """Sweep F in place towards the least ``½⟨F, GF⟩ − ⟨C, F⟩`` with F >= 0.

    Ends after `most` sweeps, or with one that changes F by no more than `delta` times
    what the first did (Gillis & Glineur 2012).

    Parameters
    ----------
    F, C : ndarray of shape (n_components, n_columns)
        C holds the products of X with the other factor.
    G : ndarray of shape (n_components, n_components)
        Gram matrix of the other factor.
    most : int
    delta : float
    """
    first = _sweep(F, C, G)
    for _ in range(most - 1):
        if _sweep(F, C, G) <= delta**2 * first:
            break


def _sweep(F: Matrix, C: Matrix, G: Matrix) -> float:
    """Update each row of F once, in place, and return the squared change of F."""
    width = max(1, _CHUNK_CELLS // max(1, len(F)))
    return sum(
        _sweep_columns(F[:, at : at + width], C[:, at : at + width], G)
        for at in range(0, F.shape[1], width)
    )


def _sweep_columns(F: Matrix, C: Matrix, G: Matrix) -> float:
    moved = 0.0
    smallest = np.finfo(F.dtype).tiny
    for f, c, g, curvature in zip(F, C, G, G.diagonal(), strict=True):
        if curvature < smallest:  # the other half of this component is 0
            continue
        moved_to = c - g @ F
        moved_to /= curvature
        moved_to += f
        np.maximum(moved_to, 0, out=moved_to)
        f -= moved_to
        moved += float(f @ f)
        f[:] = moved_to
    return moved
