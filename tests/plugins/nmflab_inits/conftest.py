"""Problems and data for the initializations' tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nmflab.contracts import Objective, Problem


def _make_problem(
    X: Any, observed: Any = None, dtype: str = "float64", **objective: Any
) -> Problem:
    X = X.astype(dtype)
    arrays = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    for array in arrays:
        array.flags.writeable = False
    return Problem(
        X=X, observed=observed, objective=Objective(**objective), dtype=np.dtype(dtype)
    )


@pytest.fixture
def make_problem() -> Callable[..., Problem]:
    """Build a problem whose arrays are read-only, as the runner's are."""
    return _make_problem


@pytest.fixture(name="X")
def _matrix() -> npt.NDArray[np.float64]:
    """Return 14 x 11 numbers, two in five of them 0."""
    rng = np.random.default_rng(7)
    return rng.random((14, 11)) * (rng.random((14, 11)) < 0.6)
