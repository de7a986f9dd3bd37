"""Errors on the cells that were held out, and how many of these there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Cells, FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics import n_fitted
from nmflab_metrics._known import (
    cold_cells,
    held_out_cells,
    rating_scale,
    training_cells,
)
from nmflab_metrics._rating_errors import cell_errors, errors_per_row, some_of

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Errors over n test cells: RMSE ``√(Σ (x − WH)² / n)``, MAE ``Σ |x − WH| / n``.

    In units of X; 0 is exact. Suffixes are put together from these parts:

    ``rmse``, ``mae``
        Over all test cells alike.
    ``clipped``
        Predictions first brought into the dataset's ``rating_scale``; absent where it
        has none, or X was weighted.
    ``per_row``
        The error of each row with test cells, averaged over these rows: a user with
        few ratings counts as much as one with many.
    ``warm``
        Only the test cells whose row and column both have a training cell; the others
        are cold, and nothing was learned of them but offsets of the rest. Absent where
        all are cold, or whole blocks of rows and columns are held out.

    Notes
    -----
    Models of masked data and models for which the missing cells are 0 can be compared
    here and here only: their training errors are over different cells.

    References
    ----------
    J. L. Herlocker, J. A. Konstan, L. G. Terveen, J. T. Riedl, "Evaluating
    Collaborative Filtering Recommender Systems", ACM TOIS 22(1), 2004.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no cell was held out."""
        cells, predicted = held_out_cells(run), run.predict_test().astype(np.float64)
        scale = rating_scale(run)
        values = cell_errors(predicted, cells, scale)
        values |= errors_per_row(predicted, cells, scale)
        if run.test_factors is None:
            warm = ~cold_cells(training_cells(run.problem), cells)
            if warm.any():
                known = cell_errors(predicted[warm], some_of(cells, warm), scale)
                values |= {f"{name}_warm": value for name, value in known.items()}
        return values


@dataclass(frozen=True, kw_only=True)
class HeldOutCells:
    """Numbers of cells by what they were for: training, validation, test; counts.

    Suffixes "training", "validation" and "test"; "rows" and "columns", those with a
    test cell; "never_tested", the known cells that this split does not test; and
    "cold", test cells whose row or column has no training cell. Training cells of a
    complete X are those that are not 0. Where a whole block of rows and columns is held
    out, training cells are those that share neither with it, "never_tested" are all
    outside the block, and "cold" is absent.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no cell was held out."""
        cells = held_out_cells(run)
        counts = _counts_of_block(run, len(cells)) or _counts_of_cells(run, cells)
        counts |= {
            "test": len(cells),
            "rows": np.unique(cells.rows).size,
            "columns": np.unique(cells.columns).size,
        }
        return {name: float(count) for name, count in counts.items()}


def _counts_of_cells(run: FittedRun, cells: Cells) -> dict[str, int]:
    ratings = training_cells(run.problem)
    n_training = int(ratings.nnz)
    n_validation = 0 if run.validation is None else len(run.validation)
    return {
        "training": n_training,
        "validation": n_validation,
        "never_tested": n_training + n_validation,
        "cold": int(cold_cells(ratings, cells).sum()),
    }


def _counts_of_block(run: FittedRun, n_test: int) -> dict[str, int]:
    """Return the counts where a whole block is held out; nothing elsewhere."""
    whole = run.test_factors
    if whole is None:
        return {}
    return {
        "training": n_fitted(run.problem),
        "validation": 0 if run.validation is None else len(run.validation),
        "never_tested": whole.W.shape[0] * whole.H.shape[1] - n_test,
    }


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """RMSE and MAE on test cells; the numbers of cells."""
    yield MetricSpec(
        name="held_out",
        metric=HeldOut,
        needs=frozenset({"heldout"}),
        direction="lower",
        range=(0.0, None),
        unit="units of X",
        examples=(HeldOut(),),
    )
    yield MetricSpec(
        name="held_out_cells",
        metric=HeldOutCells,
        needs=frozenset({"heldout"}),
        direction="none",
        range=(0.0, None),
        unit="count",
        examples=(HeldOutCells(),),
    )
