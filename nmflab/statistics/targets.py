"""Time to target: when a run came near enough, over many runs, failures counted.

A target is an objective between the best known and a reference that no solver chooses:
``e_best + τ (e_ref − e_best)``. All functions take plain arrays; infinity stands for a
target never reached, and so does a run that failed.

References
----------
N. Hansen, A. Auger, R. Ros, O. Mersmann, T. Tušar, D. Brockhoff, "COCO: a platform for
comparing continuous optimizers in a black-box setting", Optimization Methods and
Software 36(1), 2021 (targets, their ECDF, expected running time).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

TAUS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Shares of the way from the reference to the best that may be left."""

SAME_BASIN = 1e-3
"""Share under which runs differ by the local minimum they found, not by their speed."""

LEAST_RANGE = 1e-9
"""Distance of reference and best, as a share of the reference, that allows targets."""


class Steps(NamedTuple):
    """A function that rises in steps: from ``at[i]`` on it is ``share[i]``."""

    at: Vector
    share: Vector


def targets(best: float, reference: float, taus: Sequence[float] = TAUS) -> Vector:
    """Return the objectives ``e_best + τ (e_ref − e_best)``, one a τ.

    Parameters
    ----------
    best, reference : float
        In units of the objective.
    taus : sequence of float

    Raises
    ------
    ValueError
        If the reference is not above the best by `LEAST_RANGE` of itself: there is no
        way to go then, as with one component, whose best fit is the reference.
    """
    if not reference - best > LEAST_RANGE * abs(reference):
        raise ValueError(
            f"targets: the reference {reference:.6g} is not above the best known"
            f" {best:.6g}; targets need room between the two"
        )
    return best + np.asarray(taus, dtype=np.float64) * (reference - best)


def first_hits(clock: Vector, values: Vector, goals: npt.ArrayLike) -> Vector:
    """Return what the clock showed when each goal was first reached, inf where never.

    Parameters
    ----------
    clock : ndarray of shape (n_points,)
        Rising: seconds, steps, passes over the data.
    values : ndarray of shape (n_points,)
        What is to fall to the goals; NaN where it was not evaluated.
    goals : array of shape (n_goals,)
    """
    goals = np.atleast_1d(np.asarray(goals, dtype=np.float64))
    known = ~np.isnan(values)
    clock, values = clock[known], values[known]
    if not values.size:
        return np.full(goals.shape, np.inf)
    lowest = np.minimum.accumulate(values)
    # Of a falling sequence, negated so that it rises, the first place at or below.
    places = np.searchsorted(-lowest, -goals, side="left")
    hits: Vector = np.append(clock, np.inf)[places]
    return hits


def ecdf(hits: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Steps:
    """Return the share of trials that had reached their target, against the clock.

    Parameters
    ----------
    hits : array of shape (n_trials,)
        A trial is a target of a run; inf where it was not reached or the run failed.
        All of them stand in the denominator.
    weights : array of shape (n_trials,), optional
        How much each trial counts; all the same by default.
    """
    values = np.asarray(hits, dtype=np.float64).ravel()
    shares = np.ones(values.size) if weights is None else np.asarray(weights, float)
    total = float(shares.sum())
    done = np.isfinite(values)
    if total <= 0 or not done.any():
        return Steps(np.empty(0), np.empty(0))
    at, place = np.unique(values[done], return_inverse=True)
    mass = np.bincount(place, weights=shares.ravel()[done], minlength=at.size)
    return Steps(at, np.minimum(np.cumsum(mass) / total, 1.0))


def expected_running_time(hits: npt.ArrayLike, spent: npt.ArrayLike) -> float:
    """Return the mean cost of one success where a failed run is started over.

    ``ERT = (Σ hits of successes + Σ spent of failures) / number of successes``; inf
    where nothing succeeded, as no number of runs then tells how long it takes.

    Parameters
    ----------
    hits : array of shape (n_runs,)
        When each run reached the target; inf where it did not.
    spent : array of shape (n_runs,)
        What each run took in all; read where it did not reach the target. NaN where
        that is not known: it counts as 0, and the result is a lower bound.

    References
    ----------
    A. Auger, N. Hansen, "Performance evaluation of an advanced local search
    evolutionary algorithm", IEEE CEC 2005.
    """
    hits = np.asarray(hits, dtype=np.float64)
    reached = np.isfinite(hits)
    if not reached.any():
        return float("inf")
    wasted = np.asarray(spent, dtype=np.float64)[~reached]
    return float((hits[reached].sum() + np.nansum(wasted)) / reached.sum())


def area(hits: npt.ArrayLike, low: float, high: float) -> float:
    """Return the area under the ECDF between two clocks, log scale; in [0, 1].

    The mean over trials of ``log(high / hit) / log(high / low)``, cut to [0, 1]: 1
    where all had reached their target at `low`, 0 where none had at `high`.

    Raises
    ------
    ValueError
        If not ``0 < low < high``.
    """
    if not 0 < low < high:
        raise ValueError(f"area: needs 0 < low < high, got {low} and {high}")
    values = np.clip(np.asarray(hits, dtype=np.float64).ravel(), low, high)
    if not values.size:
        return 0.0
    return float(np.mean(np.log(high / values)) / np.log(high / low))


def ordered(scores: Mapping[str, float], tie: float = 0.0) -> list[list[str]]:
    """Return the names, highest score first, in groups of those within `tie`.

    A group holds all whose score is within `tie` of its highest.
    """
    groups: list[list[str]] = []
    top = np.inf
    for name, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if groups and top - score <= tie:
            groups[-1].append(name)
        else:
            groups.append([name])
            top = score
    return groups
