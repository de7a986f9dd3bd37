"""Measures of the first k, against references and all orders of tied items."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nmflab_metrics._tied_ranking import MEASURES, Relevant, top_measures


def measured(scores, gains, k):
    """Return the measures of rows of scores; gains are 0 where not relevant."""
    scores, gains = np.atleast_2d(scores).astype(float), np.atleast_2d(gains)
    rows, columns = np.nonzero(gains)
    relevant = Relevant(rows, columns, gains[rows, columns].astype(float))
    return top_measures(scores, relevant, k)


def by_definition(order, gains, k):
    """Return the measures of one order of items, as the textbook writes them."""
    listed = [gains[item] for item in order[:k]]
    n_relevant = sum(gain > 0 for gain in gains)
    hits = [gain > 0 for gain in listed]
    precisions = [sum(hits[: j + 1]) / (j + 1) for j in range(len(hits))]

    def dcg(values):
        return sum(gain / math.log2(j + 2) for j, gain in enumerate(values))

    return {
        "precision": sum(hits) / k,
        "recall": sum(hits) / n_relevant,
        "map": sum(p for p, hit in zip(precisions, hits, strict=True) if hit)
        / min(k, n_relevant),
        "ndcg": dcg(listed) / dcg(sorted(gains, reverse=True)[:k]),
        "hit_rate": float(any(hits)),
    }


def over_all_orders(scores, gains, k):
    """Return the means over all orders that the scores allow."""
    orders = [
        order
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    found = [by_definition(order, gains, k) for order in orders]
    return {name: sum(one[name] for one in found) / len(found) for name in MEASURES}


def test_a_list_worked_out_by_hand():
    """Items in order: relevant, not, relevant, not; a third relevant one is last."""
    found = measured([5, 4, 3, 2, 1], [1, 0, 1, 0, 1], k=4)
    best = 1 + 1 / math.log2(3) + 1 / 2
    expected = {
        "precision": 2 / 4,
        "recall": 2 / 3,
        "map": (1 + 2 / 3) / 3,
        "ndcg": (1 + 1 / 2) / best,
        "hit_rate": 1.0,
    }
    assert {name: values[0] for name, values in found.items()} == pytest.approx(
        expected
    )


@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_tied_items_count_as_the_mean_over_all_their_orders(data):
    """Six items with few different scores, so that groups cross the last place."""
    scores = data.draw(st.lists(st.integers(0, 2), min_size=6, max_size=6))
    gains = data.draw(st.lists(st.sampled_from([0, 0, 1, 3]), min_size=6, max_size=6))
    gains[data.draw(st.integers(0, 5))] = 2
    k = data.draw(st.integers(1, 7))
    found = measured(scores, gains, k)
    expected = over_all_orders(scores, gains, k)
    for name in MEASURES:
        assert found[name][0] == pytest.approx(expected[name], rel=1e-12), name


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_ndcg_is_that_of_scikit_learn(decimals):
    """With graded gains, with ties and without, over many rows."""
    from sklearn.metrics import ndcg_score

    rng = np.random.default_rng(3)
    scores = np.round(rng.normal(size=(40, 30)), decimals)
    gains = rng.choice([0.0, 0.0, 1.0, 3.0, 7.0], size=scores.shape)
    gains[:, 0] = 1.0
    for k in (1, 5, 30):
        found = measured(scores, gains, k)["ndcg"].mean()
        assert found == pytest.approx(ndcg_score(gains, scores, k=k), rel=1e-12)


def test_precision_and_average_precision_are_those_of_scikit_learn():
    """Over all items, where its average precision has the same divisor."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(4)
    scores, gains = rng.normal(size=(20, 15)), rng.random((20, 15)) < 0.3
    gains[:, 2] = True
    found = measured(scores, gains.astype(float), k=15)["map"]
    expected = [
        average_precision_score(g, s) for g, s in zip(gains, scores, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_order_of_columns_favours_nobody():
    """All tied: a relevant item first or last comes to the same."""
    first = measured(np.zeros(9), [1] + [0] * 8, k=3)
    last = measured(np.zeros(9), [0] * 8 + [1], k=3)
    for name in MEASURES:
        assert first[name] == last[name]
    assert first["hit_rate"][0] == pytest.approx(1 / 3, rel=1e-12)


def test_what_is_no_candidate_is_never_listed():
    """With one candidate and three places, precision still is out of three."""
    found = measured([-np.inf, 1.0, -np.inf], [0, 1, 0], k=3)
    assert found["precision"][0] == pytest.approx(1 / 3)
    assert found["recall"][0] == found["ndcg"][0] == found["map"][0] == 1.0
