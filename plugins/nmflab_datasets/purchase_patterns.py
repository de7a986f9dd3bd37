"""A hundred customers and fifty products without any pattern: a null example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Dataset, DatasetSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class PurchasePatterns:
    """Uniform random numbers: ``RandomState(random_state).rand(100, 50)``.

    X holds no pattern at all, so that patterns found in it say how easily a model
    finds some. Drawn from NumPy's legacy generator, whose stream is frozen for good.

    Parameters
    ----------
    random_state : int, default 42
        Seed of the legacy generator, from 0 to 2³² − 1. It defines the data; the key
        ``dataset.seed`` is not read.
    """

    random_state: int = 42

    def __post_init__(self) -> None:
        if not 0 <= self.random_state < 2**32:
            raise ValueError(
                "dataset.random_state must be from 0 to 2**32 - 1, got"
                f" {self.random_state}"
            )

    def load(self, rng: np.random.Generator) -> Dataset:
        """Return the numbers, dense, with customers in rows."""
        legacy = np.random.RandomState(self.random_state)
        X = legacy.rand(100, 50)
        return Dataset(
            X=X,
            row_names=[f"Customer {i + 1}" for i in range(X.shape[0])],
            column_names=[f"Product {j + 1}" for j in range(X.shape[1])],
        )


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare the purchases."""
    yield DatasetSpec(
        name="purchase_patterns",
        dataset=PurchasePatterns,
        examples=(PurchasePatterns(),),
    )
