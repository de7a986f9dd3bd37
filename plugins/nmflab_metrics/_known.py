"""What a run knew: its training cells, its validation cells, the scale of its values.

The training cells of a run are the observed cells of its problem; where the problem is
complete they are the cells that are not 0, since a held-out cell is 0 there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Cells, FittedRun, NotApplicable, Problem

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def training_cells(problem: Problem) -> csr_array:
    """Return the training cells, zeros that were observed among them, as float64.

    A CSR of shape ``(n_samples, n_features)``; its stored entries are the cells.
    """
    from scipy.sparse import csr_array

    X: Any = problem.X
    if not isinstance(X, np.ndarray):
        made = csr_array(
            (X.data.astype(np.float64), X.indices, X.indptr), shape=X.shape
        )
        if problem.observed is None and not made.data.all():
            made = made.copy()  # the index arrays are still those of X
            made.eliminate_zeros()
        return made
    X = np.asarray(X)
    known = X != 0 if problem.observed is None else np.asarray(problem.observed)
    rows, columns = np.nonzero(known)
    starts = np.concatenate(([0], np.cumsum(np.count_nonzero(known, axis=1))))
    values = X[rows, columns].astype(np.float64)
    return csr_array((values, columns, starts), shape=X.shape)


def held_out_cells(run: FittedRun) -> Cells:
    """Return the test cells; raise NotApplicable where there are none."""
    if run.test is None or not len(run.test):
        raise NotApplicable("needs heldout")
    return run.test


def refuse_blocks(run: FittedRun) -> None:
    """Raise NotApplicable where whole rows and columns were held out together."""
    if run.test_factors is not None:
        raise NotApplicable(
            "needs training cells in the rows and columns of the test cells, this split"
            " holds out whole blocks (split=speckled holds out single cells)"
        )


def cold_cells(ratings: csr_array, cells: Cells) -> npt.NDArray[np.bool_]:
    """Return which cells have a row or a column without any training cell."""
    n_rows, n_columns = line_counts(ratings)
    cold: npt.NDArray[np.bool_] = (n_rows[cells.rows] == 0) | (
        n_columns[cells.columns] == 0
    )
    return cold


def line_counts(
    ratings: csr_array,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return how many cells each row and each column stores."""
    X: Any = ratings
    return np.diff(X.indptr), np.bincount(X.indices, minlength=X.shape[1])


def rating_scale(run: FittedRun) -> tuple[float, float] | None:
    """Return the lowest and highest possible value of X; None where none is known.

    A weighting makes other values of X, for which the dataset's scale says nothing.
    """
    weighting = run.config.get("weighting") or {}
    scale = run.dataset.extras.get("rating_scale")
    if scale is None or weighting.get("name", "none") != "none":
        return None
    low, high = np.asarray(scale, dtype=np.float64)
    return float(low), float(high)
