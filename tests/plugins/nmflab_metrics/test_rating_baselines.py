"""Means and biases: closed forms, unknown lines, one computation for one split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics import _remembered, rating_baselines
from nmflab_metrics._baselines.ratings import (
    Biases,
    ColumnMeans,
    GlobalMean,
    RowMeans,
)
from nmflab_metrics.rating_baselines import RatingBaselines
from scipy.sparse import csr_array

from nmflab.contracts import Cells, NotApplicable

# Row 2 and column 3 hold no rating.
RATINGS = csr_array(
    np.array([[5.0, 3, 0, 0], [4, 0, 0, 0], [0, 0, 0, 0], [1, 0, 2, 0]])
)
EVERY = tuple(index.ravel() for index in np.indices((4, 4)))


@pytest.fixture(autouse=True)
def _forget():
    _remembered.forget()


def predicted(baseline):
    """Return the predictions for all cells, as a table."""
    return baseline.fit(RATINGS).predict(*EVERY).reshape(4, 4)


def test_the_global_mean_is_everywhere_the_same():
    """(5 + 3 + 4 + 1 + 2) / 5."""
    np.testing.assert_allclose(predicted(GlobalMean()), 3.0, rtol=1e-15)


def test_row_means_fall_back_to_the_global_mean():
    """Row 2 has no rating."""
    expected = np.array([[4.0], [4.0], [3.0], [1.5]]) * np.ones(4)
    np.testing.assert_allclose(predicted(RowMeans()), expected, rtol=1e-15)


def test_column_means_fall_back_to_the_global_mean():
    """Column 3 has no rating."""
    expected = np.array([10 / 3, 3, 2, 3]) * np.ones((4, 1))
    np.testing.assert_allclose(predicted(ColumnMeans()), expected, rtol=1e-15)


def test_one_epoch_of_biases_is_the_published_formula():
    """Columns first, from row biases of 0; then rows."""
    fitted = Biases(reg_rows=2.0, reg_columns=1.0, n_epochs=1).fit(RATINGS)
    c = np.array([(2 + 1 - 2) / 4, 0 / 2, -1 / 2, 0])
    b = np.array(
        [(2 - c[0] + 0 - c[1]) / 4, (1 - c[0]) / 3, 0, (-2 - c[0] - 1 - c[2]) / 4]
    )
    np.testing.assert_allclose(fitted.columns, c, rtol=1e-14)
    np.testing.assert_allclose(fitted.rows, b, rtol=1e-14)


def test_many_epochs_of_biases_solve_the_ridge_regression():
    """Minimum of Σ (x − μ − b − c)² + reg_rows ‖b‖² + reg_columns ‖c‖²."""
    rng = np.random.default_rng(2)
    ratings = csr_array(np.where(rng.random((9, 7)) < 0.6, rng.random((9, 7)) + 1, 0))
    fitted = Biases(reg_rows=1.5, reg_columns=0.5, n_epochs=500).fit(ratings)
    rows, columns = ratings.nonzero()
    A = np.hstack((np.eye(9)[rows], np.eye(7)[columns]))
    penalty = np.diag([1.5] * 9 + [0.5] * 7)
    x = ratings.data - ratings.data.mean()
    expected = np.linalg.solve(A.T @ A + penalty, A.T @ x)
    found = np.concatenate((fitted.rows, fitted.columns))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_biases_without_shrinkage_leave_unknown_lines_at_the_mean():
    """Nothing is divided by a count of 0."""
    found = predicted(Biases(reg_rows=0.0, reg_columns=0.0))
    assert found[2, 3] == pytest.approx(3.0)
    assert np.isfinite(found).all()


@pytest.fixture
def run(make_run):
    """Return a run that knows `RATINGS` and is tested on two other cells."""
    known = RATINGS.toarray() > 0
    scale = {"rating_scale": np.array([1.0, 3.5])}
    made = make_run(RATINGS.toarray(), *blank(), observed=known, extras=scale)
    cells = Cells(np.array([1, 2]), np.array([1, 3]), np.array([2.0, 5.0]))
    return replace(made, test=cells)


def blank():
    """Return factors that say nothing."""
    return np.ones((4, 1)), np.ones((1, 4))


def test_errors_are_on_the_test_cells_of_the_run(run):
    """Row means say 4 and 3 where 2 and 5 were held out; clipped, 3.5 and 3."""
    found = RatingBaselines().compute(run)
    assert found["row_means_rmse"] == pytest.approx(2.0)
    assert found["row_means_mae"] == pytest.approx(2.0)
    assert found["row_means_mae_clipped"] == pytest.approx(1.75)
    assert found["global_mean_rmse"] == pytest.approx(np.sqrt(2.5))
    assert len(found) == 4 * 4


def test_a_zero_filled_run_has_the_same_baselines(run, make_run):
    """They learn from the known ratings, not from the zeros."""
    filled = make_run(RATINGS.toarray(), *blank(), extras=run.dataset.extras)
    filled = replace(filled, test=run.test)
    assert RatingBaselines().compute(filled) == RatingBaselines().compute(run)


def test_runs_of_one_split_compute_their_baselines_once(run, monkeypatch):
    """Other factors, or the problem made anew, change no baseline."""
    calls = []
    count = rating_baselines.cell_errors
    monkeypatch.setattr(
        rating_baselines, "cell_errors", lambda *a: calls.append(1) or count(*a)
    )
    first = RatingBaselines().compute(run)
    problem = replace(run.problem, X=run.problem.X.copy())
    again = replace(run, problem=problem, factors=run.factors.copy())
    assert RatingBaselines().compute(again) == first
    assert len(calls) == 4


@pytest.mark.parametrize("what", ["X", "test", "parameters", "scale"])
def test_what_a_baseline_depends_on_is_computed_again(run, what):
    """One rating, one test value, one parameter or the scale."""
    first, metric, other = RatingBaselines().compute(run), RatingBaselines(), run
    if what == "X":
        X = run.problem.X.copy()
        X[0, 0] = 1.0
        other = replace(run, problem=replace(run.problem, X=X))
    elif what == "test":
        other = replace(run, test=replace(run.test, values=np.array([2.0, 4.0])))
    elif what == "scale":
        other = replace(run, dataset=replace(run.dataset, extras={}))
    else:
        metric = RatingBaselines(n_epochs=1)
    assert metric.compute(other) != first


def test_a_result_handed_out_is_the_callers_own(run):
    """Changing it changes nothing for the next run."""
    first = RatingBaselines().compute(run)
    before = dict(first)
    first.clear()
    assert RatingBaselines().compute(run) == before


def test_few_results_are_kept():
    """The least recently used go first."""
    for size in range(_remembered.MOST_KEPT + 5):
        _remembered.once("sizes", [np.zeros(size)], lambda size=size: {"n": size})
    assert len(_remembered._kept) == _remembered.MOST_KEPT
    assert _remembered.once("sizes", [np.zeros(0)], lambda: {"n": -1}) == {"n": -1}
    assert _remembered.once("sizes", [np.zeros(60)], lambda: {"n": -1}) == {"n": 60}


def test_blocks_have_no_baselines(run):
    """Their rows and columns hold no training cell at all."""
    with pytest.raises(NotApplicable, match="holds out whole blocks"):
        RatingBaselines().compute(replace(run, test_factors=run.factors))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"reg_rows": -1.0}, "metric.rating_baselines.reg_rows must be .* got -1.0"),
        ({"reg_columns": float("nan")}, "reg_columns must be a number .* got nan"),
        ({"n_epochs": 0}, "n_epochs must be at least 1, got 0"),
    ],
)
def test_parameters_without_meaning_are_refused(wrong, message):
    """At construction, naming key and value."""
    with pytest.raises(ValueError, match=message):
        RatingBaselines(**wrong)
