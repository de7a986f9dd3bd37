from __future__ import annotations

import math

import numpy as np
import pytest
from nmflab_solvers.mu import Extrapolation, MultiplicativeUpdates, nmflab_solvers
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
    """Where scikit-learn's zeros lock it in, the lifted ones find their way down."""
    rng = np.random.default_rng(2)
    W, H = rng.random((9, 2)) + 0.1, rng.random((2, 8)) + 0.1
    start = W.copy()
    start[::2, 0] = 0
    problem, init = make_problem(W @ H, loss=loss), Factors(start, H)
    with pytest.warns(UserWarning, match="5 of 18 entries of the starting W and 0 of"):
        free = iterates(MultiplicativeUpdates(), problem, init, 300)[-1]
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


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler", "beta"])
def test_entries_at_the_floor_are_handed_over_as_zero(
    loss, X, make_problem, make_start, iterates, value
):
    """An empty row of X ends at 0, and the objective is finite and no higher for it."""
    problem = make_problem(X, loss=loss, beta=0.5)
    init = make_start(problem)
    got = iterates(MultiplicativeUpdates(floor=1e-5), problem, init, 40)[-1]
    assert not got.W[3].any()
    assert not got.H[:, 4].any()
    size = 1e-5 * math.sqrt(X.mean() / 3)
    held = Factors(np.maximum(got.W, size), np.maximum(got.H, size))
    assert value(problem, got) < value(problem, held)


def test_a_floor_stays_where_the_loss_would_become_infinite(make_problem, iterates):
    """A cell of X so small that its row of W falls to the floor keeps a model > 0."""
    X = np.ones((4, 3))
    X[3] = 1e-300
    problem = make_problem(X, loss="kullback_leibler")
    init = Factors(np.ones((4, 2)), np.ones((2, 3)))
    got = iterates(MultiplicativeUpdates(), problem, init, 5)[-1]
    size = 1e-16 * math.sqrt(X.mean() / 2)
    np.testing.assert_allclose(got.W[3], size, rtol=1e-14)
    assert (got.W @ got.H > 0).all()


def test_zeros_are_lifted_in_proportion_to_the_size_of_an_entry(make_problem, iterates):
    """To lift · sqrt(mean(X) / n_components), before the first update."""
    X = np.full((4, 3), 6.0)
    problem = make_problem(X)
    W, H = np.ones((4, 2)), np.ones((2, 3))
    W[0, 0] = 0
    lifted = W.copy()
    lifted[0, 0] = 0.2 * math.sqrt(3.0)
    with pytest.warns(UserWarning, match=r"set to 0\.2 of a typical entry"):
        (got,) = iterates(MultiplicativeUpdates(lift=0.2), problem, Factors(W, H), 1)
    (want,) = iterates(MultiplicativeUpdates(), problem, Factors(lifted, H), 1)
    np.testing.assert_allclose(got.W, want.W, rtol=1e-14)
    np.testing.assert_allclose(got.H, want.H, rtol=1e-14)


def test_repeated_updates_keep_the_products(X, make_problem, make_start, iterates):
    """Two updates of H with one W'X and W'W, then two of W."""
    problem = make_problem(X + 0.1)
    init = make_start(problem)
    W, H = init.W, init.H
    for _ in range(2):
        H = H * (W.T @ problem.X) / (W.T @ W @ H)
    for _ in range(2):
        W = W * (problem.X @ H.T) / (W @ (H @ H.T))
    solver = MultiplicativeUpdates(inner=2, delta=0.0)
    (got,) = iterates(solver, problem, init, 1)
    np.testing.assert_allclose(got.H, H, rtol=1e-12)
    np.testing.assert_allclose(got.W, W, rtol=1e-12)


def test_the_rule_repeats_as_often_as_published(X, make_problem, make_start, iterates):
    """At most 1 + alpha rho updates, rho_W = 1 + (np + pr) / (n(r + 1)), exactly.

    Here n = 14, p = 11, r = 3 and alpha = 2: rho_W = 4.34, rho_H = 5.45.
    """
    X = X + 0.1
    problem = make_problem(X)
    init = make_start(problem)
    rule = MultiplicativeUpdates(inner=None, delta=0.0)
    W, H = init.W, init.H
    for _ in range(11):
        H = H * (W.T @ X) / (W.T @ W @ H)
    for _ in range(9):
        W = W * (X @ H.T) / (W @ (H @ H.T))
    (got,) = iterates(rule, problem, init, 1)
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-10)


def test_repeating_stops_when_it_changes_little(X, make_problem, make_start, iterates):
    """With delta near 1 the second update, smaller than the first, is the last."""
    problem = make_problem(X + 0.1)
    init = make_start(problem)
    most = MultiplicativeUpdates(inner=50, delta=0.999)
    two = MultiplicativeUpdates(inner=2, delta=0.0)
    (a,), (b,) = (iterates(s, problem, init, 1) for s in (most, two))
    assert (a.H == b.H).all()


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
@pytest.mark.parametrize("inner", [1, None])
@pytest.mark.parametrize("extrapolation", ["ang_gillis", "geometric"])
def test_extrapolation_yields_the_best_pair(
    extrapolation, inner, loss, make_problem, make_start, iterates, value
):
    """What is yielded never gets worse, and lies below what plain updates reach.

    X is an exact product, so that there is one minimum to reach, 0.
    """
    rng = np.random.default_rng(5)
    problem = make_problem(rng.random((20, 3)) @ rng.random((3, 15)), loss=loss)
    init = make_start(problem, 3)
    solver = MultiplicativeUpdates(extrapolation=extrapolation, inner=inner)
    values = [value(problem, f) for f in iterates(solver, problem, init, 60)]
    plain = MultiplicativeUpdates(inner=inner)
    reached = value(problem, iterates(plain, problem, init, 60)[-1])
    # what ranks pairs is summed otherwise: its terms, of the size of |X|², round by
    # 1e-13 of it
    size = float((problem.X**2).sum())
    assert (np.diff(values) <= 1e-13 * size).all()
    if extrapolation == "geometric":  # the other may cut off an entry for long
        assert values[-1] < 0.5 * reached


@pytest.mark.parametrize("extrapolation", list(Extrapolation)[1:])
def test_extrapolated_steps_follow_the_published_rule(
    extrapolation, X, make_problem, make_start, iterates
):
    """Three steps with weights 0.5, 0.5 · 1.01 and so on, while the error falls."""
    X = X + 0.1
    problem = make_problem(X)
    init = make_start(problem)
    W, H, Wy, Hy, b = init.W, init.H, init.W, init.H, 0.5
    for _ in range(3):
        Hn = Hy * (Wy.T @ X) / (Wy.T @ Wy @ Hy)
        share = Hn.sum(axis=1, keepdims=True) / init.H.sum(axis=1, keepdims=True)
        Hn, Wy = Hn / share, Wy * share.T
        Hy = Hn * (Hn / H) ** b if extrapolation == "geometric" else Hn + b * (Hn - H)
        Hy = np.maximum(Hy, 1e-16)
        Wn = Wy * (X @ Hy.T) / (Wy @ (Hy @ Hy.T))
        Wy = Wn * (Wn / W) ** b if extrapolation == "geometric" else Wn + b * (Wn - W)
        Wy, W, H, b = np.maximum(Wy, 1e-16), Wn, Hn, min(1, 1.01 * b)
    solver = MultiplicativeUpdates(extrapolation=extrapolation)
    got = iterates(solver, problem, init, 3)[-1]
    np.testing.assert_allclose(got.W, Wn, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(got.H, Hy, rtol=1e-10, atol=1e-15)


def test_a_component_at_the_floor_returns_when_it_can_help(make_problem, iterates):
    """Where X has two blocks, a component that fits neither takes the second."""
    X = np.zeros((6, 6))
    X[:3, :3], X[3:, 3:] = 2.0, 1.0
    problem = make_problem(X)
    W, H = np.full((6, 2), 1e-16), np.full((2, 6), 1e-16)
    W[:3, 0], H[0, :3] = 1.0, 2.0
    got = iterates(MultiplicativeUpdates(), problem, Factors(W, H), 5)[-1]
    np.testing.assert_allclose(got.W @ got.H, X, atol=1e-12)


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
    assert spec.takes.penalties == {"l1", "l2", "l2_per_count"}
    assert spec.takes.missing
    assert spec.takes.complete


def test_it_promises_descent_unless_it_extrapolates():
    """An extrapolated step may rise, though the best pair is yielded."""
    (spec,) = nmflab_solvers()
    assert spec.is_monotone(MultiplicativeUpdates())
    assert spec.is_monotone(MultiplicativeUpdates(inner=None))
    assert not spec.is_monotone(MultiplicativeUpdates(extrapolation="geometric"))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"lift": 0.0},
            r"solver\.lift must be finite and at least solver\.floor=1e-16",
        ),
        ({"inner": 0}, r"solver\.inner must be >= 1 or null, got 0"),
        ({"alpha": -1.0}, r"solver\.alpha must be >= 0 and finite, got -1\.0"),
        ({"delta": 1.0}, r"solver\.delta must be >= 0 and < 1, got 1\.0"),
        ({"extrapolation": "x"}, r"solver\.extrapolation must be one of none, .*'x'"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        MultiplicativeUpdates(**parameters)
