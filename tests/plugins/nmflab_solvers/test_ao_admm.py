from __future__ import annotations

import math

import numpy as np
import pytest
from nmflab_solvers.ao_admm import AoAdmm, nmflab_solvers
from numpy.linalg import inv, norm


def admm(G, C, F, U, n_rounds, tol=0.0):
    """Return F and U after rounds of the paper's algorithm 1, and how many."""
    n_components = len(G)
    rho = np.trace(G) / n_components
    done, settled = 0, False
    while done < n_rounds and not settled:
        free = inv(G + rho * np.eye(n_components)) @ (C + rho * (F + U))
        last, F = F, np.maximum(0, free - U)
        U = U + F - free
        settled = norm(F - free) <= tol * norm(F) and norm(F - last) <= tol * norm(U)
        done += 1
    return F, U, done


def test_steps_are_rounds_of_admm_with_duals_kept(
    X, make_problem, make_start, iterates
):
    """Three steps of four rounds, written out; U is not set back between them."""
    problem = make_problem(X)
    init = make_start(problem)
    run = iterates(AoAdmm(inner=4, tol=0.0), problem, init, 3)
    Wt, H = init.W.T, init.H
    U_W, U_H = np.zeros_like(Wt), np.zeros_like(H)
    for got in run:
        H, U_H, _ = admm(Wt @ Wt.T, Wt @ X, H, U_H, 4)
        Wt, U_W, _ = admm(H @ H.T, H @ X.T, Wt, U_W, 4)
        np.testing.assert_allclose(got.H, H, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(got.W, Wt.T, rtol=1e-9, atol=1e-12)


def test_rounds_end_once_both_residuals_are_small(
    X, make_problem, make_start, iterates
):
    """After as many rounds as the rule, written out, asks for."""
    problem = make_problem(X)
    init = make_start(problem)
    (got,) = iterates(AoAdmm(inner=1000, tol=0.05), problem, init, 1)
    W = init.W
    H, _, done = admm(W.T @ W, W.T @ X, init.H, np.zeros_like(init.H), 1000, tol=0.05)
    assert 1 < done < 1000
    np.testing.assert_allclose(got.H, H, rtol=1e-9, atol=1e-12)


def test_the_l1_weight_is_divided_by_rho(X, make_problem, make_start, iterates):
    """Many rounds solve a block with penalties: gradient 0 where H > 0, else >= 0."""
    problem = make_problem(X, l1_H=0.4, l2_H=0.3)
    init = make_start(problem)
    (got,) = iterates(AoAdmm(inner=3000, tol=0.0), problem, init, 1)
    W, H = init.W, got.H
    gradient = W.T @ (W @ H - X) + 0.4 + 0.3 * H
    assert gradient.min() > -1e-9
    assert np.abs(gradient[H > 0]).max() < 1e-9
    assert (H == 0).any()


def test_a_factor_whose_partner_is_zero_waits(X, make_problem, make_start, iterates):
    """With W = 0 the penalty parameter would be 0; nothing is divided by it."""
    problem = make_problem(X)
    init = make_start(problem)
    init.W.flags.writeable = True
    init.W[:] = 0
    got = iterates(AoAdmm(), problem, init, 1)[-1]
    assert (got.H == init.H).all()
    assert got.W.any()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("inner", 0), ("tol", -0.1), ("tol", math.inf), ("tol", math.nan)],
)
def test_a_parameter_out_of_range_is_refused(field, wrong):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=rf"solver\.{field} must be .* got {wrong}"):
        AoAdmm(**{field: wrong})


def test_it_promises_no_descent():
    """Its iterates are feasible before they are optimal."""
    (spec,) = nmflab_solvers()
    assert spec.name == "ao_admm"
    assert not spec.is_monotone(AoAdmm())
    assert not spec.is_random(AoAdmm())
