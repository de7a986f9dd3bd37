"""Traces brought to common points: one start of each run, medians over runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

POINTS = 60

Vector = npt.NDArray[np.float64]


def one_start(trace: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the start that came lowest, those with an objective."""
    trace = trace[trace["objective"].notna()]
    if trace.empty or trace["start"].nunique() < 2:
        return trace
    lowest = int(trace["objective"].to_numpy().argmin())
    best: pd.DataFrame = trace[trace["start"] == trace["start"].iloc[lowest]]
    return best


def resampled(
    runs: Sequence[tuple[Vector, Vector]], n: int = POINTS
) -> tuple[Vector, Vector]:
    """Return the median over runs at `n` points spaced geometrically.

    A run counts with its last value reached: before its first point with that point,
    after it stopped with its last.

    Parameters
    ----------
    runs : sequence of (x, y)
        x rises; points at x = 0 are the starts.
    """
    positive = [x[x > 0] for x, _ in runs if (x > 0).any()]
    if not positive:
        return np.empty(0), np.empty(0)
    low, high = min(x.min() for x in positive), max(x.max() for x in positive)
    at = np.unique(np.geomspace(low, high, n)) if low < high else np.array([high])
    at[-1] = high
    held = [y[np.clip(np.searchsorted(x, at, "right") - 1, 0, None)] for x, y in runs]
    return at, np.median(np.vstack(held), axis=0)
