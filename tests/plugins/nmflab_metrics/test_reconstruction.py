"""Errors of reconstruction: closed forms, domains, and published digits."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.reconstruction import (
    ExplainedVariance,
    MeanSquaredError,
    RelativeError,
    RootMeanSquaredError,
)

from nmflab.contracts import Factors, FittedRun

RATINGS = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]]
)
X = np.array([[3.0, 0.0], [0.0, 4.0]])
W, H = np.array([[1.0], [0.0]]), np.array([[3.0, 1.0]])  # residual 1 and 4


def test_relative_error_is_a_ratio_of_norms(make_run):
    """‖R‖ = √17 and ‖X‖ = 5."""
    found = RelativeError().compute(make_run(X, W, H))
    assert found == {"all": pytest.approx(np.sqrt(17) / 5, rel=1e-15)}


def test_explained_variance_is_a_share_of_the_uncentred_squares(make_run):
    """1 − 17/25."""
    found = ExplainedVariance().compute(make_run(X, W, H))
    assert found == {"all": pytest.approx(8 / 25, rel=1e-14)}


def test_mse_and_rmse_are_over_all_cells(make_run):
    """17 over 4 cells, and its root."""
    run = make_run(X, W, H)
    assert MeanSquaredError().compute(run) == {"all": pytest.approx(17 / 4)}
    expected = pytest.approx(np.sqrt(17 / 4))
    assert RootMeanSquaredError().compute(run) == {"all": expected}


def test_with_unobserved_cells_the_domain_is_the_observed_ones(make_run):
    """Hiding the cell that is wrong by 4 leaves 1 over 3 cells."""
    observed = np.array([[True, True], [True, False]])
    run = make_run(X, W, H, observed=observed)
    name = "train_observed"
    assert RelativeError().compute(run) == {name: pytest.approx(1 / 3)}
    assert ExplainedVariance().compute(run) == {name: pytest.approx(8 / 9)}
    assert MeanSquaredError().compute(run) == {name: pytest.approx(1 / 3)}


def test_test_cells_have_their_own_value(make_run):
    """The hidden cell, wrong by 4, is measured apart."""
    observed = np.array([[True, True], [True, False]])
    run = make_run(X, W, H, observed=observed, test=~observed)
    assert MeanSquaredError().compute(run) == {
        "train_observed": pytest.approx(1 / 3),
        "test": pytest.approx(16.0),
    }
    assert RootMeanSquaredError().compute(run)["test"] == pytest.approx(4.0)
    assert set(RelativeError().compute(run)) == {"train_observed"}


def test_test_cells_see_the_offsets(make_run):
    """A prediction includes row and column offsets."""
    observed = np.array([[True, True], [True, False]])
    run = make_run(X, W, H, observed=observed, test=~observed)
    factors = Factors(W, H, np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    moved = FittedRun(
        problem=run.problem, factors=factors, dataset=run.dataset, test=run.test
    )
    assert MeanSquaredError().compute(moved)["test"] == pytest.approx(1.0)


@pytest.mark.parametrize("metric", [RelativeError, ExplainedVariance])
def test_a_ratio_to_zero_data_is_refused(make_run, metric):
    """The message says what is 0 and what to check."""
    run = make_run(np.zeros((2, 2)), W, H)
    with pytest.raises(ValueError, match="X is 0 in every fitted cell"):
        metric().compute(run)


@pytest.mark.parametrize("metric", [MeanSquaredError, RootMeanSquaredError])
def test_a_mean_over_no_cells_is_refused(make_run, metric):
    """Nothing fitted is no error of 0."""
    run = make_run(X, W, H, observed=np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="no cell was fitted"):
        metric().compute(run)


def test_errors_do_not_depend_on_the_loss(make_run):
    """A Kullback-Leibler run is measured by the same squares."""
    positive = W + 1.0
    runs = [make_run(X, positive, H, loss=loss) for loss in ("frobenius", "itakura")]
    a, b = (RelativeError().compute(run)["all"] for run in runs)
    assert a == b


def test_a_tiny_error_keeps_its_digits(make_run):
    """At relative error 1e-9 the ratio is right to rounding of W H."""
    exact = np.outer([1.0, 2.0, 3.0], [4.0, 5.0])
    moved = exact.copy()
    moved[0, 0] += 1e-8
    run = make_run(moved, [[1.0], [2.0], [3.0]], [[4.0, 5.0]])
    # 4 + 1e-8 is stored with an error of 4e-16, which is 4e-8 of the residual
    expected = 1e-8 / np.linalg.norm(exact)
    assert RelativeError().compute(run)["all"] == pytest.approx(expected, rel=1e-7)


def test_the_published_error_of_the_film_ratings_comes_out(make_run):
    """scikit-learn's factors of the 5x4 ratings have MSE 0.9144353703891276."""
    from sklearn.decomposition import NMF

    model = NMF(n_components=2, init="random", random_state=42)
    factors = model.fit_transform(RATINGS), model.components_
    found = MeanSquaredError().compute(make_run(RATINGS, *factors))
    # the digits are the same in every version of scikit-learn since 0.19, to 3e-16
    assert found["all"] == pytest.approx(0.9144353703891276, abs=1e-10)


def test_the_published_factors_of_the_film_ratings_give_that_error_too(make_run):
    """The eight digits printed for W and H give the MSE to those digits."""
    published_W = [
        [3.56439707, 0],
        [2.37654951, 0],
        [0.89050141, 1.23178233],
        [0.66556354, 0.96517217],
        [0, 1.79451388],
    ]
    published_H = [
        [1.47452258, 0.55917555, 0, 0.40826028],
        [0, 0.36226565, 1.58270795, 2.90831012],
    ]
    found = MeanSquaredError().compute(make_run(RATINGS, published_W, published_H))
    # near a minimum rounding of 5e-9 in the factors changes the MSE by less than that
    assert found["all"] == pytest.approx(0.9144353703891276, abs=1e-8)
