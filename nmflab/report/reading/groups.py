"""Runs that differ by seed only, brought together and ranked against their likes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import pandas as pd

from nmflab.report.reading.material import GROUP, SIGNATURE, Material

PRACTICALLY_EQUAL = 1e-3
"""Relative difference of two objectives below which neither is called better."""

EXACT = 1e-9
"""An objective below this share of its start is an exact fit (error below 3e-5)."""


@dataclass(frozen=True)
class Stat:
    """A number over seeds; ``sd`` is None where one seed allows no spread."""

    n: int
    mean: float
    sd: float | None
    low: float
    high: float


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


_RESULTS = [
    "objective_value",
    "own_objective",
    "seconds",
    "cpu_seconds",
    "objective_start",
    "objective_median",
    "n_steps",
]


def group_runs(material: Material) -> list[Group]:
    """Return the groups of the finished runs, ranked, in order of the table."""
    runs = material.finished
    if runs.empty:
        return []
    runs = runs.sort_values(["seed", "ordinal"], kind="stable")
    runs = runs.assign(
        signature=runs.groupby(SIGNATURE, sort=False, dropna=False).ngroup(),
        group=runs.groupby(GROUP, sort=False, dropna=False).ngroup(),
    )
    by = runs.set_index("key")["group"]
    stats = _stats(runs.set_index("group")[_RESULTS])
    measured = _stats(material.metrics.loc[by.index].set_axis(by.to_numpy()))
    groups = [
        _group(number, frame, stats, measured)
        for number, frame in runs.groupby("group", sort=True)
    ]
    return ranked(groups)


def _stats(values: pd.DataFrame) -> dict[int, dict[str, Stat]]:
    """Return the statistics of each column of `values` over its index."""
    found: dict[int, dict[str, Stat]] = {}
    values = values[values.columns[values.notna().any()]]
    if values.empty:
        return found
    table = values.groupby(level=0).agg(["count", "mean", "std", "min", "max"])
    names = list(values.columns)
    for row in table.itertuples(index=True, name=None):
        entry = found.setdefault(int(row[0]), {})
        for at, name in enumerate(names):
            n, mean, sd, low, high = row[1 + 5 * at : 6 + 5 * at]
            if n:
                entry[str(name)] = Stat(int(n), mean, sd if n > 1 else None, low, high)
    return found


def _group(
    number: object,
    frame: pd.DataFrame,
    stats: Mapping[int, Mapping[str, Stat]],
    measured: Mapping[int, Mapping[str, Stat]],
) -> Group:
    at = int(str(number))
    first = frame.iloc[0]
    own = first["minimises"] == "own" and frame["own_objective"].notna().any()
    order = frame["own_objective" if own else "objective_value"].fillna(np.inf)
    best = frame["key"].iloc[int(order.to_numpy().argmin())]
    results = stats.get(at, {})
    return Group(
        labels={name: first[name] for name in GROUP},
        variant=str(first["variant"]),
        signature=int(first["signature"]),
        keys=tuple(frame["key"]),
        best_key=str(best),
        objective=results.get("objective_value"),
        own=results.get("own_objective"),
        seconds=results.get("seconds"),
        cpu_seconds=results.get("cpu_seconds"),
        start=results.get("objective_start"),
        median=results.get("objective_median"),
        n_steps=results.get("n_steps"),
        n_starts=_most(frame["n_starts"]),
        n_rounds=_most(frame["n_rounds"]),
        metrics=measured.get(at, {}),
    )


def _most(counts: pd.Series[float]) -> int:
    """Return the highest count; 1 where an earlier nmflab counted none."""
    known = counts.dropna()
    return int(known.max()) if len(known) else 1


def ranked(groups: Sequence[Group]) -> list[Group]:
    """Return the groups with their ranks, comparison by comparison.

    Only groups of one signature that minimise the shared objective are ranked, and only
    where there are two.
    """
    ordered = sorted(groups, key=_order)
    done: list[Group] = []
    for _, members in groupby(ordered, key=lambda group: group.signature):
        together = list(members)
        contest = [g for g in together if not g.own_objective and g.objective]
        rest = [g for g in together if g.own_objective or not g.objective]
        done += [*(_placed(contest) if len(contest) > 1 else contest), *rest]
    return done


def _order(group: Group) -> tuple[object, ...]:
    labels = group.labels
    return (
        group.dataset,
        str(labels["objective"]),
        group.n_components,
        group.signature,
        group.own_objective,
        group.objective.mean if group.objective else math.inf,
    )


def _placed(contest: Sequence[Group]) -> list[Group]:
    first = contest[0]
    return [
        replace(group, rank=place, tied=place > 1 and is_tie(first, group))
        for place, group in enumerate(contest, start=1)
    ]


def is_tie(a: Group, b: Group) -> bool:
    """Return whether the mean objectives differ by no more than chance or rounding.

    ``|mean_a − mean_b| <= max(sd_a, sd_b, 1e-3 · min(mean_a, mean_b))``, or both fit
    exactly (`EXACT`).
    """
    if a.objective is None or b.objective is None:
        return False
    sds = [stat.sd or 0.0 for stat in (a.objective, b.objective)]
    near = PRACTICALLY_EQUAL * min(abs(a.objective.mean), abs(b.objective.mean))
    starts = [group.start.high for group in (a, b) if group.start]
    rounding = EXACT * max(starts, default=0.0)
    difference = abs(a.objective.mean - b.objective.mean)
    return difference <= max(*sds, near, rounding)


def comparisons(groups: Sequence[Group]) -> list[list[Group]]:
    """Return the ranked groups, one list a signature that allows a comparison."""
    contests: dict[int, list[Group]] = {}
    for group in groups:
        if group.rank is not None:
            contests.setdefault(group.signature, []).append(group)
    return list(contests.values())
