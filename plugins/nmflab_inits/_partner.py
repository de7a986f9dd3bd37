"""The best other factor for one that is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab_inits._hals import descend
from nmflab_inits._matrix import times_transposed

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SWEEPS = 30


def best_partner(X: Matrix | csr_array, H: Matrix) -> Matrix:
    """Return the W >= 0 that minimises ``‖X − WH‖_F`` for this H, in float64.

    One product with X, then a nonnegative least squares problem for each row. These
    start from a few sweeps of coordinate descent, which tell most of what is 0.
    """
    from nmflab.numerics.nnls import nnls

    C = times_transposed(H.astype(X.dtype), X).astype(np.float64)
    H = H.astype(np.float64)
    G, Wt = H @ H.T, np.zeros_like(C)
    descend(Wt, C, G, _SWEEPS, delta=1e-3)
    return nnls(G, C, Wt).T
