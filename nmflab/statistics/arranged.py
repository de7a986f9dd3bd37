"""A long DataFrame of runs, arranged by data set, cell, seed and method."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nmflab.statistics.intervals import Floats, Interval, Whole
from nmflab.statistics.ties import ROPE

_ROUNDING = 9
"""Decimals of a score that are kept: what lies beyond is rounding, and no rank's."""


@dataclass(frozen=True)
class Scale:
    """How two values are set against each other.

    Parameters
    ----------
    relative : bool
        As ratios, ``a/b − 1``, or as differences, ``a − b``.
    higher : bool
        Whether a higher value is the better one.
    rope : float
        Practical equality: a share where `relative`, else in the values' unit.
    """

    relative: bool
    higher: bool
    rope: float

    def onto(self, values: Floats) -> Floats:
        """Return values on the axis where they are averaged: logarithms of ratios."""
        return np.log(values) if self.relative else values

    def back(self, difference: float) -> float:
        """Return a difference on that axis as one that is read: ``exp(d) − 1``."""
        return math.expm1(difference) if self.relative else difference

    def read(self, interval: Interval) -> Interval:
        """Return an interval on that axis as one that is read."""
        ends = interval.ends
        if ends is None:
            return interval
        return Interval(self.back(ends[0]), self.back(ends[1]), interval.note)

    @property
    def rope_on_axis(self) -> float:
        """Half width of the region of practical equality on that axis."""
        return math.log1p(self.rope) if self.relative else self.rope


def scale_of(
    values: pd.Series[float],
    *,
    higher: bool,
    relative: bool | None,
    rope: float | None,
) -> Scale:
    """Return the scale asked for; by ratios where all values are positive.

    Raises
    ------
    ValueError
        If ratios are asked for and some value is not positive.
    """
    known = values.dropna()
    positive = bool((known > 0).all()) and len(known) > 0
    if relative and not positive:
        raise ValueError(
            "relative=True takes values above 0, got one at"
            f" {known.min() if len(known) else 'none'}: use relative=False, which"
            " compares differences"
        )
    ratios = positive if relative is None else relative
    if rope is None:
        typical = float(known.abs().median()) if len(known) else 0.0
        rope = ROPE if ratios else ROPE * typical
    return Scale(ratios, higher, rope)


@dataclass(frozen=True)
class Arranged:
    """Every value, by data set.

    Parameters
    ----------
    methods : list of str
    values : mapping of data set to array, shape (n_cells, n_seeds, n_methods)
        NaN where there is no run, or where it has no value.
    planned : mapping of data set to array of int, shape (n_methods,)
        How many runs a method has there in the cell that has most of them, with a
        value or without.
    scale : Scale
    """

    methods: list[str]
    values: dict[str, Floats]
    planned: dict[str, Whole]
    scale: Scale

    @property
    def datasets(self) -> list[str]:
        """Every data set, in order of appearance."""
        return list(self.values)

    def lost(self, method: str, other: str) -> int:
        """Return on how many data sets a method ran in vain where the other did not."""
        mine, others = self.scores[method].isna(), self.scores[other].notna()
        at = self.methods.index(method)
        ran = np.array([planned[at] > 0 for planned in self.planned.values()])
        return int((mine & others & ran).sum())

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One value a data set and method; NaN for a method without any there.

        The mean over the cells that every method present has, of the mean over seeds
        on the scale's axis; rounded, so that rounding decides no rank.
        """
        rows = [self._score(values) for values in self.values.values()]
        return pd.DataFrame(rows, index=self.datasets, columns=self.methods)

    def _score(self, values: Floats) -> Floats:
        known = ~np.isnan(values)
        n = known.sum(axis=1)
        present = n.any(axis=0)
        whole = (n > 0)[:, present].all(axis=1)
        score = np.full(n.shape[1], np.nan)
        if not whole.any():
            return score
        means = np.where(known, values, 0.0).sum(axis=1)[whole][:, present]
        placed = self.scale.onto(means / n[whole][:, present]).mean(axis=0)
        size = 1.0 if self.scale.relative else float(np.abs(placed).max()) or 1.0
        score[present] = np.round(placed / size, _ROUNDING) * size
        return score


def arrange(
    frame: pd.DataFrame,
    *,
    method: str,
    dataset: str,
    seed: str,
    value: str,
    cell: Sequence[str],
    scale: Scale,
) -> Arranged:
    """Return a long DataFrame arranged; parameters as of `nmflab.statistics.compare`.

    Raises
    ------
    KeyError
        If it lacks a column: names those it has.
    ValueError
        If two rows are of one method, data set, cell and seed.
    """
    names = [method, dataset, seed, value, *cell]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise KeyError(
            f"no column {missing[0]!r}; the DataFrame has"
            f" {', '.join(map(str, frame.columns))}"
        )
    told = pd.DataFrame(
        {
            "dataset": frame[dataset].astype(str),
            "cell": _cells(frame, cell),
            "seed": frame[seed],
            "method": frame[method].astype(str),
            "value": frame[value].astype(float),
        }
    )
    of = ["dataset", "cell", "seed", "method"]
    twice = told.duplicated(of)
    if twice.any():
        row = told[twice].iloc[0]
        raise ValueError(
            f"two values for method {row['method']!r} on data set {row['dataset']!r},"
            f" seed {row['seed']}: name the columns that tell them apart in cell=[...]"
        )
    return _filled(told, scale)


def _filled(told: pd.DataFrame, scale: Scale) -> Arranged:
    """Return one array a data set from rows that are each of one run."""
    at, methods = pd.factorize(told["method"])
    values: dict[str, Floats] = {}
    planned: dict[str, Whole] = {}
    for name, rows in told.assign(at=at).groupby("dataset", sort=False):
        cells, n_cells = _numbered(rows["cell"])
        seeds, n_seeds = _numbered(rows["seed"])
        columns = rows["at"].to_numpy()
        array = np.full((n_cells, n_seeds, len(methods)), np.nan)
        array[cells, seeds, columns] = rows["value"].to_numpy()
        values[str(name)] = array
        often = np.zeros((n_cells, len(methods)), dtype=int)
        np.add.at(often, (cells, columns), 1)
        planned[str(name)] = often.max(axis=0)
    return Arranged([str(name) for name in methods], values, planned, scale)


def _numbered(
    labels: pd.Series[Any],  # Any: seeds may be numbers or text
) -> tuple[Whole, int]:
    numbers, names = pd.factorize(labels, use_na_sentinel=False)
    return numbers, len(names)


def _cells(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[int]:
    """Return the number of each row's cell."""
    if not names:
        return pd.Series(0, index=frame.index)
    return frame.groupby(list(names), sort=False, dropna=False).ngroup()
