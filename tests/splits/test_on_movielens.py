"""Splits of MovieLens 100K: its published folds, and its real times."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets.movielens import MovieLens100K

from nmflab.splits import KFolds, LeaveN, Predefined, Temporal, split

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def ratings():
    """Return the ratings; all else is unknown."""
    return loaded("explicit")


def loaded(view):
    """Load a view from the local mirror."""
    mirror = Path(os.environ.get("NMFLAB_DATA", "")) / "movielens-100k"
    if "NMFLAB_DATA" not in os.environ or not mirror.exists():
        pytest.skip("NMFLAB_DATA holds no movielens-100k")
    return MovieLens100K(view=view).load(np.random.default_rng(0))


def divided(dataset, config):
    """Split with one seed."""
    return split(dataset, config, np.random.default_rng(0))


def places(cells):
    """Return each cell as one number."""
    return cells.rows * 1682 + cells.columns


def test_the_published_folds_partition_the_ratings(ratings):
    """u1.test to u5.test hold 20,000 ratings each and together all."""
    folds = [divided(ratings, Predefined(fold=f)).test for f in range(1, 6)]
    assert [len(fold) for fold in folds] == [20_000] * 5
    assert np.unique(np.concatenate([places(fold) for fold in folds])).size == 100_000


def test_ua_tests_ten_ratings_of_each_user(ratings):
    """As its publisher says; the other cells are never tested."""
    found = divided(ratings, Predefined(extra="test_ua"))
    counts = np.bincount(found.test.rows, minlength=943)
    assert set(counts) == {10}
    assert found.notes[0].startswith("90,570 of 100,000 cells are never tested")


def test_drawn_folds_have_the_size_of_the_published(ratings):
    """A fifth each; films that are rated in the test fold only are counted."""
    found = divided(ratings, KFolds())
    assert len(found.test) == 20_000
    known = np.unique(found.X.indices)
    n_lost = np.setdiff1d(found.test.columns, known).size
    assert found.notes[0].startswith(f"{n_lost} columns have no training cell")


def test_one_time_divides_all_users(ratings):
    """The last fifth begins on 7 March 1998, and 192 users are new by then."""
    found = divided(ratings, Temporal())
    assert "from 1998-03-07T02:21:09 UTC on: 20,001, not the 20,000" in found.notes[0]
    assert found.notes[1].startswith("192 rows have no training cell")
    assert len(found.test) + found.X.nnz == 100_000


def test_the_latest_ten_of_each_user_are_tested(ratings):
    """Each user has at least 20, so that all take part."""
    found = divided(ratings, LeaveN(n=10, at_least=20, choose="last"))
    assert set(np.bincount(found.test.rows)) == {10}


def test_a_binary_view_loses_the_same_cells_and_stays_complete(ratings):
    """Held-out ratings are events not yet seen: 0 in training."""
    plain = divided(ratings, Temporal())
    found = divided(loaded("binary"), Temporal(cells="positive"))
    np.testing.assert_array_equal(places(found.test), places(plain.test))
    assert found.observed is None
    assert set(found.test.values) == {1.0}
    assert not found.X[found.test.rows, found.test.columns].any()
