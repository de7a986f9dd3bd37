"""Zeros, inequality and orthogonality of factors against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.shape import Gini, OrthogonalityError, ZeroShare

from nmflab.contracts import NotApplicable


def run_of(make_run, W, H):
    """Return a run whose X is W H."""
    W, H = np.asarray(W, float), np.asarray(H, float)
    return make_run(W @ H, W, H)


def test_equal_entries_have_gini_zero_and_one_alone_has_the_most(make_run):
    """0 for equal weights, (m − 1)/m where one of m entries holds all."""
    run = run_of(make_run, [[0.0], [5.0], [0.0], [0.0]], [[0.3] * 7])
    found = Gini().compute(run)
    assert found["H"] == pytest.approx(0.0, abs=1e-15)
    assert found["W"] == pytest.approx(3 / 4, rel=1e-14)


def test_gini_is_half_the_relative_mean_difference(make_run):
    """Σ|x_i − x_j| / (2 m² mean) over all pairs, the definition for any entries."""
    h = np.random.default_rng(0).gamma(0.5, size=11)
    differences = np.abs(h[:, None] - h).sum()
    expected = differences / (2 * 11**2 * h.mean())
    found = Gini().compute(run_of(make_run, [[1.0], [1.0]], [h]))["H"]
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_share_of_zeros_counts_what_is_tiny_beside_the_largest(make_run):
    """Of (1, 1e-9, 1e-7, 0) two count as 0; of (1, 1) none."""
    run = run_of(make_run, [[1.0], [1.0]], [[1e3, 1e-6, 1e-4, 0.0]])
    assert ZeroShare().compute(run) == {"W": 0.0, "H": 0.5}


def test_the_threshold_of_zero_is_a_choice(make_run):
    """Half of the largest entry, and smaller ones, count as 0 when asked so."""
    run = run_of(make_run, [[1.0], [1.0]], [[4.0, 2.0, 1.0, 3.0]])
    assert ZeroShare(threshold=0.5).compute(run)["H"] == 0.5


def test_a_threshold_that_counts_all_as_zero_is_refused():
    """The message names the field and the value."""
    with pytest.raises(ValueError, match=r"zero_share.threshold .* got 1"):
        ZeroShare(threshold=1.0)


def test_orthogonal_components_have_no_error_and_equal_ones_the_largest(make_run):
    """0 and 1, for W and H apart."""
    run = run_of(make_run, [[1, 2], [1, 2], [1, 2]], [[1, 0, 3], [0, 2, 0]])
    found = OrthogonalityError().compute(run)
    assert found == {"W": pytest.approx(1.0), "H": 0.0}


def test_the_error_is_the_frobenius_norm_over_its_largest_value(make_run):
    """As the formula says, on random factors."""
    rng = np.random.default_rng(1)
    W, H = rng.random((6, 4)), rng.random((4, 9))
    unit = H / np.linalg.norm(H, axis=1, keepdims=True)
    expected = np.linalg.norm(unit @ unit.T - np.eye(4)) / np.sqrt(4 * 3)
    found = OrthogonalityError().compute(run_of(make_run, W, H))["H"]
    assert found == pytest.approx(expected, rel=1e-12)


def test_zero_components_are_left_out(make_run):
    """A pruned component changes no mean."""
    W, H = [[3, 1, 0], [4, 0, 0]], [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    run = run_of(make_run, W, H)
    assert OrthogonalityError().compute(run)["H"] == pytest.approx(np.sqrt(0.5))
    assert ZeroShare().compute(run)["H"] == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_one_component_is_orthogonal_to_none(make_run):
    """The message says that the metric does not apply, and why."""
    with pytest.raises(NotApplicable, match=r"at least 2 components.*W has 1"):
        OrthogonalityError().compute(run_of(make_run, [[1.0], [2.0]], [[1.0, 2.0]]))


@pytest.mark.parametrize("metric", [Gini, ZeroShare])
def test_zero_factors_are_refused(make_run, metric):
    """With every component 0 there is nothing to measure."""
    run = run_of(make_run, np.ones((3, 2)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="every component of H is 0"):
        metric().compute(run)
