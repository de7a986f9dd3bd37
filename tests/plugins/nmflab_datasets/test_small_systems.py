"""Tests of the three small known systems and of arrays from Python."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets.array import Array
from nmflab_datasets.choices import Zeros
from nmflab_datasets.grocery_baskets import GroceryBaskets
from nmflab_datasets.movie_ratings import MovieRatings
from nmflab_datasets.purchase_patterns import PurchasePatterns

from nmflab.contracts import Dataset
from nmflab.materialise import materialise


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator these datasets do not use."""
    return np.random.default_rng(0)


def test_movie_ratings_are_the_published_matrix(rng):
    """Five users, four films, zeros as values."""
    data = MovieRatings().load(rng)
    expected = [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]]
    np.testing.assert_array_equal(data.X, expected)
    assert data.missing == "none"
    assert data.row_names[0] == "User 1"
    assert data.column_names == ["Film 1", "Film 2", "Film 3", "Film 4"]


@pytest.mark.parametrize("zeros", [Zeros.missing, "missing"])
def test_the_seven_unrated_cells_are_masked_where_zeros_are_missing(rng, zeros):
    """Thirteen ratings are left; a word does for the member."""
    data = MovieRatings(zeros=zeros).load(rng)
    assert data.missing == "mask"
    assert data.mask.sum() == 13
    np.testing.assert_array_equal(data.mask, data.X > 0)


def test_another_word_for_zeros_is_refused():
    """It is not taken for one of the two."""
    with pytest.raises(
        ValueError, match=r"dataset\.zeros must be one of values, missing"
    ):
        MovieRatings(zeros="unknown")


def test_grocery_baskets_are_the_published_matrix(rng):
    """Five foods, six people."""
    data = GroceryBaskets().load(rng)
    expected = [
        [0, 1, 0, 1, 2, 2],
        [2, 3, 1, 1, 2, 2],
        [1, 1, 1, 0, 1, 1],
        [0, 2, 3, 4, 1, 1],
        [0, 0, 0, 0, 1, 0],
    ]
    np.testing.assert_array_equal(data.X, expected)
    assert data.row_names[3] == "Bread"
    assert data.column_names[5] == "Person 6"


@pytest.mark.parametrize(
    ("random_state", "first"), [(42, 0.3745401188473625), (0, 0.5488135039273248)]
)
def test_purchase_patterns_come_from_the_legacy_generator(rng, random_state, first):
    """Its first number is known from NumPy's documentation of old."""
    data = PurchasePatterns(random_state=random_state).load(rng)
    assert data.X.shape == (100, 50)
    assert data.X[0, 0] == first
    assert (data.row_names[99], data.column_names[49]) == ("Customer 100", "Product 50")


@pytest.mark.parametrize("random_state", [-1, 2**32])
def test_a_random_state_out_of_range_is_refused(random_state):
    """The legacy generator takes 32 bits."""
    with pytest.raises(ValueError, match=r"dataset\.random_state must be from 0"):
        PurchasePatterns(random_state=random_state)


def test_an_array_is_opened_from_its_folder(rng, tmp_path):
    """What a session kept is what a run gets."""
    X = np.arange(6.0).reshape(2, 3)
    facts = materialise(Dataset(X=X, row_names=["a", "b"]), tmp_path / "X")
    array = Array(folder=str(tmp_path / "X"), fingerprint=facts["fingerprint"])
    found = array.load(rng)
    np.testing.assert_array_equal(found.X, X)
    assert found.row_names == ["a", "b"]


def test_an_array_that_has_gone_says_where_it_came_from(rng, tmp_path):
    """The reader learns that a Python session made it and what to call."""
    array = Array(folder=str(tmp_path / "gone"), fingerprint="0" * 32)
    with pytest.raises(FileNotFoundError, match=r"came from a Python session.*X=X"):
        array.load(rng)


def test_an_array_of_another_fingerprint_is_refused(rng, tmp_path):
    """A folder written anew is not mistaken for the old data."""
    materialise(Dataset(X=np.ones((2, 2))), tmp_path / "X")
    array = Array(folder=str(tmp_path / "X"), fingerprint="0" * 32)
    with pytest.raises(ValueError, match="holds another X"):
        array.load(rng)
