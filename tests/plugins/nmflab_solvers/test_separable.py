from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.separable import Method, Separable, Side
from scipy.optimize import nnls
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Step

METHODS = pytest.mark.parametrize("method", Method)


def separable(n_components=3):
    """Return X whose rows 20, 21, ... are corners of all others, each in its scale."""
    rng = np.random.default_rng(5)
    W = rng.dirichlet(np.ones(n_components), 20) * rng.uniform(1, 9, (20, 1))
    return np.vstack([W, np.diag([0.1, 1.0, 30.0])]) @ rng.random((n_components, 8))


def run(solver, problem, n_components):
    """Return the factors of the only step, and the stop reason."""
    init = Factors(
        np.ones((problem.shape[0], n_components), problem.dtype),
        np.ones((n_components, problem.shape[1]), problem.dtype),
    )
    steps = solver.iterate(problem, init, np.random.default_rng(0))
    step = next(steps)
    assert isinstance(step, Step)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    return step.factors, stop.value.value


@METHODS
@pytest.mark.parametrize("storage", [np.asarray, csr_array])
def test_separable_rows_are_recovered_exactly(method, storage, make_problem):
    """H holds the corners to the last bit, and W H is X to rounding."""
    X = separable()
    order = np.random.default_rng(0).permutation(len(X))
    got, _ = run(Separable(method=method), make_problem(storage(X[order])), 3)
    corners = {row.tobytes() for row in X[20:]}
    assert {row.tobytes() for row in got.H} == corners
    np.testing.assert_allclose(got.W @ got.H, X[order], rtol=1e-11)


@METHODS
def test_columns_are_picked_as_rows_of_the_transposed(method, make_problem):
    """The two sides are each other's transposes."""
    X = separable()
    a, _ = run(Separable(method=method), make_problem(X), 3)
    transposed = make_problem(np.ascontiguousarray(X.T))
    b, said = run(Separable(method=method, side=Side.columns), transposed, 3)
    assert (a.W == b.H.T).all()
    assert (a.H == b.W.T).all()
    assert "columns" in said


def test_the_other_factor_is_the_best_nonnegative_one(make_problem):
    """Row by row what scipy's active-set method finds."""
    X = np.random.default_rng(1).random((12, 7))
    got, _ = run(Separable(), make_problem(X), 4)
    expected = [nnls(got.H.T, row)[0] for row in X]
    np.testing.assert_allclose(got.W, expected, atol=1e-12)


def test_the_stop_reason_lists_what_was_picked(make_problem):
    """In the order of picking, by index."""
    X = separable()
    got, said = run(Separable(), make_problem(X), 3)
    rows = [int((h == X).all(axis=1).argmax()) for h in got.H]
    assert said == f"spa picked rows {rows[0]}, {rows[1]}, {rows[2]}" + (
        " (counted from 0) of X"
    )


def test_components_that_are_not_needed_stay_zero(make_problem):
    """Also beyond min(X.shape); the sentence says how many."""
    got, said = run(Separable(), make_problem(separable()), 10)
    assert got.H.any(axis=1).tolist() == [True] * 3 + [False] * 7
    assert not got.W[:, 3:].any()
    assert "7 of 10 components stay 0" in said


def test_sums_decide_between_direction_and_brightness(make_problem):
    """Without them the brightest row comes first; with them the dim corner counts."""
    X = separable()
    bright = X[np.linalg.norm(X, axis=1).argmax()]
    got, _ = run(Separable(sum_to_one=False), make_problem(X), 1)
    assert (got.H[0] == bright).all()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("method", "solver.method must be one of spa, snpa, got 'xray'"),
        ("side", "solver.side must be one of rows, columns, got 'xray'"),
    ],
)
def test_unknown_choices_are_refused(field, message):
    """The message lists the choices."""
    with pytest.raises(ValueError, match=message):
        Separable(**{field: "xray"})
