"""Rows of length 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nmflab.contracts import Dataset
from nmflab.weighting.arithmetic import divide_rows, row_lengths
from nmflab.weighting.checks import refuse_missing
from nmflab.weighting.scaling import scaled_truth, with_cells


@dataclass(frozen=True, kw_only=True)
class UnitRows:
    """Each row divided by its Euclidean length: ``x_i / ‖x_i‖``; rows of 0 stay 0.

    Known true factors are rescaled with X; its rating scale is dropped.
    """

    elementwise: ClassVar[bool] = False

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError where cells are missing: lengths are unknown there."""
        refuse_missing(dataset, "unit_rows", "a row's length is unknown then")
        lengths = row_lengths((seen or dataset).X)
        truth = scaled_truth(dataset.truth, row_divisors=lengths)
        return with_cells(dataset, divide_rows(dataset.X, lengths), truth)
