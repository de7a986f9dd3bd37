"""Errors of predicted values over some cells, clipped to a scale and as they are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells

Float64 = npt.NDArray[np.float64]
Scale = tuple[float, float] | None


def cell_errors(predicted: Float64, cells: Cells, scale: Scale) -> dict[str, float]:
    """Return RMSE and MAE over cells; with a scale, both also ``_clipped`` to it."""
    values = {}
    for suffix, residual in residuals(predicted, cells, scale).items():
        values[f"rmse{suffix}"] = float(np.sqrt(np.mean(np.square(residual))))
        values[f"mae{suffix}"] = float(np.mean(np.abs(residual)))
    return values


def errors_per_row(predicted: Float64, cells: Cells, scale: Scale) -> dict[str, float]:
    """Return what `cell_errors` does, computed for each row and averaged over rows.

    Each row that has one of the cells counts alike, however many it has.
    """
    _, line, n = np.unique(cells.rows, return_inverse=True, return_counts=True)
    values = {}
    for suffix, residual in residuals(predicted, cells, scale).items():
        squares = np.bincount(line, np.square(residual)) / n
        absolute = np.bincount(line, np.abs(residual)) / n
        values[f"rmse{suffix}_per_row"] = float(np.sqrt(squares).mean())
        values[f"mae{suffix}_per_row"] = float(absolute.mean())
    return values


def residuals(predicted: Float64, cells: Cells, scale: Scale) -> dict[str, Float64]:
    """Return prediction less value, by suffix: "" and, with a scale, "_clipped"."""
    found = {"": predicted - cells.values}
    if scale is not None:
        found["_clipped"] = np.clip(predicted, *scale) - cells.values
    return found


def some_of(cells: Cells, wanted: npt.NDArray[np.bool_]) -> Cells:
    """Return the cells that are wanted."""
    return Cells(cells.rows[wanted], cells.columns[wanted], cells.values[wanted])
