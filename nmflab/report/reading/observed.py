"""Which cells of a stored dataset are known, and which rows and columns are too few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask, Matrix

if TYPE_CHECKING:
    from nmflab.store import StoredDataset

SMALL_CELLS = 600
SMALL_SIDE = 40
BRIEF_CELLS = 150
"""Cells up to which every run shown is drawn; of larger data only the best are."""


@dataclass(frozen=True)
class Unidentified:
    """Rows and columns with fewer observations than components, by index."""

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]

    def __bool__(self) -> bool:
        return bool(self.rows.size or self.columns.size)


def shape(dataset: StoredDataset) -> tuple[int, int]:
    """Return ``(n_samples, n_features)``."""
    return int(dataset.facts["n_samples"]), int(dataset.facts["n_features"])


def is_small(dataset: StoredDataset) -> bool:
    """Return whether X is at hand and small enough to be drawn cell by cell."""
    n_samples, n_features = shape(dataset)
    drawable = n_samples * n_features <= SMALL_CELLS
    return (
        dataset.X is not None and drawable and max(n_samples, n_features) <= SMALL_SIDE
    )


def is_brief(dataset: StoredDataset) -> bool:
    """Return whether X is so small that each run shown may be drawn in full."""
    n_samples, n_features = shape(dataset)
    return is_small(dataset) and n_samples * n_features <= BRIEF_CELLS


def dense(dataset: StoredDataset) -> Matrix:
    """Return the X of a small dataset as an array."""
    X: Any = dataset.X
    return np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), dtype=np.float64)


def known_cells(dataset: StoredDataset) -> Mask | None:
    """Return where a small X is observed; None where it is everywhere."""
    if dataset.mask is not None:
        return dataset.mask
    if dataset.facts.get("missing") != "unstored" or dataset.X is None:
        return None
    X: Any = dataset.X
    known = np.zeros(shape(dataset), dtype=bool)
    known[np.repeat(np.arange(known.shape[0]), np.diff(X.indptr)), X.indices] = True
    return known


def unidentified(dataset: StoredDataset, n_components: int) -> Unidentified | None:
    """Return which rows and columns hold fewer than `n_components` observations.

    Their factors form a family, not a point: n_components unknowns against fewer
    equations. None where all cells are known, or where X is too large to be stored.
    """
    counts = _counts(dataset)
    if counts is None:
        return None
    rows, columns = (np.flatnonzero(count < n_components) for count in counts)
    return Unidentified(rows, columns)


def _counts(
    dataset: StoredDataset,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]] | None:
    if dataset.mask is not None:
        return dataset.mask.sum(axis=1), dataset.mask.sum(axis=0)
    if dataset.facts.get("missing") != "unstored" or dataset.X is None:
        return None
    X: Any = dataset.X
    n_features = shape(dataset)[1]
    return np.diff(X.indptr), np.bincount(X.indices, minlength=n_features)


def row_names(dataset: StoredDataset) -> list[str]:
    """Return one name a row, each once: as given, else ``row 1``..."""
    return _names(dataset.row_names, shape(dataset)[0], "row")


def column_names(dataset: StoredDataset) -> list[str]:
    """Return one name a column, each once: as given, else ``column 1``..."""
    return _names(dataset.column_names, shape(dataset)[1], "column")


def _names(given: list[str] | None, n: int, what: str) -> list[str]:
    if given is None:
        return [f"{what} {i + 1}" for i in range(n)]
    taken = set(given)
    names: list[str] = []
    seen: set[str] = set()
    for name in given:
        unique, copy = name, 2
        while unique in seen or (unique != name and unique in taken):
            unique, copy = f"{name} ({copy})", copy + 1
        seen.add(unique)
        names.append(unique)
    return names
