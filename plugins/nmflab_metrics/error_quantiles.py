"""How errors differ from row to row and from column to column, as quantiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab_metrics._known import held_out_cells
from nmflab_metrics._line_errors import Squares, line_squares

NMFLAB_CONTRACT = 1

PERCENTAGES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, kw_only=True)
class ErrorQuantiles:
    """Quantiles over rows, and columns, of ``‖x_i − (WH)_i‖ / ‖x_i‖`` in fitted cells.

    Dimensionless; 0 is exact. Suffixes "row_q5", "row_q25", "row_q50" (the median),
    "row_q75", "row_q95", and the same for "column". Lines that are 0 in all their
    fitted cells have no such ratio and are left out: "zero_rows" and "zero_columns"
    count them. Quantiles are interpolated linearly.

    Notes
    -----
    A mean error may hide that a few rows carry it. For a sparse complete X of more than
    20 million cells the squares are taken from ``‖x‖² − 2 ⟨x, y⟩ + ‖y‖²``, whose
    rounding leaves the ratio uncertain by some 1e-8; else they are summed cell by cell.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if X is 0 in every fitted cell."""
        values: dict[str, float] = {}
        for line, squares in line_squares(run.problem, run.factors).items():
            values |= _quantiles(line, _ratios(squares))
            values[f"zero_{line}s"] = float(np.count_nonzero(squares.norm == 0))
        return values


@dataclass(frozen=True, kw_only=True)
class HeldOutErrorQuantiles:
    """Quantiles over rows, and columns, of the RMSE in their test cells; units of X.

    0 is exact. Suffixes "row_q5", "row_q25", "row_q50" (the median), "row_q75",
    "row_q95", and the same for "column". Lines without test cells are left out; each
    other counts once, however many it has. Quantiles are interpolated linearly.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no cell was held out."""
        cells = held_out_cells(run)
        squares = np.square(run.predict_test() - cells.values, dtype=np.float64)
        values: dict[str, float] = {}
        for line, of in (("row", cells.rows), ("column", cells.columns)):
            _, line_of, n = np.unique(of, return_inverse=True, return_counts=True)
            errors = np.sqrt(np.bincount(line_of, squares) / n)
            values |= _quantiles(line, errors)
        return values


def _ratios(squares: Squares) -> npt.NDArray[np.float64]:
    known = squares.norm > 0
    if not known.any():
        raise ValueError(
            "metric error_quantiles: X is 0 in every fitted cell, so there is nothing"
            " to compare the errors with; check the dataset"
        )
    ratios: npt.NDArray[np.float64] = np.sqrt(
        squares.residual[known] / squares.norm[known]
    )
    return ratios


def _quantiles(line: str, values: npt.NDArray[np.float64]) -> dict[str, float]:
    found = np.percentile(values, PERCENTAGES)
    return {
        f"{line}_q{percent}": float(value)
        for percent, value in zip(PERCENTAGES, found, strict=True)
    }


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Errors by row and by column, of fitted and of held-out cells."""
    yield MetricSpec(
        name="error_quantiles",
        metric=ErrorQuantiles,
        direction="lower",
        range=(0.0, None),
        examples=(ErrorQuantiles(),),
    )
    yield MetricSpec(
        name="held_out_error_quantiles",
        metric=HeldOutErrorQuantiles,
        needs=frozenset({"heldout"}),
        direction="lower",
        range=(0.0, None),
        unit="units of X",
        examples=(HeldOutErrorQuantiles(),),
    )
