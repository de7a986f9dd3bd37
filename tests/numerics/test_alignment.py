"""Components are matched by the assignment with the largest sum of cosines."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.numerics import match_components, stability


@given(seed=st.integers(0, 10**6), k=st.integers(1, 5))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_scaled_and_permuted_components_are_found_again(seed, k):
    """Every cosine is 1 and the permutation is the inverse of the one applied."""
    rng = np.random.default_rng(seed)
    H, order = rng.random((k, 8)), rng.permutation(k)
    D = 10.0 ** rng.uniform(-20, 20, k)
    found = match_components(H, (H * D[:, None])[order])
    np.testing.assert_array_equal(order[found.permutation], np.arange(k))
    np.testing.assert_allclose(found.cosines, 1.0, rtol=1e-14)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_no_other_pairing_has_a_larger_sum(seed):
    """The sum of cosines is the largest over all 24 permutations."""
    rng = np.random.default_rng(seed)
    A, B = rng.random((4, 3)), rng.random((4, 3))
    a = A / np.linalg.norm(A, axis=1)[:, None]
    b = B / np.linalg.norm(B, axis=1)[:, None]
    best = max(
        sum(a[k] @ b[p[k]] for k in range(4)) for p in itertools.permutations(range(4))
    )
    assert match_components(A, B).cosines.sum() == pytest.approx(best, rel=1e-13)


def test_a_smaller_second_factor_leaves_components_without_a_partner():
    """Three components against two: one gets -1 and cosine 0."""
    found = match_components(np.eye(3), np.eye(3)[[2, 0]])
    np.testing.assert_array_equal(found.permutation, [1, -1, 0])
    np.testing.assert_array_equal(found.cosines, [1.0, 0.0, 1.0])


def test_a_larger_second_factor_leaves_its_extra_components_out():
    """Two components against three: each gets its best."""
    found = match_components(np.eye(3)[[2, 0]], np.eye(3))
    np.testing.assert_array_equal(found.permutation, [2, 0])
    np.testing.assert_array_equal(found.cosines, [1.0, 1.0])


def test_a_zero_component_is_like_nothing():
    """Its cosine is 0, and it takes no partner from the others."""
    H = np.array([[0.0, 0.0], [1.0, 2.0]])
    found = match_components(H, np.array([[2.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found.permutation, [1, 0])
    np.testing.assert_allclose(found.cosines, [0.0, 1.0], rtol=1e-15)


def test_factors_of_different_columns_are_refused():
    """The message gives both numbers of features."""
    with pytest.raises(ValueError, match="3 and 4 features"):
        match_components(np.ones((2, 3)), np.ones((2, 4)))


def test_stability_is_the_mean_and_the_smallest_matched_cosine():
    """Component 0 is found by all; component 1 once at 1 and once at cos 45°."""
    best = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    same = best[::-1] * 7
    turned = np.array([[3.0, 0.0, 0.0], [0.0, 2.0, 2.0]])
    found = stability([turned, best, same], reference=1)
    root = np.sqrt(0.5)
    np.testing.assert_allclose(found.mean, [1.0, (1 + root) / 2], rtol=1e-15)
    np.testing.assert_allclose(found.minimum, [1.0, root], rtol=1e-15)


def test_stability_takes_factorizations_of_different_sizes():
    """A component that a smaller run does not have counts as 0."""
    found = stability([np.eye(3), np.eye(3)[:2]])
    np.testing.assert_array_equal(found.minimum, [1.0, 1.0, 0.0])


def test_stability_of_one_run_is_refused():
    """One factorization has nothing to be compared with."""
    with pytest.raises(ValueError, match="at least 2 factorizations, got 1"):
        stability([np.eye(3)])
