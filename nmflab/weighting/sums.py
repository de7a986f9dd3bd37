"""Rows or columns brought to one sum: profiles in place of amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nmflab.contracts import Dataset
from nmflab.weighting.arithmetic import (
    Vector,
    column_sums,
    divide_columns,
    divide_rows,
    map_cells,
    or_one,
    row_sums,
    scale,
)
from nmflab.weighting.checks import refuse_missing, refuse_negative
from nmflab.weighting.scaling import scaled_truth, with_cells


@dataclass(frozen=True, kw_only=True)
class RowSums:
    """Each row divided by its sum, ``target · x_ij / Σ_j x_ij``; rows of 0 stay 0.

    For counts whose rows were sampled to different depths: cells of single-cell
    experiments, documents, baskets. ``target=null log=true`` is the usual preparation
    of single-cell counts. Known true factors are rescaled with X, and dropped by
    `log`; a rating scale is dropped.

    Parameters
    ----------
    target : float or None, default 1
        The sum of each row afterwards; None takes the median of the sums above 0,
        which keeps the unit of X.
    log : bool, default False
        Whether ``log(1 + x)`` of each cell is taken afterwards.

    References
    ----------
    F. A. Wolf, P. Angerer, F. J. Theis, "SCANPY: large-scale single-cell gene
    expression data analysis", Genome Biology 19:15, 2018.
    """

    target: float | None = 1.0
    log: bool = False

    elementwise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_target(self.target)

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError where cells are missing or negative."""
        _refuse(dataset, "row_sums", "a row's sum is unknown then")
        sums = row_sums((seen or dataset).X)
        target = _target(self.target, sums)
        X = scale(divide_rows(dataset.X, or_one(sums)), target)
        if self.log:
            return with_cells(dataset, _log1p(X))
        truth = scaled_truth(dataset.truth, row_divisors=or_one(sums) / target)
        return with_cells(dataset, X, truth)


@dataclass(frozen=True, kw_only=True)
class ColumnSums:
    """Each column divided by its sum, ``target · x_ij / Σ_i x_ij``; 0 stays 0.

    Frequent and rare features then weigh alike. Known true factors are rescaled with
    X, and dropped by `log`; a rating scale is dropped.

    Parameters
    ----------
    target : float or None, default 1
        The sum of each column afterwards; None takes the median of the sums above 0,
        which keeps the unit of X.
    log : bool, default False
        Whether ``log(1 + x)`` of each cell is taken afterwards.
    """

    target: float | None = 1.0
    log: bool = False

    elementwise: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_target(self.target)

    def apply(self, dataset: Dataset, seen: Dataset | None = None) -> Dataset:
        """Raise ValueError where cells are missing or negative."""
        _refuse(dataset, "column_sums", "a column's sum is unknown then")
        sums = column_sums((seen or dataset).X)
        target = _target(self.target, sums)
        X = scale(divide_columns(dataset.X, or_one(sums)), target)
        if self.log:
            return with_cells(dataset, _log1p(X))
        truth = scaled_truth(dataset.truth, column_factors=target / or_one(sums))
        return with_cells(dataset, X, truth)


def _refuse(dataset: Dataset, name: str, why: str) -> None:
    refuse_missing(dataset, name, why)
    refuse_negative(dataset, name)


def _check_target(target: float | None) -> None:
    if target is not None and not (target > 0 and np.isfinite(target)):
        raise ValueError(
            f"weighting.target must be > 0 and finite, got {target}; null takes the"
            " median of the sums"
        )


def _target(target: float | None, sums: Vector) -> float:
    """Return the sum to reach: the median of those above 0, 1 where there is none."""
    if target is not None:
        return target
    found = sums[sums > 0]
    return float(np.median(found)) if found.size else 1.0


def _log1p(X: Any) -> Any:
    return map_cells(X, np.log1p)
