"""Which components come back from other seeds: matched cosines to the best run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material

if TYPE_CHECKING:
    from collections.abc import Iterator

STABLE = 0.9
"""Matched cosine from which two components are called the same."""

MOST_SEEDS = 20
MOST_GROUPS = 60
MOST_NUMBERS = 40_000_000
"""Entries of H read in all: a bound on time and memory for large data."""

Matcher = Callable[[Matrix, Matrix], tuple[npt.NDArray[np.intp], Matrix]]


@dataclass(frozen=True)
class Stability:
    """How well the components of a group's best run come back from its other seeds.

    Parameters
    ----------
    group : Group
    cosines : ndarray of shape (n_other_seeds, n_components)
        Of component k of the best run with the one matched to it in another seed's run.
    """

    group: Group
    cosines: Matrix

    @property
    def n_others(self) -> int:
        """Number of runs the best was compared with."""
        return int(self.cosines.shape[0])

    @property
    def lowest(self) -> Matrix:
        """Lowest cosine of each component over the other seeds."""
        return np.asarray(self.cosines.min(axis=0), dtype=np.float64)

    @property
    def found(self) -> npt.NDArray[np.intp]:
        """In how many other seeds each component came back."""
        return np.asarray((self.cosines >= STABLE).sum(axis=0), dtype=np.intp)

    @property
    def stable(self) -> npt.NDArray[np.bool_]:
        """Which components came back from every other seed."""
        return np.asarray(self.lowest >= STABLE)


def stabilities(
    material: Material, groups: Sequence[Group], match: Matcher | None = None
) -> list[Stability]:
    """Return the stability of every group of two seeds or more, within the bounds."""
    match = match or _matcher()
    found: list[Stability] = []
    budget = MOST_NUMBERS
    for group in groups:
        if group.n_seeds < 2 or len(found) == MOST_GROUPS or budget <= 0:
            continue
        runs = list(_components(material, group))
        budget -= sum(H.size for H in runs)
        if len(runs) > 1:
            cosines = [match(runs[0], other)[1] for other in runs[1:]]
            found.append(Stability(group, np.vstack(cosines)))
    return found


def _matcher() -> Matcher:
    from nmflab.numerics.alignment import match_components

    return match_components


def _components(material: Material, group: Group) -> Iterator[Matrix]:
    """Yield H of the best run, then of the other seeds', where they were kept."""
    others = [key for key in group.keys if key != group.best_key]
    for key in (group.best_key, *others[: MOST_SEEDS - 1]):
        factors = material.factors(key)
        if factors is None and key == group.best_key:
            return
        if factors is not None:
            yield factors.H
