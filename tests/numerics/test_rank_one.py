"""The reference objective: closed forms, and stationary points elsewhere."""

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Objective, Problem
from nmflab.numerics import ObjectiveEvaluator
from nmflab.numerics.rank_one import rank_one, rank_one_objective

RNG = np.random.default_rng(0)
X = RNG.random((12, 9))
MASK = RNG.random(X.shape) < 0.7


def problem(
    X: Any, observed: Any = None, dtype: Any = np.float64, **goal: Any
) -> Problem:
    """Return a problem with this objective."""
    return Problem(
        X=X, observed=observed, objective=Objective(**goal), dtype=np.dtype(dtype)
    )


@pytest.mark.parametrize("store", [np.asarray, csr_array])
def test_frobenius_is_what_the_first_singular_value_leaves(store: Any) -> None:
    """``(‖X‖² − σ₁²)/2``, to rounding, whatever the storage."""
    singular = np.linalg.svd(X, compute_uv=False)
    found = rank_one_objective(problem(store(X)))
    assert found == pytest.approx(0.5 * (singular[1:] ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize("store", [np.asarray, csr_array])
def test_large_data_need_no_whole_decomposition(store: Any) -> None:
    """The same from the leading triple alone."""
    large = RNG.random((300, 240))
    singular = np.linalg.svd(large, compute_uv=False)
    found = rank_one_objective(problem(store(large)))
    assert found == pytest.approx(0.5 * (singular[1:] ** 2).sum(), rel=1e-12)


def test_single_precision_is_summed_in_double() -> None:
    """The factors are found in float32: their error enters squared."""
    large = RNG.random((300, 240))
    exact = rank_one_objective(problem(large))
    found = rank_one_objective(problem(large.astype(np.float32), dtype=np.float32))
    assert found == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("store", [np.asarray, csr_array])
def test_kullback_leibler_is_the_independence_of_rows_and_columns(store: Any) -> None:
    """``D(X | r c'/N)``, zeros in X included."""
    counts = RNG.poisson(1.0, (8, 6)) + np.eye(8, 6)
    expected = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    logs = np.log(np.where(counts > 0, counts / expected, 1.0))
    divergence = (counts * logs - counts + expected).sum()
    found = rank_one_objective(problem(store(counts), loss="kullback_leibler"))
    assert found == pytest.approx(divergence, rel=1e-12)


@pytest.mark.parametrize(
    "goal",
    [
        {},
        {"loss": "kullback_leibler"},
        {"loss": "itakura_saito"},
        {"loss": "beta", "beta": 1.5},
        {"l2_W": 0.1, "l2_H": 0.3, "l2_per_count": True},
        {"l1_W": 0.1, "l1_H": 0.2},
    ],
)
def test_under_a_mask_the_fit_is_stationary(goal: dict[str, Any]) -> None:
    """Its scale-invariant residual is near 0, and storage changes nothing."""
    posed = problem(X * MASK, MASK, **goal)
    factors = rank_one(posed)
    assert factors is not None
    assert ObjectiveEvaluator(posed).kappa(factors) < 1e-3
    stored = csr_array(X * MASK)
    sparse = problem(stored, csr_array(stored.astype(bool)), **goal)
    value = rank_one_objective(posed)
    assert rank_one_objective(sparse) == pytest.approx(value, rel=1e-9)


def test_no_pair_of_vectors_nearby_comes_lower() -> None:
    """Fifty pairs, each entry moved by a twentieth or so; itakura_saito."""
    posed = problem(X + 0.1, loss="itakura_saito")
    evaluator, best = ObjectiveEvaluator(posed), rank_one_objective(posed)
    factors = rank_one(posed)
    assert factors is not None
    assert best is not None
    for _ in range(50):
        W = factors.W * np.exp(0.05 * RNG.standard_normal(factors.W.shape))
        H = factors.H * np.exp(0.05 * RNG.standard_normal(factors.H.shape))
        assert evaluator.value(Factors(W, H)) >= best


@pytest.mark.parametrize(
    "weights", [{"l1_H": 0.3, "unit": "W"}, {"l1_W": 0.3, "unit": "H"}]
)
def test_a_factor_may_be_held_at_unit_length(weights: dict[str, Any]) -> None:
    """The penalty on the other counts, and the whole is stationary."""
    posed = problem(X, **weights)
    factors = rank_one(posed)
    assert factors is not None
    held = factors.W if weights["unit"] == "W" else factors.H
    assert np.linalg.norm(held) == pytest.approx(1.0)
    assert ObjectiveEvaluator(posed).kappa(factors) < 1e-6
    plain, whole = rank_one_objective(problem(X)), rank_one_objective(posed)
    assert plain is not None
    assert whole is not None
    assert whole > plain


@pytest.mark.parametrize(
    ("goal", "observed"),
    [
        ({"loss": "kullback_leibler", "l1_H": 0.1}, None),
        ({"l1_H": 0.1, "unit": "W"}, MASK),
    ],
)
def test_what_has_no_closed_step_has_no_reference(
    goal: dict[str, Any], observed: Any
) -> None:
    """None, not a number that is not the lowest."""
    assert rank_one_objective(problem(X * MASK, observed, **goal)) is None


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_a_single_row_or_column_is_fitted_exactly(shape: tuple[int, int]) -> None:
    """Rank one is all there is."""
    found = rank_one_objective(problem(RNG.random(shape)))
    assert found == pytest.approx(0.0, abs=1e-25)


def test_data_of_zeros_cost_nothing() -> None:
    """No division by the length of nothing."""
    assert rank_one_objective(problem(np.zeros((4, 3)))) == 0.0


def test_equal_singular_values_are_no_trouble() -> None:
    """Any of the leading vectors leaves the same: four of five units."""
    assert rank_one_objective(problem(np.eye(5))) == pytest.approx(2.0)


def test_negative_cells_do_not_make_it_negative() -> None:
    """The fit stays non-negative: where X is below 0 everywhere, it is 0."""
    factors = rank_one(problem(-X))
    assert factors is not None
    assert (factors.W @ factors.H == 0).all()
