from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers._extrapolation import Extrapolation
from nmflab_solvers.kl import KullbackLeibler, Method, nmflab_solvers
from nmflab_solvers.mu import MultiplicativeUpdates
from scipy.sparse import csr_array

from nmflab.contracts import Factors

KL = {"loss": "kullback_leibler"}
NONE = Extrapolation.none


@pytest.fixture
def mask(X):
    """Return observed cells; row 5 and column 2 have none."""
    mask = np.random.default_rng(4).random(X.shape) < 0.7
    mask[5], mask[:, 2] = False, False
    return mask


@pytest.fixture
def words():
    """Return counts of 400 words in 300 texts of five topics, mostly rare words."""
    rng = np.random.default_rng(2)
    common = 1 / np.arange(1, 401)
    topics = rng.dirichlet(np.full(400, 0.05), 5) * 0.5 + 0.5 * common / common.sum()
    return csr_array(
        rng.poisson(60 * rng.dirichlet(np.full(5, 0.3), 300) @ topics).astype(float)
    )


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_one_component_is_fitted_in_closed_form(
    storage, method, X, stored, make_problem, make_start, iterates
):
    """``Y = (X 1)(1' X) / ΣX``."""
    problem = make_problem(X if storage == "dense" else stored, **KL)
    solver = KullbackLeibler(method=method)
    got = iterates(solver, problem, make_start(problem, 1), 60)[-1]
    expected = np.outer(X.sum(axis=1), X.sum(axis=0)) / X.sum()
    # Newton's steps end quadratically; empty rows keep the floor
    np.testing.assert_allclose(got.W @ got.H, expected, rtol=1e-9, atol=1e-12)


def test_sums_of_rows_and_columns_are_kept_at_a_stationary_point(
    X, make_problem, make_start, iterates
):
    """Whatever the number of components."""
    problem = make_problem(X, **KL)
    got = iterates(KullbackLeibler(), problem, make_start(problem, 3), 2000)[-1]
    Y = got.W @ got.H
    np.testing.assert_allclose(Y.sum(axis=1), X.sum(axis=1), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(Y.sum(axis=0), X.sum(axis=0), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("penalty", [{}, {"l1_W": 0.1, "l1_H": 0.2}, {"l2_W": 0.3}])
@pytest.mark.parametrize("masked", [False, True])
def test_multiplicative_steps_are_those_of_the_reference(
    masked, penalty, X, mask, make_problem, make_start, iterates
):
    """The solver `mu` computes the same with whole matrices."""
    problem = make_problem(
        X * mask if masked else X, mask if masked else None, **KL, **penalty
    )
    init = make_start(problem)
    a = iterates(MultiplicativeUpdates(), problem, init, 12)[-1]
    solver = KullbackLeibler(method=Method.mu, extrapolation=NONE)
    b = iterates(solver, problem, init, 12)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(b.H, a.H, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_csr_gives_the_steps_of_a_dense_matrix(
    dtype, masked, X, mask, make_problem, make_start, iterates
):
    """Explicit zeros, observed or not, cost time only."""
    at = mask if masked else X >= 0
    starts = np.concatenate([[0], np.cumsum(at.sum(axis=1))])
    stored = csr_array((X[at], np.nonzero(at)[1], starts), shape=X.shape)
    assert (stored.data == 0).any()
    seen = csr_array((at[at], stored.indices, stored.indptr), shape=X.shape)
    dense = make_problem(X * at, mask if masked else None, dtype=dtype, **KL)
    sparse = make_problem(stored, seen if masked else None, dtype=dtype, **KL)
    init = make_start(dense)
    a, b = (iterates(KullbackLeibler(), one, init, 20)[-1] for one in (dense, sparse))
    tolerance = 1e-9 if dtype == "float64" else 1e-2
    np.testing.assert_allclose(b.W @ b.H, a.W @ a.H, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize(
    "penalty", [{}, {"l1_W": 0.1, "l1_H": 0.1}, {"l2_W": 0.1, "l2_H": 0.2}], ids=str
)
@pytest.mark.parametrize("masked", [False, True])
def test_the_objective_never_rises_without_extrapolation(
    masked, penalty, method, X, mask, make_problem, make_start, iterates, value
):
    """Sixty steps descend, from a start that is bad by a factor of a thousand too."""
    problem = make_problem(
        X * mask if masked else X, mask if masked else None, **KL, **penalty
    )
    for like in (0.0, 1e6, 1e-6):
        init = make_start(problem, 4, like=like)
        solver = KullbackLeibler(method=method, extrapolation=NONE)
        values = np.array(
            [value(problem, one) for one in iterates(solver, problem, init, 60)]
        )
        # summing 150 cells, whose logarithms cancel, rounds by less than 1e-13
        assert (np.diff(values) <= 1e-12 * np.abs(values[:-1]) + 1e-12).all()


def test_coordinate_descent_beats_multiplicative_updates_on_words(
    words, make_problem, make_start, iterates, value
):
    """Twenty steps reach what a hundred multiplicative ones do, and less."""
    problem = make_problem(words, **KL)
    init = make_start(problem, 5)
    slow = value(problem, iterates(MultiplicativeUpdates(), problem, init, 100)[-1])
    fast = value(problem, iterates(KullbackLeibler(), problem, init, 20)[-1])
    assert fast < slow


def test_the_switch_depends_on_objectives_only(
    words, make_problem, make_start, iterates
):
    """Before it steps are multiplicative, to the bit; 4 at least, 60 at most."""
    problem = make_problem(words, **KL)
    init = make_start(problem, 5)
    mu = iterates(KullbackLeibler(method=Method.mu), problem, init, 62)
    for switch, first in ((1e9, 4), (0.0, 60)):
        auto = iterates(KullbackLeibler(switch=switch), problem, init, first + 1)
        same = [bool((a.W == b.W).all()) for a, b in zip(mu, auto, strict=False)]
        assert same == [True] * first + [False]


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_data_in_extreme_units_are_fitted_as_well(
    unit, method, X, make_problem, make_start, iterates
):
    """Thirty steps on X times a unit are those on X, but for rounding of the unit."""
    one, other = make_problem(X, **KL), make_problem(X * unit, **KL)
    solver = KullbackLeibler(method=method)
    a = iterates(solver, one, make_start(one), 30)[-1]
    b = iterates(solver, other, make_start(other), 30)[-1]
    # thirty steps let the rounding of the unit grow by a few orders of magnitude
    np.testing.assert_allclose(b.W @ b.H / unit, a.W @ a.H, rtol=1e-7, atol=1e-9)


def test_the_order_of_rows_and_columns_does_not_matter(
    X, make_problem, make_start, iterates
):
    """Shuffled data give shuffled factors, to rounding."""
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
    problem = make_problem(X, **KL)
    shuffled = make_problem(X[np.ix_(rows, columns)], **KL)
    init = make_start(problem)
    start = Factors(init.W[rows], init.H[:, columns])
    a = iterates(KullbackLeibler(), problem, init, 25)[-1]
    b = iterates(KullbackLeibler(), shuffled, start, 25)[-1]
    expected = (a.W @ a.H)[np.ix_(rows, columns)]
    np.testing.assert_allclose(b.W @ b.H, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", list(Method))
def test_an_exact_factorization_stays(method, make_problem, iterates):
    """Started where the divergence is 0, nothing moves but by rounding."""
    rng = np.random.default_rng(1)
    W, H = rng.random((9, 3)) + 0.1, rng.random((3, 7)) + 0.1
    problem = make_problem(W @ H, **KL)
    got = iterates(KullbackLeibler(method=method), problem, Factors(W, H), 20)[-1]
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-12)


@pytest.mark.parametrize("method", [Method.auto, Method.cd])
def test_zeros_of_a_start_do_not_lock(
    method, make_problem, make_start, iterates, value
):
    """From a diagonal of ones another start's objective is reached."""
    rng = np.random.default_rng(5)
    problem = make_problem(rng.random((8, 2)) @ rng.random((2, 8)), **KL)
    locked = Factors(np.eye(8, 2), np.eye(2, 8))
    got = iterates(KullbackLeibler(method=method), problem, locked, 400)[-1]
    # Locked, six rows of WH would stay 0 where X is not: an infinite objective.
    assert value(problem, got) < 1e-2 * value(problem, make_start(problem, 2))


def test_the_numpy_kernel_takes_the_same_steps(
    X, make_problem, make_start, iterates, monkeypatch
):
    """The environment chooses it."""
    problem = make_problem(X, l1_W=0.01, l2_H=0.1, **KL)
    init = make_start(problem, 4)
    compiled = iterates(KullbackLeibler(), problem, init, 15)[-1]
    monkeypatch.setenv("NMFLAB_KERNELS", "numpy")
    plain = iterates(KullbackLeibler(), problem, init, 15)[-1]
    np.testing.assert_allclose(plain.W, compiled.W, rtol=1e-8, atol=1e-10)


def test_a_large_sparse_matrix_is_never_made_dense(make_problem, make_start, iterates):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    rng = np.random.default_rng(3)
    at = rng.integers(0, 200_000, 3000), rng.integers(0, 150_000, 3000)
    X = csr_array((rng.random(3000), at), shape=(200_000, 150_000))
    X.sum_duplicates()
    problem = make_problem(X, **KL)
    init = make_start(problem, 2, like=1)
    for method in (Method.mu, Method.cd):
        got = iterates(KullbackLeibler(method=method), problem, init, 1)[-1]
        assert np.isfinite(got.W).all()


def test_data_that_are_zero_are_fitted_exactly(make_problem, make_start):
    """And the solver says why it ends."""
    problem = make_problem(np.zeros((4, 3)), **KL)
    steps = KullbackLeibler().iterate(
        problem, make_start(problem, 2), np.random.default_rng(0)
    )
    got = next(steps)
    assert not (got.W @ got.H).any()
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert "X is 0 at every fitted cell" in end.value.value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "newton"}, r"solver\.method must be one of auto, mu, cd"),
        ({"extrapolation": "yes"}, r"solver\.extrapolation must be one of none"),
        ({"switch": -1.0}, r"solver\.switch must be >= 0 and finite, got -1\.0"),
        ({"inner": 0}, r"solver\.inner must be >= 1, got 0"),
        ({"floor": 0.0}, r"solver\.floor must be > 0 and < 1, got 0\.0"),
    ],
)
def test_options_that_cannot_work_are_refused(options, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        KullbackLeibler(**options)


def test_it_declares_what_it_takes_and_promises():
    """Kullback-Leibler, complete or not; descent where nothing is extrapolated."""
    (spec,) = nmflab_solvers()
    assert spec.name == "kl"
    assert spec.takes.losses == {"kullback_leibler"}
    assert spec.takes.missing
    assert spec.is_monotone(KullbackLeibler(extrapolation=NONE))
    assert not spec.is_monotone(KullbackLeibler())
