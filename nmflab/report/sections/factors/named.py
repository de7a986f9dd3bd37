"""Names for the components of a run, from what its stored dataset says of its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import Factors
from nmflab.numerics.exceedance import Counts
from nmflab.numerics.naming import (
    ComponentName,
    Representatives,
    component_names,
    representatives,
)
from nmflab.numerics.popularity import observed_cells
from nmflab.report.reading.observed import shape

if TYPE_CHECKING:
    from nmflab.store import StoredDataset


def named(
    dataset: StoredDataset, factors: Factors, *, n_top: int = 10
) -> list[ComponentName]:
    """Return what each component is called, by its features."""
    metadata = feature_metadata(dataset)
    counts = None if metadata is None else observed(dataset)
    return component_names(
        factors.H, metadata, None if counts is None else counts[1], n_top=n_top
    )


def represented(
    dataset: StoredDataset, factors: Factors, *, n_top: int = 3
) -> list[Representatives]:
    """Return the samples that stand for each component."""
    metadata = sample_metadata(dataset)
    counts = None if metadata is None else observed(dataset)
    return representatives(
        factors.W, metadata, None if counts is None else counts[0], n_top=n_top
    )


def feature_metadata(dataset: StoredDataset) -> list[str] | None:
    """Return the labels of each feature: its metadata, else its known class."""
    given: Any = dataset.extras.get("column_metadata")
    if given is None:
        given = dataset.extras.get("column_labels")
    return _fitting(given, shape(dataset)[1])


def sample_metadata(dataset: StoredDataset) -> list[str] | None:
    """Return the labels of each sample: its known class, else its metadata."""
    given: Any = dataset.row_labels
    if given is None:
        given = dataset.extras.get("row_metadata")
    return _fitting(given, shape(dataset)[0])


def _fitting(given: Any, n: int) -> list[str] | None:
    """Return one text an item; None where there are others than items."""
    if given is None or len(given) != n:
        return None
    return [str(one) for one in given]


def observed(dataset: StoredDataset) -> tuple[Counts, Counts] | None:
    """Return in how many cells rows and columns were observed; None: not at hand.

    The store keeps no large X; where a large one is complete and dense, that is all
    cells.
    """
    facts = dataset.facts
    missing: Any = facts.get("missing", "none")
    if dataset.X is not None:
        return observed_cells(dataset.X, missing, dataset.mask)
    if missing == "none" and facts.get("storage") == "dense":
        n_samples, n_features = shape(dataset)
        return np.full(n_samples, n_features), np.full(n_features, n_samples)
    return None
