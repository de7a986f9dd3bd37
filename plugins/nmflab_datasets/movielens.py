"""MovieLens: films rated by people, 100 thousand to 1 million ratings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl
from nmflab_datasets import _movielens_reading as reading
from nmflab_datasets._movielens_origins import (
    ORIGIN_1M,
    ORIGIN_100K,
    ORIGIN_LATEST_SMALL,
)
from nmflab_datasets.choices import settle
from nmflab_datasets.views import View, check_min_counts, viewed

NMFLAB_CONTRACT = 1


class Samples(Enum):
    """Which side the rows of X are."""

    users = "users"
    items = "items"


@dataclass(frozen=True, kw_only=True)
class MovieLens100K:
    """MovieLens 100K: 100,000 ratings of 1682 films by 943 users, 1 to 5 stars.

    Collected from September 1997 to April 1998; each user rated at least 20 films, and
    6.3 % of the cells hold a rating.

    Parameters
    ----------
    view : {explicit, implicit, binary}, default explicit
        ``explicit``: stars, all else unknown. ``implicit`` and ``binary``: 1 for each
        film a user rated, all else 0; they are the same, since nobody rated a film
        twice.
    samples : {users, items}, default users
        What the rows of X are.
    min_row_count, min_column_count : int, default 0
        Drop rows and columns of X with fewer ratings, until both hold.

    Notes
    -----
    Extras: genres of each film, age, gender and occupation of each user, the time of
    each rating, its published fold (``folds``, 1 to 5 after u1.test to u5.test, checked
    to hold each rating once) and whether it stands in ua.test or ub.test
    (``test_ua``, ``test_ub``; 10 ratings a user each). Film titles that two ids share
    are followed by the id. ``u.item`` is Latin-1, not UTF-8.

    An unrated cell is unknown. Filled with zeros, ratings are predicted worse than by
    their mean.

    The terms forbid to pass the data on. Checked by SHA-256, in full or by members.

    References
    ----------
    F. M. Harper, J. A. Konstan, "The MovieLens Datasets: History and Context", ACM
    Transactions on Interactive Intelligent Systems 5(4), 2015, doi 10.1145/2827872.
    """

    view: View = View.explicit
    samples: Samples = Samples.users
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        _check(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the ratings."""
        path = fetch(ORIGIN_100K.files[0], ORIGIN_100K)

        def ratings(name: str) -> reading.Ratings:
            return reading.read_ratings(member(path, f"ml-100k/{name}"), "\t")

        every = ratings("u.data")
        is_test = {}
        for name in ("ua", "ub"):
            is_test[f"test_{name}"] = np.zeros(every.users.size, dtype=bool)
            at = reading.which(every, ratings(f"{name}.test"))
            is_test[f"test_{name}"][at] = True
        dataset = reading.assemble(
            every,
            reading.read_flags(
                member(path, "ml-100k/u.item"), member(path, "ml-100k/u.genre")
            ),
            scale=(1.0, 5.0),
            people=reading.read_users(member(path, "ml-100k/u.user")),
            folds=reading.fold_of_each(
                every, [ratings(f"u{fold}.test") for fold in range(1, 6)]
            ),
            **is_test,
        )
        return _viewed(dataset, self)


@dataclass(frozen=True, kw_only=True)
class MovieLensLatestSmall:
    """MovieLens latest-small: 100,836 ratings of 9724 films by 610 users, half stars.

    The release of September 2018; ratings from March 1996 to September 2018, 0.5 to 5
    in steps of 0.5. Its publisher calls it a set for development, which may change;
    the checksum tells.

    Parameters
    ----------
    view, samples, min_row_count, min_column_count
        As in `MovieLens100K`.

    Notes
    -----
    Extras: genres of each film (none for some) and the time of each rating. Of 9742
    listed films 18 were never rated; they are left out, and the film ids, which go to
    193,609, are numbered anew. Titles that two ids share are followed by the id.

    References
    ----------
    F. M. Harper, J. A. Konstan, "The MovieLens Datasets: History and Context", ACM
    Transactions on Interactive Intelligent Systems 5(4), 2015, doi 10.1145/2827872.
    """

    view: View = View.explicit
    samples: Samples = Samples.users
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        _check(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the ratings."""
        path = fetch(ORIGIN_LATEST_SMALL.files[0], ORIGIN_LATEST_SMALL)
        text = member(path, "ml-latest-small/ratings.csv")
        dataset = reading.assemble(
            reading.read_ratings(text, ",", header=True),
            reading.read_csv_films(member(path, "ml-latest-small/movies.csv")),
            scale=(0.5, 5.0),
        )
        return _viewed(dataset, self)


@dataclass(frozen=True, kw_only=True)
class MovieLens1M:
    """MovieLens 1M: 1,000,209 ratings of 3706 films by 6040 users, 1 to 5 stars.

    Users who joined in 2000, at least 20 ratings each.

    Parameters
    ----------
    view, samples, min_row_count, min_column_count
        As in `MovieLens100K`.

    Notes
    -----
    Extras: genres of each film; age group, gender and occupation of each user; the time
    of each rating. Listed films that nobody rated are left out. Fields stand between
    ``::``, in Latin-1.

    Tested on a small archive of the same format that the test makes, since the terms
    forbid to pass the data on. The shape above is the publisher's, and the archive is
    checked by SHA-256.

    References
    ----------
    F. M. Harper, J. A. Konstan, "The MovieLens Datasets: History and Context", ACM
    Transactions on Interactive Intelligent Systems 5(4), 2015, doi 10.1145/2827872.
    """

    view: View = View.explicit
    samples: Samples = Samples.users
    min_row_count: int = 0
    min_column_count: int = 0

    def __post_init__(self) -> None:
        _check(self)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the ratings."""
        path = fetch(ORIGIN_1M.files[0], ORIGIN_1M)
        dataset = reading.assemble(
            reading.read_ratings(member(path, "ml-1m/ratings.dat"), "::"),
            reading.read_dat_films(member(path, "ml-1m/movies.dat")),
            scale=(1.0, 5.0),
            people=reading.read_dat_users(member(path, "ml-1m/users.dat")),
        )
        return _viewed(dataset, self)


MovieLens: TypeAlias = MovieLens100K | MovieLensLatestSmall | MovieLens1M


def _check(dataset: MovieLens) -> None:
    settle(dataset, "view", View)
    settle(dataset, "samples", Samples)
    check_min_counts(dataset)


def _viewed(ratings: Dataset, asked: MovieLens) -> Dataset:
    return viewed(
        ratings,
        binary=asked.view is not View.explicit,
        transpose=asked.samples is Samples.items,
        min_row_count=asked.min_row_count,
        min_column_count=asked.min_column_count,
    )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the three sets of ratings."""
    yield DatasetSpec(name="movielens_100k", dataset=MovieLens100K, origin=ORIGIN_100K)
    yield DatasetSpec(
        name="movielens_latest_small",
        dataset=MovieLensLatestSmall,
        origin=ORIGIN_LATEST_SMALL,
    )
    yield DatasetSpec(name="movielens_1m", dataset=MovieLens1M, origin=ORIGIN_1M)
