"""The canonical form of a factorization: what scale and order of components hide.

``W H = (W D)(D^-1 H)`` for any positive diagonal D and any order of the components, so
factors are compared and shown in one fixed scale and order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors
from nmflab.numerics.cells import Float64, double


@dataclass(frozen=True)
class CanonicalFactors:
    """Factors in canonical form, and how they came from those given.

    Component k is the given component ``permutation[k]``, with
    ``W[:, k] = W_given[:, permutation[k]] * scale[k]`` and
    ``H[k] = H_given[permutation[k]] / scale[k]``; a zero component has both its vectors
    at 0 and scale 1.

    Parameters
    ----------
    factors : Factors
        float64; offsets as given.
    scale : ndarray of shape (n_components,)
        The diagonal of D: the norms of the rows of the given H.
    permutation : ndarray of int of shape (n_components,)
    sizes : ndarray of shape (n_components,)
        ``‖w_k‖‖h_k‖``, descending; units of X.
    """

    factors: Factors
    scale: Float64
    permutation: npt.NDArray[np.intp]
    sizes: Float64

    @property
    def W(self) -> npt.NDArray[np.floating[Any]]:  # noqa: N802 (the matrix's name)
        """The canonical W, ``(n_samples, n_components)``; units of X."""
        return self.factors.W

    @property
    def H(self) -> npt.NDArray[np.floating[Any]]:  # noqa: N802 (the matrix's name)
        """The canonical H, ``(n_components, n_features)``; dimensionless."""
        return self.factors.H


def canonical(factors: Factors, loss: str = "frobenius") -> CanonicalFactors:
    """Return the same model with rows of H of norm 1, components by size descending.

    Parameters
    ----------
    factors : Factors
        Offsets are carried along; factors may be signed.
    loss : str
        "frobenius": rows of H get unit L2 norm. Any other: they sum to 1 (in absolute
        value, where H is signed).

    Notes
    -----
    The size is ``‖w_k‖‖h_k‖`` in L2 for every loss; ties keep the order given. A
    component with ``w_k = 0`` or ``h_k = 0`` is zero: it comes last, both its vectors
    set to 0, so that no argmax over W can pick it.
    """
    W, H = double(factors.W), double(factors.H)
    lengths = _norms(H)
    sizes = _norms(W.T) * lengths
    alive = (sizes > 0) | np.isnan(sizes)
    order = np.argsort(-sizes, kind="stable")
    norms = lengths if loss == "frobenius" else np.abs(H).sum(axis=1)
    scale = np.where(alive, norms, 1.0)
    H = np.where(alive[:, None], H, 0.0) / scale[:, None]
    W = np.where(alive, W, 0.0) * scale
    kept = Factors(
        np.ascontiguousarray(W[:, order]),
        H[order],
        factors.row_offset,
        factors.column_offset,
    )
    return CanonicalFactors(kept, scale[order], order, sizes[order])


def unit_rows(H: npt.NDArray[np.floating[Any]]) -> Float64:
    """Return H with rows of unit L2 norm, float64; zero rows stay zero."""
    H = double(H)
    lengths = _norms(H)
    return H / np.where(lengths == 0, 1.0, lengths)[:, None]


def _norms(rows: Float64) -> Float64:
    """Return the L2 norm of each row without overflow or underflow of squares."""
    top = np.abs(rows).max(axis=1, initial=0.0)
    safe = np.where(top > 0, top, 1.0)
    scaled = rows / safe[:, None]
    lengths: Float64 = top * np.sqrt(np.einsum("kj,kj->k", scaled, scaled))
    return lengths
