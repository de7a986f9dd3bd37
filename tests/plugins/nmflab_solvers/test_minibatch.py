"""Tests of mini-batch NMF against the library's own call."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.minibatch import ScikitLearnMiniBatchNMF, nmflab_solvers
from sklearn.decomposition import MiniBatchNMF

from nmflab.contracts import Factors


def one_call(problem, init, n_passes, **arguments):
    """Return the factors and model of a call that does not stop itself."""
    options = {"tol": 0.0, "max_no_improvement": None, **arguments}
    model = MiniBatchNMF(
        init.n_components,
        init="custom",
        max_iter=n_passes,
        beta_loss=problem.objective.exponent,
        **options,
    )
    W = model.fit_transform(problem.X.copy(), W=init.W.copy(), H=init.H.copy())
    return Factors(W, model.components_), model


def finish(steps):
    """Return the last step and the sentence a solver ends with."""
    last = None
    while True:
        try:
            last = next(steps)
        except StopIteration as stop:
            return last, stop.value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_fair_steps_are_one_call_to_the_last_bit(
    storage, beta, dtype, X, stored, make_problem, make_start, iterates
):
    """Seven passes over batches of four rows are one call with seven passes."""
    matrix = X if storage == "dense" else stored
    problem = make_problem(matrix, dtype=dtype, loss="beta", beta=beta)
    init = make_start(problem)
    solver = ScikitLearnMiniBatchNMF(batch_size=4, forget_factor=0.6)
    got = iterates(solver, problem, init, 7)[-1]
    want, _ = one_call(problem, init, 7, batch_size=4, forget_factor=0.6)
    assert got.W.dtype == problem.dtype
    seen = want.H > 0  # where the loss would be infinite, 0 is handed over as 1e-20
    assert (got.H[seen] == want.H[seen]).all()
    assert np.abs(got.H - want.H).max() <= 1e-20
    assert np.abs(got.W - want.W).max() <= 1e-20


def test_penalties_are_converted_to_alpha(X, make_problem, make_start, iterates):
    """As for the library's NMF: per feature for W, per sample for H."""
    problem = make_problem(X, l1_W=0.11, l2_W=0.22, l1_H=0.05, l2_H=0.1)
    init = make_start(problem)
    got = iterates(ScikitLearnMiniBatchNMF(batch_size=5), problem, init, 4)[-1]
    penalty = {"alpha_W": 0.33 / 11, "alpha_H": 0.15 / 14, "l1_ratio": 1 / 3}
    want, _ = one_call(problem, init, 4, batch_size=5, **penalty)
    np.testing.assert_allclose(got.W, want.W, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got.H, want.H, rtol=1e-9, atol=1e-12)


def test_one_batch_that_forgets_all_is_multiplicative_updates(
    X, make_problem, make_start, iterates
):
    """W, then H, by their ratios: without a past the averages are of one step."""
    problem = make_problem(X + 0.1)
    init = make_start(problem)
    W, H = init.W, init.H
    for _ in range(3):
        W = W * (problem.X @ H.T) / (W @ (H @ H.T))
        H = H * (W.T @ problem.X) / (W.T @ W @ H)
    solver = ScikitLearnMiniBatchNMF(forget_factor=0.0)
    got = iterates(solver, problem, init, 3)[-1]
    np.testing.assert_allclose(got.W, W, rtol=1e-12)
    # the library's update divides by W'WH and not by a ratio: H = (H W'X) / (W'WH)
    np.testing.assert_allclose(got.H, H, rtol=1e-12)


def test_a_native_call_says_how_far_it_went(X, make_problem, make_start):
    """One step, as many as passes were begun, and the passes that were made."""
    problem = make_problem(X)
    init = make_start(problem)
    solver = ScikitLearnMiniBatchNMF(
        batch_size=4, stepping="native", tol=0.2, max_iter=50
    )
    step, sentence = finish(solver.iterate(problem, init, np.random.default_rng(0)))
    want, model = one_call(
        problem, init, 50, batch_size=4, tol=0.2, max_no_improvement=10
    )
    assert (step.factors.W == want.W).all()
    assert step.n_steps == model.n_iter_ < 50
    assert step.passes == model.n_steps_ / 4
    assert sentence == (
        f"scikit-learn stopped after {step.passes:g} passes: H changed by no more than"
        " tol=0.2, or max_no_improvement=10 batches brought no lower objective"
    )


def test_a_native_call_says_that_its_limit_was_reached(X, make_problem, make_start):
    """The library's warning becomes the stop reason."""
    problem = make_problem(X)
    solver = ScikitLearnMiniBatchNMF(stepping="native", tol=0.0, max_iter=3)
    steps = solver.iterate(problem, make_start(problem), np.random.default_rng(0))
    step, sentence = finish(steps)
    assert step.n_steps == step.passes == 3
    assert sentence == (
        "scikit-learn stopped after 3 passes: its limit max_iter=3 was reached"
    )


@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_in_the_standard_unit_no_other_unit_matters(
    loss, X, make_problem, make_start, iterates
):
    """X times 64 gives factors times 8, to the last bit; otherwise it does not."""
    problem, moved = make_problem(X, loss=loss), make_problem(64 * X, loss=loss)
    init = make_start(problem)
    start = Factors(8 * init.W, 8 * init.H)
    for standard in (True, False):
        solver = ScikitLearnMiniBatchNMF(batch_size=4, standard_unit=standard)
        a = iterates(solver, problem, init, 3)[-1]
        b = iterates(solver, moved, start, 3)[-1]
        assert (b.W == 8 * a.W).all() == standard


@pytest.mark.parametrize("stepping", ["fair", "native"])
def test_a_start_that_is_zero_ends_the_run_with_a_sentence(stepping, X, make_problem):
    """scikit-learn would raise; the start is yielded and the reason given."""
    zeros = Factors(np.zeros((14, 2)), np.zeros((2, 11)))
    solver = ScikitLearnMiniBatchNMF(stepping=stepping)
    steps = solver.iterate(make_problem(X), zeros, np.random.default_rng(0))
    step, sentence = finish(steps)
    assert not step.factors.W.any()
    assert sentence.startswith("scikit-learn stopped after 0 iterations: it takes no")


def test_a_version_without_the_steps_is_refused(
    X, make_problem, make_start, iterates, monkeypatch
):
    """The sentence names the version and the way out."""
    monkeypatch.delattr(MiniBatchNMF, "_minibatch_step")
    problem = make_problem(X)
    with pytest.raises(RuntimeError, match=r"scikit-learn \S+ does .*stepping=native"):
        iterates(ScikitLearnMiniBatchNMF(), problem, make_start(problem), 1)


def test_it_declares_what_it_needs():
    """It draws nothing and promises no descent."""
    (spec,) = nmflab_solvers()
    assert spec.name == "sklearn_minibatch"
    assert spec.requires == ("scikit-learn>=1.3",)
    assert not spec.is_random(ScikitLearnMiniBatchNMF())
    assert not spec.is_monotone(ScikitLearnMiniBatchNMF())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"batch_size": 0}, r"solver\.batch_size must be >= 1, got 0"),
        ({"max_iter": 0}, r"solver\.max_iter must be >= 1, got 0"),
        ({"forget_factor": 1.5}, r"solver\.forget_factor must be >= 0 and <= 1, got"),
        ({"tol": -1.0}, r"solver\.tol must be >= 0 and finite, got -1\.0"),
        ({"stepping": "x"}, r"solver\.stepping must be one of fair, native, got 'x'"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        ScikitLearnMiniBatchNMF(**parameters)
