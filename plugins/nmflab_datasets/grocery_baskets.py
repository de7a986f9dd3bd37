"""What six people bought of five foods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

PURCHASES = (
    (0, 1, 0, 1, 2, 2),
    (2, 3, 1, 1, 2, 2),
    (1, 1, 1, 0, 1, 1),
    (0, 2, 3, 4, 1, 1),
    (0, 0, 0, 0, 1, 0),
)
PUBLISHED_H = (
    (0, 2.434610, 4.664494, 5.577052, 0, 0.157663),
    (0, 0.871472, 0, 0.846342, 1.924870, 1.735532),
    (1.503022, 1.712571, 0.801863, 0.151135, 0.757168, 0.827288),
)
PUBLISHED_WH = (
    (0, 0.98, 0.04, 0.98, 2.11, 1.90),
    (2.00, 2.84, 1.23, 0.87, 2.07, 2.06),
    (1.01, 1.31, 0.54, 0.26, 0.86, 0.87),
    (0, 2.01, 2.99, 4.01, 0.99, 1.00),
    (0, 0.20, 0, 0.20, 0.45, 0.41),
)
SOURCE = (
    "P. Gabrys, Non-negative matrix factorization for recommendation systems, LogicAI,"
    " 2018"
)
FOODS = ("Vegetables", "Fruit", "Sweets", "Bread", "Coffee")


@dataclass(frozen=True, kw_only=True)
class GroceryBaskets:
    """Counts of 5 foods (rows) bought by 6 people (columns); a 0 is a count.

    Notes
    -----
    A teaching example; the people are numbers here. The data carry what scikit-learn's
    ``NMF(n_components=3)`` is published to give since its default start is nndsvda: H
    to six decimals, WH to two, for the metric ``published_agreement``.

    References
    ----------
    P. Gabrys, "Non-negative matrix factorization for recommendation systems", LogicAI,
    2018.
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the counts, dense."""
        X = np.array(PURCHASES, dtype=np.float64)
        return Dataset(
            X=X,
            row_names=FOODS,
            column_names=[f"Person {j + 1}" for j in range(X.shape[1])],
            extras={
                "source": SOURCE,
                "published_H": np.array(PUBLISHED_H),
                "published_WH": np.array(PUBLISHED_WH),
            },
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the baskets."""
    yield DatasetSpec(
        name="grocery_baskets", dataset=GroceryBaskets, examples=(GroceryBaskets(),)
    )
