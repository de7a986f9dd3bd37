from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest


@pytest.fixture(params=["compiled", "plain"])
def descend(request):
    """Return the kernel, compiled and in NumPy."""
    return import_module(f"nmflab.kernels.{request.param}.gcd").descend


def problem(dtype="float64", n_components=6):
    """Return F, its gradient, the Gram matrix and the products."""
    rng = np.random.default_rng(0)
    W, X = rng.random((30, n_components)), rng.random((30, 40)) ** 2
    G, C = W.T @ W, (W.T @ X).T
    F = rng.random((40, n_components)) * (rng.random((40, n_components)) < 0.7)
    parts = (F, F @ G - C, G, C)
    return [np.ascontiguousarray(part, dtype=dtype) for part in parts]


def values(F, G, C):
    """Return ``½⟨f, Gf⟩ − ⟨c, f⟩`` of each row."""
    return np.einsum("ik,ik->i", F @ G / 2 - C, F)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("tol", "most"), [(0.01, 36), (0.0, 5), (0.3, 1)])
def test_both_kernels_make_the_same_updates(dtype, tol, most):
    """As many updates, with results that differ by rounding."""
    got = []
    for kind in ("compiled", "plain"):
        F, gradient, G, _ = problem(dtype)
        kernel = import_module(f"nmflab.kernels.{kind}.gcd").descend
        got.append((kernel(F, gradient, G, tol, most), F, gradient))
    (n, F, gradient), (n_plain, F_plain, gradient_plain) = got
    assert n == n_plain
    # each update rounds entries of size 1 to 10 once, and there are dozens a row
    tolerance = 1e3 * np.finfo(dtype).eps
    np.testing.assert_allclose(F, F_plain, rtol=0, atol=tolerance)
    np.testing.assert_allclose(gradient, gradient_plain, rtol=0, atol=tolerance)


def test_the_entry_that_gains_most_is_changed_to_its_optimum(descend):
    """By hand: gains of 1/2 · 3²/1 and 1/2 · 4²/4; the first wins and becomes 3."""
    F, gradient = np.zeros((1, 2)), np.array([[-3.0, -4.0]])
    G = np.array([[1.0, 0.5], [0.5, 4.0]])
    assert descend(F, gradient, G, 0.0, 1) == 1
    assert F.tolist() == [[3.0, 0.0]]
    assert gradient.tolist() == [[0.0, -2.5]]


def test_an_entry_stops_at_zero(descend):
    """The step towards a negative optimum ends at the bound, exactly."""
    F, gradient = np.array([[0.1, 0.2]]), np.array([[5.0, 5.0]])
    descend(F, gradient, np.eye(2), 0.0, 10)
    assert F.tolist() == [[0.0, 0.0]]


def test_rows_only_descend_and_the_gradient_is_kept(descend):
    """No row's value rises, and the gradient is that of the new F."""
    F, gradient, G, C = problem()
    before = values(F, G, C)
    descend(F, gradient, G, 0.01, 36)
    assert (values(F, G, C) <= before + 1e-12).all()
    np.testing.assert_allclose(gradient, F @ G - C, atol=1e-12)


def test_rows_are_left_once_their_gains_are_small(descend):
    """No entry gains more than tol times the largest first gain of all rows."""

    def gains(F, gradient, G):
        curvature = G.diagonal()
        step = np.maximum(F - gradient / curvature, 0) - F
        return -gradient * step - curvature * step**2 / 2

    F, gradient, G, _ = problem()
    largest = gains(F, gradient, G).max()
    descend(F, gradient, G, 0.05, 10_000)
    left = gains(F, gradient, G).max()
    assert 0 < left <= 0.05 * largest


def test_no_row_gets_more_updates_than_allowed(descend):
    """Without a tolerance every row uses its updates up."""
    F, gradient, G, _ = problem()
    before = F.copy()
    assert descend(F, gradient, G, 0.0, 2) == 80
    assert ((before != F).sum(axis=1) <= 2).all()


def test_a_component_without_curvature_is_left_alone(descend):
    """Its Gram diagonal of 0 is not divided by; the others move."""
    F, gradient, G, _ = problem()
    G[2], G[:, 2] = 0, 0
    before = F.copy()
    descend(F, gradient, G, 0.0, 36)
    assert (F[:, 2] == before[:, 2]).all()
    assert (F[:, 3] != before[:, 3]).any()
    assert np.isfinite(F).all()


def test_no_rows_are_no_error(descend):
    """Nothing is updated."""
    assert descend(np.zeros((0, 3)), np.zeros((0, 3)), np.eye(3), 0.01, 9) == 0
