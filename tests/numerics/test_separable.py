from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from nmflab.numerics.separable import snpa, spa
from nmflab.numerics.simplex import simplex_least_squares

BOTH = pytest.mark.parametrize("pick", [spa, snpa])


def separable(seed=0, n_components=4, n_mixed=40):
    """Return X with its corners in known rows, and those rows.

    Corners come last with a brightness of their own, mixtures first; one row is 0.
    """
    rng = np.random.default_rng(seed)
    H = rng.random((n_components, 12))
    mixed = rng.dirichlet(np.full(n_components, 0.7), n_mixed)
    W = np.vstack([mixed * rng.uniform(0.1, 20, (n_mixed, 1)), np.eye(n_components)])
    W[n_mixed:] *= rng.uniform(0.1, 5, (n_components, 1))
    X = W @ H
    X[5] = 0
    return X, set(range(n_mixed, n_mixed + n_components))


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_the_corners_of_separable_data_are_found_exactly(pick, seed):
    """Among dim and bright mixtures the rows that all others are mixtures of."""
    X, corners = separable(seed)
    assert set(pick(X, 4)) == corners


@BOTH
def test_a_permutation_of_rows_permutes_what_is_picked(pick):
    """The same rows in the same order, under their new numbers."""
    X, _ = separable()
    order = np.random.default_rng(1).permutation(len(X))
    assert (order[pick(X[order], 4)] == pick(X, 4)).all()


@BOTH
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("unit", [1e-25, 1.0, 1e25])
def test_neither_storage_nor_dtype_nor_unit_matters(pick, unit, dtype):
    """A CSR, float32 and other units give the rows of dense float64."""
    X, _ = separable()
    scaled = (X * unit).astype(dtype)
    for sum_to_one in (True, False):
        expected = list(pick(X, 4, sum_to_one=sum_to_one))
        assert list(pick(scaled, 4, sum_to_one=sum_to_one)) == expected
        stored = csr_array(scaled)
        assert list(pick(stored, 4, sum_to_one=sum_to_one)) == expected


def test_a_step_of_spa_is_the_published_projection():
    """Each pick is the longest row of what is left after removing its directions."""
    X = np.random.default_rng(2).random((30, 20))
    R, expected = X / X.sum(axis=1, keepdims=True), []
    for _ in range(6):
        expected.append(int((R**2).sum(axis=1).argmax()))
        u = R[expected[-1]] / np.linalg.norm(R[expected[-1]])
        R = R - np.outer(R @ u, u)
    assert list(spa(X, 6)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_snpa_measures_the_distance_to_mixtures_of_all_rows(seed):
    """Looking again at rows in doubt only gives what looking at all of them gives."""
    rng = np.random.default_rng(seed)
    X = rng.random((1500, 8)) @ rng.random((8, 10))
    Z, expected = X / X.sum(axis=1, keepdims=True), []
    distances = (Z**2).sum(axis=1)
    for _ in range(6):
        expected.append(int(distances.argmax()))
        S = Z[expected]
        weights = simplex_least_squares(S @ S.T, S @ Z.T, at_most=True)
        distances = ((Z - weights.T @ S) ** 2).sum(axis=1)
        distances[expected] = 0
    assert list(snpa(X, 6)) == expected


def test_spa_ends_at_the_rank_and_snpa_at_the_last_corner():
    """Six corners of a flat hexagon span three dimensions."""
    angles = np.arange(6) * np.pi / 3
    corners = np.c_[np.cos(angles), np.sin(angles), np.zeros(6)] + 1.5
    X = np.vstack([corners, corners.mean(axis=0)])
    assert len(spa(X, 7)) == 3
    assert set(snpa(X, 7)) == set(range(6))


@BOTH
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_more_components_than_corners_give_the_corners(pick, dtype):
    """What is left is rounding, and no row is picked for it."""
    X, corners = separable()
    assert set(pick(X.astype(dtype), 9)) == corners


@BOTH
def test_copies_of_a_row_count_once(pick):
    """Of equal rows the first is taken, and no row twice."""
    X, corners = separable()
    twice = np.vstack([X, X, 3 * X])
    assert set(pick(twice, 9)) <= {i + k * len(X) for i in corners for k in range(3)}
    assert len(pick(twice, 9)) == 4
    assert list(pick(np.ones((3, 2)), 2)) == [0]


@BOTH
@pytest.mark.parametrize("sum_to_one", [True, False])
def test_data_that_are_zero_have_no_corner(pick, sum_to_one):
    """Nothing is picked, and nothing is divided by 0."""
    assert pick(np.zeros((3, 4)), 2, sum_to_one=sum_to_one).size == 0
    assert pick(csr_array((3, 4)), 2, sum_to_one=sum_to_one).size == 0


@BOTH
def test_without_sums_of_one_the_brightest_row_comes_first(pick):
    """The raw rows decide: the longest is always the first pick."""
    X, _ = separable()
    brightest = int((X**2).sum(axis=1).argmax())
    assert pick(X, 4, sum_to_one=False)[0] == brightest


@BOTH
def test_rows_of_full_rank_can_all_be_picked(pick):
    """As many components as rows give each row once."""
    X = np.random.default_rng(3).random((6, 9))
    assert sorted(pick(X, 6)) == list(range(6))


def test_near_copies_do_not_lose_digits():
    """Residuals of 1e-9 of a row still order the picks, though squares cancel."""
    base, X = np.array([1.0, 1.0, 1.0, 1.0]), []
    for size, axis in ((0, 0), (1e-9, 1), (3e-9, 2), (2e-9, 3)):
        row = base.copy()
        row[axis] += size
        X.append(row)
    X = np.array(X)
    X[0] *= 2  # the longest, hence first
    assert list(spa(X, 4, sum_to_one=False)) == [0, 2, 3, 1]


@BOTH
def test_a_sparse_matrix_is_not_made_dense(pick):
    """Memory stays below a twentieth of the dense matrix."""
    import tracemalloc

    rng = np.random.default_rng(0)
    X = csr_array(random_array((4000, 3000), density=0.001, rng=rng))
    pick(X, 2)
    tracemalloc.start()
    pick(X, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4000 * 3000 * 8 / 20


@BOTH
def test_no_component_is_refused(pick):
    """The message names the parameter."""
    with pytest.raises(ValueError, match="n_components must be at least 1, got 0"):
        pick(np.ones((2, 2)), 0)
