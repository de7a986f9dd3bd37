"""Recommendations as a table: what is left out, what carries the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset, Factors
from nmflab.recommend import RecommendationError, recommend
from nmflab.store import Store


def test_what_a_user_knows_is_left_out(store: Store) -> None:
    """Each user gets the films without a rating, and only these."""
    found = recommend(store, first=None)
    items = {user: set(rows["item"]) for user, rows in found.groupby("user")}
    assert items == {
        "Ann": {"Casablanca", "Dune"},
        "Bob": {"Brazil", "Casablanca"},
        "Cleo": {"Alien", "Dune"},
    }
    assert found.attrs["n_left_out"] == {"Ann": 2, "Bob": 2, "Cleo": 2}


def test_values_are_those_of_the_model_best_first(store: Store) -> None:
    """Ann: ``2·3 + 0.5·1 = 6.5`` for Dune and ``2·0.5 + 0.5·2 = 2`` for Casablanca."""
    found = recommend(store, user="Ann")
    assert list(found["item"]) == ["Dune", "Casablanca"]
    assert list(found["rank"]) == [1, 2]
    np.testing.assert_allclose(found["predicted"], [6.5, 2.0], rtol=1e-15)


def test_values_beyond_the_scale_are_clipped_to_be_shown_only(store: Store) -> None:
    """The prediction stays; what is shown ends at 5."""
    found = recommend(store, user="Ann")
    assert list(found["shown"]) == [5.0, 2.0]


def test_features_are_told_with_their_share(store: Store) -> None:
    """Dune for Ann: 6 of 6.5 are the first feature's, 92 %."""
    first = recommend(store, user="Ann").iloc[0]
    assert first["feature"] == 1
    assert first["share"] == pytest.approx(6 / 6.5)
    assert first["features"] == "Feature 1, 92 %"


def test_the_baseline_is_no_feature(study: Any, factors: Factors) -> None:
    """Offsets add to the value; shares are of what features add."""
    rows, columns = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3, 0.4])
    study.data()
    study.run(Factors(factors.W, factors.H, rows, columns))
    first = recommend(study.open(), user="Ann").iloc[0]
    assert first["baseline"] == pytest.approx(1.4)
    assert first["predicted"] == pytest.approx(7.9)
    assert first["share"] == pytest.approx(6 / 6.5)


def test_without_any_feature_the_baseline_is_alone(study: Any) -> None:
    """A user whose weights are 0 has no share to tell, and still a value."""
    study.data()
    offset = np.full(3, 2.5)
    study.run(Factors(np.zeros((3, 2)), np.ones((2, 4)), offset))
    found = recommend(study.open(), user="Ann")
    assert set(found["features"]) == {"baseline alone"}
    assert found["share"].isna().all()
    assert list(found["predicted"]) == [2.5, 2.5]


def test_stored_zeros_of_sparse_ratings_are_known(study: Any, factors: Factors) -> None:
    """A rating of 0 is a rating: its film is not recommended."""
    data = csr_array(
        (np.array([5.0, 0.0, 4.0, 5.0]), ([0, 0, 1, 2], [0, 3, 0, 2])), shape=(3, 4)
    )
    study.data(Dataset(X=data, missing="unstored"))
    study.run(factors)
    found = recommend(study.open(), user=1)
    assert set(found["item"]) == {"item 2", "item 3"}


def test_zeros_of_complete_data_are_recommended(study: Any, factors: Factors) -> None:
    """What was not bought may be bought; what was is known, stored zeros are not."""
    data = csr_array(
        (np.array([5.0, 0.0, 4.0, 5.0]), ([0, 0, 1, 2], [0, 3, 0, 2])), shape=(3, 4)
    )
    study.data(Dataset(X=data), view="implicit")
    study.run(factors)
    found = recommend(study.open(), user=1)
    assert set(found["item"]) == {"item 2", "item 3", "item 4"}
    assert (found["predicted"] == found["shown"]).all()


def transposed(make: Callable[..., Dataset]) -> Dataset:
    """Return the ratings with films in rows."""
    given = make()
    assert given.mask is not None
    return make(
        X=np.ascontiguousarray(given.X.T),
        mask=np.ascontiguousarray(given.mask.T),
        row_names=given.column_names,
        column_names=given.row_names,
    )


@pytest.mark.parametrize("said", ["samples", "side"])
def test_items_in_rows_give_the_same_recommendations(
    study: Any, store: Store, factors: Factors, some_ratings: Any, said: str
) -> None:
    """Users are found on the other side: by the data set's word, or by ours."""
    expected = recommend(store, first=None)
    other = type(study)(study.folder.parent / "other")
    samples = {"samples": "items"} if said == "samples" else {}
    other.data(transposed(some_ratings), **samples)
    other.run(Factors(factors.H.T.copy(), factors.W.T.copy()), validation=0.5)
    side = "columns" if said == "side" else None
    found = recommend(other.open(), first=None, side=side)
    assert found["item"].tolist() == expected["item"].tolist()
    np.testing.assert_allclose(found["predicted"], expected["predicted"], rtol=1e-14)


def test_data_without_names_are_told_by_number(study: Any, factors: Factors) -> None:
    """Users and items are called by their number, from 1."""
    mask = np.array([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 1, 0]], dtype=bool)
    study.data(Dataset(X=np.where(mask, 3.0, 0.0), missing="mask", mask=mask))
    study.run(factors)
    found = recommend(study.open(), user="user 3")
    assert list(found["user"].unique()) == ["user 3"]
    assert set(found["item"]) == {"item 1", "item 4"}


def test_top_bounds_the_items_of_each_user(store: Store) -> None:
    """One item each is the best item each."""
    found = recommend(store, top=1)
    assert list(found["item"]) == ["Dune", "Casablanca", "Dune"]


def test_only_the_first_users_are_shown_unless_one_is_asked_for(store: Store) -> None:
    """`first` counts users; None means all."""
    assert list(recommend(store, first=2)["user"].unique()) == ["Ann", "Bob"]
    assert len(recommend(store, first=None)["user"].unique()) == 3


def test_an_unknown_user_names_near_ones(store: Store) -> None:
    """The message says what is there."""
    with pytest.raises(RecommendationError, match=r"no user 'Cloe'.*mean 'Cleo'"):
        recommend(store, user="Cloe")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"top": 0}, "top=0"),
        ({"user": 1, "new": "Alien=5"}, "not both"),
        ({"side": "left"}, "side=left: choose rows or columns"),
    ],
)
def test_what_makes_no_sense_is_refused(
    store: Store, how: dict[str, Any], said: str
) -> None:
    """The message names what was given."""
    with pytest.raises(RecommendationError, match=said):
        recommend(store, **how)


def test_data_the_store_does_not_hold_are_opened_again(
    study: Any, factors: Factors, some_ratings: Any
) -> None:
    """What a user knows comes from the data set handed back."""
    study.data(stored=10**7)
    study.run(factors)
    with study.open() as opened:
        found = recommend(opened, user="Ann", reopen=lambda _: some_ratings())
    assert list(found["item"]) == ["Dune", "Casablanca"]


@pytest.mark.parametrize("reopen", [None, lambda _: None])
def test_data_that_are_gone_are_an_error_that_helps(
    study: Any, factors: Factors, reopen: Any
) -> None:
    """Nothing is recommended that a user may know already."""
    study.data(stored=10**7)
    study.run(factors)
    with pytest.raises(RecommendationError, match=r"10,000,000 cells.*command of the"):
        recommend(study.open(), reopen=reopen)


def test_factors_of_a_part_of_the_data_are_refused(study: Any) -> None:
    """A split that left rows out has no weights for those users."""
    study.data()
    study.run(Factors(np.ones((2, 2)), np.ones((2, 4))))
    with pytest.raises(RecommendationError, match="left whole rows and columns out"):
        recommend(study.open())


def test_zero_filled_values_are_no_ratings(study: Any, factors: Factors) -> None:
    """They are not brought onto the scale, and a sentence says what they are."""
    study.data()
    study.run(factors, config={"missing_as_zero": True})
    found = recommend(study.open(), user="Ann")
    assert (found["predicted"] == found["shown"]).all()
    assert "took missing cells as 0" in " ".join(found.attrs["notes"])


def test_items_that_few_know_can_be_left_out(store: Store) -> None:
    """Of Bob's two, Casablanca has one rating; the others are told to be few."""
    found = recommend(store, user="Bob", min_known=2)
    assert list(found["item"]) == ["Brazil"]


def test_known_by_counts_users(store: Store) -> None:
    """Brazil has two ratings, Casablanca one."""
    found = recommend(store, user="Bob").set_index("item")["n_known"]
    assert found.to_dict() == {"Brazil": 2, "Casablanca": 1}


def test_every_feature_that_is_named_is_told_of(study: Any) -> None:
    """By the items that weigh most in it; not only the one that carries most."""
    W, H = np.ones((3, 2)), np.array([[3.0, 1, 1, 2], [1, 1, 2, 1]])
    study.data()
    study.run(Factors(W, H))
    found = recommend(study.open(), user="Ann", top=1)
    assert found["features"].iloc[0] == "Feature 2, 67 %; Feature 1, 33 %"
    assert found.attrs["features"] == {
        1: "Alien, Dune, Brazil",
        2: "Casablanca, Alien, Brazil",
    }
