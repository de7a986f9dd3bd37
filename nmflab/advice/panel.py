"""The panel: criteria for the number of components, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A criterion at one size: its value and how far it scatters.

    Parameters
    ----------
    value : float
        What the rule looks at.
    low, high : float
        The least and the greatest over what varies.
    n : int
        Of how many.
    """

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float], value: float | None = None) -> Spread:
        """Return the spread of some values; `value` in place of their mean."""
        mean = float(np.mean(values)) if value is None else value
        return cls(mean, float(min(values)), float(max(values)), len(values))


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One criterion over all sizes.

    Parameters
    ----------
    name : str
        snake_case.
    title : str
    direction : {"lower", "higher", "none"}
        Which way is better.
    over : str
        What the spread is over: "seeds", "blocks".
    rule : str
        How it chooses, a sentence.
    suits : str
        Which data it is meant for, a sentence.
    values : mapping of size to Spread
        Empty where it could not be computed.
    choice : int or None
    why : str
        Why there is no choice, or no value; what to know of the choice; or "".
    counts : bool
        Whether its choice is weighed with the others'; what is shown only is not.
    source : str
        Who proposed it.
    reference : mapping of size to float
        What the values are held against, where the rule has such.
    """

    name: str
    title: str
    direction: Literal["lower", "higher", "none"]
    over: str
    rule: str
    suits: str
    values: Mapping[int, Spread] = field(default_factory=dict)
    choice: int | None = None
    why: str = ""
    counts: bool = True
    source: str = ""
    reference: Mapping[int, float] = field(default_factory=dict)

    def at(self, size: int) -> Spread | None:
        """Return the value at a size; the only one where there is but one."""
        if len(self.values) == 1:
            return next(iter(self.values.values()))
        return self.values.get(size)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """All criteria for one data set and one solver.

    Parameters
    ----------
    dataset, solver, objective : str
        Labels.
    sizes : sequence of int
    criteria : sequence of Criterion
    n_left : int
        Planned runs without a result: the panel is of what there is.
    """

    dataset: str
    solver: str
    objective: str
    sizes: Sequence[int]
    criteria: Sequence[Criterion]
    n_left: int = 0

    def votes(self) -> dict[int, list[Criterion]]:
        """Return the criteria that count by the size they choose, ascending."""
        chosen: dict[int, list[Criterion]] = {}
        for criterion in self.criteria:
            if criterion.choice is not None and criterion.counts:
                chosen.setdefault(criterion.choice, []).append(criterion)
        return dict(sorted(chosen.items()))

    def verdict(self) -> list[str]:
        """Return where the criteria agree and where not, in sentences."""
        votes = self.votes()
        if not votes:
            return ["No criterion could choose; the reasons stand beside them."]
        n = sum(map(len, votes.values()))
        if len(votes) == 1:
            [size] = votes
            said = [f"All {n} criteria that choose say {size}."]
            if n == 1:
                said = [f"The one criterion that chooses says {size}."]
        else:
            said = [
                f"The {n} criteria that choose disagree, from {min(votes)} to"
                f" {max(votes)}:",
                *[
                    f"{size}: {', '.join(one.title for one in members)}."
                    for size, members in votes.items()
                ],
            ]
        return [*said, *self._at_the_edge(votes)]

    def _at_the_edge(self, votes: Mapping[int, Sequence[Criterion]]) -> list[str]:
        edges = [size for size in (self.sizes[0], self.sizes[-1]) if size in votes]
        if not edges:
            return []
        named = " and ".join(map(str, edges))
        return [
            f"A choice at the edge of the range ({named}) may lie outside of it: widen"
            " n_components."
        ]
