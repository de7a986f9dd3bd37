"""What a group of runs is: statistics over its seeds, how they ended, its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nmflab.report.reading.material import FAILED


@dataclass(frozen=True)
class Stat:
    """A number over seeds; ``sd`` is None where one seed allows no spread."""

    n: int
    mean: float
    sd: float | None
    low: float
    high: float


def pooled(stats: Sequence[Stat]) -> Stat:
    """Return the statistics of means, one a fold; of a single one that itself.

    Ends are the lowest and the highest of all, `n` counts every run.
    """
    if len(stats) == 1:
        return stats[0]
    means = np.array([stat.mean for stat in stats])
    return Stat(
        n=sum(stat.n for stat in stats),
        mean=float(means.mean()),
        sd=float(means.std(ddof=1)),
        low=min(stat.low for stat in stats),
        high=max(stat.high for stat in stats),
    )


@dataclass(frozen=True)
class Group:
    """Runs that differ by their seed only.

    Parameters
    ----------
    labels : mapping
        What they agree in: the columns of `nmflab.report.reading.material.GROUP`.
    variant : str
        The case, else the solver: what charts colour by.
    signature : int
        Number of the comparison this group belongs to.
    keys : tuple of str
        Its runs, in order of their seeds.
    best_key : str
        The run with the lowest objective (its own, where it minimises its own).
    objective, own, seconds, cpu_seconds, start : Stat or None
    metrics : mapping of name to Stat
    rank : int or None
        Place in its comparison by mean objective; None where it is not ranked.
    tied : bool
        Whether its difference to the first is within the spread over seeds.
    median : Stat or None
        Objective of the median start of each run (see docs/restarts.md).
    n_steps : Stat or None
        Steps of each run, summed over its starts.
    n_starts, n_rounds : int
        The most starts a run of it tried, and the rounds of halving; 1 without.
    passes : Stat or None
        Passes over the data of each run.
    validation : Stat or None
        Error on the validation cells of each run.
    stops : mapping of stop reason to int
        How many of its runs ended for which reason.
    n_exact : int
        How many of its runs fit the data but for rounding (`EXACT`).
    absent : mapping of status to int
        Planned runs of it that did not finish: those that failed, and those left.
    """

    labels: Mapping[str, str | int | bool]
    variant: str
    signature: int
    keys: tuple[str, ...]
    best_key: str
    objective: Stat | None
    own: Stat | None
    seconds: Stat | None
    cpu_seconds: Stat | None
    start: Stat | None
    metrics: Mapping[str, Stat] = field(default_factory=dict)
    rank: int | None = None
    tied: bool = False
    median: Stat | None = None
    n_steps: Stat | None = None
    n_starts: int = 1
    n_rounds: int = 1
    passes: Stat | None = None
    validation: Stat | None = None
    stops: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, int] = field(default_factory=dict)
    n_exact: int = 0

    @property
    def dataset(self) -> str:
        """The dataset's label."""
        return str(self.labels["dataset"])

    @property
    def init(self) -> str:
        """The initialization's label."""
        return str(self.labels["init"])

    @property
    def n_components(self) -> int:
        """The number of components."""
        return int(self.labels["n_components"])

    @property
    def n_seeds(self) -> int:
        """How many runs it holds."""
        return len(self.keys)

    @property
    def own_objective(self) -> bool:
        """Whether its solver minimises another objective than the shared one."""
        return self.labels["minimises"] == "own"

    @property
    def name(self) -> str:
        """``hals from nndsvda``: what it is called in sentences."""
        return f"{self.variant} from {self.init}" if self.init else self.variant

    @property
    def n_failed(self) -> int:
        """How many of its planned runs were started and did not end well."""
        return sum(n for status, n in self.absent.items() if status in FAILED)

    @property
    def n_planned(self) -> int:
        """How many runs were planned of it, without those skipped as unfit."""
        return self.n_seeds + sum(self.absent.values())
