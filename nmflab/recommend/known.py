"""What users know already: the cells of the data, from the store or the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nmflab.contracts import Dataset, Mask
from nmflab.recommend.errors import RecommendationError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from nmflab.store import StoredDataset

Reopen: TypeAlias = "Callable[[StoredDataset], Dataset | None]"
"""Opens a data set whose X the store does not hold; None where it is not at hand."""


def known_cells(dataset: StoredDataset, reopen: Reopen | None) -> csr_array:
    """Return the known cells of a data set; of complete data those that are not 0."""
    X: Any = dataset.X
    mask: Mask | None = dataset.mask
    if X is None:
        opened = reopen(dataset) if reopen is not None else None
        if opened is None:
            raise RecommendationError(_gone(dataset))
        X, mask = opened.X, opened.mask
    return _cells(X, mask, complete=dataset.facts.get("missing", "none") == "none")


def _cells(X: Any, mask: Mask | None, *, complete: bool) -> csr_array:
    from scipy.sparse import csr_array

    if isinstance(X, np.ndarray):
        rows, columns = np.nonzero(X if mask is None else mask)
        cells: Any = csr_array((X[rows, columns], (rows, columns)), shape=X.shape)
    else:
        cells = X.copy() if complete else X
        if complete:
            cells.eliminate_zeros()
    found: csr_array = cells
    return found


def _gone(dataset: StoredDataset) -> str:
    n = int(dataset.facts.get("n_stored", 0))
    return (
        f"the cells of {dataset.label} are not at hand, so that what a user knows"
        f" already cannot be left out: {n:,} cells are more than the study keeps, and"
        " nmflab's cache on this machine does not hold the data either. Give the"
        " command of the sweep again, which loads them (its finished runs are kept),"
        " then ask again"
    )
