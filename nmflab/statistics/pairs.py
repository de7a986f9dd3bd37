"""Two methods on one data set, paired by seed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nmflab.statistics.arranged import Arranged, Scale
from nmflab.statistics.effects import a12
from nmflab.statistics.intervals import Floats, Interval, Whole, bca
from nmflab.statistics.ties import margin

EQUAL = "practically equal"
WITHIN = "within the spread over seeds"
NO_SEED = "no seed in common"
ONE = "one run each"


@dataclass(frozen=True)
class Pair:
    """One method against another on one data set.

    Parameters
    ----------
    dataset, method, reference : str
    difference : float
        ``mean(method) / mean(reference) − 1`` on a relative scale, else
        ``mean(method) − mean(reference)``; means over seeds, averaged over cells.
    interval : Interval
        BCa over seeds.
    a12 : float
        Chance that a run of the method is the better one; practically equal runs count
        half.
    outcome : {"win", "tie", "loss"}
        Of the method.
    why_tied : str
        `EQUAL`, `WITHIN`, or "" where it is no tie.
    n_seeds, n_cells : int
        Seeds that both have in each cell, 0 for none; and cells.
    """

    dataset: str
    method: str
    reference: str
    difference: float
    interval: Interval
    a12: float
    outcome: Literal["win", "tie", "loss"]
    why_tied: str
    n_seeds: int
    n_cells: int

    @property
    def delta(self) -> float:
        """Cliff's delta, ``2 A12 − 1``."""
        return 2 * self.a12 - 1


def pair(data: Arranged, dataset: str, method: str, reference: str) -> Pair | None:
    """Return a method against a reference on a data set; None without a common cell.

    Without a seed that both finished, means are compared and no interval is given.
    """
    names = (dataset, method, reference)
    paired = paired_values(data, *names)
    a, b = paired if paired is not None else _apart(data, *names)
    if not len(a):
        return None
    scale = data.scale
    means = [np.array([row.mean() for row in rows]) for rows in (a, b)]
    value = scale.back(float(_difference(means[0], means[1], scale)))
    outcome, why = _outcome(a, b, value, scale)
    return Pair(
        dataset=dataset,
        method=method,
        reference=reference,
        difference=value,
        interval=Interval(None, None, NO_SEED)
        if paired is None
        else _interval(*paired, scale),
        a12=_a12(a, b, scale),
        outcome=outcome,
        why_tied=why,
        n_seeds=0 if paired is None else paired[0].shape[1],
        n_cells=len(a),
    )


def _difference(a: Floats, b: Floats, scale: Scale) -> Floats:
    """Return how far means lie apart on the scale's axis, averaged over cells."""
    mean: Floats = (scale.onto(a) - scale.onto(b)).mean(axis=0)
    return mean


def _interval(a: Floats, b: Floats, scale: Scale) -> Interval:
    """Return the BCa interval over seeds.

    It is taken on the scale's axis and read afterwards: BCa respects transformations.
    """
    n_cells, n_seeds = a.shape

    def difference(at: Whole) -> Floats:
        return _difference(a[:, at].mean(axis=-1), b[:, at].mean(axis=-1), scale)

    if n_seeds == 1:
        return Interval(None, None, ONE)
    return scale.read(bca(n_seeds, difference, width=n_cells))


def paired_values(
    data: Arranged, dataset: str, method: str, reference: str
) -> tuple[Floats, Floats] | None:
    """Return both methods' values, shape (n_cells, n_seeds), seeds paired.

    The seeds are those that both finished in every cell that both have; None without
    any. A method that was planned for one run a cell, as nothing in it is random,
    stands beside every seed of the other.
    """
    at = [data.methods.index(name) for name in (method, reference)]
    both = data.values[dataset][:, :, at]
    fixed = data.planned[dataset][at] == 1
    if fixed.sum() == 1:
        alone = both[:, :, fixed]
        only = np.where(np.isnan(alone), 0.0, alone).sum(axis=1, keepdims=True)
        missing = np.isnan(alone).all(axis=1, keepdims=True)
        both[:, :, fixed] = np.where(missing, np.nan, only)
    known = ~np.isnan(both[:, :, 0] + both[:, :, 1])
    cells = np.flatnonzero(known.sum(axis=1))
    seeds = np.flatnonzero(known[cells].all(axis=0)) if cells.size else cells
    if not seeds.size:
        return None
    kept = both[np.ix_(cells, seeds)]
    return kept[:, :, 0], kept[:, :, 1]


def _apart(
    data: Arranged, dataset: str, method: str, reference: str
) -> tuple[list[Floats], list[Floats]]:
    """Return both methods' values by cell, where both have any, whatever their seed."""
    at = [data.methods.index(name) for name in (method, reference)]
    found: tuple[list[Floats], list[Floats]] = ([], [])
    for cell in data.values[dataset][:, :, at]:
        known = [column[~np.isnan(column)] for column in cell.T]
        if all(values.size for values in known):
            for rows, values in zip(found, known, strict=True):
                rows.append(values)
    return found


@dataclass(frozen=True)
class _Seeds:
    n: int
    mean: float
    sd: float | None
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> _Seeds:
        sd = float(values.std(ddof=1)) if values.size > 1 else None
        ends = float(values.min()), float(values.max())
        return cls(values.size, float(values.mean()), sd, *ends)


def _outcome(
    a: Iterable[Floats], b: Iterable[Floats], difference: float, scale: Scale
) -> tuple[Literal["win", "tie", "loss"], str]:
    """Return who is the better one, by the rule of `nmflab.statistics.margin`."""
    shares = []
    for one, other in zip(a, b, strict=True):
        unit = min(abs(one.mean()), abs(other.mean())) if scale.relative else 1.0
        allowed = margin(_Seeds.of(one), _Seeds.of(other), rope=scale.rope * unit)
        shares.append(allowed / unit)
    far = _farther(difference, scale)
    if far <= scale.rope:
        return "tie", EQUAL
    if far <= np.mean(shares):
        return "tie", WITHIN
    return ("win" if (difference > 0) == scale.higher else "loss"), ""


def _farther(difference: float, scale: Scale) -> float:
    """Return the difference as a share of the smaller value, whichever that is."""
    if scale.relative and difference < 0:
        return -difference / (1 + difference)
    return abs(difference)


def _a12(a: Iterable[Floats], b: Iterable[Floats], scale: Scale) -> float:
    chances = []
    for one, other in zip(a, b, strict=True):
        unit = min(abs(one.mean()), abs(other.mean())) if scale.relative else 1.0
        first, second = (one, other) if scale.higher else (other, one)
        chances.append(a12(first, second, scale.rope * unit))
    return float(np.mean(chances))
