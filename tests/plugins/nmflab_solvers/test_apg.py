from __future__ import annotations

import math

import numpy as np
import pytest
from nmflab_solvers.apg import (
    AcceleratedProjectedGradient,
    Block,
    nmflab_solvers,
)
from numpy.linalg import norm

from nmflab.contracts import Factors


def projected(gradient, F):
    """Return the norm of the gradient without what points out of F >= 0."""
    return norm(gradient[(gradient < 0) | (F > 0)])


def nesterov(G, C, F, least, most=math.inf, tol=0.0):
    """Return F after the paper's steps (algorithm 1), written out, and how many."""
    length, Y, a, n_steps = 1 / norm(G, 2), F, 1.0, 0
    while n_steps < least or (n_steps < most and projected(G @ Y - C, Y) > tol):
        new = np.maximum(Y - length * (G @ Y - C), 0)
        a_new = (math.sqrt(4 * a * a + 1) + 1) / 2
        Y = new + (a - 1) / a_new * (new - F)
        F, a, n_steps = new, a_new, n_steps + 1
    return F, n_steps


@pytest.mark.parametrize("n_steps", [1, 2, 7])
def test_a_step_is_nesterovs_method_on_h_and_then_on_w(
    n_steps, X, make_problem, make_start, iterates
):
    """With a fixed number of gradient steps, penalties in Gram matrix and products."""
    problem = make_problem(X, l1_H=0.1, l2_H=0.2, l1_W=0.05, l2_W=0.3)
    init = make_start(problem)
    solver = AcceleratedProjectedGradient(inner_min=n_steps, inner_max=n_steps)
    (got,) = iterates(solver, problem, init, 1)
    W, eye = init.W, np.eye(3)
    H, _ = nesterov(W.T @ W + 0.2 * eye, W.T @ X - 0.1, init.H, n_steps, n_steps)
    Wt, _ = nesterov(H @ H.T + 0.3 * eye, H @ X.T - 0.05, W.T, n_steps, n_steps)
    np.testing.assert_allclose(got.H, H, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(got.W, Wt.T, rtol=1e-10, atol=1e-13)


def test_a_loose_tolerance_stops_at_the_fewest_steps(
    X, make_problem, make_start, iterates
):
    """Its first block ends as with exactly that many gradient steps."""
    problem = make_problem(X)
    init = make_start(problem)
    loose, fixed = (
        iterates(solver, problem, init, 1)[0]
        for solver in (
            AcceleratedProjectedGradient(inner_min=4, tol=1e9),
            AcceleratedProjectedGradient(inner_min=4, inner_max=4),
        )
    )
    assert (loose.H == fixed.H).all()
    assert (loose.W == fixed.W).all()


def test_tolerances_shrink_where_the_fewest_steps_were_enough(
    X, make_problem, make_start, iterates
):
    """Twenty steps by the published schedule, written out: both shrink on the way."""
    problem = make_problem(X)
    init = make_start(problem)
    solver = AcceleratedProjectedGradient(inner_min=3, tol=0.5)
    got = iterates(solver, problem, init, 20)[-1]
    Wt, H = init.W.T, init.H
    first = math.hypot(
        projected(Wt @ Wt.T @ H - Wt @ X, H), projected(H @ H.T @ Wt - H @ X.T, Wt)
    )
    tol = {"H": 0.5 * first, "W": 0.5 * first}
    for _ in range(20):
        H, n_steps = nesterov(Wt @ Wt.T, Wt @ X, H, 3, 1000, tol["H"])
        tol["H"] /= 10 if n_steps == 3 else 1
        Wt, n_steps = nesterov(H @ H.T, H @ X.T, Wt, 3, 1000, tol["W"])
        tol["W"] /= 10 if n_steps == 3 else 1
    assert max(tol.values()) < 0.1 * first
    np.testing.assert_allclose(got.H, H, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(got.W, Wt.T, rtol=1e-8, atol=1e-11)


def test_rounding_is_not_iterated_on(make_problem, make_start, iterates, monkeypatch):
    """From an exact factorization each block takes the fewest gradient steps."""
    calls, gradient = [], Block.gradient
    monkeypatch.setattr(
        Block, "gradient", lambda self, F: (calls.append(1), gradient(self, F))[1]
    )
    rng = np.random.default_rng(0)
    W, H = rng.random((9, 2)), rng.random((2, 8))
    problem = make_problem(W @ H)
    iterates(AcceleratedProjectedGradient(), problem, Factors(W, H), 3)
    # two for the first tolerance; then six blocks: 10 steps, the start, and the check
    assert len(calls) == 2 + 6 * 12


def test_each_column_keeps_the_better_of_start_and_end():
    """Of ``½ f² − f`` over f: 1 is better than 3, whichever came first."""
    block = Block(np.eye(1), np.ones((1, 4)), 1.0)
    start, end = np.array([[1.0, 3.0, 1.0, 2.0]]), np.array([[3.0, 1.0, 1.0, 0.5]])
    assert block.better(start, end).tolist() == [[1.0, 1.0, 1.0, 0.5]]


def test_a_factor_whose_partner_is_zero_waits(X, make_problem, make_start, iterates):
    """With W = 0 there is no gradient and no step length; nothing is divided by 0."""
    problem = make_problem(X)
    init = make_start(problem)
    init.W.flags.writeable = True
    init.W[:] = 0
    got = iterates(AcceleratedProjectedGradient(), problem, init, 1)[-1]
    assert (got.H == init.H).all()
    assert got.W.any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"inner_min": 0}, r"solver\.inner_min must be >= 1 and .* got 0 and 1000"),
        ({"inner_min": 9, "inner_max": 3}, r"solver\.inner_min .* got 9 and 3"),
        ({"tol": 0.0}, r"solver\.tol must be > 0 and finite, got 0\.0"),
        ({"tol": math.nan}, r"solver\.tol must be > 0 and finite, got nan"),
    ],
)
def test_a_parameter_out_of_range_is_refused(fields, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        AcceleratedProjectedGradient(**fields)


def test_it_declares_descent_and_no_chance():
    """A block never ends worse than it began."""
    (spec,) = nmflab_solvers()
    assert spec.name == "apg"
    assert spec.is_monotone(AcceleratedProjectedGradient())
    assert not spec.is_random(AcceleratedProjectedGradient())
