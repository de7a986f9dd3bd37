"""Counts to be weighted, and what reads the result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Dataset


@pytest.fixture
def counts() -> np.ndarray:
    """Return counts of 12 documents and 7 terms, one of each 0 everywhere."""
    X = np.random.default_rng(0).poisson(0.8, size=(12, 7)).astype(float)
    X[4] = 0
    X[:, 2] = 0
    return X


@pytest.fixture(params=[np.asarray, csr_array], ids=["dense", "csr"])
def storage(request: pytest.FixtureRequest) -> Callable[[np.ndarray], object]:
    """Return what stores an array: as it is, or as compressed sparse rows."""
    return request.param


@pytest.fixture
def full() -> Callable[[Dataset], np.ndarray]:
    """Return what gives X of a dataset as a full array."""
    return lambda data: data.X if isinstance(data.X, np.ndarray) else data.X.toarray()
