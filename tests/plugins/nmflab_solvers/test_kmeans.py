"""Tests of k-means as a factorization against the library and its definition."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_solvers.kmeans import KMeans, nmflab_solvers
from scipy.sparse import csr_array
from sklearn.cluster import KMeans as Library

from nmflab.contracts import Factors


def run(solver, problem, init, n_steps=50):
    """Return the steps until the solver ends, and its sentence."""
    steps, kept = solver.iterate(problem, init, np.random.default_rng(0)), []
    for _ in range(n_steps):
        try:
            kept.append(next(steps))
        except StopIteration as stop:
            return kept, stop.value
    return kept, None


@pytest.fixture(name="blobs")
def _blobs():
    """Return 40 rows near 4 of the corners of a cube, 0 among the entries."""
    rng = np.random.default_rng(8)
    corners = 3 * np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    X = corners[np.arange(40) % 4] + 0.6 * rng.standard_normal((40, 3))
    return np.maximum(X, 0)


@pytest.fixture(name="members")
def _members(blobs):
    """Return a start whose centroids are four rows of X and whose W says whose."""
    H = blobs[[0, 1, 2, 5]]
    nearest = ((blobs[:, None] - H) ** 2).sum(axis=2).argmin(axis=1)
    return Factors(np.eye(4)[nearest], H)


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_steps_are_those_of_one_call(storage, blobs, members, make_problem):
    """Three steps give centroids, clusters and inertia of a call with max_iter=3."""
    matrix = blobs if storage == "dense" else csr_array(blobs)
    problem = make_problem(matrix)
    kept, _ = run(KMeans(), problem, members, 3)
    want = Library(4, init=members.H, n_init=1, max_iter=3, tol=0).fit(matrix)
    factors = kept[-1].factors
    if storage == "csr":
        assert (want.cluster_centers_ == factors.H).all()
    # column means are subtracted and added at each call: a few units in the last place
    np.testing.assert_allclose(factors.H, want.cluster_centers_, atol=1e-14)
    np.testing.assert_array_equal(factors.W.argmax(axis=1), want.labels_)
    assert kept[-1].objective == pytest.approx(want.inertia_, rel=1e-13)


def test_its_objective_is_twice_that_of_frobenius(blobs, members, make_problem, value):
    """With memberships in W, ‖X − WH‖² is the inertia; it never rises."""
    problem = make_problem(blobs)
    kept, _ = run(KMeans(), problem, members, 4)
    own = [step.objective for step in kept]
    assert 2 * value(problem, kept[-1].factors) == pytest.approx(own[-1], rel=1e-12)
    assert (np.diff(own) <= 1e-12 * own[0]).all()


def test_it_ends_where_no_row_changes_its_cluster(blobs, members, make_problem):
    """Centroids are then the means of their rows."""
    kept, sentence = run(KMeans(), make_problem(blobs), members)
    assert sentence == (
        f"k-means converged after {len(kept)} iterations: no row changed its cluster"
    )
    factors = kept[-1].factors
    assert (factors.W.sum(axis=1) == 1).all()
    for k in range(4):
        rows = factors.W[:, k] == 1
        np.testing.assert_allclose(
            factors.H[k], blobs[rows].mean(axis=0), rtol=1e-12, atol=1e-14
        )


def test_scaled_weights_solve_for_each_row(blobs, members, make_problem):
    """W is the one-dimensional least squares solution on the row's own centroid."""
    problem = make_problem(blobs)
    plain, scaled = (
        run(KMeans(weights=w), problem, members)[0][-1].factors
        for w in ("membership", "scaled")
    )
    np.testing.assert_array_equal(plain.H, scaled.H)
    for row, w, k in zip(blobs, scaled.W, plain.W.argmax(axis=1), strict=True):
        h = scaled.H[k]
        assert w[k] == pytest.approx(row @ h / (h @ h), rel=1e-12)
        assert np.count_nonzero(w) == 1


def test_the_scale_of_a_component_changes_nothing(blobs, members, make_problem):
    """(W D, D⁻¹ H) is the same start: centroids take their size from both factors."""
    D = np.array([1e-3, 1.0, 7.0, 1e4])
    moved = Factors(members.W * D, members.H / D[:, None])
    problem = make_problem(blobs)
    a, b = (run(KMeans(), problem, start, 2)[0][-1] for start in (members, moved))
    np.testing.assert_allclose(a.factors.H, b.factors.H, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(a.factors.W, b.factors.W)


def test_components_beyond_the_number_of_rows_stay_zero(make_problem, make_start):
    """Three rows make three clusters at most."""
    problem = make_problem(np.array([[1.0, 0], [0, 2], [3, 3]]))
    kept, _ = run(KMeans(), problem, make_start(problem, 5))
    factors = kept[-1].factors
    assert not factors.W[:, 3:].any()
    assert not factors.H[3:].any()
    np.testing.assert_allclose(factors.W @ factors.H, problem.X, atol=1e-14)


@pytest.mark.parametrize("unit", [1e-25, 1e25])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_unit_of_x_does_not_matter(unit, dtype, blobs, members, make_problem):
    """In any unit the clusters are the same, and the inertia is in it squared."""
    unit = 4.0 ** np.rint(np.log(unit) / np.log(4))  # exact in both dtypes
    H = (members.H * unit).astype(dtype)
    start = Factors(members.W.astype(dtype), members.H.astype(dtype))
    plain, _ = run(KMeans(), make_problem(blobs, dtype=dtype), start)
    moved, _ = run(
        KMeans(), make_problem(blobs * unit, dtype=dtype), Factors(start.W, H)
    )
    np.testing.assert_array_equal(plain[-1].factors.W, moved[-1].factors.W)
    assert moved[-1].objective == pytest.approx(plain[-1].objective * unit**2, rel=1e-5)


def test_wide_indices_are_narrowed(blobs, members, make_problem):
    """The library takes 32-bit indices only; the problem's own stay as they are."""
    wide = csr_array(blobs)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype("i8")
    problem = make_problem(wide)
    problem.X.indices = problem.X.indices.astype(np.int64)
    problem.X.indptr = problem.X.indptr.astype(np.int64)
    a, _ = run(KMeans(), problem, members, 2)
    b, _ = run(KMeans(), make_problem(csr_array(blobs)), members, 2)
    assert (a[-1].factors.H == b[-1].factors.H).all()
    assert problem.X.indices.dtype == np.int64


def test_it_declares_its_own_objective():
    """From the start it is given, without chance."""
    (spec,) = nmflab_solvers()
    assert spec.name == "kmeans"
    assert spec.promises.minimises == "own"
    assert spec.promises.init == "given"
    assert not spec.is_random(KMeans())


def test_unknown_weights_are_refused():
    """The message names the config key and the value."""
    with pytest.raises(
        ValueError, match=r"solver\.weights must be one of membership, scaled, got 'x'"
    ):
        KMeans(weights="x")
