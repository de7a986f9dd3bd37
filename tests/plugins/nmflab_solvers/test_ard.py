from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from nmflab_solvers.ard import Ard, Prior
from scipy.sparse import csr_array

from nmflab.contracts import Factors
from nmflab.numerics import objective_value

LOSSES = [
    {"loss": "frobenius"},
    {"loss": "kullback_leibler"},
    {"loss": "beta", "beta": 0.5},
    {"loss": "beta", "beta": 3.0},
    {"loss": "itakura_saito"},
]
PRIORS = pytest.mark.parametrize("prior", Prior)


def counts(seed):
    """Return Poisson counts (60, 50) around a product of 4 components."""
    rng = np.random.default_rng(seed)
    W, H = rng.gamma(0.5, 1, (60, 4)), 8 * rng.gamma(0.5, 1, (4, 50))
    return rng.poisson(W @ H).astype(float)


def run_to_the_end(solver, problem, init, most=5000):
    """Return the last step and the reason the solver gave; None if it gave none."""
    steps = solver.iterate(problem, init, np.random.default_rng(0))
    step = None
    for _ in range(most):
        try:
            step = next(steps)
        except StopIteration as stop:
            return step, stop.value
    return step, None


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("storage", [np.asarray, csr_array])
def test_counts_of_four_components_keep_four_of_twelve(
    seed, storage, make_problem, make_start
):
    """The rest end as zeros in both factors, and the sentence counts them."""
    problem = make_problem(storage(counts(seed)), loss="kullback_leibler")
    step, said = run_to_the_end(Ard(), problem, make_start(problem, 12, seed=seed))
    active = step.factors.W.any(axis=0)
    assert active.sum() == 4
    assert (active == step.factors.H.any(axis=1)).all()
    assert step.factors.H.shape == (12, 50)
    assert said == (
        "relevances changed by less than tol=1e-05 in a step: 4 of 12 components kept"
    )


@PRIORS
@pytest.mark.parametrize("objective", LOSSES, ids=str)
def test_the_own_objective_never_rises(prior, objective, make_problem, make_start):
    """Eighty steps of every divergence, with both priors."""
    problem = make_problem(
        np.random.default_rng(1).random((15, 12)) + 0.05, **objective
    )
    solver = Ard(prior=prior, phi=0.01)
    steps = solver.iterate(problem, make_start(problem, 5), np.random.default_rng(0))
    values = np.array([step.objective for step in islice(steps, 80)])
    assert (np.diff(values) <= 1e-12 * np.abs(values[:-1])).all()


@PRIORS
def test_a_step_is_the_published_update(prior, make_problem, make_start):
    """Algorithms 1 and 2 of Tan & Févotte for Kullback-Leibler, written out."""
    X = counts(0)
    problem = make_problem(X, loss="kullback_leibler")
    init = make_start(problem, 5)
    W, H, a, phi = init.W.copy(), init.H.copy(), 6.0, 0.7
    l1 = prior == Prior.l1
    power = 1 if l1 else 1 / 2
    b = np.sqrt(20 * X.mean() / 5) if l1 else np.pi * 5 * X.mean() / 10
    c = 110 + a + 1 if l1 else 55 + a + 1

    def relevances():
        f = (W.sum(0) + H.sum(1)) if l1 else ((W**2).sum(0) + (H**2).sum(1)) / 2
        return (f + b) / c

    for _ in range(4):
        pull = phi / relevances()
        D = W.sum(axis=0)[:, None] + pull[:, None] * (1 if l1 else H)
        H_new = H * ((W.T @ (X / (W @ H))) / D) ** power
        D = H_new.sum(axis=1) + pull * (1 if l1 else W)
        W, H = W * (((X / (W @ H_new)) @ H_new.T) / D) ** power, H_new
    solver = Ard(prior=prior, a=a, phi=phi)
    steps = solver.iterate(problem, init, np.random.default_rng(0))
    *_, last = islice(steps, 4)
    np.testing.assert_allclose(last.factors.W, W, rtol=1e-10)
    np.testing.assert_allclose(last.factors.H, H, rtol=1e-10)
    least = b / c
    own = objective_value(problem, Factors(W, H)) + phi * (
        5 * c + c * np.log(relevances() / least).sum()
    )
    assert last.objective == pytest.approx(own, rel=1e-10)


def test_a_larger_dispersion_keeps_fewer(make_problem, make_start):
    """What is taken for noise needs no component."""
    problem = make_problem(counts(1), loss="kullback_leibler")
    init = make_start(problem, 8)
    kept = []
    for phi in (0.1, 1.0, 30.0):
        step, _ = run_to_the_end(Ard(phi=phi, tol=1e-4), problem, init)
        kept.append(int(step.factors.W.any(axis=0).sum()))
    assert kept[0] > kept[1] > kept[2] >= 1


def test_the_last_component_is_never_pruned(make_problem, make_start):
    """Where noise explains everything, the divergence still is finite."""
    problem = make_problem(counts(2) + 1, loss="kullback_leibler")
    step, _ = run_to_the_end(Ard(phi=1e6), problem, make_start(problem, 3), most=300)
    assert step.factors.W.any(axis=0).sum() == 1
    assert np.isfinite(objective_value(problem, step.factors))


def test_hidden_cells_have_no_say(make_problem, make_start):
    """What is stored in cells that are not observed changes nothing."""
    X = counts(0)
    seen = np.random.default_rng(2).random(X.shape) < 0.8
    factors = []
    for filler in (0.0, 50.0):
        hidden = make_problem(np.where(seen, X, filler), loss="kullback_leibler")
        problem = make_problem(
            np.where(seen, hidden.X, 0), observed=seen, loss="kullback_leibler"
        )
        steps = Ard().iterate(
            problem, make_start(problem, 4, like=2.0), np.random.default_rng(0)
        )
        *_, last = islice(steps, 10)
        factors.append(last.factors)
    assert (factors[0].W == factors[1].W).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"prior": "l0"}, "solver.prior must be one of l1, l2"),
        ({"a": 2.0}, "solver.a must be > 2 and finite with solver.prior=l1, got 2.0"),
        ({"a": 1.0, "prior": Prior.l2}, "solver.a must be > 1"),
        ({"phi": 0.0}, "solver.phi must be > 0"),
        ({"tol": float("nan")}, "solver.tol must be > 0 and < 1"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    """The message names the key and what to use."""
    with pytest.raises(ValueError, match=message):
        Ard(**parameters)
