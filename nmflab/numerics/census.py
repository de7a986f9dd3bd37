"""How many different optima several runs found, and whether equal errors mean alike.

One statement needs two tolerances: an objective, to which runs that reached one optimum
agree, and a cosine, to which their components do. Neither means anything of a run that
has not converged: stopped early, twenty seeds look like twenty optima.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from nmflab.contracts import Factors
from nmflab.numerics.alignment import (
    Directions,
    align,
    directions,
    factor_match_score,
)

SAME_OBJECTIVE = 1e-6
"""Relative difference of objectives up to which two runs may share an optimum."""

SAME_COSINE = 0.999
"""Every matched cosine, of W and of H, of two runs at one optimum lies above this."""

EQUAL_ERROR = 1e-3
"""Relative difference of objectives below which two errors are called equal."""

DIFFERENT_FACTORS = 0.99
"""Factor match score below which two factorizations are called different."""


@dataclass(frozen=True)
class Census:
    """The distinct optima among several runs.

    Parameters
    ----------
    groups : tuple of tuples of int
        Indices of the converged runs at each optimum, lowest objective first; the
        largest group stands first, of equal ones that with the lower objective.
    not_converged : tuple of int
        Indices of the runs that are not counted.
    objectives : tuple of float
        Of each optimum: the lowest of its group; units of the objective.
    lowest : int
        Which optimum has the lowest objective; 0, the largest group, if that has it to
        `SAME_OBJECTIVE`, and where there is none.
    """

    groups: tuple[tuple[int, ...], ...]
    not_converged: tuple[int, ...]
    objectives: tuple[float, ...]
    lowest: int = 0

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many runs ended at each optimum."""
        return tuple(len(group) for group in self.groups)

    @property
    def representatives(self) -> tuple[int, ...]:
        """Index of the run with the lowest objective at each optimum."""
        return tuple(group[0] for group in self.groups)

    @property
    def n_runs(self) -> int:
        """All runs, converged or not."""
        return sum(self.sizes) + len(self.not_converged)

    @property
    def sentence(self) -> str:
        """``20 seeds, 3 optima: 10, 5, 3; 2 not converged``."""
        text = f"{_counted(self.n_runs, 'seed', 'seeds')}, "
        if self.groups:
            text += _counted(len(self.groups), "optimum", "optima")
            text += f": {', '.join(str(size) for size in self.sizes)}"
            if self.lowest:
                of = self.sizes[self.lowest]
                text += f" (the lowest objective is that of {of})"
        else:
            text += "no optimum can be counted"
        left = len(self.not_converged)
        return f"{text}; {left} not converged" if left else text


def census(
    runs: Sequence[Factors | Directions],
    objectives: Sequence[float],
    converged: Sequence[bool],
    *,
    exact: float = 0.0,
) -> Census:
    """Return the distinct optima among the converged of several runs of one problem.

    Two runs share an optimum if their objectives differ by no more than
    `SAME_OBJECTIVE` of the larger one and every matched cosine, of W and of H, is above
    `SAME_COSINE`. Runs linked by a chain of such pairs are one optimum, so that the
    order of the runs does not matter.

    Parameters
    ----------
    runs : sequence of Factors or Directions
    objectives : sequence of float
        Final objective of each run, of one unit.
    converged : sequence of bool
        Whether each run's kappa fell below its tolerance; a run whose objective is
        not finite did not converge.
    exact : float, default 0
        Objectives up to this are all exact fits, whatever their rounding leaves.

    Raises
    ------
    ValueError
        If the three differ in length.
    """
    if not len(runs) == len(objectives) == len(converged):
        raise ValueError(
            f"census: {len(runs)} runs, {len(objectives)} objectives and"
            f" {len(converged)} entries of converged; give one of each a run"
        )
    values = [float(value) for value in objectives]
    done = [yes and math.isfinite(v) for yes, v in zip(converged, values, strict=True)]
    counted = [at for at, yes in enumerate(done) if yes]
    counted.sort(key=lambda at: (values[at], at))
    found = {at: _of(runs[at]) for at in counted}

    def same(one: int, other: int) -> bool:
        near = _same_objective(values[one], values[other], exact)
        return near and _same_factors(found[one], found[other])

    groups = _linked(counted, same)
    groups.sort(key=lambda group: (-len(group), values[group[0]], group[0]))
    at_optima = tuple(values[group[0]] for group in groups)
    return Census(
        tuple(tuple(group) for group in groups),
        tuple(at for at, yes in enumerate(done) if not yes),
        at_optima,
        _lowest(at_optima, exact),
    )


def _linked(items: Sequence[int], same: Callable[[int, int], bool]) -> list[list[int]]:
    """Return items in groups linked by chains of equals, each in the order given."""
    groups: list[list[int]] = []
    for item in items:
        joined: list[list[int]] = []
        rest: list[list[int]] = []
        for group in groups:
            # The latest come first: their objectives are the nearest.
            linked = any(same(item, other) for other in reversed(group))
            (joined if linked else rest).append(group)
        groups = [*rest, sorted([*chain(*joined), item], key=items.index)]
    return groups


def _lowest(objectives: Sequence[float], exact: float) -> int:
    """Return which objective is the lowest; the first if it is no higher."""
    if not objectives:
        return 0
    lowest = int(np.argmin(objectives))
    same = _same_objective(objectives[lowest], objectives[0], exact)
    return 0 if same else lowest


def _same_objective(a: float, b: float, exact: float) -> bool:
    difference, larger = abs(a - b), max(abs(a), abs(b))
    return difference <= SAME_OBJECTIVE * larger or larger <= exact


def _same_factors(a: Directions, b: Directions) -> bool:
    """Return whether every component has a partner like itself."""
    if len(a.sizes) != len(b.sizes):
        return False
    found = align(a, b)
    cosines = np.minimum(found.cosines_W, found.cosines_H)[a.given]
    return bool((cosines > SAME_COSINE).all())


def _of(run: Factors | Directions) -> Directions:
    return run if isinstance(run, Directions) else directions(run)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


@dataclass(frozen=True)
class EqualError:
    """Two runs of one problem whose errors agree and whose factors do not.

    Parameters
    ----------
    first, second : int
        Indices of the runs, ``first < second``.
    difference : float
        Of their objectives, relative to the larger; dimensionless.
    match_score : float
        Their factor match score; 1 would be the same factors.
    """

    first: int
    second: int
    difference: float
    match_score: float


def equal_errors(
    runs: Sequence[Factors | Directions],
    objectives: Sequence[float],
    *,
    exact: float = 0.0,
) -> list[EqualError]:
    """Return the pairs of equal error and different factors, most different first.

    Pairs whose objectives differ by less than `EQUAL_ERROR` of the larger one, and
    whose factor match score lies below `DIFFERENT_FACTORS`.

    Parameters
    ----------
    runs : sequence of Factors or Directions
        Of one problem; n_components may differ, unmatched components then count 0.
    objectives : sequence of float
        Of one unit; a pair of which one is not finite is left out.
    exact : float, default 0
        Objectives up to this are all exact fits, and differ by 0.
    """
    found, shapes = [], [_of(run) for run in runs]
    for i, j in combinations(range(len(shapes)), 2):
        difference = relative_difference(objectives[i], objectives[j], exact)
        if difference < EQUAL_ERROR:
            score = factor_match_score(shapes[i], shapes[j])
            if score < DIFFERENT_FACTORS:
                found.append(EqualError(i, j, difference, score))
    return sorted(found, key=lambda one: (one.match_score, one.first, one.second))


def relative_difference(a: float, b: float, exact: float = 0.0) -> float:
    """Return ``|a − b| / max(|a|, |b|)``; 0 where both are exact fits."""
    larger = max(abs(a), abs(b))
    return 0.0 if larger <= exact else abs(a - b) / larger
