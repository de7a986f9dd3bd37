from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from nmflab_solvers.min_vol import MinVol, Start, Sums
from scipy.optimize import linear_sum_assignment

from nmflab.contracts import Factors
from nmflab.numerics.nnls import nnls
from nmflab.numerics.separable import snpa

SETTINGS = [
    MinVol(),
    MinVol(lamt=1.0, sums=Sums.at_most_one),
    MinVol(lamt=0.0),
    MinVol(start=Start.snpa, delta=0.5),
]


def spectral_angle(H, truth):
    """Return the mean angle (radians) between rows, matched at the least total."""
    a, b = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (H, truth))
    angles = np.arccos(np.clip(a @ b.T, -1, 1))
    return float(angles[linear_sum_assignment(angles)].mean())


def scene(seed=0, purity=0.8, noise=0.002):
    """Return mixtures of three corners, none purer than `purity`, and the corners."""
    rng = np.random.default_rng(seed)
    truth = 0.3 + rng.random((3, 20))
    W = rng.dirichlet(np.ones(3), 600)
    W = W[W.max(axis=1) < purity][:300]
    X = W @ truth + noise * rng.standard_normal((len(W), 20))
    return np.maximum(X, 0), truth


def steps_of(solver, problem, init, n_steps):
    """Return the first steps of a run."""
    return list(
        islice(solver.iterate(problem, init, np.random.default_rng(0)), n_steps)
    )


@pytest.mark.parametrize("solver", SETTINGS, ids=str)
def test_the_own_objective_never_rises(solver, X, make_problem, make_start):
    """Sixty steps from two starts, on awkward data and on a scene."""
    for data in (X, scene()[0]):
        problem = make_problem(data)
        for seed in range(2):
            init = make_start(problem, 3, seed=seed)
            steps = steps_of(solver, problem, init, 40)
            values = np.array([step.objective for step in steps])
            assert (np.diff(values) <= 1e-11 * values[:-1]).all()


@pytest.mark.parametrize("solver", SETTINGS, ids=str)
def test_rows_of_w_are_mixtures(solver, X, make_problem, make_start, iterates):
    """They sum to 1, or to no more, to rounding."""
    problem = make_problem(X)
    for got in iterates(solver, problem, make_start(problem, 4), 5):
        sums = got.W.sum(axis=1)
        assert sums.max() <= 1 + 1e-14
        if solver.sums == Sums.one:
            assert sums.min() >= 1 - 1e-14


def test_the_own_objective_is_the_formula(make_problem, make_start):
    """Half the squared error plus the weighted log det, in units of X squared."""
    X = 7 * scene()[0]
    problem = make_problem(X)
    solver = MinVol(lamt=0.3, delta=0.2)
    top = X.max()
    H0 = X[snpa(X, 3)] / top
    free = steps_of(MinVol(lamt=0, start=Start.snpa), problem, make_start(problem), 1)
    W0 = free[0].factors.W  # the best mixtures of the rows picked, as H comes second
    logdet = np.linalg.slogdet(H0 @ H0.T + 0.2 * np.eye(3))[1]
    weight = 0.3 * np.linalg.norm(X / top - W0 @ H0) ** 2 / abs(logdet)
    for step in steps_of(solver, problem, make_start(problem), 3):
        W, H = step.factors.W, step.factors.H / top
        volume = np.linalg.slogdet(H @ H.T / 0.2 + np.eye(3))[1]
        expected = np.linalg.norm(X / top - W @ H) ** 2 / 2 + weight * volume / 2
        assert step.objective == pytest.approx(top**2 * expected, rel=1e-9)


def test_the_majorizer_touches_and_lies_above(make_problem):
    """Concavity: log det(A) is at most log det(B) + tr(B⁻¹(A − B))."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        H, G = rng.random((2, 4, 9)) * 10.0 ** rng.integers(-2, 2)
        A, B = H @ H.T + 0.1 * np.eye(4), G @ G.T + 0.1 * np.eye(4)
        bound = np.linalg.slogdet(B)[1] + np.trace(np.linalg.solve(B, A - B))
        assert np.linalg.slogdet(A)[1] <= bound + 1e-10 * abs(bound)


def test_corners_outside_the_data_are_found(make_problem, make_start, iterates):
    """No sample is purer than 0.8: NMF misses the corners, this does not."""
    X, truth = scene()
    problem = make_problem(X)
    init = make_start(problem, 3)
    found = iterates(MinVol(start=Start.snpa), problem, init, 100)[-1].H
    plain = init.H
    for _ in range(100):  # nonnegative least squares in turn: the same without volume
        W = nnls(plain @ plain.T, plain @ X.T).T
        plain = nnls(W.T @ W, W.T @ X)
    assert spectral_angle(found, truth) < 0.03
    assert spectral_angle(X[snpa(X, 3)], truth) > 0.06
    assert spectral_angle(plain, truth) > 0.06


def test_every_start_minimises_the_same_objective(make_problem, make_start):
    """The weight does not hang on the start, so that the ends can be compared."""
    X, _ = scene()
    problem = make_problem(X)
    ends = []
    for start in Start:
        steps = steps_of(
            MinVol(lamt=1.0, start=start), problem, make_start(problem), 150
        )
        ends.append(steps[-1].objective)
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)


def test_mixtures_of_the_start_are_kept_and_others_scaled(make_problem, iterates):
    """W, H and 5 W, H / 5 are one start; with λ = 0 an exact one stays."""
    X, truth = scene(noise=0)
    W = np.linalg.lstsq(truth.T, X.T, rcond=None)[0].T
    problem = make_problem(X)
    for scales in (np.ones(3), np.array([5.0, 0.2, 3.0])):
        init = Factors(W * scales, truth / scales[:, None])
        got = iterates(MinVol(lamt=0.0), problem, init, 2)[-1]
        np.testing.assert_allclose(got.H, truth, atol=1e-8)


def test_more_components_than_corners_can_be_had(make_problem, make_start, iterates):
    """SNPA gives three rows; the fourth starts at 0, as shade."""
    X, _ = scene(noise=0, purity=1.1)
    problem = make_problem(X[:6])
    got = iterates(MinVol(start=Start.snpa), problem, make_start(problem, 8), 5)[-1]
    assert np.isfinite(got.H).all()
    assert got.H.shape == (8, 20)


@pytest.mark.data
def test_samson_endmembers_are_found_at_a_slightly_worse_fit(make_problem, iterates):
    """The trade-off of the volume term on a hyperspectral scene, three endmembers.

    Published figures are for 2000 of its pixels: mean angle .096, .092, .065, .042 for
    λ̃ = 0, .01, .1, 1. These are for 1000 pixels, each divided by its sum.
    """
    folder = os.environ.get("NMFLAB_DATA")
    if not folder or not Path(folder, "samson", "samson_1.mat").exists():
        pytest.skip("no samson in the folder NMFLAB_DATA names")
    from scipy.io import loadmat

    V = loadmat(Path(folder, "samson", "samson_1.mat"))["V"].T
    truth = loadmat(Path(folder, "samson", "end3.mat"))["M"].T
    pixels = np.random.default_rng(0).choice(len(V), 1000, replace=False)
    X = V[pixels] / V[pixels].sum(axis=1, keepdims=True)
    problem = make_problem(X)
    init = Factors(np.full((1000, 3), 1 / 3), np.ones((3, 156)))
    angles, errors = [], []
    for lamt in (0.0, 0.01, 0.1, 1.0):
        solver = MinVol(lamt=lamt, start=Start.snpa)
        got = iterates(solver, problem, init, 100)[-1]
        angles.append(spectral_angle(got.H, truth))
        errors.append(np.linalg.norm(X - got.W @ got.H) / np.linalg.norm(X))
    assert angles == pytest.approx([0.096, 0.092, 0.065, 0.042], abs=0.01)
    assert errors == pytest.approx([0.0348, 0.0348, 0.0351, 0.0380], abs=0.001)
    assert errors == sorted(errors)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lamt": -1.0}, "solver.lamt must be >= 0 and finite, got -1.0"),
        ({"delta": 0.0}, "solver.delta must be > 0 and finite, got 0.0"),
        ({"sums": "two"}, "solver.sums must be one of one, at_most_one"),
        ({"start": "spa"}, "solver.start must be one of given, snpa"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    """The message names the key and what to use."""
    with pytest.raises(ValueError, match=message):
        MinVol(**parameters)
