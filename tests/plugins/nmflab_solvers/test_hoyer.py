from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from nmflab_solvers.hoyer import Hoyer

from nmflab.contracts import Factors

SETTINGS = [
    Hoyer(sparseness_H=0.6),
    Hoyer(sparseness_H=None, sparseness_W=0.4),
    Hoyer(sparseness_H=0.7, sparseness_W=0.3, inner=1),
]


def sparseness(rows):
    """Return Hoyer's measure of each row."""
    root = np.sqrt(rows.shape[1])
    ratios = np.abs(rows).sum(axis=1) / np.linalg.norm(rows, axis=1)
    return (root - ratios) / (root - 1)


@pytest.mark.parametrize("solver", SETTINGS, ids=str)
def test_every_component_has_the_sparseness_asked_for(
    solver, X, make_problem, make_start, iterates
):
    """To twelve digits, from the first step on; the free factor has another."""
    problem = make_problem(X)
    for got in iterates(solver, problem, make_start(problem, 4), 10):
        for rows, wanted in (
            (got.W.T, solver.sparseness_W),
            (got.H, solver.sparseness_H),
        ):
            if wanted is not None:
                np.testing.assert_allclose(sparseness(rows), wanted, atol=1e-12)
            else:
                assert np.ptp(sparseness(rows)) > 1e-3


@pytest.mark.parametrize("solver", SETTINGS, ids=str)
def test_the_objective_never_rises_after_the_first_step(
    solver, X, make_problem, make_start, iterates, value
):
    """Sixty steps from two starts; the sum of 154 squares rounds by 1e-13 of it."""
    problem = make_problem(X)
    for seed in range(2):
        run = iterates(solver, problem, make_start(problem, 4, seed=seed), 60)
        values = np.array([value(problem, factors) for factors in run])
        assert (np.diff(values) <= 1e-13 * values[:-1]).all()
        assert values[-1] < values[0]


def test_the_objective_told_is_the_shared_one(X, make_problem, make_start, value):
    """Half the squared error, on a set with a constraint more."""
    problem = make_problem(X)
    init = make_start(problem)
    for step in islice(Hoyer().iterate(problem, init, np.random.default_rng(0)), 4):
        assert step.objective == pytest.approx(value(problem, step.factors), rel=1e-12)


def test_one_component_is_the_projection_of_the_data(make_problem, iterates):
    """Rank-1 data whose h has the sparseness asked for are fitted exactly."""
    rng = np.random.default_rng(1)
    w, h = rng.random((6, 1)), rng.random((1, 9))
    problem = make_problem(w @ h)
    solver = Hoyer(sparseness_H=float(sparseness(h)[0]))
    got = iterates(solver, problem, Factors(np.ones((6, 1)), np.ones((1, 9))), 5)[-1]
    np.testing.assert_allclose(got.W @ got.H, w @ h, rtol=1e-9)


def test_a_component_is_the_best_of_its_sparseness(
    X, make_problem, make_start, iterates, value
):
    """At the end no move of a row of H within the set lowers the error."""
    problem = make_problem(X)
    solver = Hoyer(sparseness_H=0.5)
    last = iterates(solver, problem, make_start(problem), 400)[-1]
    best, rng = value(problem, last), np.random.default_rng(0)
    for _ in range(300):
        H = last.H.copy()
        k = rng.integers(3)
        H[k] = np.abs(H[k] + 10.0 ** -rng.integers(1, 6) * rng.standard_normal(11))
        nudged = next(
            iter(
                Hoyer(sparseness_H=0.5).iterate(
                    problem, Factors(last.W, H), np.random.default_rng(0)
                )
            )
        )
        # a step from nearby cannot end below a minimum by more than is left to gain
        assert value(problem, nudged.factors) >= best * (1 - 1e-4)


def test_the_constraint_costs_some_of_the_fit(
    X, make_problem, make_start, iterates, value
):
    """The sparser the larger the error, and never below what the SVD leaves."""
    problem = make_problem(X)
    init = make_start(problem)
    errors = [
        value(problem, iterates(Hoyer(sparseness_H=s), problem, init, 80)[-1])
        for s in (0.6, 0.8, 0.95)
    ]
    bound = (np.linalg.svd(X, compute_uv=False)[3:] ** 2).sum() / 2
    assert bound < errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sparseness_H": 1.5}, "solver.sparseness_H must be from 0 to 1 or null"),
        ({"sparseness_W": float("nan")}, "solver.sparseness_W must be from 0 to 1"),
        ({"sparseness_H": None}, "both null, so nothing is constrained"),
        ({"inner": 0}, "solver.inner must be >= 1, got 0"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    """The message names the key and what to use."""
    with pytest.raises(ValueError, match=message):
        Hoyer(**parameters)
