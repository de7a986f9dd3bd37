"""The KKT residual and the projected gradient: formulas, invariances, zeros."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import Factors
from nmflab.numerics import ObjectiveEvaluator, kappa, projected_gradient_norm

STORAGES = ("dense", "dense_masked", "csr", "csr_observed")
LOSSES = (2.0, 1.0, 0.0, 1.5, 3.0)
RATINGS = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]], float
)


def data(beta: float, seed: int = 0):
    """Return X (zeros where the loss allows them), a mask and positive factors."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(1.0, 2.0, (8, 6)) + 0.05
    if beta > 0:
        X[rng.random(X.shape) < 0.3] = 0.0
    factors = Factors(rng.random((8, 3)) + 0.1, rng.random((3, 6)) + 0.1)
    return X, rng.random(X.shape) < 0.7, factors


def written_out(X, fitted, factors, beta, l1=(0, 0), l2=(0, 0)) -> float:
    """Return κ entry by entry, as its docstring has it."""
    W, H, Y = factors.W, factors.H, factors.reconstruct()
    slope = np.where(fitted, Y ** (beta - 2) * (Y - X), 0.0)
    convex = (max(beta - 1, 0) * Y + max(2 - beta, 0) * X) * Y ** (beta - 3)
    convex = np.where(fitted, convex, 0.0)
    worst = 0.0
    for F, grad, q, a, b in (
        (W.T, slope @ H.T, convex @ (H**2).T, l1[0], l2[0]),
        (H, (W.T @ slope).T, ((W**2).T @ convex).T, l1[1], l2[1]),
    ):
        for k in range(F.shape[0]):
            step = np.zeros(F.shape[1])
            for j in range(F.shape[1]):
                g = grad[j, k] + a + b * F[k, j]
                curvature = q[j, k] + b
                newton = g / curvature if curvature > 0 else (np.inf if g > 0 else 0)
                step[j] = min(F[k, j], newton)
            worst = max(worst, np.linalg.norm(step) / np.linalg.norm(F[k]))
    return worst


def hals(X, factors, n_sweeps: int) -> Factors:
    """Return the factors after sweeps of textbook HALS."""
    W, H = factors.W.copy(), factors.H.copy()
    for _ in range(n_sweeps):
        for F, C, G in ((H, W.T @ X, W.T @ W), (W.T, None, None)):
            if C is None:
                C, G = H @ X.T, H @ H.T
            for k in range(len(F)):
                F[k] = np.maximum(0, F[k] + (C[k] - G[k] @ F) / G[k, k])
    return Factors(W, H)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", LOSSES)
def test_kappa_is_the_largest_relative_coordinate_step(
    make_problem, blocking, storage, beta
):
    """Every loss and storage gives what the formula gives, entry by entry."""
    X, mask, factors = data(beta)
    fitted = mask if storage in ("dense_masked", "csr_observed") else mask | True
    problem = make_problem(X, storage, mask, beta)
    expected = written_out(X, fitted, factors, beta)
    assert kappa(problem, factors) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("storage", STORAGES)
def test_penalties_and_offsets_enter_kappa(make_problem, blocking, storage):
    """L1 and L2 add to the gradients, L2 to the curvatures, offsets to the model."""
    X, mask, plain = data(2.0)
    rng = np.random.default_rng(1)
    factors = Factors(plain.W, plain.H, rng.random(8), rng.random(6))
    fitted = mask if storage in ("dense_masked", "csr_observed") else mask | True
    goal = {"l1_W": 0.4, "l1_H": 0.3, "l2_W": 0.2, "l2_H": 0.1}
    problem = make_problem(X, storage, mask, **goal)
    expected = written_out(X, fitted, factors, 2.0, (0.4, 0.3), (0.2, 0.1))
    assert kappa(problem, factors) == pytest.approx(expected, rel=1e-11)


@given(
    beta=st.sampled_from(LOSSES),
    storage=st.sampled_from(STORAGES),
    seed=st.integers(0, 10**6),
    exponent=st.integers(-25, 25),
    shift=st.integers(-10, 10),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_kappa_has_no_units(make_problem, beta, storage, seed, exponent, shift):
    """Scaling X by 1e±25 and each component by its own factor changes nothing."""
    X, mask, factors = data(beta, seed)
    D = 10.0 ** np.array([shift, -shift, shift / 2])
    s = 10.0**exponent
    scaled = Factors(factors.W * D * s, factors.H / D[:, None])
    expected = kappa(make_problem(X, storage, mask, beta), factors)
    found = kappa(make_problem(X * s, storage, mask, beta), scaled)
    # cancellation in the gradients costs a few of 16 digits
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_the_whole_scale_may_stand_in_either_factor(make_problem, scale):
    """κ does not care where the units of X went."""
    X, _, factors = data(2.0)
    expected = kappa(make_problem(X), factors)
    for left in (1.0, scale, np.sqrt(scale)):
        moved = Factors(factors.W * left, factors.H * (scale / left))
        found = kappa(make_problem(X * scale), moved)
        assert found == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", LOSSES)
def test_an_exact_factorization_is_stationary(make_problem, blocking, storage, beta):
    """Where X = W H the slope is rounding, and so is κ."""
    _, mask, factors = data(beta)
    problem = make_problem(factors.reconstruct(), storage, mask, beta)
    assert kappa(problem, factors) < 1e-13
    assert projected_gradient_norm(problem, factors) < 1e-11


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_the_leading_singular_pair_is_stationary(make_problem, blocking, storage):
    """Rank one, Frobenius: the closed form has κ = 0 to rounding."""
    X, _, _ = data(2.0)
    U, s, V = np.linalg.svd(X)
    factors = Factors(np.abs(U[:, :1]) * s[0], np.abs(V[:1]))
    assert kappa(make_problem(X, storage), factors) < 1e-13


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_the_product_of_margins_is_stationary(make_problem, blocking, storage):
    """Rank one, Kullback-Leibler: (X1)(1'X)/ΣX has κ = 0 and keeps all sums."""
    X, _, _ = data(1.0)
    factors = Factors(X.sum(1)[:, None], X.sum(0)[None, :] / X.sum())
    problem = make_problem(X, storage, beta=1.0)
    assert kappa(problem, factors) < 1e-13
    np.testing.assert_allclose(factors.reconstruct().sum(0), X.sum(0), rtol=1e-14)


def test_a_stationary_point_of_kullback_leibler_keeps_rows_and_columns(make_problem):
    """What κ calls stationary has the row and column sums of X (to about κ)."""
    X, _, factors = data(1.0)
    W, H = factors.W, factors.H
    for _ in range(20_000):
        # floored as a solver does: entries that vanish would end in 0/0
        H = np.maximum(H * (W.T @ (X / (W @ H))) / W.sum(0)[:, None], 1e-16)
        W = np.maximum(W * ((X / (W @ H)) @ H.T) / H.sum(1), 1e-16)
    found = kappa(make_problem(X, beta=1.0), Factors(W, H))
    assert found < 1e-6
    Y = W @ H
    np.testing.assert_allclose(Y.sum(0), X.sum(0), rtol=1e-5)
    np.testing.assert_allclose(Y.sum(1), X.sum(1), rtol=1e-5)


def test_kappa_falls_to_rounding_along_a_solver(make_problem):
    """HALS on the 5x4 ratings goes from κ of order 1 to below 1e-12."""
    rng = np.random.default_rng(0)
    start = Factors(rng.random((5, 2)), rng.random((2, 4)))
    evaluate = ObjectiveEvaluator(make_problem(RATINGS))
    assert evaluate.kappa(start) > 0.1
    end = hals(RATINGS, start, 2000)
    assert (end.H == 0).any()
    assert evaluate.kappa(end) < 1e-12


def test_one_component_off_the_optimum_shows_with_its_relative_distance(make_problem):
    """Moving one row of a stationary H by 1 % makes κ about 1 %."""
    U, s, V = np.linalg.svd(data(2.0)[0])
    factors = Factors(np.abs(U[:, :1]) * s[0], np.abs(V[:1]) * 1.01)
    found = kappa(make_problem(data(2.0)[0]), factors)
    assert found == pytest.approx(0.01 / 1.01, rel=0.02)


def test_l2_balances_one_cell(make_problem):
    """One cell: w = h with w² = x − λ is stationary under equal L2 penalties."""
    root = np.sqrt(3.0 - 0.5)
    factors = Factors(np.array([[root]]), np.array([[root]]))
    problem = make_problem([[3.0]], l2_W=0.5, l2_H=0.5)
    assert kappa(problem, factors) < 1e-15
    assert projected_gradient_norm(problem, factors) < 1e-15


def test_l1_balances_one_cell(make_problem):
    """One cell: w = h with x = h² + λ/h is stationary under equal L1 penalties."""
    factors = Factors(np.array([[1.5]]), np.array([[1.5]]))
    problem = make_problem([[1.5**2 + 0.3 / 1.5]], l1_W=0.3, l1_H=0.3)
    assert kappa(problem, factors) < 1e-15


@pytest.mark.parametrize("floor", [1e-16, 1e-12])
def test_floored_entries_count_as_zero(make_problem, floor):
    """A stationary point whose zeros stand at a floor is stationary."""
    rng = np.random.default_rng(0)
    start = Factors(rng.random((5, 2)), rng.random((2, 4)))
    end = hals(RATINGS, start, 2000)
    floored = Factors(np.maximum(end.W, floor), np.maximum(end.H, floor))
    problem = make_problem(RATINGS)
    assert kappa(problem, floored) < 10 * floor + 1e-12
    # the slope at those zeros is of order 1: it must not be counted
    assert projected_gradient_norm(problem, floored) < 100 * floor + 1e-11


def dead_beside(factors: Factors, w: float, h: float) -> Factors:
    """Return the factors with one more component, constant in W and in H."""
    W = np.hstack([factors.W, np.full((len(factors.W), 1), w)])
    return Factors(W, np.vstack([factors.H, np.full((1, factors.H.shape[1]), h)]))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", [2.0, 1.0])
@pytest.mark.parametrize(("w", "h"), [(0, 0), (0, 1), (1, 0), (1e-16, 1e-16)])
def test_a_dead_component_that_nothing_pulls_up_adds_nothing(
    make_problem, blocking, storage, beta, w, h
):
    """Beside an exact factorization a dead component leaves κ at 0."""
    _, mask, factors = data(beta)
    problem = make_problem(factors.reconstruct(), storage, mask, beta)
    extended = dead_beside(factors, w, h)
    assert kappa(problem, extended) < 1e-12
    assert projected_gradient_norm(problem, extended) < 1e-10


@pytest.mark.parametrize("beta", [2.0, 1.0])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_a_dead_component_that_could_grow_shows(make_problem, beta, scale):
    """With h = 0 but w not, and X above W H, the point is not stationary."""
    X, _, _ = data(beta)
    zero = Factors(X.mean(1)[:, None], np.full((1, 6), 0.5))
    extended = dead_beside(zero, 1.0, 0.0)
    moved = Factors(extended.W * scale, extended.H)
    found = kappa(make_problem(X * scale, beta=beta), moved)
    expected = kappa(make_problem(X, beta=beta), extended)
    assert np.isfinite(found)
    assert found > 0.1
    assert found == pytest.approx(expected, rel=1e-10)


def test_a_floored_component_has_the_projected_gradient_of_a_zero_one(make_problem):
    """Entries of a component at the floor count as 0, though none is larger."""
    X, _, factors = data(2.0)
    problem = make_problem(X)
    grads = ObjectiveEvaluator(problem).gradients(dead_beside(factors, 1, 0))
    assert (grads[1][-1] > 0).any()
    zero, floored = (
        projected_gradient_norm(problem, dead_beside(factors, 1, h)) for h in (0, 1e-16)
    )
    assert floored == pytest.approx(zero, rel=1e-12)


def test_pruned_components_do_not_hide_the_others(make_problem):
    """κ of live components is the same with a zero component beside them."""
    X, _, factors = data(2.0)
    problem = make_problem(X)
    expected = kappa(problem, factors)
    assert kappa(problem, dead_beside(factors, 0, 0)) == pytest.approx(expected)


def test_zero_factors_are_stationary_and_half_zero_ones_are_not(make_problem):
    """At W = H = 0 the gradient is 0; at H = 0 alone it points upwards."""
    problem = make_problem(RATINGS)
    zero = Factors(np.zeros((5, 2)), np.zeros((2, 4)))
    assert kappa(problem, zero) == 0
    assert projected_gradient_norm(problem, zero) == 0
    assert kappa(problem, Factors(np.ones((5, 2)), zero.H)) == 1


@pytest.mark.parametrize("storage", STORAGES)
def test_zero_data_ask_for_zero_factors(make_problem, blocking, storage):
    """X = 0: positive factors have the whole way to go, zero ones have arrived."""
    problem = make_problem(np.zeros((5, 4)), storage)
    assert kappa(problem, Factors(np.zeros((5, 2)), np.zeros((2, 4)))) == 0
    assert kappa(problem, Factors(np.ones((5, 1)), np.ones((1, 4)))) == 1


@pytest.mark.parametrize("storage", STORAGES)
def test_an_empty_column_asks_kullback_leibler_for_zeros(
    make_problem, blocking, storage
):
    """Without curvature a positive slope counts the whole entry: min(h, ∞) = h."""
    X = np.array([[2.0, 2.0, 0.0], [4.0, 4.0, 0.0]])
    problem = make_problem(X, storage, beta=1.0)
    W = np.array([[1.0], [2.0]])
    assert kappa(problem, Factors(W, np.array([[2.0, 2.0, 0.0]]))) < 1e-15
    H = np.array([[2.0, 2.0, 0.1]])
    # the step of W is 0.1/4 of its length, that of H is larger
    expected = 0.1 / np.linalg.norm(H)
    assert kappa(problem, Factors(W, H)) == pytest.approx(expected, rel=1e-12)


def test_a_column_without_observed_cells_does_not_count(make_problem):
    """Nothing is known of it, so any value in H is stationary there."""
    W, H = np.array([[1.0], [2.0]]), np.array([[2.0, 7.0]])
    mask = np.array([[True, False], [True, False]])
    for storage in ("dense_masked", "csr_observed"):
        for beta in (2.0, 1.0):
            problem = make_problem(W @ H, storage, mask, beta)
            assert kappa(problem, Factors(W, H)) < 1e-15


@pytest.mark.parametrize("storage", STORAGES)
def test_an_infinite_slope_is_an_infinite_residual(make_problem, blocking, storage):
    """Kullback-Leibler with WH = 0 under a positive value is no stationary point."""
    problem = make_problem(RATINGS + 1, storage, beta=1.0)
    factors = Factors(np.zeros((5, 2)), np.zeros((2, 4)))
    assert kappa(problem, factors) == np.inf
    assert projected_gradient_norm(problem, factors) == np.inf


def test_a_signed_factor_has_no_bound(make_problem):
    """With W free, its least-squares solution is stationary though it is signed."""
    X = data(2.0)[0] - 2.0
    H = np.abs(np.random.default_rng(0).random((2, 6)))
    W = X @ np.linalg.pinv(H)
    assert (W < 0).any()
    problem = make_problem(X)
    evaluate = ObjectiveEvaluator(problem)
    free = evaluate.kappa(Factors(W, H), nonnegative={"H"})
    grad = (W.T @ (W @ H - X)) / (W**2).sum(0)[:, None]
    steps = np.minimum(H, grad)
    expected = (np.linalg.norm(steps, axis=1) / np.linalg.norm(H, axis=1)).max()
    assert free == pytest.approx(expected, rel=1e-12)
    assert evaluate.kappa(Factors(W, H)) > 0.1
    assert evaluate.kappa(Factors(X @ np.linalg.pinv(H), H), nonnegative=()) > 0


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beta", LOSSES)
def test_the_projected_gradient_drops_what_pushes_a_zero_down(
    make_problem, blocking, storage, beta
):
    """‖P‖ written out, with a few entries at 0."""
    X, mask, factors = data(beta)
    factors.H[0, :2] = 0.0
    factors.W[:3, 1] = 0.0
    problem = make_problem(X, storage, mask, beta)
    fitted = mask if storage in ("dense_masked", "csr_observed") else mask | True
    Y = factors.reconstruct()
    slope = np.where(fitted, Y ** (beta - 2) * (Y - X), 0.0)
    total = 0.0
    for F, grad in ((factors.W, slope @ factors.H.T), (factors.H, factors.W.T @ slope)):
        total += (np.where(F > 0, grad, np.minimum(grad, 0)) ** 2).sum()
    found = projected_gradient_norm(problem, factors)
    assert found == pytest.approx(np.sqrt(total), rel=1e-11)
