"""Separability and sufficient scattering: models known to have them, or not."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from nmflab_metrics.identifiability import (
    MET,
    Separability,
    SpaResidual,
    SufficientlyScattered,
)
from nmflab_metrics.scattering import cone_distance
from scipy.optimize import nnls
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Factors, FittedRun, NotApplicable, Problem
from nmflab.contracts import Objective as Shared


def run_of(make_run, W, H):
    """Return a run whose X is W H."""
    W, H = np.asarray(W, float), np.asarray(H, float)
    return make_run(W @ H, W, H)


def separable(seed=0, n_components=4) -> tuple[np.ndarray, np.ndarray]:
    """Return W with a pure row for each component, and a dense H."""
    rng = np.random.default_rng(seed)
    W = np.vstack([np.eye(n_components), rng.dirichlet(np.ones(n_components), 30)])
    return W, rng.random((n_components, 12)) + 0.1


def test_a_separable_model_has_separability_one(make_run):
    """In W, where it has pure samples, and not in H, where each feature is mixed."""
    found = Separability().compute(run_of(make_run, *separable()))
    assert found["W"] == 1.0
    assert found["H"] < 0.9


def test_a_model_of_equal_shares_is_least_separable(make_run):
    """Everywhere the same mixture of r components: 1/r."""
    run = run_of(make_run, np.ones((5, 4)), np.ones((4, 6)))
    found = Separability(n_draws=0).compute(run)
    assert found == {"W": pytest.approx(0.25), "H": pytest.approx(0.25)}


def test_separability_has_its_chance_beside_it(make_run):
    """Weights shuffled in each column are at chance; a separable model has 1."""
    rng = np.random.default_rng(0)
    W, H = rng.random((300, 3)), rng.random((3, 300))
    found = Separability().compute(run_of(make_run, W, H))
    assert found["W"] > 0.5
    assert abs(found["W_adjusted"]) < 0.5
    exact = Separability().compute(run_of(make_run, np.eye(3)[[0, 1, 2, 0]], H))
    assert exact["W_adjusted"] == 1.0


def test_separability_is_that_of_the_least_pure_component(make_run):
    """Shares of the rows' sums: component 2 reaches 3/4 at most."""
    W = [[1, 0], [1, 3], [1, 1]]
    found = Separability().compute(run_of(make_run, W, [[0.5, 0.5], [0.2, 0.8]]))
    assert found["W"] == pytest.approx(0.75)


def test_rows_of_separable_data_explain_the_rest(make_run):
    """SPA finds the pure samples, so that nothing is left; of fewer, something is."""
    W, H = separable()
    assert SpaResidual().compute(run_of(make_run, W, H)) == pytest.approx(0, abs=1e-7)
    fewer = make_run(W @ H, W[:, :3], H[:3])
    assert SpaResidual().compute(fewer) > 0.01


def test_the_residual_of_picked_rows_is_that_of_least_squares(make_run):
    """Row by row by SciPy's solver, on data that are not separable; sparse ones too."""
    rng = np.random.default_rng(3)
    X = np.where(rng.random((25, 9)) < 0.4, 0.0, rng.random((25, 9)))
    from nmflab.numerics.separable import spa

    S = X[spa(X, 3)]
    left = np.sqrt(sum(nnls(S.T, row)[1] ** 2 for row in X)) / np.linalg.norm(X)
    factors = Factors(np.ones((25, 3)), np.ones((3, 9)))
    for stored in (X, csr_array(X)):
        problem = Problem(
            X=stored, observed=None, objective=Shared(), dtype=np.dtype(float)
        )
        run = FittedRun(problem=problem, factors=factors, dataset=Dataset(X=stored))
        assert SpaResidual().compute(run) == pytest.approx(left, rel=1e-10)


@pytest.mark.parametrize("unit", [1e-170, 1e170])
def test_the_residual_has_no_unit(make_run, unit):
    """Squares of such data would vanish or overflow."""
    X = np.random.default_rng(4).random((9, 6))
    factors = np.ones((9, 2)), np.ones((2, 6))
    found = SpaResidual().compute(make_run(X * unit, *factors))
    assert found == pytest.approx(SpaResidual().compute(make_run(X, *factors)))


def two_sparse(n_components=4) -> np.ndarray:
    """Return every column with two entries of 1."""
    pairs = list(combinations(range(n_components), 2))
    H = np.zeros((n_components, len(pairs)))
    for j, pair in enumerate(pairs):
        H[list(pair), j] = 1.0
    return H


def test_a_two_sparse_factor_meets_the_necessary_conditions(make_run):
    """Four components, each column with two of them: scattered enough."""
    found = SufficientlyScattered().compute(run_of(make_run, np.eye(4), two_sparse()))
    assert found == {"H": 1.0, "H_verdict": MET, "W": 1.0, "W_verdict": MET}


def test_a_separable_factor_meets_the_necessary_conditions(make_run):
    """A unit column for each component is as scattered as can be."""
    H = np.hstack([np.eye(3), np.random.default_rng(0).random((3, 9))])
    found = SufficientlyScattered().compute(run_of(make_run, H.T, H))
    assert (found["H"], found["W"]) == (1.0, 1.0)


def test_a_dense_factor_is_not_scattered(make_run):
    """5 % zeros at random are too few, and the message counts them."""
    rng = np.random.default_rng(1)
    H = np.where(rng.random((4, 30)) < 0.05, 0.0, rng.random((4, 30)))
    found = SufficientlyScattered().compute(run_of(make_run, np.eye(4), H))
    assert found["H"] == 0.0
    assert found["H_verdict"].startswith("not met: ")
    assert "fewer than 3 zeros" in found["H_verdict"]
    assert found["W"] == 1.0


def test_a_support_within_another_is_named(make_run):
    """Component 2 lies within component 1, whichever came first."""
    H = [[9, 9, 9, 0, 0], [0, 1, 1, 0, 0], [0, 0, 3, 3, 3]]
    found = SufficientlyScattered().compute(run_of(make_run, np.eye(3), H))
    assert found["H_verdict"] == (
        "not met: the support of component 3 lies within that of component 1"
    )


def test_a_cone_too_narrow_is_named(make_run):
    """On each face columns of one side only: zeros enough, but no (1, 1, 0) mixes."""
    faces = [[1, 0, 5], [5, 1, 0], [0, 5, 1]]
    run = run_of(make_run, np.eye(3), np.hstack([faces, faces]))
    found = SufficientlyScattered().compute(run)
    assert found["H"] == 0.0
    distance = nnls(np.array(faces, float), np.array([0.0, 1, 1]))[1] / np.sqrt(2)
    assert found["H_verdict"] == (
        "not met: e - e_1 is outside the cone of the columns (relative distance"
        f" {distance:.2g})"
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_distance_from_a_cone_is_that_of_least_squares(seed):
    """Against SciPy's solver over all columns at once; 0 for what they mix to."""
    rng = np.random.default_rng(seed)
    A, b = rng.random((5, 40)) - 0.3, rng.random(5)
    inside = A @ rng.random(40)
    assert cone_distance(A, inside) <= 1e-10
    few = A[:, :4]
    expected = nnls(few, b)[1] / np.linalg.norm(b)
    assert cone_distance(few, b) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("metric", [Separability, SufficientlyScattered])
def test_one_component_is_unique_anyway(make_run, metric):
    """The message says how many there are."""
    run = run_of(make_run, np.ones((3, 2)), [[1, 2, 3], [0, 0, 0]])
    with pytest.raises(NotApplicable, match="needs 2 components"):
        metric().compute(run)


def test_signed_or_empty_data_have_no_purest_rows(make_run):
    """The message says what is asked of X."""
    W, H = np.ones((3, 1)), np.ones((1, 4))
    with pytest.raises(NotApplicable, match="at least 0"):
        SpaResidual().compute(make_run(-np.ones((3, 4)), W, H))
    with pytest.raises(NotApplicable, match="not 0 everywhere"):
        SpaResidual().compute(make_run(np.zeros((3, 4)), W, H))


@pytest.mark.parametrize("field", ["threshold", "tolerance"])
def test_a_tolerance_of_nothing_is_refused(field):
    """The message names the field."""
    with pytest.raises(ValueError, match=rf"\.{field} must lie between 0 and 1"):
        SufficientlyScattered(**{field: 0.0})
