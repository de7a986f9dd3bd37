"""Popularity, neighbours and EASE: closed forms, and the metric that measures them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics import _remembered
from nmflab_metrics._baselines.items import Ease, ItemNeighbours, MostPopular
from nmflab_metrics.ranking import Ranking
from nmflab_metrics.ranking_baselines import RankingBaselines
from scipy.sparse import csr_array

from nmflab.contracts import Cells, Factors, NotApplicable

EVENTS = np.array(
    [[1.0, 1, 0, 0, 0], [1, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 0, 1, 1, 0]]
)
ROWS = np.arange(4)


@pytest.fixture(autouse=True)
def _forget():
    _remembered.forget()


def test_the_most_popular_items_are_the_same_for_all():
    """Columns have 3, 2, 3, 1 and 0 events."""
    found = MostPopular().fit(csr_array(EVENTS)).scores(np.array([3, 0]))
    np.testing.assert_array_equal(found, [[3, 2, 3, 1, 0]] * 2)


def test_scores_may_be_written_to():
    """A ranking marks what is known in them."""
    fitted = MostPopular().fit(csr_array(EVENTS))
    fitted.scores(ROWS)[:] = -1
    np.testing.assert_array_equal(fitted.scores(ROWS)[0], [3, 2, 3, 1, 0])


def test_neighbours_score_by_shrunk_cosine():
    """Columns 0 and 1 share 2 rows: 2 / (√6 + 1); 0 and 2 share 2: 2 / (3 + 1)."""
    fitted = ItemNeighbours(neighbours=5, shrinkage=1.0).fit(csr_array(EVENTS))
    found = fitted.scores(ROWS)[0]  # has columns 0 and 1
    s01, s02, s12 = 2 / (np.sqrt(6) + 1), 2 / 4, 1 / (np.sqrt(6) + 1)
    np.testing.assert_allclose(found, [s01, s01, s02 + s12, 0, 0], rtol=1e-14)


def test_only_the_nearest_neighbours_of_an_item_count():
    """Column 2 is nearest to column 0; its likeness to column 1 is left out."""
    fitted = ItemNeighbours(neighbours=1, shrinkage=0.0).fit(csr_array(EVENTS))
    found = fitted.scores(ROWS)[0]
    s01, s02 = 2 / np.sqrt(6), 2 / 3
    np.testing.assert_allclose(found[:3], [s01, s01, s02], rtol=1e-14)


def test_equally_near_neighbours_all_count():
    """Columns 0 and 1 are alike, so both are the nearest of column 2."""
    events = csr_array(np.array([[1.0, 1, 1], [1, 1, 0]]))
    found = ItemNeighbours(neighbours=1, shrinkage=0.0).fit(events).scores(ROWS[1:2])
    assert found[0, 2] == pytest.approx(2 / np.sqrt(2))


def test_blocks_of_items_change_nothing(monkeypatch):
    """Similarities of one item at a time are those of all at once."""
    metric = ItemNeighbours(neighbours=2, shrinkage=0.5)
    whole = metric.fit(csr_array(EVENTS)).scores(ROWS)
    monkeypatch.setattr("nmflab_metrics._baselines.items.BLOCK_CELLS", 1)
    np.testing.assert_array_equal(metric.fit(csr_array(EVENTS)).scores(ROWS), whole)


def test_ease_is_the_ridge_regression_of_each_item_on_the_others():
    """Column by column, with the item itself left out."""
    fitted = Ease(penalty=0.7).fit(csr_array(EVENTS))
    B = np.zeros((5, 5))
    for j in range(5):
        others = [i for i in range(5) if i != j]
        A = EVENTS[:, others]
        B[others, j] = np.linalg.solve(A.T @ A + 0.7 * np.eye(4), A.T @ EVENTS[:, j])
    np.testing.assert_allclose(fitted.weights, B, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(fitted.scores(ROWS), EVENTS @ B, rtol=1e-12, atol=1e-14)


@pytest.fixture
def run(make_run):
    """Return a run that knows `EVENTS` and is tested on one cell of two rows."""
    made = make_run(EVENTS, np.ones((4, 1)), np.ones((1, 5)))
    cells = Cells(np.array([0, 3]), np.array([2, 0]), np.array([1.0, 1.0]))
    return replace(made, test=cells)


def test_baselines_are_measured_as_the_ranking_is(run):
    """A model that says what popularity says has its values."""
    factors = Factors(np.ones((4, 1)), EVENTS.sum(axis=0)[None, :])
    expected = Ranking(k=2).compute(replace(run, factors=factors))
    found = RankingBaselines(k=2).compute(run)
    assert found["setting"] == expected.pop("setting")
    assert expected == {
        name.removeprefix("most_popular_"): value
        for name, value in found.items()
        if name.startswith("most_popular")
    }


def test_each_baseline_has_each_measure(run):
    """Three times five numbers, and one text."""
    found = RankingBaselines(k=2).compute(run)
    assert sum(isinstance(value, float) for value in found.values()) == 15
    assert {"item_knn_map_at_2", "ease_hit_rate_at_2", "setting"} < found.keys()


def test_ease_is_left_out_where_items_are_too_many(run):
    """A sentence in its place; the others are measured."""
    found = RankingBaselines(ease_max_items=4).compute(run)
    assert found["ease"] == (
        "left out: 5 columns are more than the 4 of"
        " metric.ranking_baselines.ease_max_items"
    )
    assert "ease_ndcg_at_10" not in found
    assert "item_knn_ndcg_at_10" in found


def test_only_relevant_training_cells_are_events(make_run):
    """Item 1 has more ratings, item 2 more good ones; it is listed first."""
    X = np.array([[5.0, 2, 0], [0, 2, 0], [0, 1, 4], [0, 0, 5]])
    known = X > 0
    made = make_run(X, np.ones((4, 1)), np.ones((1, 3)), observed=known)
    cells = Cells(np.array([1]), np.array([2]), np.array([5.0]))
    found = RankingBaselines(k=1, relevant=4).compute(replace(made, test=cells))
    assert found["most_popular_precision_at_1"] == 1
    every = RankingBaselines(k=1).compute(replace(made, test=cells))
    assert every["most_popular_precision_at_1"] == 1  # item 1 is known to the row


def test_training_cells_without_events_are_not_ranked_from(make_run):
    """Nobody gave 4 in training."""
    X = np.array([[1.0, 2.0], [2.0, 0.0]])
    made = make_run(X, np.ones((2, 1)), np.ones((1, 2)), observed=X > 0)
    cells = Cells(np.array([1]), np.array([1]), np.array([5.0]))
    with pytest.raises(NotApplicable, match="needs training cells that are events"):
        RankingBaselines(relevant=4).compute(replace(made, test=cells))


def test_runs_of_one_split_fit_their_baselines_once(run, monkeypatch):
    """A second run, with other factors, fits nothing."""
    first = RankingBaselines().compute(run)
    monkeypatch.setattr(Ease, "fit", None)
    other = replace(run, factors=Factors(np.zeros((4, 1)), np.zeros((1, 5))))
    assert RankingBaselines().compute(other) == first


def test_validation_cells_are_among_what_is_looked_up(run):
    """Item 0 precedes item 1, and is no candidate any more once it is kept."""
    run = replace(run, test=Cells(np.array([3]), np.array([1]), np.ones(1)))
    kept = Cells(np.array([3]), np.array([0]), np.ones(1))
    name, metric = "most_popular_precision_at_1", RankingBaselines(k=1)
    assert metric.compute(run)[name] == 0
    assert metric.compute(replace(run, validation=kept))[name] == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"neighbours": 0}, "neighbours must be at least 1, got 0; the default is 100"),
        ({"shrinkage": -1.0}, "shrinkage must be a number of at least 0, got -1.0"),
        ({"ease_penalty": 0.0}, "ease_penalty must be a number above 0, got 0.0"),
        ({"ease_max_items": -1}, "ease_max_items must be at least 0, got -1"),
        ({"k": 0}, "metric.ranking_baselines.k must be at least 1"),
    ],
)
def test_parameters_without_meaning_are_refused(wrong, message):
    """At construction, naming key and value."""
    with pytest.raises(ValueError, match=message):
        RankingBaselines(**wrong)
