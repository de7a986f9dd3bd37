"""Users the run never saw, from a few ratings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import lsq_linear, nnls

from nmflab.contracts import Factors
from nmflab.recommend import (
    Model,
    RecommendationError,
    choose_run,
    model_of,
    recommend,
)
from nmflab.recommend.model import Penalty
from nmflab.recommend.unseen import fold_in, parsed
from nmflab.store import Store

RNG = np.random.default_rng(0)
V = RNG.random((3, 12))
ITEMS = np.array([0, 2, 3, 5, 7, 8, 11])
X = RNG.random(7) * 5
OFFSETS = RNG.standard_normal(12)


@pytest.fixture
def model(store: Store) -> Model:
    """Return a model of three features and twelve items."""
    chosen = choose_run(store)
    made = model_of(store, chosen.key, chosen.factors)
    return replace(made, U=np.ones((3, 3)), V=V)


def test_the_ratings_of_a_known_user_give_that_user_back(model: Model) -> None:
    """Exact ratings of every item have one solution: the weights they came from."""
    weights = np.array([0.5, 0.0, 2.0])
    found, offset = fold_in(model, np.arange(12), weights @ V)
    np.testing.assert_allclose(found, weights, atol=1e-12)
    assert offset == 0


@pytest.mark.parametrize(("per_count", "times"), [(False, 1), (True, 7)])
def test_penalties_are_the_runs(model: Model, per_count: bool, times: int) -> None:
    """An L2 penalty is three more equations ``√λ u = 0``, counted per rating if so."""
    model = replace(model, penalty=Penalty(l2=0.3, per_count=per_count))
    found, _ = fold_in(model, ITEMS, X)
    rows = np.vstack([V[:, ITEMS].T, np.sqrt(0.3 * times) * np.eye(3)])
    expected, _ = nnls(rows, np.concatenate([X, np.zeros(3)]))
    np.testing.assert_allclose(found, expected, atol=1e-10)


def bounded(low: float) -> tuple[np.ndarray, float]:
    """Return weights and offset by SciPy's bounded least squares; L2 on both."""
    rows = np.zeros((11, 4))
    rows[:7] = np.hstack([V[:, ITEMS].T, np.ones((7, 1))])
    rows[7:10, :3] = np.sqrt(0.2) * np.eye(3)
    rows[10, 3] = np.sqrt(2.0)
    right = np.concatenate([X - OFFSETS[ITEMS], np.zeros(3), [np.sqrt(2.0) * 1.5]])
    bounds = ([0, 0, 0, low], np.inf)
    found = lsq_linear(rows, right, bounds=bounds, method="bvls", tol=1e-14).x
    return found[:3], float(found[3])


def test_the_offset_is_found_with_the_weights(model: Model) -> None:
    """Both minimise one least squares problem, the offset pulled towards the mean."""
    penalty = Penalty(l2=0.2, l2_offset=2.0, target=1.5)
    with_offsets = replace(
        model, penalty=penalty, user_offset=np.zeros(3), item_offset=OFFSETS
    )
    found, offset = fold_in(with_offsets, ITEMS, X)
    expected, expected_offset = bounded(-np.inf)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    assert offset == pytest.approx(expected_offset, abs=1e-8)


def test_an_offset_that_may_not_be_negative_is_not(model: Model) -> None:
    """Where the free one would be, it is 0 and the weights are found without it."""
    penalty = Penalty(nonneg_offset=True)
    given = replace(model, penalty=penalty, user_offset=np.zeros(3), item_offset=None)
    steep = 10 * V[0] - 3  # below 0 for some, so that the free offset is negative
    found, offset = fold_in(given, np.arange(12), steep)
    free, below = fold_in(replace(given, penalty=Penalty()), np.arange(12), steep)
    assert below < 0
    assert offset == 0
    np.testing.assert_allclose(found, nnls(V.T, steep)[0], atol=1e-10)
    assert not np.allclose(found, free)


def test_unrated_items_count_as_zero_where_the_run_took_them_so(model: Model) -> None:
    """A model of complete data has seen that the others were not bought."""
    complete = replace(
        model, observed_only=False, items=replace(model.items, n=12, given=None)
    )
    found, _ = fold_in(complete, ITEMS, X)
    full = np.zeros(12)
    full[ITEMS] = X
    np.testing.assert_allclose(found, nnls(V.T, full)[0], atol=1e-10)


def test_a_new_user_gets_what_was_not_rated(store: Store) -> None:
    """As any user does; who rates like Ann is recommended Dune."""
    found = recommend(store, new={"alien": 4.25, "Brazil": 2.5})
    assert list(found["user"].unique()) == ["new user"]
    assert list(found["item"]) == ["Dune", "Casablanca"]
    np.testing.assert_allclose(found["predicted"], [6.5, 2.0], rtol=1e-9)


def test_ratings_are_read_from_text() -> None:
    """Names may hold commas; blanks around them and a last separator are nothing."""
    text = " Usual Suspects, The (1995)=4 , Alien=5;Dune = 3.5,"
    assert parsed(text) == {
        "Usual Suspects, The (1995)": 4.0,
        "Alien": 5.0,
        "Dune": 3.5,
    }


@pytest.mark.parametrize("text", ["", "Alien", "Alien=good", "Alien=5, Dune", "a=nan"])
def test_what_is_no_rating_is_named(text: str) -> None:
    """The message shows how ratings are written."""
    with pytest.raises(RecommendationError, match="name=value"):
        parsed(text)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("Alien=6", r"Alien=6 is outside the data's scale, 1 to 5"),
        ("Alien=5, 1=4", "'Alien' is rated twice"),
        ("Alein=5", "no item 'Alein'; did you mean 'Alien'"),
    ],
)
def test_ratings_that_cannot_be_are_refused(store: Store, new: str, said: str) -> None:
    """With the item, the value and what would do."""
    with pytest.raises(RecommendationError, match=said):
        recommend(store, new=new)


def test_weighted_data_take_no_new_ratings(study: Any, factors: Factors) -> None:
    """Ratings and items would be in different units."""
    study.data()
    study.run(factors, config={"weighting": {"name": "log1p"}})
    with pytest.raises(RecommendationError, match="weighted by log1p"):
        recommend(study.open(), new="Alien=5")


def test_least_squares_in_place_of_another_loss_are_told(
    study: Any, factors: Factors
) -> None:
    """The weights are not those the run's own loss would give."""
    study.data()
    study.run(factors, config={"objective": {"loss": "kullback_leibler"}})
    found = recommend(study.open(), new="Alien=5")
    assert "least squares all the same" in " ".join(found.attrs["notes"])


def test_ratings_that_say_nothing_are_told(study: Any) -> None:
    """A film without a feature gives its user none."""
    study.data()
    silent = np.array([[0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 2.0, 1.0]])
    study.run(Factors(np.ones((3, 2)), silent))
    found = recommend(study.open(), new="Alien=5")
    assert "no feature at all" in " ".join(found.attrs["notes"])
