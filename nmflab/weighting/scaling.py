"""Datasets whose X was reweighted, and what is still true of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nmflab.contracts import Dataset, Factors
from nmflab.weighting.arithmetic import Vector


def with_cells(dataset: Dataset, X: Any, truth: Factors | None = None) -> Dataset:
    """Return the dataset with another X; its rating scale was that of the first."""
    extras = {k: v for k, v in dataset.extras.items() if k != "rating_scale"}
    return replace(dataset, X=X, truth=truth, extras=extras)


def scaled_truth(
    truth: Factors | None,
    *,
    row_divisors: Vector | None = None,
    column_factors: Vector | None = None,
) -> Factors | None:
    """Return the true factors of X with its rows divided and its columns scaled.

    None where there is no truth, or one with offsets: these belong to no component.
    """
    if truth is None or truth.row_offset is not None or truth.column_offset is not None:
        return None
    W, H = truth.W, truth.H
    if row_divisors is not None:
        W = W / row_divisors[:, None]
    if column_factors is not None:
        H = H * column_factors
    return Factors(W, H)
