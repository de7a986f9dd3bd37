"""How often the rows and the columns of data were observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix, Missing

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Counts: TypeAlias = npt.NDArray[np.intp]


def observed_cells(
    X: Matrix | csr_array, missing: Missing, mask: Mask | None = None
) -> tuple[Counts, Counts]:
    """Return how many cells of each row and of each column were observed.

    Of data without missing cells those that are not 0 count: the purchases of a basket,
    the documents that hold a word.

    Parameters
    ----------
    X : ndarray or csr_array of shape (n_samples, n_features)
    missing : {"none", "unstored", "mask"}
    mask : ndarray of bool of shape (n_samples, n_features), optional
        With ``missing="mask"``.

    Returns
    -------
    rows : ndarray of int of shape (n_samples,)
    columns : ndarray of int of shape (n_features,)
    """
    if mask is not None and missing == "mask":
        return _sums(mask)
    if isinstance(X, np.ndarray):
        return _sums(X != 0)
    cells: Any = X
    told = np.ones(cells.data.size, bool) if missing == "unstored" else cells.data != 0
    n_samples, n_features = cells.shape
    rows = np.repeat(np.arange(n_samples), np.diff(cells.indptr))
    return (
        np.bincount(rows[told], minlength=n_samples),
        np.bincount(cells.indices[told], minlength=n_features),
    )


def _sums(told: Mask) -> tuple[Counts, Counts]:
    return np.count_nonzero(told, axis=1), np.count_nonzero(told, axis=0)
