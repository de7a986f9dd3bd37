"""Errors on test cells: hand-computed cases, cold cells, clipping, rows alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics.held_out import HeldOut, HeldOutCells
from nmflab_metrics.reconstruction import RootMeanSquaredError

from nmflab.contracts import Cells, Factors, NotApplicable

# The model says 3 everywhere. Held out: (0, 0), (0, 1), (1, 2), wrong by 4, 1 and 2.
X = np.array([[7.0, 2.0, 3.0, 3.0], [3.0, 3.0, 5.0, 3.0], [3.0, 3.0, 3.0, 3.0]])
W, H = np.ones((3, 1)), np.full((1, 4), 3.0)
TEST = np.zeros(X.shape, dtype=bool)
TEST[[0, 0, 1], [0, 1, 2]] = True


@pytest.fixture
def run(make_run):
    """Return a run whose three test cells are wrong by 4, 1 and 2."""
    return make_run(X, W, H, observed=~TEST, test=TEST)


def test_errors_are_over_test_cells_alike(run):
    """√((16 + 1 + 4) / 3) and (4 + 1 + 2) / 3."""
    found = HeldOut().compute(run)
    assert found["rmse"] == pytest.approx(np.sqrt(7), rel=1e-15)
    assert found["mae"] == pytest.approx(7 / 3, rel=1e-15)


def test_errors_per_row_give_each_row_one_voice(run):
    """√(17/2) and 2 for RMSE, 5/2 and 2 for MAE; the third row has no test cell."""
    found = HeldOut().compute(run)
    assert found["rmse_per_row"] == pytest.approx((np.sqrt(8.5) + 2) / 2, rel=1e-15)
    assert found["mae_per_row"] == pytest.approx(2.25, rel=1e-15)


def test_the_value_is_that_of_the_rmse_of_reconstruction(run):
    """Two metrics give one number for one thing."""
    expected = RootMeanSquaredError().compute(run)["test"]
    assert HeldOut().compute(run)["rmse"] == pytest.approx(expected, rel=1e-15)


def test_without_a_rating_scale_nothing_is_clipped(run):
    """No value, rather than NaN."""
    assert not any("clipped" in name for name in HeldOut().compute(run))


def test_predictions_are_clipped_to_the_scale(make_run):
    """On a scale up to 2 the model says 2: wrong by 5, 0 and 3."""
    scale = {"rating_scale": np.array([1.0, 2.0])}
    run = make_run(X, W, H, observed=~TEST, test=TEST, extras=scale)
    found = HeldOut().compute(run)
    assert found["rmse_clipped"] == pytest.approx(np.sqrt(34 / 3), rel=1e-15)
    assert found["mae_clipped"] == pytest.approx(8 / 3, rel=1e-15)
    assert found["mae_clipped_per_row"] == pytest.approx(2.75, rel=1e-15)
    assert found["mae"] == pytest.approx(7 / 3, rel=1e-15)


def test_a_weighting_voids_the_scale(make_run):
    """The scale is of the ratings, not of their logarithms."""
    scale = {"rating_scale": np.array([1.0, 2.0])}
    run = make_run(X, W, H, observed=~TEST, test=TEST, extras=scale)
    weighted = replace(run, config={"weighting": {"name": "log1p"}})
    assert not any("clipped" in name for name in HeldOut().compute(weighted))
    plain = replace(run, config={"weighting": {"name": "none"}})
    assert "rmse_clipped" in HeldOut().compute(plain)


def test_cold_cells_are_left_out_of_the_warm_errors(make_run):
    """Column 0 is known nowhere, so its cell, wrong by 4, is cold."""
    observed = ~TEST
    observed[:, 0] = False
    run = make_run(X, W, H, observed=observed, test=TEST)
    found = HeldOut().compute(run)
    assert found["rmse"] == pytest.approx(np.sqrt(7), rel=1e-15)
    assert found["rmse_warm"] == pytest.approx(np.sqrt(2.5), rel=1e-15)
    assert found["mae_warm"] == pytest.approx(1.5, rel=1e-15)
    assert HeldOutCells().compute(run)["cold"] == 1


def test_where_all_cells_are_cold_there_is_no_warm_error(make_run):
    """Nothing was learned of any tested row."""
    observed = ~TEST
    observed[:2] = False
    found = HeldOut().compute(make_run(X, W, H, observed=observed, test=TEST))
    assert not any(name.endswith("warm") for name in found)


def test_cells_are_counted_by_what_they_were_for(run):
    """3 of 12 are tested, one was kept for validation, none is cold."""
    kept = Cells(np.array([2]), np.array([3]), np.array([3.0]))
    problem = replace(run.problem, observed=run.problem.observed.copy())
    problem.observed[2, 3] = False
    found = HeldOutCells().compute(replace(run, problem=problem, validation=kept))
    assert found == {
        "training": 8,
        "validation": 1,
        "test": 3,
        "rows": 2,
        "columns": 3,
        "never_tested": 9,
        "cold": 0,
    }


def test_where_zeros_are_values_the_training_cells_are_the_nonzero_ones(make_run):
    """A zero-filled run knows as many ratings as a masked one."""
    run = make_run(np.where(TEST, 0, X), W, H)
    cells = Cells(*np.nonzero(TEST), X[TEST])
    found = HeldOutCells().compute(replace(run, test=cells))
    assert (found["training"], found["cold"]) == (9, 0)


def test_blocks_are_predicted_by_their_own_factors(make_run):
    """Test cells beyond the fitted block are of the completed factors."""
    run = make_run(X[1:, 1:], W[1:], H[:, 1:])
    cells = Cells(np.array([0]), np.array([0]), np.array([7.0]))
    whole = replace(run, test=cells, test_factors=Factors(W, H))
    assert HeldOut().compute(whole)["rmse"] == pytest.approx(4.0)
    assert RootMeanSquaredError().compute(whole)["test"] == pytest.approx(4.0)
    counts = HeldOutCells().compute(whole)
    assert (counts["training"], counts["test"]) == (6, 1)
    assert counts["never_tested"] == 11
    assert "cold" not in counts


@pytest.mark.parametrize("metric", [HeldOut(), HeldOutCells()])
def test_without_test_cells_nothing_applies(make_run, metric):
    """The message says what is needed."""
    with pytest.raises(NotApplicable, match="needs heldout"):
        metric.compute(make_run(X, W, H))
