"""Components are matched by the assignment with the largest sum of cosines."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import Factors
from nmflab.numerics import (
    align,
    directions,
    factor_match_score,
    match_components,
    stability,
)


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


def planted(seed, r=3):
    """Return random factors and the same in another scale and order, with the order."""
    rng = np.random.default_rng(seed)
    W, H = rng.random((7, r)), rng.random((r, 6))
    D, order = 10.0 ** rng.uniform(-20, 20, r), rng.permutation(r)
    return Factors(W, H), Factors((W * D)[:, order], (H / D[:, None])[order]), order


@given(seed=st.integers(0, 10**6), r=st.integers(1, 5))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_copy_in_another_scale_and_order_is_aligned_whole(seed, r):
    """Every score is 1, none is left over, and the match score is 1."""
    first, other, order = planted(seed, r)
    found = align(first, other)
    np.testing.assert_array_equal(order[found.permutation], np.arange(r))
    np.testing.assert_allclose(found.scores, 1.0, rtol=1e-13)
    assert found.unmatched.size == 0
    assert factor_match_score(first, other) == pytest.approx(1.0, rel=1e-12)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_match_score_is_symmetric_and_blind_to_scale_and_order(seed):
    """Against any other factors, copies score alike."""
    first, copy, _ = planted(seed)
    other, _, _ = planted(seed + 1, 4)
    score = factor_match_score(first, other)
    assert 0 <= score < 1
    assert factor_match_score(copy, other) == pytest.approx(score, rel=1e-12)
    assert factor_match_score(other, first) == pytest.approx(score, rel=1e-12)


def test_w_decides_where_rows_of_h_are_alike():
    """Both rows of H are the same; the samples tell which component is which."""
    H, W = np.ones((2, 3)), np.eye(2)
    found = align(Factors(W, H), Factors(W[:, ::-1], H))
    np.testing.assert_array_equal(found.permutation, [1, 0])
    np.testing.assert_allclose(found.cosines_W, 1.0)


def test_a_rectangular_alignment_shows_what_is_left_over():
    """Two against three: the third of the larger has no partner, nor the other way."""
    small, large = Factors(np.eye(4, 2), np.eye(2, 5)), Factors(np.eye(4), np.eye(4, 5))
    large = Factors(large.W[:, [2, 0, 1]], large.H[[2, 0, 1]])
    found = align(small, large)
    np.testing.assert_array_equal(found.permutation, [1, 2])
    np.testing.assert_array_equal(found.unmatched, [0])
    back = align(large, small)
    np.testing.assert_array_equal(back.permutation, [-1, 0, 1])
    np.testing.assert_array_equal(back.scores, [0, 1, 1])
    assert back.unmatched.size == 0


def test_a_pair_that_shares_nothing_is_no_pair():
    """Left over on both sides, they stay unmatched; so does a component that is 0."""
    a = Factors(np.eye(3, 2), np.eye(2, 3))
    b = Factors(np.eye(3, 2), np.array([[1.0, 0, 0], [0, 0, 1]]))
    found = align(a, b)
    np.testing.assert_array_equal(found.permutation, [0, -1])
    np.testing.assert_array_equal(found.unmatched, [1])
    dead = Factors(np.array([[1.0, 0], [0, 0], [0, 0]]), np.eye(2, 3))
    np.testing.assert_array_equal(align(a, dead).permutation, [0, -1])


def test_the_match_score_by_hand():
    """Sizes 2 and 3 cost a third; cos 45° in H of the second; a third unmatched."""
    a = Factors(2 * np.eye(3, 2), np.eye(2, 4))
    turned = np.array([[1.0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    b = Factors(np.diag([3.0, np.sqrt(2), 1.0]), turned)
    expected = (2 / 3 + np.sqrt(0.5)) / 3
    assert factor_match_score(a, b) == pytest.approx(expected, rel=1e-14)


def test_models_of_nothing_are_the_same():
    """Two zero models score 1, one of them scores 0 against anything else."""
    zero, other = Factors(np.zeros((2, 2)), np.ones((2, 3))), planted(0)[0]
    assert factor_match_score(zero, zero) == 1.0
    some = Factors(np.ones((2, 1)), np.ones((1, 3)))
    assert factor_match_score(zero, some) == 0.0
    assert directions(zero).n_given == 2
    assert directions(other).given.size == 3


@pytest.mark.parametrize(
    ("shape", "said"), [((4, 3), "7 and 4 samples"), ((7, 3), "6 and 3 features")]
)
def test_other_samples_or_features_are_refused(shape, said):
    """The message says in what they differ."""
    other = Factors(np.ones((shape[0], 1)), np.ones((1, shape[1])))
    with pytest.raises(ValueError, match=said):
        align(planted(0)[0], other)
