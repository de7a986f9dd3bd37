"""Diversity, rank-biased overlap, exclusivity and FREX against closed forms."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from nmflab_metrics.exclusivity import Exclusivity, Frex, frex_scores
from nmflab_metrics.topics import InvertedRankBiasedOverlap, TopicDiversity

from nmflab.contracts import NotApplicable


def run_of(make_run, H):
    """Return a run with these components."""
    H = np.asarray(H, float)
    return make_run(np.ones((4, H.shape[1])), np.ones((4, len(H))), H)


SAME = [[3, 2, 1, 0], [6, 4, 2, 0]]
APART = [[3, 2, 0, 0], [0, 0, 2, 3]]


def test_equal_lists_have_the_least_diversity_and_disjoint_ones_the_most(make_run):
    """1/n_components and 1; adjusted 0 and 1."""
    same = TopicDiversity(n_top=2).compute(run_of(make_run, SAME))
    apart = TopicDiversity(n_top=2).compute(run_of(make_run, APART))
    assert (same[""], same["adjusted"]) == (0.5, 0.0)
    assert (apart[""], apart["adjusted"]) == (1.0, 1.0)


def test_diversity_counts_each_feature_once(make_run):
    """Lists {0, 1}, {0, 2}, {0, 3}: four of six are different."""
    H = [[9, 5, 0, 0], [9, 0, 5, 0], [9, 0, 0, 5]]
    found = TopicDiversity(n_top=2).compute(run_of(make_run, H))
    assert found[""] == pytest.approx(4 / 6)
    # At best 4 features in 6 places, at worst 2.
    assert found["adjusted"] == pytest.approx(1.0)


def test_diversity_by_chance_is_that_of_random_lists(make_run):
    """The closed form against the mean over many draws."""
    rng = np.random.default_rng(0)
    found = TopicDiversity(n_top=3).compute(run_of(make_run, rng.random((5, 8))))
    draws = [
        np.unique([rng.permutation(8)[:3] for _ in range(5)]).size / 15
        for _ in range(4000)
    ]
    # The spread of one draw is some 0.06, of the mean of 4000 some 0.001.
    assert found["chance"] == pytest.approx(np.mean(draws), abs=0.005)


def test_features_without_weight_are_in_no_list(make_run):
    """A component of one feature has a list of one."""
    found = TopicDiversity(n_top=3).compute(run_of(make_run, [[1, 0, 0], [0, 2, 1]]))
    assert found[""] == 1.0


def test_rank_biased_overlap_has_its_ends(make_run):
    """0 for the same order, 1 for nothing shared."""
    metric = InvertedRankBiasedOverlap(n_top=3)
    assert metric.compute(run_of(make_run, SAME)) == pytest.approx(0.0, abs=1e-15)
    assert metric.compute(run_of(make_run, APART)) == 1.0


def test_rank_biased_overlap_is_that_of_its_definition(make_run):
    """Summed by hand over depths and pairs, of random lists."""
    H = np.random.default_rng(1).random((5, 12))
    lists, p = [np.argsort(-row)[:6] for row in H], 0.8

    def overlap(a, b):
        x = [len({*a[:d]} & {*b[:d]}) for d in range(1, 7)]
        head = sum(x[d - 1] / d * p**d for d in range(1, 7))
        return x[-1] / 6 * p**6 + (1 - p) / p * head

    expected = 1 - np.mean([overlap(a, b) for a, b in combinations(lists, 2)])
    metric = InvertedRankBiasedOverlap(n_top=6, persistence=p)
    assert metric.compute(run_of(make_run, H)) == pytest.approx(expected, rel=1e-12)


def test_first_places_count_more(make_run):
    """Lists that share their first feature overlap more than those sharing the last."""
    first = run_of(make_run, [[3, 2, 1, 0, 0], [3, 0, 0, 2, 1]])
    last = run_of(make_run, [[1, 3, 2, 0, 0], [1, 0, 0, 3, 2]])
    metric = InvertedRankBiasedOverlap(n_top=3)
    assert metric.compute(first) < metric.compute(last)


def test_a_shorter_list_is_compared_as_far_as_it_goes(make_run):
    """A component of one feature that is the other's first overlaps fully."""
    run = run_of(make_run, [[1, 0, 0], [3, 2, 1]])
    found = InvertedRankBiasedOverlap(n_top=3).compute(run)
    assert found == pytest.approx(0.0, abs=1e-15)


def test_exclusivity_has_its_ends(make_run):
    """1/n_components for equal components, 1 where nothing is shared."""
    metric = Exclusivity(n_top=2)
    same, apart = (metric.compute(run_of(make_run, H)) for H in (SAME, APART))
    assert same == {"": pytest.approx(0.5), "adjusted": pytest.approx(0.0, abs=1e-15)}
    assert apart == {"": 1.0, "adjusted": 1.0}


def test_exclusivity_is_a_share_of_distributions(make_run):
    """Rows (.75, .25) and (.25, .75), whatever they sum to: .75 on top."""
    run = run_of(make_run, [[300, 100], [1, 3]])
    assert Exclusivity(n_top=1).compute(run)[""] == pytest.approx(0.75)


def test_frex_is_the_harmonic_mean_of_two_ecdfs():
    """By hand: shares .5/.7, .3/.5, .2/.8 rank 3, 2, 1 of 3; weights likewise."""
    H = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    found = frex_scores(H, 0.5)
    np.testing.assert_allclose(found[0], [1, 2 / 3, 1 / 3], rtol=1e-14)
    # second: shares .286, .4, .75 rank 1, 2, 3; weights tie: both are <= 2 of 3
    expected = [1 / (0.5 * 3 + 0.5 * 1.5), 2 / 3, 1]
    np.testing.assert_allclose(found[1], expected, rtol=1e-14)


def test_frex_asks_for_both_of_what_it_weighs(make_run):
    """A heavy feature that all share has the lowest exclusivity, so a low FREX."""
    H = np.array([[0.6, 0.3, 0.1, 0.0], [0.8, 0.0, 0.1, 0.1]])
    scores = frex_scores(H)
    assert scores[0, 1] > scores[0, 0]
    by_weight = frex_scores(H, 0.0)
    assert by_weight[0].argmax() == 0
    assert Frex(weight=0.0, n_top=1).compute(run_of(make_run, H)) == 1.0


def test_features_in_no_component_count_in_no_ecdf():
    """A column of zeros changes nothing, and has score 0."""
    H = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    wider = np.column_stack([H, np.zeros(2)])
    np.testing.assert_array_equal(frex_scores(wider)[:, :3], frex_scores(H))
    assert not frex_scores(wider)[:, 3].any()


@pytest.mark.parametrize(
    "metric", [TopicDiversity, InvertedRankBiasedOverlap, Exclusivity, Frex]
)
def test_one_component_is_compared_with_none(make_run, metric):
    """The message says how many there are."""
    with pytest.raises(NotApplicable, match=r"needs 2 components .* has 1"):
        metric().compute(run_of(make_run, [[1, 2], [0, 0]]))


@pytest.mark.parametrize(
    ("metric", "field", "value"),
    [
        (TopicDiversity, "n_top", 0),
        (InvertedRankBiasedOverlap, "persistence", 1.0),
        (Frex, "weight", 1.5),
    ],
)
def test_a_parameter_out_of_range_is_refused(metric, field, value):
    """The message names the field and the value."""
    with pytest.raises(ValueError, match=rf"\.{field} must .* got {value}"):
        metric(**{field: value})
