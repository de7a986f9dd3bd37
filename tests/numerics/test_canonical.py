"""The canonical form keeps the model and fixes scale and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmflab.contracts import Factors
from nmflab.numerics import canonical, unit_rows

LOSSES = ("frobenius", "kullback_leibler", "itakura_saito", "beta")


def factors_of(seed: int, k: int = 4) -> Factors:
    """Return random factors with offsets, one component dead."""
    rng = np.random.default_rng(seed)
    W, H = rng.random((7, k)), rng.random((k, 5))
    H[seed % k] = 0.0
    return Factors(W, H, rng.random(7), rng.standard_normal(5))


@pytest.mark.parametrize("loss", LOSSES)
@given(seed=st.integers(0, 10**6), exponent=st.integers(-100, 100))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_predictions_do_not_change(loss, seed, exponent):
    """W H plus offsets is the same before and after, whatever the scales."""
    given_ = factors_of(seed)
    D = 10.0 ** np.array([exponent, -exponent, 0, exponent / 3])
    scaled = Factors(
        given_.W * D, given_.H / D[:, None], given_.row_offset, given_.column_offset
    )
    found = canonical(scaled, loss).factors
    np.testing.assert_allclose(found.reconstruct(), given_.reconstruct(), rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_scale_and_order_given_do_not_matter(loss, seed):
    """Scaled and permuted components have one canonical form."""
    rng = np.random.default_rng(seed)
    given_ = factors_of(seed)
    D, order = 10.0 ** rng.uniform(-5, 5, 4), rng.permutation(4)
    moved = Factors((given_.W * D)[:, order], (given_.H / D[:, None])[order])
    a, b = canonical(given_, loss), canonical(moved, loss)
    np.testing.assert_allclose(a.W, b.W, rtol=1e-12)
    np.testing.assert_allclose(a.H, b.H, rtol=1e-12)
    np.testing.assert_allclose(a.sizes, b.sizes, rtol=1e-12)


def test_rows_of_h_have_unit_length_for_frobenius():
    """The L2 norm of each live row is 1."""
    H = canonical(factors_of(0)).H
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), [1, 1, 1, 0], rtol=1e-15)


@pytest.mark.parametrize("loss", LOSSES[1:])
def test_rows_of_h_sum_to_one_for_the_other_losses(loss):
    """Each live row is a distribution over the features."""
    H = canonical(factors_of(0), loss).H
    np.testing.assert_allclose(H.sum(axis=1), [1, 1, 1, 0], rtol=1e-15)


def test_components_come_by_size_descending_with_zeros_last():
    """Size is ‖w‖‖h‖; a component with either vector 0 has size 0."""
    W = np.array([[1.0, 0.0, 2.0, 9.0], [1.0, 0.0, 2.0, 9.0]])
    H = np.array([[1.0, 1.0], [5.0, 5.0], [3.0, 3.0], [0.0, 0.0]])
    found = canonical(Factors(W, H))
    np.testing.assert_array_equal(found.permutation, [2, 0, 1, 3])
    np.testing.assert_allclose(found.sizes, [12.0, 2.0, 0.0, 0.0], rtol=1e-15)


def test_both_vectors_of_a_zero_component_are_zero():
    """A large w beside h = 0 means nothing and must win no argmax."""
    found = canonical(Factors(np.array([[1.0, 9.0]]), np.array([[1.0], [0.0]])))
    np.testing.assert_array_equal(found.W, [[1.0, 0.0]])
    np.testing.assert_array_equal(found.H, [[1.0], [0.0]])


@pytest.mark.parametrize("loss", LOSSES)
def test_scale_and_permutation_lead_from_the_given_factors(loss):
    """W_given[:, permutation] * scale is W, H_given[permutation] / scale is H."""
    given_, found = factors_of(1), canonical(factors_of(1), loss)
    live = found.sizes > 0
    assert live.sum() == 3
    W = (given_.W[:, found.permutation] * found.scale)[:, live]
    H = (given_.H[found.permutation] / found.scale[:, None])[live]
    np.testing.assert_allclose(found.W[:, live], W, rtol=1e-15)
    np.testing.assert_allclose(found.H[live], H, rtol=1e-15)
    assert found.scale[~live] == 1


def test_ties_keep_the_order_given():
    """Forty components of two sizes, mixed: each size keeps its order."""
    H = np.ones((40, 2))
    H[1::2] = 2.0
    found = canonical(Factors(np.ones((2, 40)), H))
    expected = [*range(1, 40, 2), *range(0, 40, 2)]
    np.testing.assert_array_equal(found.permutation, expected)


def test_offsets_are_carried_along():
    """Offsets are no part of the scale."""
    given_ = factors_of(2)
    found = canonical(given_).factors
    np.testing.assert_array_equal(found.row_offset, given_.row_offset)
    np.testing.assert_array_equal(found.column_offset, given_.column_offset)


def test_the_factors_given_are_not_changed():
    """The canonical form is a copy."""
    given_ = factors_of(3)
    before = given_.copy()
    canonical(given_)
    np.testing.assert_array_equal(given_.W, before.W)
    np.testing.assert_array_equal(given_.H, before.H)


def test_single_precision_factors_come_back_in_double():
    """Reports work in float64."""
    found = canonical(Factors(np.ones((2, 1), np.float32), np.ones((1, 2), np.float32)))
    assert found.W.dtype == found.H.dtype == np.float64


def test_unit_rows_keep_directions_of_any_magnitude():
    """Rows of 1e-200 and 1e200 get length 1, a zero row stays zero."""
    rows = np.array([[3.0, 4.0], [3e-200, 4e-200], [3e200, 4e200], [0.0, 0.0]])
    expected = [[0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0.0, 0.0]]
    np.testing.assert_allclose(unit_rows(rows), expected, rtol=1e-15)
