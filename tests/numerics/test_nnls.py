from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls as one_column

from nmflab.numerics import nnls as module
from nmflab.numerics.nnls import nnls, nnls_gap

EPS = np.finfo(np.float64).eps


def value(W, X, F):
    """Return ``½‖x − Wf‖²`` of each column."""
    return ((X - W @ F) ** 2).sum(axis=0) / 2


def reference(W, X):
    """Solve column by column with Lawson and Hanson's method."""
    return np.column_stack([one_column(W, x)[0] for x in X.T])


def regular(seed=0, n_components=7):
    """Return W of full rank and an X whose solutions have zeros, but not only."""
    rng = np.random.default_rng(seed)
    return rng.random((20, n_components)), rng.random((20, 60)) ** 3


SINGULAR = {
    "two equal components": lambda W: np.column_stack([W, W[:, 0]]),
    "rank one": lambda W: np.outer(W[:, 0], W[0]),
    "more components than rows": lambda W: np.tile(W[:4], 2),
    "signed, more components than rows": lambda W: np.tile(W[:4] - 0.5, 2),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shift", [0.0, -0.5])
def test_a_regular_problem_has_the_active_set_solution(seed, shift):
    """Signed or not, each column is what scipy finds, to rounding times condition."""
    W, X = regular(seed)
    W = W + shift
    # both solve with W'W or W, so to about eps cond(W)^2
    tolerance = 100 * EPS * np.linalg.cond(W) ** 2
    np.testing.assert_allclose(
        nnls(W.T @ W, W.T @ X), reference(W, X), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("name", SINGULAR)
def test_a_singular_problem_is_solved_as_well_as_by_an_active_set(name):
    """The solution is not unique, its value is; the ridge costs less than 1e-12."""
    W, X = regular()
    W = SINGULAR[name](W)
    X = X[: len(W)]
    F = nnls(W.T @ W, W.T @ X)
    assert (F >= 0).all()
    excess = value(W, X, F) - value(W, X, reference(W, X))
    assert (excess <= 1e-12 * (X**2).sum(axis=0)).all()


def test_single_precision_does_not_blow_up_a_nearly_singular_problem():
    """Roundings of C by 6e-8 are not divided by eigenvalues of G smaller than they.

    Two components are nearly opposite, so that both could grow without bound.
    """
    rng = np.random.default_rng(0)
    W = rng.standard_normal((300, 6))
    W = np.column_stack([W, 1e-4 * rng.standard_normal(300) - W[:, 0]])
    X = W @ (rng.random((7, 30)) + 1)
    F = nnls((W.T @ W).astype(np.float32), (W.T @ X).astype(np.float32))
    assert F.dtype == np.float64
    # a ridge of 20 n eps costs at most half of it times |F|^2; without it F exceeds 1e5
    assert (value(W, X, F) <= 10 * 7 * np.finfo(np.float32).eps * (X**2).sum(0)).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_optimality_conditions_hold(seed):
    """F >= 0, a gradient >= 0, and one of the two 0, entry by entry."""
    W, X = regular(seed, n_components=12)
    G, C = W.T @ W, W.T @ X
    F = nnls(G, C)
    gradient = G @ F - C
    tolerance = 100 * EPS * np.abs(C).max()
    assert (F >= 0).all()
    assert gradient.min() >= -tolerance
    assert np.abs(gradient[F > 0]).max() <= tolerance


def test_columns_without_a_positive_product_are_zero():
    """Nothing is gained by any positive entry where ``c <= 0``."""
    W, X = regular()
    C = W.T @ X
    C[:, 3], C[:, 5] = 0, -C[:, 5]
    F = nnls(W.T @ W, C)
    assert not F[:, [3, 5]].any()
    assert F[:, 4].any()


def test_a_component_that_is_zero_gets_zeros_and_changes_nothing_else():
    """Its Gram diagonal of 0 is not divided by."""
    W, X = regular()
    holed = np.insert(W, 2, 0, axis=1)
    F = nnls(holed.T @ holed, holed.T @ X)
    assert not F[2].any()
    assert (np.delete(F, 2, axis=0) == nnls(W.T @ W, W.T @ X)).all()


def test_nothing_to_solve_is_solved():
    """No columns, or components that are all zero, are no error."""
    assert nnls(np.eye(3), np.zeros((3, 0))).shape == (3, 0)
    assert not nnls(np.zeros((3, 3)), np.ones((3, 2))).any()


@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_units_of_the_data_are_units_of_the_solution(unit):
    """X times c gives F times c; no constant is absolute."""
    W, X = regular()
    expected = nnls(W.T @ W, W.T @ X)
    for w, x in ((unit, unit), (unit, 1.0), (1.0, unit)):
        F = nnls((w * W).T @ (w * W), (w * W).T @ (x * X))
        tolerance = 100 * EPS * np.linalg.cond(W) ** 2
        np.testing.assert_allclose(F * (w / x), expected, rtol=0, atol=tolerance)


def test_components_may_differ_in_size_by_forty_orders_of_magnitude():
    """Powers of two change no digit of the solution."""
    W, X = regular()
    sizes = np.ldexp(1.0, [-66, 66, 0, 30, -30, 5, 40])
    scaled = W * sizes
    F = nnls(scaled.T @ scaled, scaled.T @ X)
    assert (F * sizes[:, None] == nnls(W.T @ W, W.T @ X)).all()


def test_the_start_does_not_change_the_solution():
    """Only the first guess of the passive sets comes from it."""
    W, X = regular()
    G, C = W.T @ W, W.T @ X
    cold = nnls(G, C)
    rng = np.random.default_rng(1)
    for start in (cold, np.ones_like(C), rng.random(C.shape) - 0.5):
        # the same passive sets, perhaps solved in other company
        np.testing.assert_allclose(nnls(G, C, start), cold, rtol=1e-9, atol=1e-12)


def test_the_order_of_components_and_columns_does_not_matter():
    """Permuted input gives the permuted solution, to rounding."""
    W, X = regular()
    F = nnls(W.T @ W, W.T @ X)
    rng = np.random.default_rng(2)
    rows, columns = rng.permutation(7), rng.permutation(60)
    V, Y = W[:, rows], X[:, columns]
    np.testing.assert_allclose(
        nnls(V.T @ V, V.T @ Y), F[np.ix_(rows, columns)], rtol=1e-9, atol=1e-12
    )


@pytest.fixture
def fallback(monkeypatch):
    """Count the columns that pivoting leaves to coordinate descent."""
    left, descend = [], module._descend

    def counted(G, C, F):
        left.append(C.shape[1])
        return descend(G, C, F)

    monkeypatch.setattr(module, "_descend", counted)
    return left


def cycling():
    """Return a problem on one column of which full exchanges alone go in circles."""
    rng = np.random.default_rng(10)
    n_components = int(rng.integers(3, 16))
    shape = (n_components + 1, n_components)
    return rng.standard_normal(shape), rng.standard_normal((n_components + 1, 200))


def test_full_exchanges_that_go_in_circles_give_way_to_single_ones(fallback):
    """The backup rule ends them: nothing is left over, and the solution is right."""
    W, X = cycling()
    F = nnls(W.T @ W, W.T @ X)
    assert not fallback
    np.testing.assert_allclose(F, reference(W, X), rtol=1e-6, atol=1e-9)


def test_columns_that_pivoting_does_not_settle_are_settled_by_descent(
    fallback, monkeypatch
):
    """Without the backup rule one column cycles; the descent still solves it."""
    monkeypatch.setattr(module, "_FULL_EXCHANGES", 10**9)
    W, X = cycling()
    F = nnls(W.T @ W, W.T @ X)
    assert fallback == [1]
    excess = value(W, X, F) - value(W, X, reference(W, X))
    # a thousand sweeps: linear convergence, not the last digit
    assert excess.max() <= 1e-6 * (X**2).sum(axis=0).max()


def test_gradients_that_are_zero_but_for_rounding_are_settled(fallback):
    """Where X = WF with zeros in F, their gradients are 0 too, of either sign."""
    W, _ = regular()
    rng = np.random.default_rng(4)
    exact = rng.random((7, 500)) * (rng.random((7, 500)) < 0.5)
    F = nnls(W.T @ W, W.T @ (W @ exact))
    assert not fallback
    np.testing.assert_allclose(
        F, exact, rtol=0, atol=100 * EPS * np.linalg.cond(W) ** 2
    )


@pytest.mark.parametrize(
    ("gram", "products", "message"),
    [
        (np.eye(3), np.ones((2, 4)), r"shape \(3, 3\) and products \(2, 4\)"),
        (np.eye(3), np.ones(3), r"products \(3,\)"),
        (np.eye(2), np.full((2, 1), np.nan), "must be finite"),
        (np.full((2, 2), np.inf), np.ones((2, 1)), "must be finite"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones((2, 1)), "eigenvalue is -1"),
    ],
)
def test_input_that_is_no_least_squares_problem_is_refused(gram, products, message):
    """The message says what is wrong with what was given."""
    with pytest.raises(ValueError, match=message):
        nnls(gram, products)


def gap_of(W, X, F):
    """Return the gap of each column, from products alone."""
    return nnls_gap(W.T @ W, W.T @ X, F, W.sum(axis=0), len(W))


def test_the_gap_is_zero_at_the_solution():
    """To rounding of the products it is made of."""
    W, X = regular()
    gap = gap_of(W, X, nnls(W.T @ W, W.T @ X))
    assert (gap >= 0).all()
    assert gap.max() <= 100 * EPS * (X**2).sum(axis=0).max()


def test_the_gap_bounds_what_can_be_gained():
    """Away from the solution it is at least the distance to the least value."""
    W, X = regular()
    best = value(W, X, nnls(W.T @ W, W.T @ X))
    rng = np.random.default_rng(3)
    for size in (1e-3, 1.0, 10.0):
        F = size * rng.random((W.shape[1], X.shape[1]))
        assert (gap_of(W, X, F) >= value(W, X, F) - best).all()


def test_the_gap_is_the_difference_of_primal_and_dual():
    """As written with residuals, at a feasible point that is not optimal."""
    W, X = regular()
    F = np.full((W.shape[1], X.shape[1]), 0.1)
    rho = X - W @ F
    t = np.maximum((W.T @ rho / W.sum(axis=0)[:, None]).max(axis=0), 0)
    theta = rho - t
    primal = (rho**2).sum(axis=0) / 2
    dual = (theta * X).sum(axis=0) - (theta**2).sum(axis=0) / 2
    np.testing.assert_allclose(gap_of(W, X, F), primal - dual, rtol=1e-10)


def test_a_component_that_is_zero_adds_nothing_to_the_gap():
    """Its sum of 0 is not divided by."""
    W, X = regular()
    holed = np.insert(W, 2, 0, axis=1)
    F = np.full((8, X.shape[1]), 0.1)
    expected = gap_of(W, X, np.delete(F, 2, axis=0))
    np.testing.assert_allclose(gap_of(holed, X, F), expected, rtol=1e-12)
