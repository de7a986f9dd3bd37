"""Every figure of every pair of runs, and the verdict on it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from nmflab.report.reading.measures import about
from nmflab.reproducing.arrays import arrays
from nmflab.reproducing.figures import Figure, Judge, Value
from nmflab.reproducing.pairing import Pair, Side
from nmflab.store import Store

RESULTS = {
    "objective_start": "objective of the start",
    "objective_value": "objective",
    "own_objective": "own objective",
    "kappa": "kappa",
    "validation": "validation error",
    "n_steps": "steps",
    "passes": "passes over the data",
    "n_active": "active components",
    "objective_median": "objective of the median start",
    "objective_rank_one": "objective of the best rank-1 fit",
    "refit_objective": "objective after the refit",
    "start_hash": "start",
    "stop": "stop",
}
"""What a run's row holds that is no measured time and no memory, in words."""


_SCALES = {"kappa": 1.0}  # dimensionless by definition; it ends near 0
_TIMES = frozenset({"seconds", "s", "ms", "minutes"})


def digits(
    first: Side, second: Side, pairs: Sequence[Pair], judge: Judge
) -> list[Figure]:
    """Return every figure that either run of a pair has, with its verdict.

    Times and memory are not among them: they differ between any two runs.

    Parameters
    ----------
    first, second : Side
    pairs : sequence of Pair
    judge : Judge
    """
    ended = [
        pair
        for pair in pairs
        if first.runs["status"][pair.first] == "ok"
        and second.runs["status"][pair.second] == "ok"
    ]
    return [
        *_results(first, second, ended, judge),
        *_metrics(first.store, second.store, ended, judge),
        *_over_seeds(first.store, second.store, ended, judge),
        *arrays(first.store, second.store, ended, judge),
    ]


def _results(
    first: Side, second: Side, pairs: Sequence[Pair], judge: Judge
) -> Iterator[Figure]:
    before = first.runs.loc[[pair.first for pair in pairs]]
    after = second.runs.loc[[pair.second for pair in pairs]]
    for column, name in RESULTS.items():
        if before[column].isna().all() or after[column].isna().all():
            continue  # told by `one_sided`
        values = zip(pairs, before[column], after[column], strict=True)
        for pair, ours, theirs in values:
            a, b = known(ours), known(theirs)
            if a is not None or b is not None:
                yield judge.figure(name, pair, a, b, _SCALES.get(column))


def one_sided(
    first: Side, second: Side, pairs: Sequence[Pair]
) -> tuple[list[str], list[str]]:
    """Return the figures that only one of two studies has of any run in a pair.

    Another version may have kept more, or another metric was asked for.
    """
    names = []
    for side, keys in (
        (first, [pair.first for pair in pairs]),
        (second, [pair.second for pair in pairs]),
    ):
        runs = side.runs.loc[keys]
        told = [name for column, name in RESULTS.items() if runs[column].notna().any()]
        measured = side.store.metrics(keys)
        given = measured["value"].notna() | measured["text"].notna()
        told += [f"metric {name}" for name in measured["name"][given].unique()]
        names.append(dict.fromkeys(told))
    ours, theirs = names
    return [n for n in ours if n not in theirs], [n for n in theirs if n not in ours]


def known(value: Any) -> Value:
    """Return what stands in a table: a number, text, or None for nothing.

    `value` is Any: what pandas holds there.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value if isinstance(value, str) else float(value)


def _metrics(
    first: Store, second: Store, pairs: Sequence[Pair], judge: Judge
) -> Iterator[Figure]:
    info = {**second.metric_info(), **first.metric_info()}
    before = _by_run(first.metrics(), {pair.first for pair in pairs}, "key")
    after = _by_run(second.metrics(), {pair.second for pair in pairs}, "key")
    for pair in pairs:
        ours, theirs = before.get(pair.first, {}), after.get(pair.second, {})
        yield from _named(pair, ours, theirs, info, judge)


def _over_seeds(
    first: Store, second: Store, pairs: Sequence[Pair], judge: Judge
) -> Iterator[Figure]:
    """Yield the metrics over seeds of groups whose runs are all in pairs."""
    info = {**second.metric_info(), **first.metric_info()}
    pair_of = {pair.first: pair for pair in pairs}
    before, after = (
        _by_run(table.assign(of=[json.dumps(keys) for keys in table["keys"]]), None)
        for table in (first.group_metrics(), second.group_metrics())
    )
    for text, values in before.items():
        keys = json.loads(text)
        if not all(key in pair_of for key in keys):
            continue
        same = json.dumps([pair_of[key].second for key in keys])
        if same in after:
            pair = pair_of[keys[0]]
            others = "seed" if len(keys) == 2 else "seeds"
            seeds = f"{pair.run} and the other {others}"
            of_group = replace(pair, run=seeds)
            yield from _named(of_group, values, after[same], info, judge)


_Values = dict[str, Value]


def _by_run(
    table: pd.DataFrame, keys: set[str] | None, column: str = "of"
) -> dict[str, _Values]:
    """Return the values of a long table of metrics, by run and name."""
    found: dict[str, _Values] = {}
    for key, name, value, text in zip(
        table[column], table["name"], table["value"], table["text"], strict=True
    ):
        if keys is None or key in keys:
            number = known(value)
            found.setdefault(key, {})[name] = known(text) if number is None else number
    return found


def _named(
    pair: Pair,
    ours: _Values,
    theirs: _Values,
    info: Mapping[str, Mapping[str, Any]],
    judge: Judge,
) -> Iterator[Figure]:
    """Yield the figures two runs have by name.

    A metric that one of the two was not asked for is a change of the configuration, and
    is told there.
    """
    for name in (name for name in ours if name in theirs):
        before, after = ours[name], theirs[name]
        timed = about(name, info).get("unit") in _TIMES
        if not timed and (before is not None or after is not None):
            scale = _width(name, info)
            yield judge.figure(f"metric {name}", pair, before, after, scale)


def _width(name: str, info: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Return the width of a metric's range, where it is bounded on both sides."""
    ends = about(name, info).get("range")
    if not isinstance(ends, list) or len(ends) != 2:
        return None
    if not all(isinstance(end, int | float) and math.isfinite(end) for end in ends):
        return None
    return abs(float(ends[1]) - float(ends[0])) or None
