from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers._extrapolation import Extrapolation
from nmflab_solvers.anls_bpp import AnlsBpp, nmflab_solvers
from nmflab_solvers.apg import AcceleratedProjectedGradient
from scipy.optimize import nnls

from nmflab.numerics import objective_value

EXTRAPOLATED = AnlsBpp(extrapolation=Extrapolation.ang_gillis)


def solve(A, B):
    """Return ``argmin ‖AF − B‖`` over F >= 0, column by column, by an active set."""
    return np.column_stack([nnls(A, b)[0] for b in B.T])


def test_a_step_solves_for_h_and_then_for_w(X, make_problem, make_start, iterates):
    """Both as scipy's active set method does, from X itself."""
    problem = make_problem(X)
    init = make_start(problem)
    (got,) = iterates(AnlsBpp(), problem, init, 1)
    H = solve(init.W, X)
    # both are exact to eps times the squared condition, which is below 1e3 here
    np.testing.assert_allclose(got.H, H, rtol=0, atol=1e-11)
    np.testing.assert_allclose(got.W, solve(H.T, X.T).T, rtol=0, atol=1e-11)


def test_penalties_enter_the_blocks_exactly(X, make_problem, make_start, iterates):
    """Rows sqrt(l2) I and, for L1, a shifted right-hand side give the same solution."""
    problem = make_problem(X, l1_H=0.3, l2_H=0.2, l1_W=0.1, l2_W=0.4)
    init = make_start(problem)
    (got,) = iterates(AnlsBpp(), problem, init, 1)

    def penalised(A, B, l1, l2):
        stacked = np.vstack([A, np.sqrt(l2) * np.eye(3)])
        # <stacked, shift> = -l1 in every component
        shift = np.linalg.lstsq(stacked.T, np.full(3, -l1), rcond=None)[0]
        padded = np.vstack([B, np.zeros((3, B.shape[1]))])
        return solve(stacked, padded + shift[:, None])

    H = penalised(init.W, X, 0.3, 0.2)
    np.testing.assert_allclose(got.H, H, rtol=0, atol=1e-11)
    W = penalised(H.T, X.T, 0.1, 0.4).T
    np.testing.assert_allclose(got.W, W, rtol=0, atol=1e-11)


def test_single_precision_descends_with_components_to_spare(
    X, make_problem, make_start, iterates
):
    """The Gram matrices are singular; roundings of X'W are not magnified by them."""
    problem = make_problem(X, dtype="float32")
    init = make_start(problem, 14)
    run = [init, *iterates(AnlsBpp(), problem, init, 20)]
    values = np.array([objective_value(problem, factors) for factors in run])
    # rounding the factors moves the objective by eps times the size of X squared
    assert np.diff(values).max() <= 1e-6 * (X**2).sum()
    assert values[-1] < 1e-2 * values[0]


def test_an_extrapolated_step_fits_w_to_the_extrapolated_h(
    X, make_problem, make_start, iterates
):
    """By hand: Hy = max(0, Hn + 0.5 (Hn − H)), and W the best for it."""
    problem = make_problem(X)
    init = make_start(problem)
    (got,) = iterates(EXTRAPOLATED, problem, init, 1)
    H = solve(init.W, X)
    H = np.maximum(H + 0.5 * (H - init.H), 0)
    np.testing.assert_allclose(got.H, H, rtol=0, atol=1e-11)
    np.testing.assert_allclose(got.W, solve(H.T, X.T).T, rtol=0, atol=1e-11)


def test_a_step_that_raises_the_objective_is_undone(make_problem, make_start, iterates):
    """The pair before it is yielded again, with the same objective to the last bit."""
    rng = np.random.default_rng(1)
    problem = make_problem(rng.random((30, 20)))
    run = iterates(EXTRAPOLATED, problem, make_start(problem, 6), 60)
    values = np.array([objective_value(problem, factors) for factors in run])
    again = np.flatnonzero(np.diff(values) == 0)
    assert again.size
    assert all((run[i].W == run[i + 1].W).all() for i in again)


def test_extrapolation_gets_further_in_as_many_steps(
    make_problem, make_start, iterates
):
    """What remains above the best objective known is less than half."""
    rng = np.random.default_rng(1)
    problem = make_problem(rng.random((30, 4)) @ rng.random((4, 20)))
    init = make_start(problem, 4)
    plain, fast = (
        objective_value(problem, iterates(solver, problem, init, 60)[-1])
        for solver in (AnlsBpp(), EXTRAPOLATED)
    )
    assert fast < plain / 2


def test_only_the_published_algorithm_promises_descent():
    """Extrapolated steps may raise the objective."""
    (spec,) = nmflab_solvers()
    assert spec.name == "anls_bpp"
    assert spec.is_monotone(AnlsBpp())
    assert not spec.is_monotone(EXTRAPOLATED)
    assert not spec.is_random(AnlsBpp())


def test_gradient_steps_to_a_small_tolerance_take_the_same_path(
    X, make_problem, make_start, iterates
):
    """Each block has one solution, whoever finds it."""
    problem = make_problem(X)
    init = make_start(problem)
    exact = iterates(AnlsBpp(), problem, init, 5)[-1]
    solver = AcceleratedProjectedGradient(inner_max=100_000, tol=1e-12)
    close = iterates(solver, problem, init, 5)[-1]
    np.testing.assert_allclose(close.W @ close.H, exact.W @ exact.H, atol=1e-7)


@pytest.mark.parametrize("wrong", [{"l1": 1.0}, {"inner": 2}])
def test_it_has_no_other_parameters(wrong):
    """What another solver would take is refused by name."""
    with pytest.raises(TypeError, match="unexpected keyword"):
        AnlsBpp(**wrong)
