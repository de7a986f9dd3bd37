"""Rows and columns with too few observed cells to determine what was fitted to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, FittedRun, Matrix, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics.cells import cell_counts

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class Unidentified:
    """Rows and columns with fewer training cells than they have parameters.

    With H given, a row of W solves a least squares problem in n_components unknowns
    that has one equation for each training cell of the row. With fewer equations than
    unknowns many solutions fit alike, and the start or the penalty chooses among them:
    what is predicted there was not found in the data. Components that are 0 are not
    counted, an offset of the row is one unknown more; likewise for columns of H. 0
    where every cell is fitted: the question is of missing cells.

    Suffixes "rows" and "columns" are counts, "row_share" and "column_share" their
    shares of all rows and columns, from 0 to 1.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Return 0 for complete problems; raises nothing."""
        factors, n_components = run.factors, _n_active(run.factors)
        few = {"row": 0, "column": 0}
        if run.problem.observed is not None:
            in_rows, in_columns = cell_counts(run.problem)
            few["row"] = _below(in_rows, n_components, factors.row_offset)
            few["column"] = _below(in_columns, n_components, factors.column_offset)
        n_lines = dict(zip(few, run.problem.shape, strict=True))
        values = {f"{line}s": float(n) for line, n in few.items()}
        return values | {f"{one}_share": n / n_lines[one] for one, n in few.items()}


def _n_active(factors: Factors) -> int:
    alive = factors.W.any(axis=0) & factors.H.any(axis=1)
    return int(np.count_nonzero(alive))


def _below(
    counts: npt.NDArray[np.float64], n_components: int, offset: Matrix | None
) -> int:
    n_parameters = n_components + (offset is not None)
    return int(np.count_nonzero(counts < n_parameters))


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """How many rows and columns are not determined by their cells."""
    yield MetricSpec(
        name="unidentified",
        metric=Unidentified,
        direction="lower",
        range=(0.0, None),
        unit="count",
        examples=(Unidentified(),),
    )
