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
FOODS = ("Vegetables", "Fruit", "Sweets", "Bread", "Coffee")


@dataclass(frozen=True, kw_only=True)
class GroceryBaskets:
    """Counts of 5 foods (rows) bought by 6 people (columns); a 0 is a count.

    Notes
    -----
    A teaching example whose factors were published to seven digits. The digits belong
    to the matrix alone: the names of foods and people are given here.
    """

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the counts, dense."""
        X = np.array(PURCHASES, dtype=np.float64)
        return Dataset(
            X=X,
            row_names=FOODS,
            column_names=[f"Person {j + 1}" for j in range(X.shape[1])],
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the baskets."""
    yield DatasetSpec(
        name="grocery_baskets", dataset=GroceryBaskets, examples=(GroceryBaskets(),)
    )
