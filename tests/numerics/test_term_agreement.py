"""Ranked lists of features, compared as Greene et al. (2014) do."""

from __future__ import annotations

import numpy as np
import pytest

from nmflab.numerics.term_agreement import (
    average_jaccard,
    ranked_features,
    term_agreement,
)


def test_the_average_jaccard_is_worked_by_hand() -> None:
    """Depths 1, 2, 3 share 0 of 2, 1 of 3 and 2 of 4 features: (0 + 1/3 + 1/2)/3."""
    score = average_jaccard(np.array([[0, 1, 2]]), np.array([[1, 3, 2]]))
    assert score[0, 0] == pytest.approx((0 + 1 / 3 + 2 / 4) / 3)


def test_the_average_jaccard_is_that_of_sets() -> None:
    """Against its definition, on random lists."""
    rng = np.random.default_rng(0)
    a, b = (np.array([rng.permutation(9)[:6] for _ in range(n)]) for n in (3, 4))
    scores = average_jaccard(a, b)
    for k, l in np.ndindex(3, 4):  # noqa: E741 (the formula's letter)
        each = [
            len({*a[k][:d]} & {*b[l][:d]}) / len({*a[k][:d]} | {*b[l][:d]})
            for d in range(1, 7)
        ]
        assert scores[k, l] == pytest.approx(np.mean(each))


def test_lists_of_different_lengths_are_refused() -> None:
    """Depth means the same in both."""
    with pytest.raises(ValueError, match=r"\(1, 2\) and \(1, 3\)"):
        average_jaccard(np.zeros((1, 2), int), np.zeros((1, 3), int))


def test_the_largest_features_come_first() -> None:
    """Ties by position; no more than there are."""
    ranked = ranked_features(np.array([[0.1, 0.5, 0.5]]), 20)
    np.testing.assert_array_equal(ranked, [[1, 2, 0]])


def test_agreement_does_not_depend_on_scale_and_order() -> None:
    """The same components are in full agreement."""
    H = np.random.default_rng(1).random((3, 12))
    assert term_agreement(H, 7 * H[[2, 0, 1]], 5) == 1.0
    assert term_agreement(H, H[:, ::-1], 5) < 1.0
