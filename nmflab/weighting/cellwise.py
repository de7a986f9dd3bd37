"""Weightings that look at one cell at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nmflab.contracts import Dataset
from nmflab.weighting.arithmetic import map_cells
from nmflab.weighting.checks import refuse_negative
from nmflab.weighting.scaling import with_cells


@dataclass(frozen=True, kw_only=True)
class NoWeighting:
    """X as it is."""

    elementwise: ClassVar[bool] = True

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Return the dataset itself."""
        return dataset


@dataclass(frozen=True, kw_only=True)
class Log1p:
    """The logarithm of each cell, ``log(1 + x)``: tames counts with a heavy tail.

    Known true factors and a rating scale are dropped: they describe another X.
    """

    elementwise: ClassVar[bool] = True

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError if X holds a negative value."""
        refuse_negative(dataset, "log1p")
        return with_cells(dataset, map_cells(dataset.X, np.log1p))
