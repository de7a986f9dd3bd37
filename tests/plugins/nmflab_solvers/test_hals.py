from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest
from nmflab_solvers._extrapolation import (
    HALS_AND_MU,
    Extrapolation,
    Momentum,
)
from nmflab_solvers.hals import Hals, nmflab_solvers
from nmflab_solvers.sklearn_nmf import ScikitLearnNMF
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors
from nmflab.numerics import kappa


def plain(**options):
    """Return HALS without extrapolation."""
    return Hals(extrapolation=Extrapolation.none, **options)


PENALTIES = [
    {},
    {"l1_W": 0.1, "l1_H": 0.2},
    {"l2_W": 0.3, "l2_H": 0.1},
    {"l1_W": 0.1, "l2_W": 0.1, "l1_H": 0.1, "l2_H": 0.1},
]


def test_a_textbook_step_is_the_formula_of_cichocki(
    X, make_problem, make_start, iterates
):
    """Each component in turn is the exact minimizer with all others fixed."""
    problem = make_problem(X, l1_W=0.05, l2_W=0.1, l1_H=0.02, l2_H=0.2)
    init = make_start(problem)
    W, H = init.W.copy(), init.H.copy()
    for k in range(3):
        rest = X - np.delete(W, k, axis=1) @ np.delete(H, k, axis=0)
        W[:, k] = np.maximum(0, (rest @ H[k] - 0.05) / (H[k] @ H[k] + 0.1))
    for k in range(3):
        rest = X - np.delete(W, k, axis=1) @ np.delete(H, k, axis=0)
        H[k] = np.maximum(0, (W[:, k] @ rest - 0.02) / (W[:, k] @ W[:, k] + 0.2))
    (got,) = iterates(plain(inner=1), problem, init, 1)
    np.testing.assert_allclose(got.W, W, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(got.H, H, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize("penalty", PENALTIES[:1] + PENALTIES[-1:], ids=str)
def test_textbook_steps_are_those_of_scikit_learn(
    penalty, storage, X, stored, make_problem, make_start, iterates
):
    """Twenty steps of coordinate descent agree to the rounding of their sums."""
    problem = make_problem(X if storage == "dense" else stored, **penalty)
    init = make_start(problem)
    ours = iterates(plain(inner=1), problem, init, 20)[-1]
    theirs = iterates(ScikitLearnNMF(), problem, init, 20)[-1]
    np.testing.assert_allclose(ours.W, theirs.W, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(ours.H, theirs.H, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("inner", [None, 1, 3])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_the_objective_never_rises(
    penalty, inner, X, make_problem, make_start, iterates, value
):
    """Sixty steps descend, accelerated or not, from two starts."""
    problem = make_problem(X, **penalty)
    for seed in range(2):
        init = make_start(problem, n_components=4, seed=seed)
        run = [init, *iterates(plain(inner=inner), problem, init, 60)]
        values = np.array([value(problem, factors) for factors in run])
        # summing 154 cells rounds by less than 1e-13 of the sum
        assert (np.diff(values) <= 1e-13 * values[:-1]).all()


def test_the_rule_allows_as_many_sweeps_as_the_cost_of_the_products_pays_for(
    make_problem, make_start, iterates
):
    """40 x 40 with 3 components: rho = 1 + (1600 + 120)/(40·4), 1 + rho/2 = 6.9."""
    problem = make_problem(np.random.default_rng(0).random((40, 40)))
    init = make_start(problem)
    by_rule = iterates(plain(alpha=0.5, delta=0), problem, init, 3)[-1]
    by_hand = iterates(plain(inner=6, delta=0), problem, init, 3)[-1]
    other = iterates(plain(inner=5, delta=0), problem, init, 3)[-1]
    assert (by_rule.W == by_hand.W).all()
    assert not (by_rule.W == other.W).all()


def test_the_rule_counts_stored_entries_of_a_csr(make_problem, make_start, iterates):
    """160 stored: rho = 1 + (160 + 120)/(40·4) = 2.75, 1 + rho/2 = 2.4."""
    X = csr_array(random_array((40, 40), density=0.1, rng=np.random.default_rng(0)))
    assert X.nnz == 160
    problem = make_problem(X)
    init = make_start(problem)
    by_rule = iterates(plain(alpha=0.5, delta=0), problem, init, 3)[-1]
    by_hand = iterates(plain(inner=2, delta=0), problem, init, 3)[-1]
    assert (by_rule.W == by_hand.W).all()


def test_sweeping_stops_when_a_sweep_changes_little(
    X, make_problem, make_start, iterates
):
    """A second sweep that moves less than delta times the first is the last."""
    problem = make_problem(X)
    init = make_start(problem)
    stopped = iterates(plain(inner=50, delta=0.999), problem, init, 1)[-1]
    two = iterates(plain(inner=2, delta=0), problem, init, 1)[-1]
    assert (stopped.W == two.W).all()
    assert (stopped.H == two.H).all()


def test_one_component_converges_to_the_leading_singular_pair(
    X, make_problem, make_start, iterates
):
    """The best rank-one fit of a nonnegative matrix is its first singular triplet."""
    problem = make_problem(X)
    U, s, Vt = np.linalg.svd(X)
    got = iterates(Hals(), problem, make_start(problem, 1), 100)[-1]
    best = s[0] * np.outer(U[:, 0], Vt[0])
    # the error shrinks by (s2/s1)² a step, here 0.3: 100 steps leave rounding only
    np.testing.assert_allclose(got.W @ got.H, best, atol=1e-13)


def test_an_exact_factorization_stays_exact(make_problem, iterates):
    """From W and H with X = WH no step moves away, beyond rounding."""
    rng = np.random.default_rng(1)
    W, H = rng.random((9, 3)), rng.random((3, 8))
    got = iterates(Hals(), make_problem(W @ H), Factors(W, H), 20)[-1]
    np.testing.assert_allclose(got.W @ got.H, W @ H, atol=1e-14)


def test_it_reaches_a_stationary_point(X, make_problem, make_start, iterates):
    """Five hundred steps on a small problem leave almost no residual."""
    problem = make_problem(X)
    got = iterates(Hals(), problem, make_start(problem), 500)[-1]
    assert kappa(problem, got) < 1e-8


def test_a_component_that_is_zero_in_both_factors_is_given_new_entries(
    X, make_problem, make_start
):
    """It is counted once, and the objective is the lower for it."""
    problem = make_problem(X)
    init = make_start(problem)
    W, H = init.W.copy(), init.H.copy()
    W[:, 1], H[1] = 0, 0
    steps = Hals().iterate(problem, Factors(W, H), np.random.default_rng(0))
    counts = []
    for step in islice(steps, 5):
        counts.append(step.n_reseeded)
        got = step.factors()
    assert sum(counts) == 1
    assert got.W[:, 1].any()
    assert got.H[1].any()


def test_what_is_left_of_a_component_revives_it(X, make_problem, make_start, iterates):
    """With w_k = 0 and h_k kept, the next sweep over W brings it back."""
    problem = make_problem(X)
    init = make_start(problem)
    W = init.W.copy()
    W[:, 1] = 0
    got = iterates(Hals(), problem, Factors(W, init.H), 5)[-1]
    assert got.W[:, 1].any()


def test_sparse_data_give_the_iterates_of_dense_data(
    X, stored, make_problem, make_start, iterates
):
    """With one rule for the sweeps, storage changes rounding only."""
    dense, sparse = make_problem(X), make_problem(stored)
    init = make_start(dense)
    a = iterates(plain(inner=3), dense, init, 10)[-1]
    b = iterates(plain(inner=3), sparse, init, 10)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-9, atol=1e-12)


def test_a_large_sparse_matrix_is_never_made_dense(make_problem, make_start, iterates):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    X = csr_array(
        random_array((200_000, 150_000), density=1e-7, rng=np.random.default_rng(3))
    )
    problem = make_problem(X)
    got = iterates(Hals(), problem, make_start(problem, 2, like=1), 1)[-1]
    assert np.isfinite(got.W).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("exponent", [-84, 84])
def test_a_change_of_unit_changes_no_digit(
    exponent, dtype, X, make_problem, make_start, iterates
):
    """X times a power of four gives factors times its root, also in float32."""
    problem = make_problem(X, dtype=dtype)
    scaled = make_problem(np.ldexp(X, exponent), dtype=dtype)
    init = make_start(problem)
    moved = Factors(np.ldexp(init.W, exponent // 2), np.ldexp(init.H, exponent // 2))
    a = iterates(Hals(), problem, init, 10)[-1]
    b = iterates(Hals(), scaled, moved, 10)[-1]
    assert np.array_equal(b.W, np.ldexp(a.W, exponent // 2))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("inner", 0),
        ("alpha", -0.1),
        ("alpha", math.nan),
        ("delta", 1.0),
        ("delta", -1.0),
    ],
)
def test_a_parameter_out_of_range_is_refused(field, wrong):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=rf"solver\.{field} must be .* got {wrong}"):
        Hals(**{field: wrong})


def test_it_declares_the_frobenius_loss_with_all_penalties_but_counts():
    """Descent is promised without extrapolation only; chance is never used."""
    (spec,) = nmflab_solvers()
    assert spec.name == "hals"
    assert spec.takes.losses == {"frobenius"}
    assert spec.takes.penalties == {"l1", "l2", "unit"}
    assert not spec.is_monotone(Hals())
    assert spec.is_monotone(plain())
    assert spec.promises.random is False


def extrapolated_by_hand(X, W, H, n_steps, n_sweeps):
    """Return E-A-HALS with whole-factor sweeps, written down from the paper."""

    def solved(F, C, G):
        F = F.copy()
        for _ in range(n_sweeps):
            for k in range(F.shape[0]):
                F[k] = np.maximum(0, F[k] + (C[k] - G[k] @ F) / G[k, k])
        return F

    Wt, H = W.T, H
    Wy, Hy, weight, cap, before, error = Wt, H, 0.5, 1.0, 0.5, np.inf
    for _ in range(n_steps):
        Hn = solved(Hy, Wy @ X, Wy @ Wy.T)
        Hy = np.maximum(0, Hn + weight * (Hn - H))
        Wn = solved(Wy, Hy @ X.T, Hy @ Hy.T)
        Wy = Wn + weight * (Wn - Wt)
        new = ((X - Wn.T @ Hy) ** 2).sum()
        if new > error:
            Wy, Hy = Wt, H
            cap, before, weight = before, weight, weight / 1.5
        else:
            kept = Wn.T, Hy
            Wt, H, before = Wn, Hn, weight
            weight, cap = min(cap, 1.01 * weight), min(1.0, 1.005 * cap)
        error = new
    return kept


@pytest.mark.parametrize("shape", [(300, 400), (1500, 60), (60, 1500)])
def test_large_dense_data_give_the_steps_of_the_paper(shape, make_problem, iterates):
    """Wide, tall and square: products come in tiles, and iterates are the same."""
    rng = np.random.default_rng(5)
    W, H = rng.random((shape[0], 20)), rng.random((20, shape[1]))
    problem = make_problem(W @ H + rng.random(shape))
    init = Factors(W + 0.1 * rng.random(W.shape), H)  # near a fit: no component dies
    solver = Hals(extrapolation=Extrapolation.ang_gillis, inner=2, delta=0)
    got = iterates(solver, problem, init, 5)[-1]
    W, H = extrapolated_by_hand(problem.X, init.W, init.H, 5, 2)
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-9)


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize("inner", [1, 3])
def test_extrapolated_steps_are_those_of_the_paper(
    inner, storage, make_problem, make_start, iterates
):
    """Sixty steps, restarts among them, on a problem without dead components."""
    X = np.random.default_rng(2).random((40, 30))
    problem = make_problem(X if storage == "dense" else csr_array(X))
    init = make_start(problem)
    solver = Hals(extrapolation=Extrapolation.ang_gillis, inner=inner, delta=0)
    got = iterates(solver, problem, init, 60)[-1]
    W, H = extrapolated_by_hand(X, init.W, init.H, 60, inner)
    np.testing.assert_allclose(got.W @ got.H, W @ H, rtol=1e-7)


def test_the_rule_restarts_with_a_smaller_weight_and_cap():
    """After a rise the cap is the weight before, and the weight shrinks by 1.5."""
    momentum = Momentum(HALS_AND_MU)
    assert momentum.accepts(10.0)
    assert momentum.weight == pytest.approx(0.505)
    assert not momentum.accepts(11.0)
    assert momentum.weight == pytest.approx(0.505 / 1.5)
    assert momentum.accepts(10.5)  # lower than the step before, though not the best
    assert momentum.weight == pytest.approx(1.01 * 0.505 / 1.5)
    for _ in range(500):
        momentum.accepts(1.0)
    assert momentum.weight == 1


def test_extrapolation_saves_steps(make_problem, make_start, iterates, value):
    """It is ahead of plain sweeps after as many steps, on noisy low-rank data."""
    rng = np.random.default_rng(3)
    X = rng.gamma(0.3, 1, (60, 6)) @ rng.gamma(0.3, 1, (6, 50))
    problem = make_problem(X + 0.01 * rng.random(X.shape))
    init = make_start(problem, n_components=6)
    ahead = iterates(Hals(), problem, init, 100)[-1]
    behind = iterates(plain(), problem, init, 100)[-1]
    assert value(problem, ahead) < value(problem, behind)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_a_unit_factor_keeps_its_length_while_the_objective_falls(
    storage, X, stored, make_problem, make_start, iterates, value
):
    """With a penalty on H alone, columns of W of length 1 make it well posed."""
    problem = make_problem(X if storage == "dense" else stored, l1_H=0.2, unit="W")
    init = make_start(problem)
    W = init.W / np.linalg.norm(init.W, axis=0)
    run = iterates(Hals(), problem, Factors(W, init.H), 40)
    values = np.array([value(problem, factors) for factors in run])
    assert (np.diff(values) <= 1e-13 * values[:-1]).all()
    np.testing.assert_allclose(np.linalg.norm(run[-1].W, axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_two_threads_give_the_digits_of_one_to_rounding(
    dtype, storage, make_problem, make_start, iterates, monkeypatch
):
    """Sums over samples are added up in another order, and nothing else changes."""
    X = np.random.default_rng(4).random((300, 40))
    problem = make_problem(X if storage == "dense" else csr_array(X), dtype=dtype)
    init = make_start(problem)
    one = iterates(plain(), problem, init, 5)[-1]
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    two = iterates(plain(), problem, init, 5)[-1]
    tolerance = 1e-10 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(two.W @ two.H, one.W @ one.H, rtol=tolerance)


def test_the_numpy_kernels_give_the_digits_of_the_compiled(
    X, stored, make_problem, make_start, iterates, monkeypatch
):
    """``NMFLAB_KERNELS=numpy`` changes rounding, on both storages."""
    for data in (X, stored):
        problem = make_problem(data)
        init = make_start(problem)
        compiled = iterates(Hals(), problem, init, 10)[-1]
        with monkeypatch.context() as changed:
            changed.setenv("NMFLAB_KERNELS", "numpy")
            plainly = iterates(Hals(), problem, init, 10)[-1]
        np.testing.assert_allclose(compiled.W, plainly.W, rtol=1e-8, atol=1e-11)
