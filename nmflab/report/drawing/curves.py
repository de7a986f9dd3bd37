"""Traces brought to common points: one start of each run, medians over runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

POINTS = 48

Vector = npt.NDArray[np.float64]


def one_start(trace: pd.DataFrame) -> pd.DataFrame:
    """Return the points of the start that came lowest, those with an objective."""
    trace = trace[trace["objective"].notna()]
    if trace.empty or trace["start"].nunique() < 2:
        return trace
    lowest = int(trace["objective"].to_numpy().argmin())
    best: pd.DataFrame = trace[trace["start"] == trace["start"].iloc[lowest]]
    return best


class Band(NamedTuple):
    """Runs at common points: their median, and the middle half around it."""

    at: Vector
    low: Vector
    middle: Vector
    high: Vector


def banded(runs: Sequence[tuple[Vector, Vector]], n: int = POINTS) -> Band:
    """Return median and quartiles over runs at `n` points spaced geometrically.

    A run counts with its last value reached: before its first point with that point,
    after it stopped with its last. Quartiles interpolate linearly between runs.

    Parameters
    ----------
    runs : sequence of (x, y)
        x rises; points at x = 0 are the starts.
    """
    positive = [x[x > 0] for x, _ in runs if (x > 0).any()]
    if not positive:
        return Band(*[np.empty(0)] * 4)
    low, high = min(x.min() for x in positive), max(x.max() for x in positive)
    at = np.unique(np.geomspace(low, high, n)) if low < high else np.array([high])
    at[-1] = high
    quartiles = np.quantile(held(runs, at), [0.25, 0.5, 0.75], axis=0)
    return Band(at, *quartiles)


def held(runs: Sequence[tuple[Vector, Vector]], at: Vector) -> Vector:
    """Return each run's last value at common points: it is a function in steps.

    Parameters
    ----------
    runs : sequence of (x, y)
        x rises.
    at : ndarray of shape (n_points,)

    Returns
    -------
    ndarray of shape (n_runs, n_points)
        Before its first point a run counts with that one.
    """
    rows = [y[np.clip(np.searchsorted(x, at, "right") - 1, 0, None)] for x, y in runs]
    return np.vstack(rows)
