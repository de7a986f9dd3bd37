"""The lowest and the highest value that an entry of X can have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset

WANTED = "give its lowest and its highest value, as in dataset.rating_scale=1..5"


def ends_of(text: str) -> tuple[float, float]:
    """Return the ends of a scale written ``1..5`` or ``1,5``.

    Raises
    ------
    ValueError
        If they are not two finite numbers, the lower one first.
    """
    parts = text.split(".." if ".." in text else ",")
    try:
        low, high = (float(part) for part in parts)
    except ValueError:
        raise ValueError(f"dataset.rating_scale={text} is no scale; {WANTED}") from None
    if not -np.inf < low < high < np.inf:
        raise ValueError(
            f"dataset.rating_scale={text}: {low:g} is not below {high:g}; {WANTED}"
        )
    return low, high


def check_on_scale(dataset: Dataset, ends: tuple[float, float]) -> None:
    """Refuse known values outside the scale, naming the first.

    Raises
    ------
    ValueError
        Also where cells that are not stored are zeros, and 0 is not on the scale.
    """
    X: Any = dataset.X
    known: npt.NDArray[Any] = X if isinstance(X, np.ndarray) else X.data
    if dataset.mask is not None:
        known = X[dataset.mask]
    low, high = ends
    outside = (known < low) | (known > high)
    has_zeros = dataset.missing == "none" and known.size < np.prod(X.shape)
    if not outside.any() and not (has_zeros and not low <= 0 <= high):
        return
    value = float(known[outside][0]) if outside.any() else 0.0
    hint = ""
    if value == 0 and dataset.missing != "unstored":
        hint = "; if a 0 stands for an unknown value, give dataset.zeros=missing"
    raise ValueError(
        f"dataset.rating_scale: X holds {value:g}, which is not from {low:g} to"
        f" {high:g}{hint}"
    )
