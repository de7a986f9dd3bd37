"""Enrichment of labels in lists of top items, against hand-worked cases and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control

from nmflab.numerics.enrichment import enrichment
from nmflab.numerics.exceedance import (
    corrected,
    exceeding,
    exceeding_within,
    memberships,
    odds_ratio,
    strata,
)
from nmflab.numerics.label_test import LabelTest, q_text
from nmflab.numerics.popularity import observed_cells
from nmflab.numerics.top_features import (
    frex_lists,
    frex_scores,
    own_frex,
    representative_scores,
)

COMMON = np.full(20, 50)


def test_a_hypergeometric_tail_is_the_one_counted_by_hand() -> None:
    """Of 10 items 4 bear the label, 3 are listed: P(X >= 2) = (6·6 + 4)/120."""
    found = exceeding(np.array([[2]]), np.array([4]), np.array([3]), 10)
    assert found[0, 0] == pytest.approx(40 / 120, rel=1e-12)


def test_no_item_with_the_label_is_no_surprise() -> None:
    """P(X >= 0) is 1."""
    found = exceeding(np.array([[0]]), np.array([4]), np.array([3]), 10)
    assert found[0, 0] == 1.0


def test_one_stratum_gives_the_hypergeometric_law() -> None:
    """Where all items are equally popular both null models are one."""
    bears = np.zeros((2, 30), dtype=bool)
    bears[0, :7] = bears[1, 5:25] = True
    top = np.arange(8)
    counts = bears[:, top].sum(axis=1)
    plain = exceeding(counts[None], bears.sum(axis=1), np.array([8]), 30)[0]
    within = exceeding_within(counts, bears, top, np.zeros(30, dtype=int))
    np.testing.assert_allclose(within, plain, rtol=1e-10)


def test_two_strata_give_the_law_counted_by_hand() -> None:
    """One of 2 drawn where 1 bears the label, one of 4 where 1 does: P(2) = 1/8."""
    bears = np.array([[True, False, True, False, False, False]])
    parts = np.array([0, 0, 1, 1, 1, 1])
    both = exceeding_within(np.array([2]), bears, np.array([0, 2]), parts)
    any_ = exceeding_within(np.array([1]), bears, np.array([0, 2]), parts)
    assert both[0] == pytest.approx(1 / 2 * 1 / 4, rel=1e-12)
    assert any_[0] == pytest.approx(1 - 1 / 2 * 3 / 4, rel=1e-12)


def test_the_law_within_strata_is_what_permutations_come_to() -> None:
    """20,000 permutations of labels within strata agree to their own error."""
    rng = np.random.default_rng(0)
    n, draws = 40, 20_000
    bears = rng.random((1, n)) < 0.3
    parts = np.arange(n) // 10
    top = rng.choice(n, size=9, replace=False)
    x = int(bears[0, top].sum())
    keys = rng.random((draws, n)) + parts
    shuffled = bears[0][np.argsort(keys, axis=1)]
    share = float((shuffled[:, top].sum(axis=1) >= x).mean())
    exact = float(exceeding_within(np.array([x]), bears, top, parts)[0])
    assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / draws)


def test_correction_is_over_all_components_and_labels_at_once() -> None:
    """The same as SciPy's on the flat list, not row by row."""
    p = np.array([[0.001, 0.2, 0.04], [0.03, 0.9, 0.002]])
    expected = false_discovery_control(p.ravel(), method="bh").reshape(p.shape)
    np.testing.assert_array_equal(corrected(p), expected)


def test_odds_compare_the_list_with_the_rest() -> None:
    """3 of 4 listed, 5 of 20 in all: (3/1) / (2/14)."""
    assert odds_ratio(3, 4, 5, 20) == pytest.approx(3 / (2 / 14), rel=1e-12)
    assert odds_ratio(4, 4, 5, 20) == math.inf
    assert odds_ratio(0, 4, 5, 20) == 0.0


def test_labels_are_told_apart_by_the_bar() -> None:
    """Blanks are trimmed, empty labels and repetitions dropped."""
    labels, bears = memberships(["b|a", " a ", "", "b||b"])
    assert labels == ["a", "b"]
    assert bears.tolist() == [[True, True, False, False], [True, False, False, True]]


def test_strata_hold_a_tenth_of_the_items_each() -> None:
    """100 items of different popularity make ten parts of ten."""
    parts = strata(np.random.default_rng(0).permutation(np.arange(100.0)), 10)
    assert np.bincount(parts).tolist() == [10] * 10


def test_items_of_equal_popularity_share_a_stratum() -> None:
    """A cut never runs through a tie, so that order decides nothing."""
    parts = strata(np.repeat([1.0, 2.0], [70, 30]), 10)
    assert len(set(parts[:70])) == len(set(parts[70:])) == 1


def _planted() -> tuple[np.ndarray, list[str]]:
    """Return scores of 2 components on 100 items: the first lists all of "x"."""
    scores = np.full((2, 100), 1e-3)
    scores[0, :10] = np.linspace(2, 1, 10)
    scores[1, 10:100:9] = np.linspace(2, 1, 10)
    return scores, ["x|y" if j < 10 else "y" if j % 2 else "z" for j in range(100)]


def test_a_planted_label_names_its_component_only() -> None:
    """The first component lists the ten items that bear x, the second any items."""
    scores, metadata = _planted()
    found = enrichment(scores, metadata, np.full(100, 50), n_top=10)
    assert found is not None
    first, second = found.name(0), found.name(1)
    assert first is not None
    assert (first.label, first.count, first.listed) == ("x", 10, 10)
    assert second is None
    assert (found.n_enriched, found.n_beyond_popularity, found.n_distinct) == (1, 1, 1)


def test_popularity_explains_what_the_most_popular_items_share() -> None:
    """The list is the most popular tenth, which alone bears x: enriched, unnamed."""
    scores, metadata = _planted()
    popularity = np.concatenate([np.full(10, 900), np.full(90, 50)])
    found = enrichment(scores, metadata, popularity, n_top=10)
    assert found is not None
    assert found.n_enriched == 1
    assert found.name(0) is None


def test_two_items_are_no_name() -> None:
    """A pair of items with a label of their own is told, with its q, but names none."""
    scores, metadata = _planted()
    metadata = ["pair" if j < 2 else "y" for j in range(100)]
    found = enrichment(scores, metadata, np.full(100, 50), n_top=10)
    assert found is not None
    best = found.best(0)
    assert best is not None
    assert (best.label, best.count) == ("pair", 2)
    assert best.q_popularity < 0.05
    assert found.name(0) is None
    assert (found.n_beyond_popularity, found.n_distinct) == (1, 0)


def test_items_seldom_observed_are_no_part_of_the_universe() -> None:
    """They are in no list, whatever their score, nor are their labels tested."""
    scores, metadata = _planted()
    popularity = np.where(np.arange(100) < 10, 19, 50)
    found = enrichment(scores, metadata, popularity, n_top=10)
    assert found is not None
    assert found.universe.tolist() == list(range(10, 100))
    assert found.labels == ("y", "z")
    assert all((top >= 10).all() for top in found.lists)


def test_labels_that_tell_no_item_apart_leave_nothing_to_test() -> None:
    """All items bear the one label: there is no result."""
    assert enrichment(np.ones((2, 20)), ["a"] * 20, COMMON) is None
    assert enrichment(np.ones((2, 20)), [""] * 20, COMMON) is None
    assert enrichment(np.ones((2, 20)), ["a"] * 20, np.zeros(20)) is None


def test_a_component_without_weight_has_no_label() -> None:
    """Its list is empty: nothing is enriched, nothing divides by 0."""
    scores, metadata = _planted()
    scores[1] = 0.0
    found = enrichment(scores, metadata, np.full(100, 50), n_top=10)
    assert found is not None
    assert found.best(1) is None
    assert (found.q[1] == 1).all()


def test_lists_hold_at_most_a_fifth_of_the_universe() -> None:
    """30 of 50 items would single out nothing: 10 are taken."""
    scores = np.random.default_rng(0).random((3, 50))
    found = enrichment(scores, ["a", "b"] * 25, np.full(50, 99), n_top=30)
    assert found is not None
    assert [len(top) for top in found.lists] == [10, 10, 10]


def test_shuffled_labels_name_hardly_any_component() -> None:
    """Both nulls keep their rate: 40 shuffles of 10 components, 5 % by chance."""
    rng = np.random.default_rng(0)
    popularity = rng.integers(20, 500, size=300)
    scores = popularity * rng.random((10, 300)) ** 2
    named = plain = 0
    for _ in range(40):
        metadata = [f"g{g}" for g in rng.integers(0, 8, size=300)]
        found = enrichment(scores, metadata, popularity)
        assert found is not None
        plain += found.n_enriched > 0
        named += found.n_beyond_popularity > 0
    assert plain <= 6
    assert named <= 6


def test_the_scale_and_order_of_components_change_no_label() -> None:
    """Each component keeps its tests when rows are scaled and turned round."""
    rng = np.random.default_rng(1)
    scores = rng.random((4, 200))
    metadata = [f"g{g}" for g in rng.integers(0, 5, size=200)]
    popularity = rng.integers(20, 90, size=200)
    found = enrichment(scores, metadata, popularity)
    turned = enrichment(
        scores[::-1] * np.array([[3.0], [0.1], [1.0], [7.0]]), metadata, popularity
    )
    assert found is not None
    assert turned is not None
    np.testing.assert_array_equal(turned.q_popularity[::-1], found.q_popularity)
    np.testing.assert_array_equal(turned.counts[::-1], found.counts)


def test_metadata_of_another_length_is_refused_by_name() -> None:
    """The error says which of the two does not fit."""
    with pytest.raises(ValueError, match="metadata has 3 entries for 20 items"):
        enrichment(np.ones((2, 20)), ["a"] * 3, COMMON)
    with pytest.raises(ValueError, match="popularity has 4 entries for 20 items"):
        enrichment(np.ones((2, 20)), ["a"] * 20, np.ones(4))


def test_a_label_reads_as_a_sentence_of_its_numbers() -> None:
    """The count, the list, the odds, and the q of either null."""
    one = LabelTest("Children's", 9, 30, 14.2, 6e-13, 2e-9)
    assert one.short_text == "Children's (9 of 30, odds 14, q=2e-9)"
    assert one.text == (
        "Children's (9 of 30, odds 14, q=6e-13; at equal popularity q=2e-9)"
    )
    assert LabelTest("x", 3, 3, math.inf, 0.01, 0.02).short_text == (
        "x (3 of 3, odds without bound, q=0.02)"
    )
    assert q_text(1e-10) == "1e-10"


def test_observed_cells_are_counted_in_every_storage() -> None:
    """Stored zeros count where unstored cells are unknown, elsewhere they do not."""
    X = csr_array((np.array([1.0, 0.0, 2.0]), ([0, 0, 1], [0, 1, 1])), shape=(2, 3))
    rows, columns = observed_cells(X, "unstored")
    assert (rows.tolist(), columns.tolist()) == ([2, 1], [1, 2, 0])
    rows, columns = observed_cells(X, "none")
    assert (rows.tolist(), columns.tolist()) == ([1, 1], [1, 1, 0])
    rows, columns = observed_cells(X.toarray(), "none")
    assert (rows.tolist(), columns.tolist()) == ([1, 1], [1, 1, 0])
    mask = np.array([[True, True, True], [False, False, True]])
    rows, columns = observed_cells(X.toarray(), "mask", mask)
    assert (rows.tolist(), columns.tolist()) == ([3, 1], [1, 1, 2])


def test_frex_lists_hold_no_feature_of_weight_zero() -> None:
    """Many zeros rank high among themselves, yet are no feature of the component."""
    H = np.array([[0.7, 0.3, 0.0, 0.0, 0.0], [0.2, 0.0, 0.3, 0.3, 0.2]])
    lists = frex_lists(H, 5)
    assert set(lists[0].tolist()) == {0, 1}
    assert set(lists[1].tolist()) == {0, 2, 3, 4}


def test_a_zero_component_changes_no_others_frex() -> None:
    """It would tie at the foot of every ranking; its own list is empty."""
    H = np.array([[0.7, 0.3, 0.0], [0.1, 0.4, 0.5], [0.0, 0.0, 0.0]])
    scores = own_frex(H)
    np.testing.assert_array_equal(
        scores[:2], np.where(H[:2] > 0, frex_scores(H[:2]), 0.0)
    )
    assert not scores[2].any()


def test_representative_samples_are_strong_and_pure() -> None:
    """A pure sample beats a stronger mixed one, and a pure but faint one."""
    W = np.array([[10.0, 10.0], [8.0, 0.0], [0.5, 0.0], [0.0, 4.0]])
    assert np.argsort(-representative_scores(W)[0]).tolist()[:3] == [1, 0, 2]


def test_the_scale_of_a_component_moves_no_representative() -> None:
    """Columns of W are compared at one peak."""
    W = np.random.default_rng(0).random((30, 3))
    scaled = representative_scores(W * np.array([1.0, 100.0, 0.01]))
    np.testing.assert_allclose(scaled, representative_scores(W), rtol=1e-12)
