"""The objective, its gradients and norms against brute force and closed forms."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors, Objective, Problem
from nmflab.numerics import (
    ObjectiveEvaluator,
    data_norm,
    data_terms,
    evaluator,
    gradients,
    n_fitted,
    objective_value,
    optimal_scale,
    residual_norm,
)

STORAGES = ("dense", "dense_masked", "csr", "csr_observed")
BETAS = (2.0, 1.0, 0.0, -0.5, 0.5, 1.5, 3.0)
PENALTIES = {"l1_W": 0.3, "l1_H": 0.1, "l2_W": 0.7, "l2_H": 0.2}
pytestmark = pytest.mark.usefixtures("blocking")


def data(beta: float, seed: int = 0):
    """Return X (zeros where the loss allows them), a mask and positive factors."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(1.0, 2.0, (9, 7))
    if beta > 0:
        X[rng.random(X.shape) < 0.4] = 0.0
        X[3] = 0.0
        X[:, 2] = 0.0
    W, H = rng.random((9, 3)) + 0.1, rng.random((3, 7)) + 0.1
    return X, rng.random(X.shape) < 0.7, Factors(W, H)


def masked(storage: str, mask):
    """Return the mask where the storage has one."""
    return mask if storage in ("dense_masked", "csr_observed") else None


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", BETAS)
def test_the_value_is_the_sum_over_the_fitted_cells(
    make_problem, brute_force, storage, beta, stored_prediction
):
    """Every loss and storage gives what the formula gives, cell by cell."""
    X, mask, factors = data(beta)
    problem = make_problem(X, storage, mask, beta, **PENALTIES)
    expected = brute_force(X, factors, problem.objective, masked(storage, mask))
    # 63 terms of size < 1e2, each with a few roundings: 1e-13 relative is ample
    assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [2.0, 1.0, 1.5])
def test_offsets_belong_to_the_model(make_problem, brute_force, storage, beta):
    """Row and column offsets, each alone and both, are added to every cell."""
    X, mask, plain = data(beta)
    rng = np.random.default_rng(3)
    a, b = rng.random(9), rng.random(7)
    for offsets in ((a, None), (None, b), (a, b)):
        factors = Factors(plain.W, plain.H, *offsets)
        problem = make_problem(X, storage, mask, beta)
        expected = brute_force(X, factors, problem.objective, masked(storage, mask))
        assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", BETAS)
def test_gradients_agree_with_finite_differences(
    make_problem, storage, beta, stored_prediction
):
    """Central differences of the value are the gradient, penalties included."""
    X, mask, plain = data(beta)
    rng = np.random.default_rng(4)
    factors = Factors(plain.W, plain.H, rng.random(9), rng.random(7))
    problem = make_problem(X, storage, mask, beta, **PENALTIES)
    evaluate = ObjectiveEvaluator(problem)
    found = gradients(problem, factors)
    step = 1e-5
    for grad, name in zip(found, ("W", "H"), strict=True):
        for index in ((0, 0), (1, 2), (2, 1)):
            values = []
            for sign in (1, -1):
                moved = factors.copy()
                getattr(moved, name)[index] += sign * step
                values.append(evaluate.value(moved))
            slope = (values[0] - values[1]) / (2 * step)
            # truncation ~ step² F''' and rounding ~ 1e-16 F/step are both below 1e-6
            assert grad[index] == pytest.approx(slope, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", BETAS)
def test_an_exact_factorization_has_value_zero(make_problem, storage, beta):
    """Where X is W H to rounding, what remains is rounding: below 1e-28 of the data."""
    _, mask, factors = data(beta)
    X = factors.reconstruct()
    problem = make_problem(X, storage, mask, beta)
    value = objective_value(problem, factors)
    assert 0 <= value < 1e-28 * (X**beta).sum()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", BETAS)
def test_the_value_keeps_its_digits_near_an_exact_fit(make_problem, storage, beta):
    """At relative error 1e-8 the value agrees with extended precision."""
    rng = np.random.default_rng(5)
    _, mask, factors = data(beta)
    X = factors.reconstruct() * (1 + 1e-8 * rng.standard_normal((9, 7)))
    problem = make_problem(X, storage, mask, beta)
    x = X.astype(np.longdouble)
    t = (factors.W.astype(np.longdouble) @ factors.H.astype(np.longdouble)) / x - 1
    cell = x**beta * t**2 / 2  # the next term of the series is t times smaller
    if masked(storage, mask) is not None:
        cell = cell[mask]
    # W H in float64 is wrong by 1e-16, the residual is 1e-8: 1e-8 of it, twice, and
    # the terms left out of the series are 1e-8 too
    assert objective_value(problem, factors) == pytest.approx(
        float(cell.sum()), rel=3e-7
    )


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_the_fast_form_and_the_direct_form_agree(
    make_problem, monkeypatch, storage, beta
):
    """Forcing the accurate form changes the value by rounding only."""
    X, _, factors = data(beta)
    problem = make_problem(X, storage, beta=beta)
    fast = objective_value(problem, factors)
    monkeypatch.setattr(data_terms, "NEAR_EXACT", 1e9)
    monkeypatch.setattr(data_terms, "NEAR_EXACT_SPARSE", 1e9)
    assert objective_value(problem, factors) == pytest.approx(fast, rel=1e-12)


@pytest.mark.parametrize("storage", STORAGES)
def test_sums_are_double_whatever_the_dtype_of_x(make_problem, storage):
    """float32 X and factors give the value of the same numbers in float64."""
    rng = np.random.default_rng(6)
    X = rng.random((200, 150), dtype=np.float32) + np.float32(0.5)
    W, H = rng.random((200, 4), np.float32), rng.random((4, 150), np.float32)
    mask = rng.random(X.shape) < 0.5
    narrow = make_problem(X, storage, mask, dtype=np.float32)
    wide = make_problem(X, storage, mask, dtype=np.float64)
    value = objective_value(narrow, Factors(W, H))
    expected = objective_value(wide, Factors(W.astype(float), H.astype(float)))
    # a float32 sum of 3e4 terms would be off by 1e-6 or more
    assert value == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("storage", ["dense", "csr", "csr_observed"])
@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_the_divergence_scales_with_a_power_of_the_data(
    make_problem, storage, beta, scale
):
    """D(sX | sWH) = s^β D(X | WH) at 1e-25 and 1e25: no absolute epsilon is in it."""
    X, mask, factors = data(beta)
    root = np.sqrt(scale)
    scaled = Factors(factors.W * root, factors.H * root)
    value = objective_value(make_problem(X, storage, mask, beta), factors)
    other = objective_value(make_problem(X * scale, storage, mask, beta), scaled)
    # logarithms of the scale (57) cancel in the sums: two digits fewer
    assert other / scale**beta == pytest.approx(value, rel=1e-11)


def test_kullback_leibler_counts_zero_times_log_zero_as_zero(make_problem):
    """Cells with X = 0 cost Y, and nothing where Y is 0 too."""
    X = np.array([[1.0, 0.0], [0.0, 0.0]])
    factors = Factors(np.array([[1.0], [0.0]]), np.array([[1.0, 0.25]]))
    for storage in ("dense", "csr", "dense_masked", "csr_observed"):
        problem = make_problem(X, storage, beta=1.0)
        assert objective_value(problem, factors) == pytest.approx(0.25, rel=1e-15)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [1.0, 0.0, 0.5, -0.5])
def test_predicting_zero_for_a_positive_value_costs_infinity(
    make_problem, storage, beta
):
    """Y = 0 with X > 0 is outside the divergence's domain for β ≤ 1."""
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    factors = Factors(np.array([[0.0], [1.0]]), np.array([[3.0, 4.0]]))
    problem = make_problem(X, storage, beta=beta)
    assert objective_value(problem, factors) == np.inf
    with pytest.raises(ValueError, match=r"infinite slope.*above a small positive"):
        gradients(problem, factors)


@pytest.mark.parametrize("beta", [1.5, 3.0])
def test_above_one_predicting_zero_costs_the_power_of_the_value(make_problem, beta):
    """D(x|0) = x^β / (β(β−1)) for β > 1."""
    X = np.array([[1.0, 2.0], [0.0, 4.0]])
    factors = Factors(np.array([[0.0], [1.0]]), np.array([[0.0, 4.0]]))
    expected = (1 + 2**beta) / (beta * (beta - 1))
    for storage in ("dense", "csr"):
        problem = make_problem(X, storage, beta=beta)
        assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_a_negative_prediction_costs_infinity_unless_frobenius(make_problem, storage):
    """A negative offset may push WH below 0, where only frobenius is defined."""
    X = np.array([[0.0, 2.0], [0.0, 1.0]])
    factors = Factors(np.ones((2, 1)), np.ones((1, 2)), None, np.array([-1.5, 9.0]))
    problem = make_problem(X, storage, beta=1.0)
    assert objective_value(problem, factors) == np.inf
    assert np.isfinite(objective_value(make_problem(X, storage), factors))


@pytest.mark.parametrize("storage", STORAGES)
def test_itakura_saito_refuses_a_zero_and_names_the_cell(make_problem, storage):
    """The message says which cell, which config key, and what to do."""
    X = np.ones((3, 4))
    X[1, 2] = 0.0
    with pytest.raises(ValueError, match=r"row 1, column 2.*objective\.loss.*kull"):
        ObjectiveEvaluator(make_problem(X, storage, beta=0.0))


@pytest.mark.parametrize("storage", STORAGES)
def test_a_negative_value_is_refused_by_kullback_leibler(make_problem, storage):
    """Signed data suit the Frobenius loss only."""
    X = np.ones((3, 4))
    X[2, 1] = -0.5
    with pytest.raises(ValueError, match=r"below 0.*-0\.5 at row 2, column 1"):
        ObjectiveEvaluator(make_problem(X, storage, beta=1.0))
    assert ObjectiveEvaluator(make_problem(X, storage)).n_fitted == 12


def test_a_hidden_zero_does_not_trouble_itakura_saito(make_problem, brute_force):
    """Only fitted cells must be positive."""
    X, mask, factors = data(0.0)
    X = np.where(mask, X, 0.0)
    for storage in ("dense_masked", "csr_observed"):
        problem = make_problem(X, storage, mask, beta=0.0)
        expected = brute_force(X, factors, problem.objective, mask)
        assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-12)


def test_explicit_zeros_of_a_masked_csr_are_fitted():
    """A stored 0 is an observed 0: it counts, an unstored cell does not."""
    X = csr_array(([0.0, 2.0], [0, 1], [0, 1, 2]), (2, 2))
    observed = csr_array((np.ones(2, bool), [0, 1], [0, 1, 2]), (2, 2))
    factors = Factors(np.ones((2, 1)), np.array([[3.0, 5.0]]))
    for loss, expected in (("frobenius", 9.0), ("kullback_leibler", None)):
        goal = Objective(loss=loss)
        problem = Problem(X=X, observed=observed, objective=goal, dtype=np.dtype(float))
        if expected is None:
            expected = 3.0 + (2 * np.log(2 / 5) - 2 + 5)
        assert n_fitted(problem) == 2
        assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_explicit_zeros_of_a_complete_csr_change_nothing(make_problem, beta):
    """A stored 0 and an unstored 0 are the same fitted value."""
    X, _, factors = data(beta)
    expected = objective_value(make_problem(X, "csr", beta=beta), factors)
    stored = make_problem(X, "csr_observed", np.ones(X.shape, bool), beta)
    problem = Problem(
        X=stored.X, observed=None, objective=stored.objective, dtype=stored.dtype
    )
    assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_index_types_do_not_matter(make_problem, observed, beta):
    """int64 indices, as large matrices have, give what int32 gives."""
    X, mask, factors = data(beta)
    storage = "csr_observed" if observed else "csr"
    problem = make_problem(X, storage, mask, beta)
    wide = csr_array(problem.X)
    wide.indices = wide.indices.astype(np.int64)
    wide.indptr = wide.indptr.astype(np.int64)
    other = Problem(
        X=wide,
        observed=problem.observed,
        objective=problem.objective,
        dtype=problem.dtype,
    )
    assert wide.indices.dtype == np.int64
    assert objective_value(other, factors) == objective_value(problem, factors)
    for a, b in zip(
        gradients(other, factors), gradients(problem, factors), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize(
    ("shape", "k"), [((1, 6), 2), ((6, 1), 2), ((1, 1), 3), ((3, 2), 5)]
)
def test_thin_problems_are_evaluated(make_problem, brute_force, storage, shape, k):
    """One row, one column, and more components than rows or columns."""
    rng = np.random.default_rng(7)
    X = rng.random(shape) + 0.1
    factors = Factors(rng.random((shape[0], k)), rng.random((k, shape[1])))
    problem = make_problem(X, storage, beta=1.0)
    expected = brute_force(X, factors, problem.objective)
    assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_all_zero_data_have_a_value(make_problem, storage, beta):
    """X = 0 costs D(0|WH): half its squares, or its sum."""
    _, _, factors = data(beta)
    problem = make_problem(np.zeros((9, 7)), storage, beta=beta)
    Y = factors.reconstruct()
    expected = 0.5 * (Y**2).sum() if beta == 2 else Y.sum()
    assert objective_value(problem, factors) == pytest.approx(expected, rel=1e-13)
    assert data_norm(problem) == 0


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_norms_are_frobenius_norms_over_the_fitted_cells(make_problem, storage, beta):
    """residual_norm and data_norm do not depend on the loss."""
    X, mask, factors = data(beta)
    problem = make_problem(X, storage, mask, beta, **PENALTIES)
    fitted = np.ones(X.shape, bool) if masked(storage, mask) is None else mask
    R = (X - factors.reconstruct())[fitted]
    assert residual_norm(problem, factors) == pytest.approx(
        np.linalg.norm(R), rel=1e-13
    )
    assert data_norm(problem) == pytest.approx(np.linalg.norm(X[fitted]), rel=1e-14)
    assert n_fitted(problem) == fitted.sum()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", BETAS)
def test_the_optimal_scale_is_the_formula_over_the_fitted_cells(
    make_problem, storage, beta, stored_prediction
):
    """It is ``Σ x y^(β−1) / Σ y^β``, written out."""
    X, mask, factors = data(beta)
    problem = make_problem(X, storage, mask, beta)
    fitted = np.ones(X.shape, bool) if masked(storage, mask) is None else mask
    x, y = X[fitted], factors.reconstruct()[fitted]
    expected = (x * y ** (beta - 1)).sum() / (y**beta).sum()
    assert optimal_scale(problem, factors) == pytest.approx(expected, rel=1e-12)


@given(beta=st.sampled_from(BETAS), seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_no_other_scale_is_better(make_problem, beta, seed):
    """A scale 1 % larger or smaller than the optimal one costs more."""
    X, _, factors = data(beta, seed)
    evaluate = ObjectiveEvaluator(make_problem(X, beta=beta))
    a = evaluate.optimal_scale(factors)
    at, less, more = (
        evaluate.value(Factors(factors.W * a * by, factors.H)) for by in (1, 0.99, 1.01)
    )
    assert at < less
    assert at < more


def test_the_scale_of_a_zero_model_is_one(make_problem):
    """No scalar changes WH = 0, so nothing is to be scaled."""
    X, mask, _ = data(2.0)
    zero = Factors(np.zeros((9, 2)), np.zeros((2, 7)))
    for storage in STORAGES:
        for beta in (2.0, 1.0):
            assert optimal_scale(make_problem(X, storage, mask, beta), zero) == 1.0


def test_offsets_have_no_optimal_scale(make_problem):
    """The message says to scale first and add the offsets after."""
    X, _, plain = data(2.0)
    factors = Factors(plain.W, plain.H, np.ones(9))
    with pytest.raises(ValueError, match="optimal_scale: the factors have offsets"):
        optimal_scale(make_problem(X), factors)


@given(
    beta=st.sampled_from([2.0, 1.0, 1.5]),
    seed=st.integers(0, 10**6),
    density=st.floats(0.0, 1.0),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_sparse_and_dense_storage_agree(make_problem, beta, seed, density):
    """The same numbers stored as CSR have the same value and gradients."""
    rng = np.random.default_rng(seed)
    X = rng.random((6, 5)) * (rng.random((6, 5)) < density)
    factors = Factors(rng.random((6, 2)) + 0.01, rng.random((2, 5)) + 0.01)
    dense, sparse = (make_problem(X, kind, beta=beta) for kind in ("dense", "csr"))
    value = objective_value(dense, factors)
    assert objective_value(sparse, factors) == pytest.approx(value, rel=1e-11)
    for a, b in zip(gradients(dense, factors), gradients(sparse, factors), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12 * (1 + np.abs(a).max()))


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_memory_stays_small_for_a_large_sparse_matrix(loss):
    """W H of 20,000 x 20,000 would take 3.2 GB; the value takes a few MB."""
    X = random_array((20_000, 20_000), density=2e-4, format="csr", rng=0)
    X.data += 0.5
    rng = np.random.default_rng(0)
    factors = Factors(rng.random((20_000, 5)), rng.random((5, 20_000)))
    goal = Objective(loss=loss)
    problem = Problem(X=X, observed=None, objective=goal, dtype=X.dtype)
    evaluate = ObjectiveEvaluator(problem)
    tracemalloc.start()
    evaluate.value(factors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


@pytest.mark.parametrize("storage", STORAGES)
def test_the_slope_of_an_empty_prediction_of_nothing_is_one(make_problem, storage):
    """Kullback-Leibler: where X = WH = 0 the divergence is y, and its slope 1."""
    problem = make_problem([[1.0, 0.0], [0.0, 0.0]], storage, beta=1.0)
    factors = Factors(np.array([[1.0], [0.0]]), np.array([[1.0, 0.0]]))
    grad_W, grad_H = gradients(problem, factors)
    np.testing.assert_array_equal(grad_H, [[0.0, 1.0]])
    np.testing.assert_array_equal(grad_W, [[0.0], [1.0]])


def test_the_l1_penalty_of_a_signed_factor_follows_its_sign(make_problem):
    """The gradient of l1 |w| is −l1 below 0 and +l1 from 0 on."""
    X, _, plain = data(2.0)
    signs = np.where(np.arange(27).reshape(9, 3) % 2, -1.0, 1.0)
    factors = Factors(plain.W * signs, plain.H)
    with_l1, without = (
        gradients(make_problem(X, l1_W=weight), factors)[0] for weight in (0.3, 0.0)
    )
    np.testing.assert_allclose(with_l1 - without, 0.3 * signs, rtol=1e-12)


def test_constants_of_the_data_are_computed_once(make_problem, monkeypatch):
    """No evaluation sums x log x or the squares of X again."""
    X, _, factors = data(1.0)
    evaluate = ObjectiveEvaluator(make_problem(X, "csr", beta=1.0))
    monkeypatch.delattr(data_terms, "constants")
    assert np.isfinite(evaluate.value(factors))
    with pytest.raises(NameError):
        ObjectiveEvaluator(make_problem(X, "csr", beta=1.0))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [2.0, 1.0])
def test_nothing_given_is_written_to(make_problem, storage, beta):
    """Read-only X, mask and factors are evaluated, differentiated and kept."""
    X, mask, factors = data(beta)
    problem = make_problem(X, storage, mask, beta)
    arrays = [factors.W, factors.H]
    for matrix in (problem.X, problem.observed):
        if matrix is None:
            continue
        parts = (matrix,)
        if not isinstance(matrix, np.ndarray):
            parts = (matrix.data, matrix.indices, matrix.indptr)
        arrays.extend(parts)
    for array in arrays:
        array.flags.writeable = False
    evaluate = ObjectiveEvaluator(problem)
    assert evaluate.value(factors) == evaluate.value(factors)
    assert evaluate.kappa(factors) == evaluate.kappa(factors)


@pytest.mark.parametrize("beta", [2.0, 1.0, 0.0])
def test_factors_that_are_not_numbers_give_no_number(make_problem, beta):
    """NaN in the factors is NaN in the value, without a warning, never a good fit."""
    X, _, factors = data(beta)
    factors.W[0, 0] = np.nan
    evaluate = ObjectiveEvaluator(make_problem(X, beta=beta))
    assert np.isnan(evaluate.value(factors))
    assert np.isnan(evaluate.kappa(factors))


def test_overflowing_factors_give_infinity_without_a_warning(make_problem):
    """A diverged solver's factors are evaluated, not a cause of warnings."""
    X, _, factors = data(2.0)
    huge = Factors(factors.W * 1e200, factors.H * 1e200)
    assert objective_value(make_problem(X), huge) == np.inf


def test_the_objective_knows_its_class_by_both_names():
    """`nmflab.numerics` and `nmflab.numerics.objective` give one evaluator."""
    from nmflab.numerics import objective

    assert objective.ObjectiveEvaluator is evaluator.ObjectiveEvaluator
    assert ObjectiveEvaluator is evaluator.ObjectiveEvaluator


@pytest.mark.parametrize("n_components", [1, 2, 4])
def test_no_factorization_beats_the_singular_values(make_problem, n_components):
    """``‖X − WH‖² ≥ Σ_{j>k} s_j²`` (Eckart & Young 1936), with equality for k = 1.

    Perron and Frobenius: the leading singular pair of a nonnegative X has no sign.
    """
    rng = np.random.default_rng(6)
    X = rng.random((12, 9)) * (rng.random((12, 9)) < 0.8)
    W, H = rng.random((12, n_components)), rng.random((n_components, 9))
    for _ in range(500):
        for k in range(n_components):
            R = X - W @ H + np.outer(W[:, k], H[k])
            W[:, k] = np.maximum(R @ H[k], 0.0) / (H[k] @ H[k])
            R = X - W @ H + np.outer(W[:, k], H[k])
            H[k] = np.maximum(W[:, k] @ R, 0.0) / (W[:, k] @ W[:, k])
    s = np.linalg.svd(X, compute_uv=False)
    bound = np.sqrt((s[n_components:] ** 2).sum())
    found = residual_norm(make_problem(X), Factors(W, H))
    assert found >= bound * (1 - 1e-12)
    if n_components == 1:
        assert found == pytest.approx(bound, rel=1e-12)


def test_a_nonnegative_matrix_of_rank_two_has_an_exact_factorization(make_problem):
    """Its rows lie in a plane cone: the two extreme ones generate the others."""
    rng = np.random.default_rng(8)
    X = rng.random((10, 2)) @ rng.random((2, 8))
    first, second = np.linalg.svd(X)[2][:2] @ X.T  # the first has one sign throughout
    H = X[[(second / first).argmin(), (second / first).argmax()]]
    W = np.linalg.lstsq(H.T, X.T, rcond=None)[0].T
    assert W.min() >= -1e-12  # rounding of the least squares
    factors = Factors(np.maximum(W, 0.0), H)
    assert residual_norm(make_problem(X), factors) <= 1e-12 * np.linalg.norm(X)


def test_one_component_of_kullback_leibler_is_the_product_of_the_margins(make_problem):
    """``(X1)(1'X)/ΣX`` is the minimum in closed form: any other pair is worse."""
    rng = np.random.default_rng(9)
    X = rng.poisson(2.0, (8, 6)).astype(float)
    best = Factors(X.sum(axis=1)[:, None], X.sum(axis=0)[None] / X.sum())
    problem = make_problem(X, beta=1.0)
    lowest = objective_value(problem, best)
    for _ in range(50):
        W = best.W * np.exp(0.1 * rng.normal(size=best.W.shape))
        H = best.H * np.exp(0.1 * rng.normal(size=best.H.shape))
        assert objective_value(problem, Factors(W, H)) > lowest
