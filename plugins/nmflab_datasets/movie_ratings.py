"""Five users' ratings of four films: the smallest recommender there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec, Extra
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
PUBLISHED_W = (
    (3.56439707, 0),
    (2.37654951, 0),
    (0.89050141, 1.23178233),
    (0.66556354, 0.96517217),
    (0, 1.79451388),
)
PUBLISHED_H = (
    (1.47452258, 0.55917555, 0, 0.40826028),
    (0, 0.36226565, 1.58270795, 2.90831012),
)
SOURCE = (
    "A. Au Yeung, Matrix Factorization: A Simple Tutorial and Implementation in Python,"
    " quuxlabs, 2010"
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
    users and films are numbers given here. With ``zeros=values`` the data carry the
    factors that scikit-learn's ``NMF(n_components=2, init="random", random_state=42)``
    is published to give, for the metric ``published_agreement``.

    References
    ----------
    A. Au Yeung, "Matrix Factorization: A Simple Tutorial and Implementation in Python",
    quuxlabs, 2010.
    """

    zeros: Zeros = Zeros.values

    def __post_init__(self) -> None:
        settle(self, "zeros", Zeros)

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the ratings, dense."""
        X = np.array(RATINGS, dtype=np.float64)
        is_masked = self.zeros is Zeros.missing
        n_users, n_films = X.shape
        extras: dict[str, Extra] = {
            "rating_scale": np.array([1.0, 5.0]),
            "source": SOURCE,
        }
        if not is_masked:
            extras["published_W"] = np.array(PUBLISHED_W)
            extras["published_H"] = np.array(PUBLISHED_H)
        return Dataset(
            X=X,
            missing="mask" if is_masked else "none",
            mask=X > 0 if is_masked else None,
            row_names=[f"User {i + 1}" for i in range(n_users)],
            column_names=[f"Film {j + 1}" for j in range(n_films)],
            extras=extras,
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the ratings."""
    yield DatasetSpec(
        name="movie_ratings",
        dataset=MovieRatings,
        examples=(MovieRatings(), MovieRatings(zeros=Zeros.missing)),
    )
