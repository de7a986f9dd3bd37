"""Penalties by counts, of offsets, and components of unit length: written out."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.contracts import Factors
from nmflab.numerics import ObjectiveEvaluator, gradients, kappa, objective_value
from nmflab.numerics.cells import cell_counts

STORAGES = ("dense", "dense_masked", "csr", "csr_observed")
GOAL = {"l2_W": 0.3, "l2_H": 0.2, "l2_per_count": True, "l1_W": 0.1, "l1_H": 0.4}


def data(seed: int = 0):
    """Return X with zeros, a mask, and positive factors with offsets."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(1.0, 2.0, (8, 6))
    X[rng.random(X.shape) < 0.3] = 0.0
    W, H = rng.random((8, 3)) + 0.1, rng.random((3, 6)) + 0.1
    factors = Factors(W, H, rng.normal(size=8), rng.normal(size=6))
    return X, rng.random(X.shape) < 0.7, factors


def fitted_cells(storage: str, mask):
    """Return which cells a problem of this storage fits."""
    return mask if storage in ("dense_masked", "csr_observed") else mask | True


@pytest.mark.parametrize("storage", STORAGES)
def test_cells_are_counted_by_row_and_column(make_problem, storage):
    """What a CSR does not store counts, unless it is unknown."""
    X, mask, _ = data()
    rows, columns = cell_counts(make_problem(X, storage, mask))
    fitted = fitted_cells(storage, mask)
    np.testing.assert_array_equal(rows, fitted.sum(axis=1))
    np.testing.assert_array_equal(columns, fitted.sum(axis=0))


@pytest.mark.parametrize("storage", STORAGES)
def test_l2_counts_once_for_each_fitted_cell(make_problem, blocking, storage):
    """``½ l2_W Σ n_i ‖w_i‖² + ½ l2_H Σ n_j ‖h_j‖²`` is added to the divergence."""
    X, mask, factors = data()
    fitted = fitted_cells(storage, mask)
    plain = objective_value(make_problem(X, storage, mask), factors)
    found = objective_value(make_problem(X, storage, mask, **GOAL), factors)
    W, H = factors.W, factors.H
    expected = 0.15 * (fitted.sum(axis=1) * (W**2).sum(axis=1)).sum()
    expected += 0.1 * (fitted.sum(axis=0) * (H**2).sum(axis=0)).sum()
    expected += 0.1 * W.sum() + 0.4 * H.sum()
    assert found - plain == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("storage", STORAGES)
def test_offsets_are_measured_from_the_mean(make_problem, storage):
    """Row offsets from the mean of the fitted cells, column offsets from 0."""
    X, mask, factors = data()
    goal = {"l2_row_offset": 15.0, "l2_column_offset": 10.0}
    plain = objective_value(make_problem(X, storage, mask), factors)
    found = objective_value(make_problem(X, storage, mask, **goal), factors)
    mean = X[fitted_cells(storage, mask)].mean()
    expected = 7.5 * ((factors.row_offset - mean) ** 2).sum()
    expected += 5.0 * (factors.column_offset**2).sum()
    assert found - plain == pytest.approx(expected, rel=1e-11)


def test_offsets_that_a_model_does_not_have_cost_nothing(make_problem):
    """Their weights may be set for a comparison with models that have them."""
    X, _, factors = data()
    without = Factors(factors.W, factors.H)
    goal = {"l2_row_offset": 15.0, "l2_column_offset": 10.0}
    expected = objective_value(make_problem(X), without)
    assert objective_value(make_problem(X, **goal), without) == expected


@pytest.mark.parametrize("storage", STORAGES)
def test_gradients_hold_the_counts(make_problem, blocking, storage):
    """Central differences of the value; its third derivatives are 0 along one entry."""
    X, mask, factors = data()
    problem = make_problem(X, storage, mask, **GOAL)
    grads, step = gradients(problem, factors), 1e-4
    for name, grad in zip(("W", "H"), grads, strict=True):
        for at in ((0, 0), (2, 1), (1, 2)):
            values = []
            for sign in (1, -1):
                moved = factors.copy()
                getattr(moved, name)[at] += sign * step
                values.append(objective_value(problem, moved))
            slope = (values[0] - values[1]) / (2 * step)
            assert grad[at] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("storage", STORAGES)
def test_kappa_divides_by_the_curvature_with_counts(make_problem, storage):
    """One step of each coordinate, written out."""
    X, mask, plain = data()
    factors = Factors(plain.W, plain.H)
    fitted = fitted_cells(storage, mask)
    W, H, R = factors.W, factors.H, np.where(fitted, factors.reconstruct() - X, 0)
    worst = 0.0
    for F, G, M, l1, l2 in (
        (W.T, H @ R.T, (H**2) @ fitted.T, 0.1, 0.3 * fitted.sum(axis=1)),
        (H, W.T @ R, (W**2).T @ fitted, 0.4, 0.2 * fitted.sum(axis=0)),
    ):
        step = np.minimum(F, (G + l1 + l2 * F) / (M + l2))
        lengths = np.linalg.norm(step, axis=1) / np.linalg.norm(F, axis=1)
        worst = max(worst, lengths.max())
    found = kappa(make_problem(X, storage, mask, **GOAL), factors)
    assert found == pytest.approx(worst, rel=1e-11)


def unit(factors: Factors, side: str) -> Factors:
    """Return the same model with one factor's components at length 1."""
    W, H = factors.W.copy(), factors.H.copy()
    D = np.linalg.norm(W, axis=0) if side == "W" else 1 / np.linalg.norm(H, axis=1)
    return Factors(W / D, H * D[:, None])


@pytest.mark.parametrize("side", ["W", "H"])
def test_the_step_of_a_unit_component_is_the_best_on_the_sphere(make_problem, side):
    """For frobenius it is the direction of ``max(0, R_k h')``: no other is better."""
    X, _, given = data(3)
    factors = unit(given, side)
    problem = make_problem(X, unit=side)
    W, H = factors.W, factors.H
    kept = factors.copy()
    held, free = (kept.W.T, kept.H) if side == "W" else (kept.H, kept.W.T)
    lengths = []
    for j in range(3):
        R = X - W @ H + np.outer(W[:, j], H[j])
        v, new = np.maximum(R @ H[j], 0.0), np.maximum(W[:, j] @ R, 0.0)
        v, new = (v, new) if side == "W" else (new, v)
        lengths.append(np.linalg.norm(held[j] - v / np.linalg.norm(v)))
        # The other factor takes its step from unit components: a curvature of 1.
        lengths.append(np.linalg.norm(free[j] - new) / np.linalg.norm(free[j]))
    assert kappa(problem, factors) == pytest.approx(max(lengths), rel=1e-9)
    held[2] = v / np.linalg.norm(v)
    value = objective_value(problem, kept)
    rng = np.random.default_rng(0)
    for _ in range(30):
        trial = np.abs(v + 0.2 * rng.normal(size=v.size))
        held[2] = trial / np.linalg.norm(trial)
        assert objective_value(problem, kept) >= value


def alternate(problem, X, fitted, factors: Factors, l1: float, n_steps: int) -> Factors:
    """Minimise with W of unit columns and an L1 penalty on H, step by step.

    W along the sphere with the largest curvature of a column, H entry by entry.
    """
    W, H = factors.W.copy(), factors.H.copy()
    for _ in range(n_steps):
        for k in range(W.shape[1]):
            R = np.where(fitted, X - W @ H, 0.0)
            q = (fitted * H[k] ** 2).sum(axis=1).max()
            w = np.maximum(0.0, q * W[:, k] + R @ H[k])
            W[:, k] = w / np.linalg.norm(w)
            R = np.where(fitted, X - W @ H, 0.0)
            q = W[:, k] ** 2 @ fitted
            h = H[k] + (W[:, k] @ R - l1) / np.where(q > 0, q, 1.0)
            H[k] = np.maximum(0.0, h)
    return Factors(W, H)


@pytest.mark.parametrize("storage", STORAGES)
def test_residuals_vanish_at_a_solution_on_the_sphere(make_problem, blocking, storage):
    """Both are 0 where neither factor can move; the plain gradient of W is not."""
    X, mask, given = data(5)
    fitted = fitted_cells(storage, mask)
    problem = make_problem(X, storage, mask, unit="W", l1_H=0.3)
    plain = make_problem(X, storage, mask, l1_H=0.3)
    found = alternate(problem, X, fitted, unit(given, "W"), 0.3, 3000)
    start = unit(given, "W")
    assert kappa(problem, found) < 1e-6
    norms = [
        ObjectiveEvaluator(p).projected_gradient_norm(f)
        for p, f in ((problem, found), (problem, start), (plain, found))
    ]
    assert norms[0] < 1e-6 * norms[1]
    assert norms[2] > 1e-3 * norms[1]


def test_a_unit_residual_has_no_units(make_problem):
    """X and H times s: the same turn, the same relative step."""
    X, _, given = data(2)
    factors = unit(given, "W")
    expected = kappa(make_problem(X, unit="W"), factors)
    for s in (1e-25, 1e25):
        scaled = Factors(factors.W, factors.H * s)
        found = kappa(make_problem(X * s, unit="W"), scaled)
        assert found == pytest.approx(expected, rel=1e-9)


def test_a_unit_component_that_nothing_pulls_up_turns_to_its_least_bad_entry(
    make_problem,
):
    """Where every direction is worse than 0, the best on the sphere is one entry."""
    X = np.zeros((3, 2))
    W, H = np.array([[0.6], [0.8], [0.0]]), np.array([[1.0, 2.0]])
    problem = make_problem(X, unit="W", l1_W=10.0, l1_H=1.0)
    # u − grad/q = −l1/q, the same in each entry: the first, at a distance of ‖u − e_0‖.
    turn = np.linalg.norm([0.6 - 1.0, 0.8, 0.0])
    step = np.linalg.norm(np.minimum(H, H + 1.0)) / np.linalg.norm(H)
    assert kappa(problem, Factors(W, H)) == pytest.approx(max(turn, step), rel=1e-12)


@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_the_penalties_of_both_sides_are_equal_at_an_optimum(make_problem, kind):
    """Scaling a component by t costs nothing at first order: ``l1_W ‖w‖₁ = l1_H ‖h‖₁``.

    For L2 the squared lengths; by coordinate descent to rounding.
    """
    rng = np.random.default_rng(4)
    X = rng.random((12, 9))
    W, H = rng.random((12, 3)), rng.random((3, 9))
    on_W, on_H = 0.3, 0.1
    l1, l2 = ((on_W, on_H), (0, 0)) if kind == "l1" else ((0, 0), (on_W, on_H))
    for _ in range(3000):
        for k in range(3):
            R = X - W @ H + np.outer(W[:, k], H[k])
            w = (R @ H[k] - l1[0]) / (H[k] @ H[k] + l2[0])
            W[:, k] = np.maximum(w, 0.0)
            R = X - W @ H + np.outer(W[:, k], H[k])
            h = (W[:, k] @ R - l1[1]) / (W[:, k] @ W[:, k] + l2[1])
            H[k] = np.maximum(h, 0.0)
    goal = {f"{kind}_W": on_W, f"{kind}_H": on_H}
    assert kappa(make_problem(X, **goal), Factors(W, H)) < 1e-9
    power = 1 if kind == "l1" else 2
    sides = on_W * (W**power).sum(axis=0), on_H * (H**power).sum(axis=1)
    np.testing.assert_allclose(*sides, rtol=1e-8)
