"""Sparseness of factors against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.sparseness import EffectiveFeatures, HoyerSparseness

from nmflab.contracts import NotApplicable


def run_of(make_run, W, H):
    """Return a run whose X is W H."""
    W, H = np.asarray(W, float), np.asarray(H, float)
    return make_run(W @ H, W, H)


def test_one_entry_alone_has_sparseness_one_and_equal_entries_zero(make_run):
    """The two ends of Hoyer's measure."""
    run = run_of(make_run, [[5.0], [0.0], [0.0]], [[0.3] * 7])
    found = HoyerSparseness().compute(run)
    assert found == {"W": pytest.approx(1.0), "H": pytest.approx(0.0, abs=1e-15)}
    assert found["W"] <= 1
    assert found["H"] >= 0


def test_sparseness_is_the_mean_over_components(make_run):
    """(√4 − 7/5)/(√4 − 1) = 0.6 for (3, 4, 0, 0), and 1 beside it: 0.8."""
    run = run_of(make_run, np.eye(2), [[3, 4, 0, 0], [0, 0, 2, 0]])
    assert HoyerSparseness().compute(run)["H"] == pytest.approx(0.8, rel=1e-14)


def test_w_is_measured_over_its_columns(make_run):
    """Its vectors have n_samples entries, whatever n_components is."""
    run = run_of(make_run, [[3, 0], [4, 0], [0, 0], [0, 2]], np.ones((2, 3)))
    assert HoyerSparseness().compute(run)["W"] == pytest.approx(0.8, rel=1e-14)


def test_zero_vectors_are_left_out(make_run):
    """A pruned component changes no mean."""
    run = run_of(make_run, [[3, 0], [4, 0], [0, 0], [0, 0]], [[1, 0, 0, 0], [0] * 4])
    found = HoyerSparseness().compute(run)
    assert found == {"W": pytest.approx(0.6), "H": pytest.approx(1.0)}
    assert EffectiveFeatures().compute(run) == 1.0


@pytest.mark.parametrize("metric", [HoyerSparseness, EffectiveFeatures])
def test_zero_factors_are_refused(make_run, metric):
    """With every component 0 there is nothing to measure."""
    run = run_of(make_run, np.ones((3, 2)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="every component of H is 0"):
        metric().compute(run)


def test_one_sample_has_no_sparseness(make_run):
    """Vectors of one entry are neither sparse nor dense."""
    run = run_of(make_run, [[1.0]], [[1.0, 2.0]])
    with pytest.raises(NotApplicable, match="W has one sample"):
        HoyerSparseness().compute(run)


def test_m_equal_entries_are_m_effective_features(make_run):
    """The exponential of the entropy counts equal weights: 4 and 2, mean 3."""
    run = run_of(make_run, np.eye(2), [[7, 7, 7, 7, 0], [0, 0.1, 0.1, 0, 0]])
    assert EffectiveFeatures().compute(run) == pytest.approx(3.0, rel=1e-14)


def test_uneven_entries_count_for_less(make_run):
    """Weights 1/2, 1/4, 1/4 have entropy 1.5 log 2."""
    run = run_of(make_run, [[1.0], [1.0]], [[2.0, 1.0, 1.0]])
    assert EffectiveFeatures().compute(run) == pytest.approx(2**1.5, rel=1e-14)


def test_signs_do_not_matter(make_run):
    """A signed factor is measured by its absolute values."""
    signed = run_of(make_run, np.eye(2), [[3, -4, 0, 0], [0, 0, -2, 0]])
    assert HoyerSparseness().compute(signed)["H"] == pytest.approx(0.8, rel=1e-14)
