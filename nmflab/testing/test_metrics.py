"""What every metric keeps: a range, one answer for equal models, no side effect."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
import pytest

from nmflab.contracts import (
    Cells,
    Dataset,
    Factors,
    FittedRun,
    Matrix,
    MetricSpec,
    MetricValue,
    NotApplicable,
)
from nmflab.testing.installed import Configured, configured
from nmflab.testing.running import as_bytes
from nmflab.testing.strategies import freeze, frozen_factors, problem_of

Metric: TypeAlias = Configured[MetricSpec]

N_SAMPLES, N_FEATURES, N_COMPONENTS = 12, 9, 3
WORDS = ["ash", "bay", "cob", "dew", "elm", "fen", "gum", "hop", "ivy"]

FORMS = ("dense", "sparse", "masked")


def _in_each_form(*scopes: str) -> pytest.MarkDecorator:
    """Return the mark that runs a test for metrics of these scopes in each form."""
    cases = [
        pytest.param(metric, form, id=f"{metric.label}-{form}")
        for metric in configured("metric")
        for form in FORMS
        if metric.spec.scope in scopes
        and not (form == "masked" and "complete" in metric.spec.needs)
    ]
    return pytest.mark.parametrize(("metric", "form"), cases)


each_form = _in_each_form("run", "seeds")
each_form_over_seeds = _in_each_form("seeds")


def _factors(seed: int) -> Factors:
    rng = np.random.default_rng(seed)
    W = rng.gamma(0.5, size=(N_SAMPLES, N_COMPONENTS))
    H = rng.gamma(0.5, size=(N_COMPONENTS, N_FEATURES))
    return frozen_factors(W, H, np.dtype(np.float64))


def _dataset(X: Matrix) -> Dataset:
    """Return data with everything that a metric may need."""
    tokens = [" ".join(WORDS[i : i + 4]) for i in range(6)] * 2
    return Dataset(
        X=X,
        row_names=[f"row {i}" for i in range(N_SAMPLES)],
        column_names=WORDS,
        row_labels=np.arange(N_SAMPLES) % N_COMPONENTS,
        truth=_factors(99),
        extras={"tokens": tokens, "column_metadata": ["a|b", "b", "a"] * 3},
    )


def _run(
    factors: Factors, form: str, seed: int = 0, *, zero: bool = False
) -> FittedRun:
    truth = _factors(99)
    X = truth.reconstruct() * (not zero) + 0.0
    X[X < 0.2] = 0.0
    rows, columns = np.arange(0, 9), np.arange(0, 9)
    observed = None
    if form == "masked":
        observed = np.ones(X.shape, dtype=np.bool_)
        observed[rows, columns] = False
    problem = problem_of(X, observed=observed, sparse=form == "sparse")
    cells = Cells(rows=rows, columns=columns, values=X[rows, columns].copy())
    freeze(cells.rows, cells.columns, cells.values)
    config = {"solver": {"name": "mu"}, "seed": seed, "n_components": N_COMPONENTS}
    data = _dataset(X)
    return FittedRun(
        problem=problem, factors=factors, dataset=data, test=cells, config=config
    )


def _compute(metric: Metric, *runs: FittedRun) -> dict[str, MetricValue]:
    """Return a metric's values by suffix; one value has the suffix ""."""
    over_seeds = metric.spec.scope == "seeds"
    result: Any = metric.plugin.compute(list(runs) if over_seeds else runs[0])
    return dict(result) if isinstance(result, Mapping) else {"": result}


def _applied(metric: Metric, *runs: FittedRun) -> dict[str, MetricValue]:
    """Return what `_compute` does; skip a metric that does not apply to these data."""
    try:
        return _compute(metric, *runs)
    except NotApplicable as error:
        pytest.skip(f"not applicable: {error}")


def _runs(metric: Metric, form: str) -> list[FittedRun]:
    n_runs = 3 if metric.spec.scope == "seeds" else 1
    return [_run(_factors(seed), form, seed) for seed in range(n_runs)]


def _check_same(
    before: Mapping[str, MetricValue], after: Mapping[str, MetricValue]
) -> None:
    assert before.keys() == after.keys()
    for suffix, value in before.items():
        if isinstance(value, str):
            assert after[suffix] == value
        else:  # some hundred operations in float64
            assert after[suffix] == pytest.approx(value, rel=1e-9, abs=1e-12)


def _no_factors() -> Factors:
    W, H = np.zeros((N_SAMPLES, N_COMPONENTS)), np.zeros((N_COMPONENTS, N_FEATURES))
    return frozen_factors(W, H, np.dtype(np.float64))


def _check_values(metric: Metric, values: Mapping[str, MetricValue]) -> None:
    low, high = metric.spec.range
    for suffix, value in values.items():
        where = f"{metric.label} {suffix}".strip()
        assert isinstance(suffix, str)
        if isinstance(value, str):
            continue
        assert isinstance(value, float | int | np.floating | np.integer), where
        assert np.isfinite(value), f"{where} is {value}; raise ValueError instead"
        # Rounding may carry a sum past a bound that it meets exactly.
        assert low is None or value >= low - 1e-9 * (1 + abs(low)), where
        assert high is None or value <= high + 1e-9 * (1 + abs(high)), where


@each_form
def test_values_are_finite_and_in_range(metric: Metric, form: str) -> None:
    """A value is a text, or a finite number within the declared range."""
    _check_values(metric, _applied(metric, *_runs(metric, form)))


@each_form
def test_components_have_no_order_and_no_scale(metric: Metric, form: str) -> None:
    """Permuting components, and moving scale from H to W, changes no value.

    Each run of several is permuted and scaled in a way of its own.
    """
    runs = _runs(metric, form)
    turned = []
    for seed, run in enumerate(runs):
        order = np.roll([2, 0, 1], seed)
        scale = np.roll([3.0, 0.25, 40.0], seed)
        W = (run.factors.W * scale)[:, order]
        H = (run.factors.H / scale[:, None])[order]
        turned.append(_run(frozen_factors(W, H, W.dtype), form, seed))
    _check_same(_applied(metric, *runs), _compute(metric, *turned))


@each_form_over_seeds
def test_runs_have_no_order(metric: Metric, form: str) -> None:
    """The same runs in another order have the same values."""
    runs = _runs(metric, form)
    turned = [runs[2], runs[0], runs[1]]
    _check_same(_applied(metric, *runs), _compute(metric, *turned))


@each_form_over_seeds
def test_runs_that_agree_have_an_answer_in_range(metric: Metric, form: str) -> None:
    """Copies of one run give values in range, or ValueError, nothing else."""
    runs = [_run(_factors(0), form, seed) for seed in range(3)]
    with suppress(ValueError):
        _check_values(metric, _compute(metric, *runs))


@each_form_over_seeds
def test_a_run_of_zeros_among_others_costs_no_crash(metric: Metric, form: str) -> None:
    """One seed that found nothing gives values in range, or ValueError."""
    runs = [*_runs(metric, form)[:2], _run(_no_factors(), form, 2)]
    with suppress(ValueError):
        _check_values(metric, _compute(metric, *runs))


@each_form
def test_a_metric_changes_nothing(metric: Metric, form: str) -> None:
    """Factors and data are as before, and a second call answers the same."""
    runs = _runs(metric, form)
    before = as_bytes(*(run.factors for run in runs))
    first, second = _applied(metric, *runs), _compute(metric, *runs)
    assert as_bytes(*(run.factors for run in runs)) == before
    assert first == second


@pytest.mark.parametrize("what", ["factors", "X", "both"])
@each_form
def test_a_metric_without_an_answer_raises_a_value_error(
    metric: Metric, form: str, what: str
) -> None:
    """Where all is 0 a metric answers in range, or raises ValueError, nothing else."""
    runs = [
        _run(
            _factors(seed) if what == "X" else _no_factors(),
            form,
            seed,
            zero=what != "factors",
        )
        for seed in range(3)
    ]
    with suppress(ValueError):
        _check_values(metric, _compute(metric, *runs))
