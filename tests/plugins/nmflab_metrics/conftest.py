"""Runs for metrics to measure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nmflab.contracts import Cells, Dataset, Factors, FittedRun, Objective, Problem


@pytest.fixture(scope="session")
def make_run() -> Callable[..., FittedRun]:
    """Return a function that builds a finished run from X, W and H.

    Further keywords are what is known of the data: labels, truth, extras.
    """

    def make(X, W, H, observed=None, test=None, loss="frobenius", names=None, **facts):
        X = np.asarray(X, float)
        hidden = X if observed is None else np.where(observed, X, 0.0)
        problem = Problem(
            X=hidden,
            observed=observed,
            objective=Objective(loss=loss),
            dtype=np.dtype(float),
        )
        cells = None
        if test is not None:
            rows, columns = np.nonzero(test)
            cells = Cells(rows, columns, X[rows, columns])
        return FittedRun(
            problem=problem,
            factors=Factors(np.asarray(W, float), np.asarray(H, float)),
            dataset=Dataset(X=X, column_names=names, **facts),
            test=cells,
        )

    return make
