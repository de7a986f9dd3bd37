"""Dead components get new entries that lower the objective, or none."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.contracts import Factors
from nmflab.numerics import Reseeder, objective_value

STORAGES = ("dense", "dense_masked", "csr", "csr_observed")
GOALS = (
    {},
    {"l1_W": 0.1, "l1_H": 0.2},
    {"l2_W": 0.05, "l2_H": 0.1, "l2_per_count": True},
    {"unit": "W", "l1_H": 0.1},
    {"unit": "H", "l1_W": 0.1},
)


def data(seed: int = 0, dtype=np.float64):
    """Return X with zeros, a mask, and component-major factors of unit length."""
    rng = np.random.default_rng(seed)
    X = rng.gamma(1.0, 1.0, (12, 9))
    X[rng.random(X.shape) < 0.5] = 0.0
    Wt, H = rng.random((4, 12)), rng.random((4, 9))
    Wt /= np.linalg.norm(Wt, axis=1)[:, None]
    H /= np.linalg.norm(H, axis=1)[:, None]
    return X, rng.random(X.shape) < 0.8, Wt.astype(dtype), H.astype(dtype)


def value(problem, Wt, H) -> float:
    """Return the objective of component-major factors."""
    return objective_value(problem, Factors(Wt.T, H))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("goal", GOALS, ids=str)
def test_a_revived_component_lowers_the_objective(make_problem, goal, storage, dtype):
    """Whichever side has died, penalties and masks taken into account."""
    X, mask, Wt, H = data(dtype=dtype)
    problem = make_problem(X, storage, mask, dtype=dtype, **goal)
    H[1], Wt[3], H[3] = 0.0, 0.0, 0.0
    before = value(problem, Wt, H)
    assert Reseeder(problem).revive(Wt, H) == 2
    assert value(problem, Wt, H) < 0.95 * before
    assert (Wt >= 0).all()
    assert (H >= 0).all()
    if "unit" in goal:
        held = Wt if goal["unit"] == "W" else H
        np.testing.assert_allclose(np.linalg.norm(held, axis=1), 1.0, rtol=1e-6)


@pytest.mark.parametrize("storage", STORAGES)
def test_the_new_component_is_the_worst_row_and_its_best_weights(
    make_problem, blocking, storage
):
    """New: h is the positive part of one row of R, w its least squares weights."""
    X, mask, Wt, H = data()
    fitted = mask if storage in ("dense_masked", "csr_observed") else mask | True
    H[2] = 0.0
    R = np.where(fitted, X - Wt.T @ H, 0.0)
    assert Reseeder(make_problem(X, storage, mask)).revive(Wt, H) == 1
    worst = np.argsort(-(R**2).sum(axis=1))[:8]
    lengths = np.linalg.norm(np.maximum(R[worst], 0.0), axis=1)
    row = np.maximum(R[worst[lengths.argmax()]], 0.0)
    np.testing.assert_allclose(H[2] / H[2].max(), row / row.max(), atol=1e-12)
    best = np.maximum(R @ H[2], 0.0) / np.maximum(fitted @ H[2] ** 2, 1e-300)
    np.testing.assert_allclose(Wt[2], best, atol=1e-12)


def test_what_is_alive_is_left_alone(make_problem):
    """No component dead, no entry touched."""
    X, _, Wt, H = data()
    H[1, 3:], Wt[2, :5] = 0.0, 0.0
    given = Wt.copy(), H.copy()
    assert Reseeder(make_problem(X)).revive(Wt, H) == 0
    np.testing.assert_array_equal(Wt, given[0])
    np.testing.assert_array_equal(H, given[1])


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_an_exact_fit_is_left_as_it_is(make_problem, storage, dtype, scale):
    """A residual of rounding is no reason for another component."""
    rng = np.random.default_rng(1)
    Wt, H = rng.random((3, 12)), rng.random((3, 9))
    Wt[2] = 0.0
    Wt, H = (Wt * scale).astype(dtype), H.astype(dtype)
    mask = rng.random((12, 9)) < 0.8
    problem = make_problem(Wt.T @ H, storage, mask, dtype=dtype)
    assert Reseeder(problem).revive(Wt, H) == 0
    assert not Wt[2].any()


def test_a_penalty_that_outweighs_the_gain_keeps_a_component_dead(make_problem):
    """Where a further component costs more than it fits, there is none."""
    X, _, Wt, H = data()
    problem = make_problem(X, l1_W=5.0, l1_H=5.0)
    H[0] = 0.0
    given = Wt.copy(), H.copy()
    assert Reseeder(problem).revive(Wt, H) == 0
    np.testing.assert_array_equal(Wt, given[0])
    np.testing.assert_array_equal(H, given[1])


def test_one_component_is_tried_three_times_at_most(make_problem):
    """A component that dies again and again is not wanted."""
    X, _, Wt, H = data()
    reseeder = Reseeder(make_problem(X))
    found = []
    for _ in range(5):
        H[0] = 0.0
        found.append(reseeder.revive(Wt, H))
    assert found == [1, 1, 1, 0, 0]


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_what_is_dead_does_not_depend_on_units(make_problem, scale):
    """The same component and the same model, in any unit of X."""
    X, _, Wt, H = data()
    H[1], H[2] = 0.0, H[2] * 1e-9
    moved_W, moved_H = Wt * scale, H.copy()
    assert Reseeder(make_problem(X)).revive(Wt, H) == 1
    assert Reseeder(make_problem(X * scale)).revive(moved_W, moved_H) == 1
    np.testing.assert_allclose(moved_W.T @ moved_H / scale, Wt.T @ H, rtol=1e-9)


def test_all_components_may_be_dead(make_problem):
    """From a start of zeros each gets a row, and each lowers the objective."""
    X, _, Wt, H = data()
    Wt[:], H[:] = 0.0, 0.0
    problem = make_problem(X)
    before = value(problem, Wt, H)
    assert Reseeder(problem).revive(Wt, H) == 4
    assert value(problem, Wt, H) < 0.5 * before


def test_offsets_belong_to_the_residual(make_problem):
    """What they explain is not explained a second time."""
    _, mask, Wt, H = data()
    Wt[:], H[:] = 0.0, 0.0
    rows, columns = np.linspace(1, 2, 12), np.linspace(0, 1, 9)
    exact = rows[:, None] + columns
    problem = make_problem(exact, "csr_observed", mask)
    assert Reseeder(problem).revive(Wt, H, rows, columns) == 0
    assert Reseeder(problem).revive(Wt, H) > 0


def test_a_sparse_matrix_is_not_made_dense(make_problem):
    """One row is formed, whatever the size of X."""
    import tracemalloc

    rng = np.random.default_rng(0)
    X = np.zeros((3000, 2000))
    X.flat[rng.integers(0, X.size, 4000)] = 1.0
    problem = make_problem(X, "csr")
    Wt, H = rng.random((3, 3000)), rng.random((3, 2000))
    H[0] = 0.0
    Reseeder(problem).revive(Wt.copy(), H.copy())  # imports
    tracemalloc.start()
    assert Reseeder(problem).revive(Wt, H) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 20


def test_factors_that_are_not_numbers_are_left_to_the_runner(make_problem):
    """NaN and infinity are nobody's dead component."""
    X, _, Wt, H = data()
    for bad in (np.nan, np.inf):
        H[1], H[0, 0] = 0.0, bad
        assert Reseeder(make_problem(X)).revive(Wt, H) == 0


def test_other_losses_are_refused(make_problem):
    """Their solvers keep entries above a floor."""
    with pytest.raises(ValueError, match=r"objective\.loss=frobenius, got kullback"):
        Reseeder(make_problem(np.ones((3, 2)), beta=1.0))
