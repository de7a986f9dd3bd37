"""Checks of degenerate factors, each on factors made to fail it."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.gaming import (
    DeadComponents,
    DuplicateComponents,
    RareTopFeatures,
    SmallestCluster,
)

from nmflab.contracts import NotApplicable


def run_of(make_run, W, H):
    """Return a run whose X is W H."""
    W, H = np.asarray(W, float), np.asarray(H, float)
    return make_run(W @ H, W, H)


def test_components_without_weight_are_dead(make_run):
    """Zero in W, zero in H, and tiny beside the largest: three of four."""
    W = np.ones((5, 4)) * [0, 1, 1e-13, 1]
    H = np.ones((4, 3)) * [[1], [0], [1], [1]]
    assert DeadComponents().compute(run_of(make_run, W, H)) == 3


def test_a_model_of_zeros_is_all_dead(make_run):
    """Its number of components is told, where other metrics do not apply."""
    run = run_of(make_run, np.zeros((5, 2)), np.zeros((2, 3)))
    assert DeadComponents().compute(run) == 2


def test_copies_are_counted_once_each(make_run):
    """Three of one direction are two duplicates; zero components are none."""
    H = [[1, 2, 0], [2, 4, 0], [3, 6, 1e-3], [0, 0, 1], [0, 0, 0]]
    assert DuplicateComponents().compute(run_of(make_run, np.ones((4, 5)), H)) == 2


def test_what_counts_as_a_copy_is_a_choice(make_run):
    """A cosine of √½ is one at 0.7 and none at 0.71."""
    run = run_of(make_run, np.ones((4, 2)), [[1, 0], [1, 1]])
    assert DuplicateComponents(cosine=0.7).compute(run) == 1
    assert DuplicateComponents(cosine=0.71).compute(run) == 0


def test_top_features_of_few_samples_are_rare(make_run):
    """One of two top features in each of two components is in less than 5 samples."""
    X = np.zeros((10, 4))
    X[:, 0], X[:4, 1], X[:5, 2], X[:1, 3] = 1, 1, 1, 1
    H = [[2, 1, 0, 0], [0, 0, 2, 1]]
    run = make_run(X, np.ones((10, 2)), H)
    assert RareTopFeatures().compute(run) == 0.5
    assert RareTopFeatures(min_samples=1).compute(run) == 0.0
    assert RareTopFeatures(n_top=1).compute(run) == 0.0


def test_the_smallest_cluster_is_told_with_what_none_holds(make_run):
    """Six samples, one, none, and two that no component holds."""
    W = np.vstack([np.eye(3)[[0] * 6 + [1]], np.zeros((2, 3))])
    W[0, 2] = 0.5
    found = SmallestCluster().compute(run_of(make_run, W, np.eye(3)))
    assert found == {"": 0.0, "unassigned": pytest.approx(2 / 9)}
    two = run_of(make_run, W[:7, :2], np.eye(2))
    assert SmallestCluster().compute(two)[""] == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    "metric", [DuplicateComponents, RareTopFeatures, SmallestCluster]
)
def test_a_model_of_zeros_is_for_the_other_check(make_run, metric):
    """The message says that there is no component."""
    run = make_run(np.ones((5, 3)), np.zeros((5, 2)), np.zeros((2, 3)))
    with pytest.raises(NotApplicable, match="component that is not 0"):
        metric().compute(run)


@pytest.mark.parametrize(
    ("metric", "field", "value"),
    [
        (DeadComponents, "threshold", 1.0),
        (DuplicateComponents, "cosine", 0.0),
        (RareTopFeatures, "min_samples", 0),
    ],
)
def test_a_parameter_out_of_range_is_refused(metric, field, value):
    """The message names the field and the value."""
    with pytest.raises(ValueError, match=rf"\.{field} must be .* got {value}"):
        metric(**{field: value})
