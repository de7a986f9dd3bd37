"""The best of many values, and how shares are told."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.recommend.ranking import best, clipped, feature_text


@pytest.mark.parametrize("top", [1, 5, 50, 100])
def test_the_best_are_those_of_a_full_sort(top: int) -> None:
    """Ties stand in the items' order, however few are asked for."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 6, 60).astype(float)
    known = rng.choice(60, 10, replace=False)
    left = np.setdiff1d(np.arange(60), known)
    expected = sorted(left, key=lambda j: (-values[j], j))[:top]
    assert best(values, known, top).tolist() == expected


def test_nothing_is_left_for_who_knows_everything() -> None:
    """No item, and no error."""
    assert best(np.ones(3), np.arange(3), 2).size == 0


def test_small_shares_are_not_told() -> None:
    """Three features at most, none below a tenth; one at least."""
    shares = np.array([0.05, 0.5, 0.3, 0.15])
    assert feature_text(shares) == "Feature 2, 50 %; Feature 3, 30 %; Feature 4, 15 %"
    assert feature_text(np.full(20, 0.05)) == "Feature 1, 5 %"


def test_features_that_speak_against_an_item_are_negative() -> None:
    """Signed factors can pull down."""
    assert feature_text(np.array([0.6, -0.4])) == "Feature 1, 60 %; Feature 2, -40 %"


def test_clipping_needs_a_scale() -> None:
    """Without one a value is shown as it is."""
    assert [clipped(v, (1.0, 5.0)) for v in (0.2, 3.0, 7.0)] == [1.0, 3.0, 5.0]
    assert clipped(7.0, None) == 7.0


def test_what_no_feature_carries_is_said() -> None:
    """It is the offsets' doing only where there are offsets."""
    nothing = np.zeros(3)
    assert feature_text(nothing) == "baseline alone"
    assert feature_text(nothing, has_baseline=False) == "no feature"
