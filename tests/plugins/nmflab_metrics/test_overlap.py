"""Overlap of components against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.overlap import ComponentOverlap

from nmflab.contracts import NotApplicable


def run_of(make_run, H):
    """Return a run with these components."""
    H = np.asarray(H, float)
    return make_run(np.ones((3, H.shape[1])), np.ones((3, len(H))), H)


def test_disjoint_components_do_not_overlap(make_run):
    """Without a shared feature every cosine is 0."""
    assert ComponentOverlap().compute(run_of(make_run, np.eye(3) * 5))[""] == 0


def test_proportional_components_overlap_fully(make_run):
    """The same direction has cosine 1, and never more."""
    found = ComponentOverlap().compute(run_of(make_run, [[1, 2, 3], [0.1, 0.2, 0.3]]))[
        ""
    ]
    assert found == pytest.approx(1.0, rel=1e-15)
    assert found <= 1


def test_overlap_is_the_mean_over_pairs(make_run):
    """Cosines √½, √½ and 0 over three pairs."""
    found = ComponentOverlap().compute(run_of(make_run, [[1, 0], [1, 1], [0, 1]]))[""]
    assert found == pytest.approx(2 * np.sqrt(0.5) / 3, rel=1e-14)


def test_zero_components_are_left_out(make_run):
    """A pruned component makes no pair."""
    found = ComponentOverlap().compute(run_of(make_run, [[1, 0], [1, 1], [0, 0]]))[""]
    assert found == pytest.approx(np.sqrt(0.5), rel=1e-14)


@pytest.mark.parametrize("H", [[[1.0, 2.0]], [[1.0, 2.0], [0.0, 0.0]]])
def test_one_component_has_no_overlap(make_run, H):
    """The message says that the metric does not apply, and why."""
    with pytest.raises(NotApplicable, match=r"needs at least 2.*has 1"):
        ComponentOverlap().compute(run_of(make_run, H))


def test_samples_that_share_components_overlap_by_themselves(make_run):
    """Columns of W with cosine 1/2, whatever H is."""
    W, H = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), np.eye(2)
    found = ComponentOverlap().compute(make_run(W @ H, W, H))
    assert found == {"": 0.0, "W": pytest.approx(0.5)}
