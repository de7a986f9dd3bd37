"""How well ``W H`` reproduces X: over the fitted cells, and over test cells.

Names carry their domain: ``_all`` where every cell was fitted, ``_train_observed``
where some were not, ``_test`` for cells that no solver saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab.numerics import data_norm, n_fitted, residual_norm

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class RelativeError:
    """Relative error ``‖X − WH‖_F / ‖X‖_F`` over the fitted cells; 0 is exact.

    1 is what ``WH = 0`` gives. Dimensionless.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if X is 0 in every fitted cell."""
        return {domain(run): _relative_error(run, "relative_error")}


@dataclass(frozen=True, kw_only=True)
class ExplainedVariance:
    """Explained variance ``1 − ‖X − WH‖_F² / ‖X‖_F²`` over the fitted cells.

    1 is exact; dimensionless. Uncentred, as is usual for NMF: the share of the sum of
    squares of X, not of its variance about the mean, so it is higher than a
    regression's R².
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if X is 0 in every fitted cell."""
        return {domain(run): 1.0 - _relative_error(run, "explained_variance") ** 2}


@dataclass(frozen=True, kw_only=True)
class MeanSquaredError:
    """Mean squared error ``Σ (x − (WH))² / n`` over n cells; units of X squared.

    Over the fitted cells, and over the test cells where there are any.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if no cell was fitted."""
        return dict(_mean_squares(run, "mse"))


@dataclass(frozen=True, kw_only=True)
class RootMeanSquaredError:
    """Root mean squared error ``sqrt(Σ (x − (WH))² / n)`` over n cells; units of X.

    Over the fitted cells, and over the test cells where there are any.
    """

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise ValueError if no cell was fitted."""
        squares = _mean_squares(run, "rmse")
        return {suffix: float(np.sqrt(value)) for suffix, value in squares}


def domain(run: FittedRun) -> str:
    """Return the suffix that says which cells were fitted."""
    return "all" if run.problem.observed is None else "train_observed"


def _relative_error(run: FittedRun, metric: str) -> float:
    norm = data_norm(run.problem)
    if norm == 0:
        raise ValueError(
            f"metric {metric}: X is 0 in every fitted cell, so there is nothing to"
            " compare the error with; check the dataset"
        )
    return residual_norm(run.problem, run.factors) / norm


def _mean_squares(run: FittedRun, metric: str) -> Iterator[tuple[str, float]]:
    count = n_fitted(run.problem)
    if count == 0:
        raise ValueError(
            f"metric {metric}: no cell was fitted; check the dataset's missing entries"
            " and the split"
        )
    yield domain(run), residual_norm(run.problem, run.factors) ** 2 / count
    if run.test is not None and len(run.test):
        residual = run.predict_test() - run.test.values
        yield "test", float(np.vdot(residual, residual)) / len(run.test)


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Relative error, explained variance, MSE, RMSE."""
    yield MetricSpec(
        name="relative_error",
        metric=RelativeError,
        direction="lower",
        range=(0.0, None),
        examples=(RelativeError(),),
    )
    yield MetricSpec(
        name="explained_variance",
        metric=ExplainedVariance,
        direction="higher",
        range=(None, 1.0),
        examples=(ExplainedVariance(),),
    )
    yield MetricSpec(
        name="mse",
        metric=MeanSquaredError,
        direction="lower",
        range=(0.0, None),
        unit="units of X squared",
        examples=(MeanSquaredError(),),
    )
    yield MetricSpec(
        name="rmse",
        metric=RootMeanSquaredError,
        direction="lower",
        range=(0.0, None),
        unit="units of X",
        examples=(RootMeanSquaredError(),),
    )
