"""Top features: names, order, and the mass they carry."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_metrics.top_features import TopFeatures

NAMES = ["ant", "bee", "cat", "dog"]


def run_of(make_run, H, W=None, **more):
    """Return a run with these components."""
    H = np.asarray(H, float)
    W = np.ones((3, len(H))) if W is None else np.asarray(W, float)
    return make_run(np.ones((3, H.shape[1])), W, H, **more)


def test_names_come_heaviest_first(make_run):
    """Two of four features, by weight."""
    run = run_of(make_run, [[1, 5, 0, 4]], names=NAMES)
    found = TopFeatures(n_top=2).compute(run)
    assert found == {"mass": pytest.approx(0.9), "1": "bee, dog"}


def test_components_come_in_canonical_order(make_run):
    """The larger component is number 1, whichever row it stands in."""
    run = run_of(make_run, [[1, 0, 0, 0], [0, 0, 0, 9]], names=NAMES)
    found = TopFeatures(n_top=1).compute(run)
    assert (found["1"], found["2"]) == ("dog", "ant")


def test_mass_is_the_mean_share_over_components(make_run):
    """0.5 and 1 for the single top feature."""
    run = run_of(make_run, [[2, 1, 1, 0], [0, 0, 0, 3]])
    assert TopFeatures(n_top=1).compute(run)["mass"] == pytest.approx(0.75)


def test_columns_without_names_are_counted_from_zero(make_run):
    """Feature 3 is X[:, 3]."""
    run = run_of(make_run, [[0, 1, 0, 2]])
    assert TopFeatures().compute(run)["1"] == "feature 3, feature 1"


def test_features_without_weight_are_not_named(make_run):
    """Two features carry all, however many are asked for."""
    run = run_of(make_run, [[0, 1, 0, 2]], names=NAMES)
    assert TopFeatures(n_top=4).compute(run) == {"mass": 1.0, "1": "dog, bee"}


def test_equal_features_come_by_column(make_run):
    """Ties do not depend on chance."""
    run = run_of(make_run, [[1, 1, 1, 1]], names=NAMES)
    assert TopFeatures(n_top=2).compute(run)["1"] == "ant, bee"


def test_a_zero_component_says_so_and_has_no_share(make_run):
    """A pruned component comes last and changes no mean."""
    run = run_of(make_run, [[0, 0, 0, 0], [2, 1, 1, 0]], names=NAMES)
    found = TopFeatures(n_top=1).compute(run)
    assert found == {"mass": 0.5, "1": "ant", "2": "(zero component)"}


def test_zero_factors_are_refused(make_run):
    """With every component 0 nothing is on top."""
    with pytest.raises(ValueError, match="every component is 0"):
        TopFeatures().compute(run_of(make_run, np.zeros((2, 4))))


def test_fewer_than_one_feature_is_refused():
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=r"metric\.top_features\.n_top.*got 0"):
        TopFeatures(n_top=0)
