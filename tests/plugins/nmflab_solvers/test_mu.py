from __future__ import annotations

import math

import numpy as np
import pytest
from nmflab_solvers.mu import MultiplicativeUpdates, nmflab_solvers
from nmflab_solvers.sklearn_nmf import Method, ScikitLearnNMF
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors
from nmflab.numerics import kappa

BETAS = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
PENALTIES = [
    {},
    {"l1_W": 0.1, "l1_H": 0.2},
    {"l2_W": 0.3, "l2_H": 0.1},
    {"l1_W": 0.1, "l2_H": 0.3},
]


def test_a_frobenius_step_is_the_rule_of_lee_and_seung(
    X, make_problem, make_start, iterates
):
    """H is updated by W'X / W'WH plus penalties, then W with the new H."""
    problem = make_problem(X, l1_W=0.1, l2_H=0.2)
    init = make_start(problem)
    W, H = init.W, init.H
    H = H * (W.T @ X) / (W.T @ W @ H + 0.2 * H)
    W = W * (X @ H.T) / (W @ H @ H.T + 0.1)
    (got,) = iterates(MultiplicativeUpdates(), problem, init, 1)
    # the floor, 1e-16 of an entry's size, replaces the zeros of empty rows and columns
    np.testing.assert_allclose(got.H, H, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(got.W, W, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(("beta", "power"), [(0.0, 1 / 2), (1.0, 1.0), (3.0, 1 / 2)])
def test_a_step_is_the_majorization_rule_of_fevotte_and_idier(
    beta, power, X, make_problem, make_start, iterates
):
    """The ratio of gradient parts is raised to 1/(2-b), 1 or 1/(b-1)."""
    X = X + 0.1
    problem = make_problem(X, loss="beta", beta=beta)
    init = make_start(problem)
    W, H = init.W, init.H
    Y = W @ H
    H = H * ((W.T @ (X * Y ** (beta - 2))) / (W.T @ Y ** (beta - 1))) ** power
    Y = W @ H
    W = W * (((X * Y ** (beta - 2)) @ H.T) / (Y ** (beta - 1) @ H.T)) ** power
    (got,) = iterates(MultiplicativeUpdates(), problem, init, 1)
    np.testing.assert_allclose(got.H, H, rtol=1e-12)
    np.testing.assert_allclose(got.W, W, rtol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("beta", BETAS)
def test_the_objective_never_rises(
    beta, penalty, X, make_problem, make_start, iterates, value
):
    """Sixty steps descend for every divergence and penalty, from two starts."""
    X = X if beta > 0 else X + 0.01
    problem = make_problem(X, loss="beta", beta=beta, **penalty)
    for seed in range(2):
        init = make_start(problem, n_components=4, seed=seed)
        run = [init, *iterates(MultiplicativeUpdates(), problem, init, 60)]
        values = np.array([value(problem, factors) for factors in run])
        # summing 154 cells rounds by less than 1e-13 of the sum
        assert (np.diff(values) <= 1e-13 * np.abs(values[:-1])).all()
        assert values[-1] < values[0]


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0, 3.0])
def test_a_sparse_matrix_gives_the_iterates_of_the_dense_one(
    beta, X, stored, make_problem, make_start, iterates
):
    """Storage changes the order of sums, nothing else."""
    dense = make_problem(X, loss="beta", beta=beta, l1_W=0.05, l2_H=0.02)
    sparse = make_problem(stored, loss="beta", beta=beta, l1_W=0.05, l2_H=0.02)
    init = make_start(dense)
    a = iterates(MultiplicativeUpdates(), dense, init, 10)[-1]
    b = iterates(MultiplicativeUpdates(), sparse, init, 10)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(b.H, a.H, rtol=1e-9, atol=1e-14)


def test_a_beta_of_two_is_the_frobenius_loss(X, make_problem, make_start, iterates):
    """The named losses and their beta take the same steps, to the last bit."""
    for loss, beta in (("frobenius", 2.0), ("kullback_leibler", 1.0)):
        named, by_beta = (
            make_problem(X, loss=loss),
            make_problem(X, loss="beta", beta=beta),
        )
        init = make_start(named)
        a = iterates(MultiplicativeUpdates(), named, init, 5)[-1]
        b = iterates(MultiplicativeUpdates(), by_beta, init, 5)[-1]
        assert (a.W == b.W).all()
        assert (a.H == b.H).all()


def test_one_component_converges_to_the_leading_singular_pair(
    X, make_problem, make_start, iterates
):
    """The best rank-one fit of a nonnegative matrix is its first singular triplet."""
    problem = make_problem(X)
    U, s, Vt = np.linalg.svd(X)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem, 1), 300)[-1]
    best = s[0] * np.outer(U[:, 0], Vt[0])
    # the error shrinks by (s2/s1)² a step, here 0.3: 300 steps leave rounding only
    np.testing.assert_allclose(got.W @ got.H, best, atol=1e-13)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_one_component_under_kullback_leibler_is_the_independence_model(
    storage, X, stored, make_problem, make_start, iterates
):
    """One step gives row sums times column sums over the total."""
    problem = make_problem(X if storage == "dense" else stored, loss="kullback_leibler")
    (got,) = iterates(MultiplicativeUpdates(), problem, make_start(problem, 1), 1)
    independent = np.outer(X.sum(axis=1), X.sum(axis=0)) / X.sum()
    np.testing.assert_allclose(got.W @ got.H, independent, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler", "itakura_saito"])
def test_an_exact_factorization_stays_exact(loss, make_problem, make_start, iterates):
    """From W and H with X = WH no step moves away, beyond rounding."""
    rng = np.random.default_rng(1)
    W, H = rng.random((9, 3)) + 0.1, rng.random((3, 8)) + 0.1
    problem = make_problem(W @ H, loss=loss)
    got = iterates(MultiplicativeUpdates(), problem, Factors(W, H), 20)[-1]
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-13)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_zeros_of_the_start_can_grow(loss, make_problem, iterates, value):
    """Where scikit-learn's zeros lock it in, the floored ones find their way down."""
    rng = np.random.default_rng(2)
    W, H = rng.random((9, 2)) + 0.1, rng.random((2, 8)) + 0.1
    start = W.copy()
    start[::2, 0] = 0
    problem, init = make_problem(W @ H, loss=loss), Factors(start, H)
    free = iterates(MultiplicativeUpdates(), problem, init, 6000)[-1]
    locked = iterates(ScikitLearnNMF(method=Method.mu), problem, init, 300)[-1]
    assert not locked.W[::2, 0].any()
    assert free.W[::2, 0].max() > 0.01
    assert value(problem, free) < 0.5 * value(problem, locked)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("exponent", [-84, -40, 40, 84])
def test_a_change_of_unit_changes_no_digit(
    exponent, dtype, loss, X, make_problem, make_start, iterates
):
    """X times a power of four gives factors times its root, floor included."""
    problem = make_problem(X, dtype=dtype, loss=loss)
    scaled = make_problem(np.ldexp(X, exponent), dtype=dtype, loss=loss)
    init = make_start(problem)
    moved = Factors(np.ldexp(init.W, exponent // 2), np.ldexp(init.H, exponent // 2))
    a = iterates(MultiplicativeUpdates(), problem, init, 10)[-1]
    b = iterates(MultiplicativeUpdates(), scaled, moved, 10)[-1]
    assert np.array_equal(b.W, np.ldexp(a.W, exponent // 2))
    assert np.array_equal(b.H, np.ldexp(a.H, exponent // 2))


def test_the_floor_is_relative_to_the_size_of_an_entry(
    X, make_problem, make_start, iterates
):
    """An empty row of X ends at floor * sqrt(mean(X) / n_components)."""
    problem = make_problem(X)
    got = iterates(MultiplicativeUpdates(floor=1e-5), problem, make_start(problem), 2)[
        -1
    ]
    np.testing.assert_allclose(got.W[3], 1e-5 * math.sqrt(X.mean() / 3), rtol=1e-14)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_an_l1_penalty_balances_the_factors(
    loss, X, make_problem, make_start, iterates
):
    """At a minimum l1_W times the sum of w_k equals l1_H times the sum of h_k."""
    problem = make_problem(X, loss=loss, l1_W=0.1, l1_H=0.3)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem, 2), 3000)[-1]
    assert got.W.sum() > 0.1
    np.testing.assert_allclose(
        0.1 * got.W.sum(axis=0), 0.3 * got.H.sum(axis=1), rtol=1e-5
    )


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0, 2.5])
def test_an_l2_penalty_balances_the_factors(
    beta, X, make_problem, make_start, iterates
):
    """At a minimum l2_W times |w_k|² equals l2_H times |h_k|²."""
    problem = make_problem(X + 0.1, loss="beta", beta=beta, l2_W=0.1, l2_H=0.3)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem, 2), 3000)[-1]
    squares = 0.1 * (got.W**2).sum(axis=0), 0.3 * (got.H**2).sum(axis=1)
    assert squares[0].max() > 0.01
    # below beta = 1 steps are short: 3000 of them leave 1.4e-3, others 1e-5
    np.testing.assert_allclose(*squares, rtol=5e-3, atol=1e-10)


def test_it_reaches_a_stationary_point(X, make_problem, make_start, iterates):
    """Many steps on a small problem leave a small Karush-Kuhn-Tucker residual."""
    problem = make_problem(X, loss="kullback_leibler", l2_W=0.1, l2_H=0.1)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem, 2), 3000)[-1]
    assert kappa(problem, got) < 1e-6


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_steps_are_those_of_scikit_learn(loss, X, make_problem, make_start, iterates):
    """scikit-learn updates W first: on the transposed problem its order is ours."""
    from sklearn.decomposition import non_negative_factorization

    X = X + 0.1
    problem = make_problem(X, loss=loss)
    init = make_start(problem)
    Ht, Wt, _ = non_negative_factorization(
        X.T.copy(),
        init.H.T.copy(),
        init.W.T.copy(),
        3,
        init="custom",
        solver="mu",
        beta_loss=loss.replace("_", "-"),
        tol=0,
        max_iter=50,
    )
    got = iterates(MultiplicativeUpdates(), problem, init, 50)[-1]
    # its absolute floor on WH, 1.2e-7, is never met where X >= 0.1
    np.testing.assert_allclose(got.W @ got.H, (Ht @ Wt).T, rtol=1e-9)


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_a_large_sparse_matrix_is_never_made_dense(
    loss, make_problem, make_start, iterates
):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    X = csr_array(
        random_array((200_000, 150_000), density=1e-7, rng=np.random.default_rng(3))
    )
    problem = make_problem(X, loss=loss)
    got = iterates(MultiplicativeUpdates(), problem, make_start(problem, 2, like=1), 1)[
        -1
    ]
    assert got.W.shape == (200_000, 2)
    assert np.isfinite(got.W).all()


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_a_divergence_that_is_infinite_at_zero_is_refused(
    storage, X, stored, make_problem, make_start, iterates
):
    """Itakura-Saito on data with zeros is an error before the first step."""
    problem = make_problem(X if storage == "dense" else stored, loss="itakura_saito")
    with pytest.raises(ValueError, match=r"itakura_saito.*needs X > 0"):
        iterates(MultiplicativeUpdates(), problem, make_start(problem), 1)


@pytest.mark.parametrize("floor", [0.0, -1.0, math.nan, 1.0])
def test_a_floor_that_is_not_a_small_positive_number_is_refused(floor):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=r"solver\.floor must be > 0 and < 1, got"):
        MultiplicativeUpdates(floor=floor)


def test_it_declares_every_loss_and_penalty():
    """What it can be given is what the tests above show it to do right."""
    (spec,) = nmflab_solvers()
    assert spec.name == "mu"
    assert len(spec.takes.losses) == 4
    assert spec.takes.penalties == {"l1", "l2"}
    assert not spec.takes.missing
    assert spec.promises.monotone
