from __future__ import annotations

import math

import numpy as np
import pytest
from nmflab_solvers.gcd import GreedyCoordinateDescent, nmflab_solvers

from nmflab.numerics.nnls import nnls


def test_one_update_a_row_changes_the_most_rewarding_entry(
    X, make_problem, make_start, iterates
):
    """Every row of W moves in the entry with the largest gain, and there alone."""
    problem = make_problem(X, l1_W=0.1, l2_W=0.2)
    init = make_start(problem)
    (got,) = iterates(GreedyCoordinateDescent(tol=0.0, most=1), problem, init, 1)
    W, H = init.W, init.H
    G = H @ H.T + 0.2 * np.eye(3)
    gradient = W @ G - X @ H.T + 0.1
    steps = np.maximum(W - gradient / G.diagonal(), 0) - W
    gains = -gradient * steps - G.diagonal() * steps**2 / 2
    best = np.zeros(W.shape, bool)
    np.put_along_axis(best, gains.argmax(axis=1)[:, None], True, axis=1)
    np.testing.assert_allclose(got.W, W + np.where(best, steps, 0), atol=1e-14)


def test_with_updates_to_spare_the_last_block_is_solved(
    X, make_problem, make_start, iterates
):
    """H is the exact non-negative least squares solution for W."""
    problem = make_problem(X, l1_H=0.1, l2_H=0.2)
    solver = GreedyCoordinateDescent(tol=0.0, most=10_000)
    (got,) = iterates(solver, problem, make_start(problem), 1)
    G = got.W.T @ got.W + 0.2 * np.eye(3)
    np.testing.assert_allclose(got.H, nnls(G, got.W.T @ X - 0.1), atol=1e-10)


def test_the_most_updates_of_a_row_are_the_square_of_the_components(
    X, make_problem, make_start, iterates
):
    """Without a number, as in the authors' code."""
    problem = make_problem(X)
    init = make_start(problem)
    rule, number = (
        iterates(GreedyCoordinateDescent(tol=0.0, most=most), problem, init, 3)[-1]
        for most in (None, 9)
    )
    assert (rule.W == number.W).all()
    assert (rule.H == number.H).all()


def test_the_plain_kernel_takes_the_same_path(
    X, make_problem, make_start, iterates, monkeypatch
):
    """Compiled or not, iterates differ by rounding."""
    problem = make_problem(X)
    init = make_start(problem)
    compiled = iterates(GreedyCoordinateDescent(), problem, init, 5)[-1]
    monkeypatch.setenv("NMFLAB_KERNELS", "numpy")
    plain = iterates(GreedyCoordinateDescent(), problem, init, 5)[-1]
    np.testing.assert_allclose(plain.W, compiled.W, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(
    ("field", "wrong"), [("tol", 1.0), ("tol", -0.1), ("tol", math.nan), ("most", 0)]
)
def test_a_parameter_out_of_range_is_refused(field, wrong):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=rf"solver\.{field} must be .* got {wrong}"):
        GreedyCoordinateDescent(**{field: wrong})


def test_it_declares_descent_and_no_chance():
    """Each update lowers the objective."""
    (spec,) = nmflab_solvers()
    assert spec.name == "gcd"
    assert spec.is_monotone(GreedyCoordinateDescent())
    assert not spec.is_random(GreedyCoordinateDescent())
