"""What runs of one comparison found, component by component, and how many optima."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nmflab.contracts import Matrix
from nmflab.numerics import (
    Alignment,
    Census,
    Directions,
    EqualError,
    align,
    equal_errors,
    factor_match_score,
    free_directions,
)
from nmflab.numerics.uniqueness import MOST_COMPONENTS, Freedom
from nmflab.report.reading.groups import Group

if TYPE_CHECKING:
    from nmflab.contracts import Factors

MOST_NUMBERS = 4_000_000
"""Entries of W and H up to which the certificate takes seconds at most."""


@dataclass(frozen=True)
class Entry:
    """One run of a comparison.

    Parameters
    ----------
    name : str
        What tells it from the others: solver and start, or its seed.
    seed : int
    objective : float
    is_converged : bool
        Whether its kappa fell below its tolerance.
    factors : Factors
    shape : Directions
        Its components as unit vectors.
    """

    name: str
    seed: int
    objective: float
    is_converged: bool
    factors: Factors
    shape: Directions


@dataclass(frozen=True)
class Counted:
    """The optima that a group's seeds found.

    Parameters
    ----------
    group : Group
    census : Census
    tolerance : float
        What kappa had to fall below.
    n_left_out : int
        Seeds that were not looked at: for length, or without factors.
    """

    group: Group
    census: Census
    tolerance: float
    n_left_out: int


@dataclass(frozen=True)
class Comparison:
    """Runs that minimise the same thing, aligned with the best of them.

    Parameters
    ----------
    group : Group
        That of the best run.
    entries : list of Entry
        Lowest objective first.
    exact : float
        Objectives up to this are exact fits.
    n_left_out : int
        Kinds of run, or seeds, beyond those in `entries`.
    """

    group: Group
    entries: list[Entry]
    exact: float
    n_left_out: int

    @cached_property
    def alignments(self) -> list[Alignment]:
        """Each entry after the first, aligned with the first."""
        first = self.entries[0].shape
        return [align(first, entry.shape) for entry in self.entries[1:]]

    @cached_property
    def match_scores(self) -> Matrix:
        """The factor match score of every two entries."""
        n = len(self.entries)
        scores = np.eye(n)
        for i in range(n):
            for j in range(i):
                pair = self.entries[i].shape, self.entries[j].shape
                scores[i, j] = scores[j, i] = factor_match_score(*pair)
        return scores

    @cached_property
    def findings(self) -> list[EqualError]:
        """Pairs of entries of equal error and different factors."""
        objectives = [entry.objective for entry in self.entries]
        shapes = [entry.shape for entry in self.entries]
        return equal_errors(shapes, objectives, exact=self.exact)

    @cached_property
    def freedom(self) -> Freedom | None:
        """The certificate of the first entry.

        None for more than `MOST_COMPONENTS` components, one only, signed factors, or
        factors of more than `MOST_NUMBERS` entries.
        """
        entry = self.entries[0]
        W, H = entry.factors.W, entry.factors.H
        n = entry.shape.given.size
        if not (2 <= n <= MOST_COMPONENTS and W.size + H.size <= MOST_NUMBERS):
            return None
        if (W < 0).any() or (H < 0).any():
            return None
        return free_directions(entry.factors)


@dataclass(frozen=True)
class AlignedRuns:
    """Everything the section tells of.

    Parameters
    ----------
    comparisons : list of Comparison
    counted : list of Counted
        Of the groups with two seeds or more.
    n_left_out : int
        Comparisons that were not looked at, for length or size.
    """

    comparisons: list[Comparison]
    counted: list[Counted]
    n_left_out: int
