from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.sklearn_nmf import (
    Method,
    ScikitLearnNMF,
    Stepping,
    nmflab_solvers,
)
from scipy.sparse import csr_array
from sklearn.decomposition import non_negative_factorization

from nmflab.contracts import Factors, Step

LOSSES = [("beta", 0.5), ("kullback_leibler", 1.0), ("beta", 1.5), ("frobenius", 2.0)]


def one_call(problem, init, n_steps, **arguments):
    """Return the factors of scikit-learn's function called once."""
    W, H, _ = non_negative_factorization(
        problem.X,
        init.W.copy(),
        init.H.copy(),
        init.n_components,
        init="custom",
        tol=0,
        max_iter=n_steps,
        beta_loss=problem.objective.exponent,
        **arguments,
    )
    return Factors(W, H)


def finish(steps):
    """Return the last iterate and the sentence a solver ends with."""
    last = None
    while True:
        try:
            last = next(steps)
        except StopIteration as stop:
            return last, stop.value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_fair_coordinate_descent_is_one_call_to_the_last_bit(
    storage, dtype, X, stored, make_problem, make_start, iterates
):
    """Twenty-five single steps give the factors of one call with 25 iterations."""
    problem = make_problem(X if storage == "dense" else stored, dtype=dtype)
    init = make_start(problem)
    got = iterates(ScikitLearnNMF(), problem, init, 25)[-1]
    want = one_call(problem, init, 25, solver="cd")
    assert got.W.dtype == problem.dtype
    assert (got.W == want.W).all()
    assert (got.H == want.H).all()


def test_fair_shuffled_descent_is_one_call_to_the_last_bit(
    X, make_problem, make_start, iterates
):
    """The random state moves on from step to step as it does within a call."""
    problem = make_problem(X)
    init = make_start(problem, 5)
    got = iterates(ScikitLearnNMF(shuffle=True), problem, init, 25, seed=9)[-1]
    state = np.random.RandomState(int(np.random.default_rng(9).integers(2**32)))
    want = one_call(problem, init, 25, solver="cd", shuffle=True, random_state=state)
    plain = one_call(problem, init, 25, solver="cd")
    assert (got.W == want.W).all()
    assert (got.H == want.H).all()
    assert not (got.W == plain.W).all()


@pytest.mark.parametrize(("loss", "beta"), LOSSES)
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_fair_multiplicative_updates_are_one_call_to_the_last_bit(
    storage, loss, beta, X, stored, make_problem, make_start, iterates
):
    """Also across the tenth iteration, where a call looks at its tolerance."""
    matrix = X if storage == "dense" else stored
    problem = make_problem(matrix, loss=loss, beta=beta)
    init = make_start(problem)
    got = iterates(ScikitLearnNMF(method=Method.mu), problem, init, 25)[-1]
    want = one_call(problem, init, 25, solver="mu")
    assert (got.W == want.W).all()
    assert (got.H == want.H).all()


def test_penalties_are_converted_to_alpha(X, make_problem, make_start, iterates, value):
    """The point it ends at minimizes our penalized objective along a line of scale."""
    problem = make_problem(X, l1_W=0.11, l2_W=0.22, l1_H=0.05, l2_H=0.1)
    init = make_start(problem)
    got = iterates(ScikitLearnNMF(), problem, init, 25)[-1]
    want = one_call(
        problem,
        init,
        25,
        solver="cd",
        alpha_W=0.33 / X.shape[1],
        alpha_H=0.15 / X.shape[0],
        l1_ratio=1 / 3,
    )
    np.testing.assert_allclose(got.W, want.W, rtol=1e-9, atol=1e-12)
    last = iterates(ScikitLearnNMF(), problem, init, 300)[-1]
    for t in (0.99, 1.01):
        assert value(problem, Factors(t * last.W, last.H)) > value(problem, last)
        assert value(problem, Factors(last.W, t * last.H)) > value(problem, last)


def test_penalties_of_one_factor_alone_are_converted(
    X, make_problem, make_start, iterates
):
    """Without a penalty on H, l1_ratio is that of W."""
    problem = make_problem(X, l1_W=0.2)
    init = make_start(problem)
    got = iterates(ScikitLearnNMF(), problem, init, 5)[-1]
    want = one_call(
        problem,
        init,
        5,
        solver="cd",
        alpha_W=0.2 / X.shape[1],
        alpha_H=0.0,
        l1_ratio=1.0,
    )
    np.testing.assert_allclose(got.W, want.W, rtol=1e-12, atol=1e-15)


def test_penalties_without_counterpart_are_refused(
    X, make_problem, make_start, iterates
):
    """One l1_ratio cannot serve L1 on W and L2 on H."""
    problem = make_problem(X, l1_W=0.2, l2_H=0.1)
    with pytest.raises(
        ValueError, match=r"one l1_ratio for both factors.*use solver=hals"
    ):
        iterates(ScikitLearnNMF(), problem, make_start(problem), 1)


def test_coordinate_descent_refuses_other_losses(X, make_problem, make_start, iterates):
    """The message says which method takes the loss."""
    problem = make_problem(X, loss="kullback_leibler")
    with pytest.raises(ValueError, match=r"solver\.method=cd takes .*kullback_leibler"):
        iterates(ScikitLearnNMF(), problem, make_start(problem), 1)


def test_data_with_zeros_are_refused_where_the_loss_is_infinite(
    X, make_problem, make_start, iterates
):
    """Before scikit-learn is called."""
    problem = make_problem(X, loss="itakura_saito")
    with pytest.raises(ValueError, match="needs X > 0"):
        iterates(ScikitLearnNMF(method=Method.mu), problem, make_start(problem), 1)


def test_native_stepping_says_that_the_tolerance_was_reached(
    X, make_problem, make_start
):
    """One step of as many iterations as the call took, then a sentence."""
    problem = make_problem(X)
    init = make_start(problem)
    solver = ScikitLearnNMF(stepping=Stepping.native, tol=1e-2)
    step, sentence = finish(solver.iterate(problem, init, np.random.default_rng(0)))
    assert isinstance(step, Step)
    assert 1 < step.n_steps < 200
    assert sentence == (
        f"scikit-learn stopped after {step.n_steps} iterations: tolerance 0.01 reached"
        " in one call"
    )
    want = one_call(problem, init, step.n_steps, solver="cd")
    assert (step.factors.W == want.W).all()


def test_native_stepping_says_that_the_limit_was_reached(X, make_problem, make_start):
    """The library's warning becomes the stop reason."""
    problem = make_problem(X)
    solver = ScikitLearnNMF(stepping=Stepping.native, tol=0.0, max_iter=7)
    steps = solver.iterate(problem, make_start(problem), np.random.default_rng(0))
    step, sentence = finish(steps)
    assert step.n_steps == 7
    assert sentence.endswith("its limit max_iter=7 was reached in one call")


@pytest.mark.parametrize("stepping", list(Stepping))
def test_a_start_that_is_zero_ends_the_run_with_a_sentence(stepping, X, make_problem):
    """scikit-learn would raise; the start is yielded and the reason given."""
    problem = make_problem(X)
    zeros = Factors(np.zeros((14, 2)), np.zeros((2, 11)))
    solver = ScikitLearnNMF(stepping=stepping)
    step, sentence = finish(solver.iterate(problem, zeros, np.random.default_rng(0)))
    assert not step.factors.W.any()
    assert sentence == (
        "scikit-learn stopped after 0 iterations: it takes no factor that is 0"
        " everywhere, and W is"
    )


def test_explicit_zeros_do_not_disturb_sparse_updates(
    X, make_problem, make_start, iterates
):
    """A CSR that stores its zeros gives the result of one that does not."""
    full = csr_array(X + 1)
    full.data = X.ravel().copy()
    stored = make_problem(full, loss="kullback_leibler")
    plain = make_problem(csr_array(X), loss="kullback_leibler")
    init = make_start(plain)
    a = iterates(ScikitLearnNMF(method=Method.mu), stored, init, 5)[-1]
    b = iterates(ScikitLearnNMF(method=Method.mu), plain, init, 5)[-1]
    assert (a.W == b.W).all()
    assert stored.X.nnz == X.size


def test_only_a_shuffled_run_is_random():
    """The registry asks the configured solver."""
    (spec,) = nmflab_solvers()
    assert spec.name == "sklearn"
    assert spec.promises.random(ScikitLearnNMF(shuffle=True))
    assert not spec.promises.random(ScikitLearnNMF())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "als"}, r"solver\.method must be one of cd, mu, got 'als'"),
        ({"stepping": "x"}, r"solver\.stepping must be one of fair, native, got 'x'"),
        ({"tol": -1.0}, r"solver\.tol must be >= 0 and finite, got -1\.0"),
        ({"max_iter": 0}, r"solver\.max_iter must be >= 1, got 0"),
        ({"method": Method.mu, "shuffle": True}, r"solver\.shuffle=true needs"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        ScikitLearnNMF(**parameters)
