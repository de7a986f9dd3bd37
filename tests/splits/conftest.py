"""Cells that the tests of splits choose from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nmflab.splits import ObservedCells


@pytest.fixture(scope="session")
def cells_of() -> Callable[..., ObservedCells]:
    """Return what makes the cells that a mask shows, with extras."""

    def made(mask: Any, values: Any = None, **extras: Any) -> ObservedCells:
        shown = np.asarray(mask, dtype=bool)
        rows, columns = np.nonzero(shown)
        return ObservedCells(
            rows=rows,
            columns=columns,
            values=np.ones(rows.size) if values is None else np.asarray(values),
            shape=(shown.shape[0], shown.shape[1]),
            extras=extras,
        )

    return made


@pytest.fixture(scope="session")
def table(cells_of: Callable[..., ObservedCells]) -> ObservedCells:
    """Return 600 of the 1,200 cells of a table, with times and published folds.

    A third of the values are 0; each time comes about three times.
    """
    rng = np.random.default_rng(0)
    mask = np.zeros(1200, dtype=bool)
    mask[rng.permutation(1200)[:600]] = True
    return cells_of(
        mask.reshape(40, 30),
        rng.integers(0, 3, 600).astype(float),
        timestamps=rng.integers(0, 200, 600) + 900_000_000,
        folds=rng.integers(1, 4, 600),
    )
