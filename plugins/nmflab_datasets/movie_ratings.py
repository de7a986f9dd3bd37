"""Five users' ratings of four films: the smallest recommender there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl
from nmflab_datasets.choices import Zeros, settle

NMFLAB_CONTRACT = 1

RATINGS = (
    (5, 3, 0, 1),
    (4, 0, 0, 1),
    (1, 1, 0, 5),
    (1, 0, 0, 4),
    (0, 1, 5, 4),
)


@dataclass(frozen=True, kw_only=True)
class MovieRatings:
    """Ratings of 4 films by 5 users, from 1 to 5; 7 of the 20 cells hold no rating.

    Parameters
    ----------
    zeros : {values, missing}, default values
        ``values`` takes the 7 zeros for ratings of 0, as the published factorization
        does; ``missing`` masks them, which is what they mean.

    Notes
    -----
    A widely used teaching example. It was published as a bare matrix; the names of
    users and films are numbers given here.
    """

    zeros: Zeros = Zeros.values

    def __post_init__(self) -> None:
        settle(self, "zeros", Zeros)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the ratings, dense."""
        X = np.array(RATINGS, dtype=np.float64)
        is_masked = self.zeros is Zeros.missing
        n_users, n_films = X.shape
        return Dataset(
            X=X,
            missing="mask" if is_masked else "none",
            mask=X > 0 if is_masked else None,
            row_names=[f"User {i + 1}" for i in range(n_users)],
            column_names=[f"Film {j + 1}" for j in range(n_films)],
            extras={"rating_scale": np.array([1.0, 5.0])},
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the ratings."""
    yield DatasetSpec(
        name="movie_ratings",
        dataset=MovieRatings,
        examples=(MovieRatings(), MovieRatings(zeros=Zeros.missing)),
    )
