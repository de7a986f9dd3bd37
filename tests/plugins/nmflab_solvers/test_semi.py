from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.semi import SemiNMF, Update
from scipy.sparse import csr_array

from nmflab.contracts import Factors
from nmflab.numerics import objective_value

UPDATES = pytest.mark.parametrize("update", Update)


@pytest.fixture(name="signed")
def _signed():
    rng = np.random.default_rng(8)
    return rng.standard_normal((15, 12)) @ np.diag(rng.uniform(0.2, 3, 12))


def test_multiplicative_steps_are_those_of_ding(
    signed, make_problem, make_start, iterates
):
    """Equations 10 and 11, written out in the authors' letters."""
    problem = make_problem(signed)
    init = make_start(problem, 3)
    V, G = signed, init.H.T.copy()  # X = F G': F is our W, G our H'
    for _ in range(5):
        F = V @ G @ np.linalg.inv(G.T @ G)
        A, B = V.T @ F, F.T @ F
        plus_A, minus_A = (abs(A) + A) / 2, (abs(A) - A) / 2
        plus_B, minus_B = (abs(B) + B) / 2, (abs(B) - B) / 2
        G = G * np.sqrt((plus_A + G @ minus_B) / (minus_A + G @ plus_B))
    got = iterates(SemiNMF(update=Update.multiplicative), problem, init, 5)[-1]
    np.testing.assert_allclose(got.W, F, rtol=1e-10)
    np.testing.assert_allclose(got.H, G.T, rtol=1e-10)


def error(X, factors, l2_W=0.0, l2_H=0.0):
    """Return the objective by its definition."""
    W, H = factors.W, factors.H
    squares = ((X - W @ H) ** 2).sum() + l2_W * (W**2).sum() + l2_H * (H**2).sum()
    return squares / 2


@UPDATES
@pytest.mark.parametrize("penalty", [{}, {"l2_W": 0.5, "l2_H": 0.2}], ids=str)
def test_the_objective_never_rises(
    update, penalty, signed, make_problem, make_start, iterates
):
    """Sixty steps descend, on signed data, dense and sparse."""
    for X in (signed, csr_array(signed * (signed > -0.5))):
        problem = make_problem(X, **penalty)
        init = make_start(problem, 4)
        run = [init, *iterates(SemiNMF(update=update), problem, init, 60)]
        dense = X if isinstance(X, np.ndarray) else X.toarray()
        values = np.array([error(dense, factors, **penalty) for factors in run])
        assert (np.diff(values) <= 1e-12 * values[:-1]).all()
        assert values[-1] < 0.9 * values[1]


def test_w_is_the_least_squares_solution(signed, make_problem, make_start, iterates):
    """After a step the residual is orthogonal to the H that W was fitted to."""
    problem = make_problem(signed)
    init = make_start(problem, 4)
    (got,) = iterates(SemiNMF(), problem, init, 1)
    expected = np.linalg.lstsq(init.H.T, signed.T, rcond=None)[0].T
    np.testing.assert_allclose(got.W, expected, rtol=1e-9)


def test_coordinate_descent_ends_at_a_stationary_point(
    signed, make_problem, make_start, iterates
):
    """No gradient for W; for H none where it is positive, none below 0 where it is."""
    problem = make_problem(signed, l2_W=0.5, l2_H=0.5)
    got = iterates(SemiNMF(), problem, make_start(problem, 3), 1000)[-1]
    R = got.W @ got.H - signed
    assert np.abs(np.minimum(got.H, got.W.T @ R + 0.5 * got.H)).max() < 1e-8
    assert np.abs(R @ got.H.T + 0.5 * got.W).max() < 1e-8


@pytest.mark.parametrize("unit", [1e-25, 1e25])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_signed_data_in_extreme_units_are_fitted_as_well(
    unit, dtype, signed, make_problem, make_start, iterates
):
    """The mean of signed data says nothing of their size; their largest entry does."""
    errors = []
    for scale in (1.0, unit):
        problem = make_problem(signed * scale, dtype=dtype)
        got = iterates(SemiNMF(), problem, make_start(problem, 3), 20)[-1]
        Y = got.W.astype(float) @ got.H.astype(float) / scale
        errors.append(np.linalg.norm(signed - Y))
    assert errors[1] == pytest.approx(
        errors[0], rel=1e-8 if dtype == "float64" else 0.01
    )


def test_an_exact_factorization_is_kept(make_problem, iterates):
    """Signed W, nonnegative H of full rank: the start is returned to rounding."""
    rng = np.random.default_rng(0)
    W, H = rng.standard_normal((9, 3)), rng.random((3, 7))
    problem = make_problem(W @ H)
    got = iterates(SemiNMF(), problem, Factors(W, H), 5)[-1]
    np.testing.assert_allclose(got.W, W, atol=1e-10)
    np.testing.assert_allclose(got.H, H, atol=1e-10)


def test_a_component_of_the_wrong_sign_is_turned(make_problem, iterates):
    """Rank-1 data, W and H of opposite sign at the start of H's update: W turns."""
    w, h = np.array([[1.0], [-2.0], [0.5]]), np.array([[0.0, 0.0, 0.0, 0.0]])
    X = w @ np.array([[1.0, 2.0, 0.0, 3.0]])
    problem = make_problem(X)
    got = iterates(SemiNMF(), problem, Factors(-w, h), 3)[-1]
    np.testing.assert_allclose(got.W @ got.H, X, atol=1e-12)
    assert (got.H >= 0).all()


@UPDATES
def test_dependent_components_do_not_blow_up(update, signed, make_problem, iterates):
    """Two equal rows of H at the start: W is the shortest solution, then descent."""
    H = np.random.default_rng(1).random((3, 12))
    H[1] = H[0]
    problem = make_problem(signed)
    init = Factors(np.ones((15, 3)), H)
    run = iterates(SemiNMF(update=update), problem, init, 30)
    values = [objective_value(problem, factors) for factors in run]
    assert np.abs(run[0].W).max() < 10 * np.abs(signed).max()
    assert (np.diff(values) <= 1e-12 * values[0]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"update": "als"}, "solver.update must be one of coordinate, multiplicative"),
        ({"inner": 0}, "solver.inner must be >= 1, got 0"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    """The message names the key and what to use."""
    with pytest.raises(ValueError, match=message):
        SemiNMF(**parameters)
