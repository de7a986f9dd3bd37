from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nmflab.numerics.simplex import project_to_simplex, simplex_least_squares

SUMS = pytest.mark.parametrize("at_most", [False, True])


@SUMS
def test_a_projection_is_nearer_than_any_other_mixture(at_most):
    """It makes no acute angle: ⟨v − h, g − h⟩ <= 0 for every mixture g."""
    rng = np.random.default_rng(0)
    V = rng.normal(0, 2, (5, 200))
    H = project_to_simplex(V, at_most=at_most)
    for _ in range(50):
        G = rng.dirichlet(np.full(5, 0.3), 200).T * (rng.random(200) if at_most else 1)
        assert (((V - H) * (G - H)).sum(axis=0) <= 1e-13).all()


@SUMS
def test_mixtures_are_projected_onto_themselves(at_most):
    """To rounding of their sum."""
    H = np.random.default_rng(1).dirichlet(np.ones(6), 50).T
    np.testing.assert_allclose(project_to_simplex(H, at_most=at_most), H, atol=1e-15)


def test_a_large_common_part_is_taken_off_without_loss():
    """Adding 1e12 to all entries moves a projection by the rounding of 1e12 alone."""
    V = np.array([[0.5], [0.25], [-1.0]])
    np.testing.assert_allclose(
        project_to_simplex(V + 1e12), project_to_simplex(V), atol=1e-3
    )
    assert project_to_simplex(V + 1e12).sum() == pytest.approx(1, abs=1e-12)


def best_by_faces(S, x, at_most):
    """Return the least ``‖x − S'h‖²`` over mixtures, trying every set of corners."""
    best = float(x @ x) if at_most else np.inf
    for size in range(1, len(S) + 1):
        for face in combinations(range(len(S)), size):
            T = S[list(face)]
            for equal in (True, False) if at_most else (True,):
                if equal:
                    D = (T[1:] - T[0]).T
                    rest = np.linalg.lstsq(D, x - T[0], rcond=None)[0]
                    h = np.r_[1 - rest.sum(), rest]
                else:
                    h = np.linalg.lstsq(T.T, x, rcond=None)[0]
                if (h >= 0).all() and h.sum() <= 1 + 1e-12:
                    best = min(best, float(((x - h @ T) ** 2).sum()))
    return best


@SUMS
def test_least_squares_mixtures_are_the_best_of_all_faces(at_most):
    """The residual is that of the best among all sets of corners."""
    rng = np.random.default_rng(2)
    S, X = rng.random((4, 7)), 2 * rng.random((30, 7)) * rng.random((30, 1))
    H = simplex_least_squares(S @ S.T, S @ X.T, at_most=at_most)
    assert (H >= 0).all()
    got = ((X - H.T @ S) ** 2).sum(axis=1)
    expected = [best_by_faces(S, x, at_most) for x in X]
    np.testing.assert_allclose(got, expected, rtol=1e-10)


@SUMS
def test_sums_keep_their_bound(at_most):
    """1 to rounding, or no more than that; both kinds occur."""
    rng = np.random.default_rng(3)
    S, X = rng.random((5, 9)), 2 * rng.random((80, 9)) * rng.random((80, 1))
    sums = simplex_least_squares(S @ S.T, S @ X.T, at_most=at_most).sum(axis=0)
    if at_most:
        assert sums.max() <= 1 + 1e-15 * 8
        assert sums.min() < 0.9
    else:
        np.testing.assert_allclose(sums, 1, rtol=1e-14)


def test_the_unit_of_the_data_does_not_matter():
    """Weights of data in units of 1e-25 and 1e25 are those of data around 1."""
    rng = np.random.default_rng(4)
    S, X = rng.random((4, 6)), rng.random((20, 6))
    expected = simplex_least_squares(S @ S.T, S @ X.T)
    for unit in (1e-50, 1e50):
        got = simplex_least_squares(S @ S.T * unit, S @ X.T * unit)
        np.testing.assert_allclose(got, expected, atol=1e-11)


def test_equal_corners_and_corners_at_zero_are_allowed():
    """A singular Gram matrix still gives mixtures, with the best residual."""
    S = np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    x = np.array([[0.5], [0.5], [0.0]])
    h = simplex_least_squares(S @ S.T, S @ x)
    assert h.sum() == pytest.approx(1, abs=1e-14)
    np.testing.assert_allclose(S.T @ h, x, atol=1e-7)
    nothing = simplex_least_squares(np.zeros((2, 2)), np.zeros((2, 3)))
    assert (nothing == 0.5).all()
