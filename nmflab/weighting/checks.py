"""Data a weighting cannot be used on."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.contracts import Dataset


def refuse_missing(dataset: Dataset, name: str, why: str) -> None:
    """Raise ValueError if cells are missing, naming the weighting and the reason."""
    if dataset.missing != "none":
        raise ValueError(
            f"weighting={name} cannot be used on data with missing cells: {why}. Use"
            " weighting=none or log1p, or have missing cells count as 0"
            " (missing_as_zero=true)"
        )


def refuse_negative(dataset: Dataset, name: str) -> None:
    """Raise ValueError if X holds a negative value, naming the smallest."""
    X: Any = dataset.X
    cells = X if isinstance(X, np.ndarray) else X.data
    minimum = float(cells.min(initial=0))
    if minimum < 0:
        raise ValueError(
            f"weighting={name} needs X >= 0, its minimum is {minimum}; use"
            " weighting=none for signed data"
        )
