from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits import _svd
from nmflab_inits._sketch import Decomposition, range_basis
from nmflab_inits.nndsvd import Nndsvd, NndsvdA, NndsvdAr, nmflab_initializations
from scipy.sparse import csr_array, random_array
from sklearn.decomposition._nmf import _initialize_nmf

ALL = [Nndsvd, NndsvdA, NndsvdAr]


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


@pytest.mark.parametrize("storage", ["dense", "csr"])
@pytest.mark.parametrize(("start", "name"), [(Nndsvd, "nndsvd"), (NndsvdA, "nndsvda")])
def test_factors_are_those_of_scikit_learn(start, name, storage, X, make_problem):
    """Whatever the signs of the singular vectors, the chosen halves are the same."""
    matrix = X if storage == "dense" else csr_array(X)
    got = start(scale=False).start(make_problem(matrix), 5, rng())
    W, H = _initialize_nmf(X, 5, init=name, random_state=0)
    np.testing.assert_allclose(got.W, W, atol=1e-12)
    np.testing.assert_allclose(got.H, H, atol=1e-12)


def test_each_component_is_half_of_a_singular_pair(X, make_problem):
    """|w_j| = |h_j| and their product is s_j m_j, m_j the larger product of norms."""
    got = Nndsvd(scale=False).start(make_problem(X), 4, rng())
    U, s, Vt = np.linalg.svd(X)
    for j in range(1, 4):
        parts = [
            np.linalg.norm(np.maximum(sign * U[:, j], 0))
            * np.linalg.norm(np.maximum(sign * Vt[j], 0))
            for sign in (1, -1)
        ]
        product = np.linalg.norm(got.W[:, j]) * np.linalg.norm(got.H[j])
        assert product == pytest.approx(s[j] * max(parts), rel=1e-12)


def test_one_component_is_the_best_rank_one_fit(X, make_problem):
    """The first singular pair as it is; the optimal scalar is then 1."""
    U, s, Vt = np.linalg.svd(X)
    got = Nndsvd().start(make_problem(X), 1, rng())
    np.testing.assert_allclose(
        got.W @ got.H, s[0] * np.outer(U[:, 0], Vt[0]), atol=1e-13
    )


def test_zeros_are_filled_with_small_random_numbers(X, make_problem):
    """Where nndsvd has a zero, nndsvdar has |N(0, 1)| mean(X)/100."""
    problem = make_problem(X)
    plain = Nndsvd(scale=False).start(problem, 5, rng())
    filled = NndsvdAr(scale=False).start(problem, 5, rng(3))
    zeros = plain.W == 0
    noise = abs(rng(3).standard_normal(zeros.sum())) * X.mean() / 100
    np.testing.assert_allclose(filled.W[zeros], noise)
    assert (filled.W[~zeros] == plain.W[~zeros]).all()
    assert (filled.H > 0).all()


@pytest.mark.parametrize("start", ALL)
def test_the_scalar_is_best_for_the_loss(start, X, make_problem):
    """The residual is orthogonal to WH."""
    got = start().start(make_problem(X), 4, rng())
    Y = got.W @ got.H
    assert abs(((X - Y) * Y).sum()) < 1e-12 * (Y * Y).sum()


@pytest.mark.parametrize("start", [Nndsvd, NndsvdA])
def test_no_seed_changes_the_start(start, X, make_problem):
    """Both paths of the decomposition are deterministic."""
    large = rng(1).random((300, 280))
    for matrix in (X, large):
        a = start().start(make_problem(matrix), 4, rng(1))
        b = start().start(make_problem(matrix), 4, rng(2))
        assert (a.W == b.W).all()
        assert (a.H == b.H).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("unit", [1e-25, 1.0, 1e25])
def test_iterating_finds_the_vectors_of_the_full_decomposition(unit, dtype):
    """300 x 280, dense and CSR, against LAPACK on the same numbers."""
    X = rng(1).random((300, 280)) * (rng(2).random((300, 280)) < 0.3)
    X[:, :40] *= 3
    X[:100] *= 2
    U, s, Vt = np.linalg.svd(X)
    scaled = (X * unit).astype(dtype)
    tolerance = 1e-9 if dtype == "float64" else 1e-3
    for matrix in (scaled, csr_array(scaled)):
        u, t, vt = _svd.leading_triplets(matrix, 3)
        assert t.dtype == np.float64
        np.testing.assert_allclose(
            t / unit, s[:3], rtol=1e-5 if dtype == "float32" else 1e-12
        )
        np.testing.assert_allclose(
            (u * (t / unit)) @ vt, (U[:, :3] * s[:3]) @ Vt[:3], atol=tolerance * s[0]
        )


def test_the_largest_entry_of_each_left_vector_is_positive(X):
    """A sign rule of its own, so that no library version changes it."""
    U, _, _ = _svd.leading_triplets(X, 6)
    assert (U[abs(U).argmax(axis=0), np.arange(6)] > 0).all()


def test_components_beyond_the_rank_are_zero(make_problem):
    """Noise of the decomposition never becomes a component."""
    X = rng(1).random((300, 2)) @ rng(2).random((2, 280))
    for matrix in (X, csr_array(X), X[:20]):
        got = Nndsvd().start(make_problem(matrix), 4, rng())
        assert not got.W[:, 2:].any()
        assert not got.H[2:].any()


def test_a_large_sparse_matrix_is_never_made_dense(make_problem):
    """A CSR whose dense form would take 64 GB is decomposed in a few MB."""
    X = csr_array(random_array((200_000, 40_000), density=2e-6, rng=rng(3)))
    got = Nndsvd().start(make_problem(X), 2, rng())
    assert got.W.shape == (200_000, 2)
    assert got.W.any()


@pytest.mark.parametrize("start", ALL)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_starts_are_feasible(storage, dtype, start, X, make_problem):
    """Zero rows and columns, nothing at all, one row, one column, extreme units."""
    holes = X.copy()
    holes[3], holes[:, 4] = 0, 0
    for matrix in (holes, 0 * X, X[:1], X[:, :1], X * 1e-25, X * 1e25, np.round(5 * X)):
        stored = matrix if storage == "dense" else csr_array(matrix)
        problem = make_problem(stored, dtype=dtype)
        n_components = min(4, *matrix.shape)
        got = start().start(problem, n_components, rng())
        for factor, shape in (
            (got.W, (matrix.shape[0], n_components)),
            (got.H, (n_components, matrix.shape[1])),
        ):
            assert factor.shape == shape
            assert factor.dtype == problem.dtype
            assert np.isfinite(factor).all()
            assert (factor >= 0).all()


@pytest.mark.parametrize("start", ALL)
def test_more_components_than_singular_vectors_are_refused(start, X, make_problem):
    """The message names the number asked for, the limit, and what to use."""
    with pytest.raises(
        ValueError, match=r"at most min\(X\.shape\) = 11 .*n_components=12.*init=random"
    ):
        start().start(make_problem(X), 12, rng())


def clustered_spectrum():
    """Return a 300 x 280 nonnegative matrix whose singular values fall quickly."""
    W, H = rng(1).random((300, 8)), rng(2).random((8, 280))
    return (W * 2.0 ** -np.arange(8)) @ H + 1e-3 * rng(3).random((300, 280))


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_a_randomized_decomposition_finds_the_same_start(storage, make_problem):
    """Where singular values fall quickly, and two power iterations sharpen them.

    The ninth value is below 1e-2 of the fifth: errors shrink with its fifth power.
    """
    X = clustered_spectrum()
    problem = make_problem(X if storage == "dense" else csr_array(X))
    exact = Nndsvd().start(problem, 5, rng())
    drawn = Nndsvd(svd=Decomposition.randomized).start(problem, 5, rng())
    np.testing.assert_allclose(drawn.W, exact.W, atol=1e-6)
    np.testing.assert_allclose(drawn.H, exact.H, atol=1e-6)


def test_a_basis_is_orthonormal_and_spans_what_is_asked():
    """Of a matrix of rank 8 the sketch of 8 vectors leaves nothing."""
    X = rng(1).random((300, 8)) @ rng(2).random((8, 280))
    Q = range_basis(X, 8, rng(), power_iterations=1)
    np.testing.assert_allclose(Q.T @ Q, np.eye(8), atol=1e-13)
    np.testing.assert_allclose(Q @ (Q.T @ X), X, atol=1e-12 * abs(X).max())


def test_power_iterations_sharpen_the_basis():
    """On a flat spectrum each one brings the residual nearer to the SVD's bound."""
    X = rng(1).random((300, 280))
    bound = np.sqrt((np.linalg.svd(X, compute_uv=False)[10:] ** 2).sum())
    left = []
    for power_iterations in (0, 2, 6):
        Q = range_basis(X, 10, rng(), power_iterations=power_iterations)
        left.append(np.linalg.norm(X - Q @ (Q.T @ X)))
    assert left[0] > left[1] > left[2] > bound


def test_a_basis_has_no_more_vectors_than_rows_or_columns():
    """A sketch of 50 vectors of a 14 x 11 matrix is a basis of all of it."""
    assert range_basis(rng().random((14, 11)), 50, rng(), power_iterations=1).shape == (
        14,
        11,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"svd": "x"}, r"init\.svd must be one of exact, randomized, got 'x'"),
        ({"oversampling": -1}, r"init\.oversampling must be >= 0, got -1"),
        ({"power_iterations": -2}, r"init\.power_iterations must be >= 0, got -2"),
    ],
)
@pytest.mark.parametrize("start", ALL)
def test_impossible_decompositions_are_refused(start, options, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        start(**options)


def test_only_what_is_drawn_is_random():
    """A randomized decomposition, and nndsvdar; none takes missing entries."""
    specs = {spec.name: spec for spec in nmflab_initializations()}
    drawn = Decomposition.randomized
    assert [specs[n].is_random(c()) for n, c in zip(specs, ALL, strict=True)] == [
        False,
        False,
        True,
    ]
    assert all(
        specs[name].is_random(start(svd=drawn))
        for name, start in zip(specs, ALL, strict=True)
    )
    assert not any(spec.takes.missing for spec in specs.values())
    assert {spec.limit for spec in specs.values()} == {"min_shape"}
