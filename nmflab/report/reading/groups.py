"""Runs that differ by seed only, brought together and ranked against their likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from nmflab.report.reading.group import Group, Stat, pooled
from nmflab.report.reading.material import GROUP, SIGNATURE, Material
from nmflab.report.reading.ranks import is_tie, ranked
from nmflab.selection import family
from nmflab.statistics import EXACT

__all__ = [
    "Group",
    "Stat",
    "group_runs",
    "is_tie",
    "lost_settings",
    "pooled",
    "ranked",
    "without_other_folds",
]

_RESULTS = [
    "objective_value",
    "own_objective",
    "seconds",
    "cpu_seconds",
    "objective_start",
    "objective_median",
    "n_steps",
    "passes",
    "validation",
]

_SLOT = [name for name in GROUP if name not in ("threads", "minimises")]
"""What is known of a run before it is made."""

_Slot: TypeAlias = tuple[str | int | bool, ...]


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
    absent = {slot: counts for slot, (_, counts) in _absent(material).items()}
    groups = [
        _group(number, frame, stats, measured, absent)
        for number, frame in runs.groupby("group", sort=True)
    ]
    return ranked(groups)


def without_other_folds(groups: Sequence[Group]) -> list[Group]:
    """Return the groups that differ from those before by more than fold or seed.

    Of the runs on folds of one split those on the first fold are left.
    """
    first: dict[tuple[object, ...], Group] = {}
    for group in groups:
        labels = {**group.labels, "split": family(str(group.labels["split"]))}
        first.setdefault(tuple(labels[name] for name in GROUP), group)
    return list(first.values())


def lost_settings(material: Material) -> list[Group]:
    """Return the settings of which runs were planned and none finished."""
    made = set(material.finished[_SLOT].itertuples(index=False, name=None))
    return [
        Group(
            labels={
                **dict(zip(_SLOT, slot, strict=True)),
                "threads": 0,
                "minimises": "",
            },
            variant=variant,
            signature=-1,
            keys=(),
            best_key="",
            objective=None,
            own=None,
            seconds=None,
            cpu_seconds=None,
            start=None,
            absent=counts,
        )
        for slot, (variant, counts) in _absent(material).items()
        if slot not in made
    ]


def _absent(material: Material) -> dict[_Slot, tuple[str, dict[str, int]]]:
    """Return, by setting, its variant and its runs that did not finish, by status."""
    runs = material.runs[~material.runs["status"].isin(["ok", "skipped"])]
    found: dict[_Slot, tuple[str, dict[str, int]]] = {}
    rows = runs[[*_SLOT, "variant", "status"]].itertuples(index=False, name=None)
    for *slot, variant, status in rows:
        _, counts = found.setdefault(tuple(slot), (str(variant), {}))
        counts[str(status)] = counts.get(str(status), 0) + 1
    return found


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
    absent: Mapping[_Slot, Mapping[str, int]],
) -> Group:
    at = int(str(number))
    first = frame.iloc[0]
    slot = tuple(first[name] for name in _SLOT)
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
        passes=results.get("passes"),
        validation=results.get("validation"),
        stops=dict(Counter(stop for stop in frame["stop"] if isinstance(stop, str))),
        absent=absent.get(slot, {}),
        n_exact=int(
            (frame["objective_value"] <= EXACT * frame["objective_start"]).sum()
        ),
    )


def _most(counts: pd.Series[float]) -> int:
    """Return the highest count; 1 where an earlier nmflab counted none."""
    known = counts.dropna()
    return int(known.max()) if len(known) else 1
