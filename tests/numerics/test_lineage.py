"""Lineage across sizes: components that are kept, split, merged, new and lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from nmflab.numerics import lineage


def test_a_split_component_has_two_parts():
    """The second is the sum of two of the three; the first stays as it is."""
    larger = np.array([[1.0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 3, 4]])
    smaller = np.array([larger[0], 2 * larger[1] + larger[2]])
    found = lineage(smaller, larger)
    assert found.fates == ("kept", "split")
    assert found.origins == ("kept", "split", "split")
    root = np.sqrt(2**2 + 5**2)  # lengths 2 and 5 of the two orthogonal parts
    np.testing.assert_allclose(found.weights[1], [0, 2 / root, 5 / root], atol=1e-12)
    np.testing.assert_allclose(found.shares[1], [0, 2 / 7, 5 / 7], atol=1e-12)
    np.testing.assert_allclose(found.residuals, 0, atol=1e-7)


def test_two_components_in_one_are_merged_and_another_is_new():
    """Both resemble the first of the larger most; the others resemble neither."""
    smaller = np.array([[1.0, 0.4, 0, 0], [0.4, 1, 0, 0]])
    larger = np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    found = lineage(smaller, larger)
    assert found.fates == ("merged", "merged")
    assert found.origins == ("merged", "new", "new")


def test_a_component_that_nothing_resembles_is_lost():
    """Its residual is its whole length, and it has no part anywhere."""
    found = lineage(np.array([[0.0, 0, 1]]), np.array([[1.0, 0, 0], [0, 1, 0]]))
    assert found.fates == ("lost",)
    assert found.origins == ("new", "new")
    np.testing.assert_allclose(found.residuals, [1.0])


def test_a_component_in_many_small_parts_is_linked_to_the_heaviest():
    """Six parts of under a fifth each: one link, so that it does not vanish."""
    smaller = np.array([[1.1, 1, 1, 1, 1, 1]])
    found = lineage(smaller, np.eye(6))
    assert found.links.sum() == 1
    assert found.links[0, 0]


def test_a_component_that_is_zero_has_no_part():
    """In H or in W: it is lost in the smaller run and new in the larger."""
    H = np.eye(2, 3)
    W = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert lineage(H, H, W_larger=W).fates == ("kept", "lost")
    assert lineage(H, H, W_smaller=W).origins == ("kept", "new")
    assert lineage(np.zeros((1, 3)), H).fates == ("lost",)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_weights_and_residuals_are_those_of_least_squares(seed):
    """Row by row by SciPy's solver, on unit vectors."""
    rng = np.random.default_rng(seed)
    A, B = rng.random((3, 8)), rng.random((4, 8))
    unit = B / np.linalg.norm(B, axis=1, keepdims=True)
    found = lineage(A, B)
    for k, row in enumerate(A / np.linalg.norm(A, axis=1, keepdims=True)):
        weights, residual = nnls(unit.T, row)
        np.testing.assert_allclose(found.weights[k], weights, atol=1e-7)
        assert found.residuals[k] == pytest.approx(residual, abs=1e-7)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_scale_and_order_of_components_change_nothing(seed):
    """Weights move with their components; units cancel."""
    rng = np.random.default_rng(seed)
    A, B = rng.random((3, 8)), rng.random((4, 8))
    a, b = rng.permutation(3), rng.permutation(4)
    D, E = 10.0 ** rng.uniform(-9, 9, (3, 1)), 10.0 ** rng.uniform(-9, 9, (4, 1))
    one, other = lineage(A, B), lineage((D * A)[a], (E * B)[b])
    np.testing.assert_allclose(other.weights, one.weights[np.ix_(a, b)], atol=1e-9)
    np.testing.assert_array_equal(other.links, one.links[np.ix_(a, b)])


def test_other_features_are_refused():
    """The message gives both numbers."""
    with pytest.raises(ValueError, match="3 and 4 features"):
        lineage(np.ones((1, 3)), np.ones((2, 4)))
