"""The figures that a report's tables show: means over seeds, and ranks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd

from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import GROUP, Material, gather
from nmflab.reproducing.figures import Figure, Judge, settled
from nmflab.reproducing.pairing import Pair, Side
from nmflab.reproducing.verdicts import judged

_SAID = {
    "objective": "mean objective",
    "own": "mean own objective",
    "median": "mean objective of the median start",
    "n_steps": "mean number of steps",
}


def averages(
    first: Side, second: Side, pairs: Sequence[Pair], judge: Judge
) -> list[Figure]:
    """Return means over seeds and ranks as each study's report has them, with verdicts.

    Only of lines whose runs are all in pairs, and ranks only where that holds for every
    line of the comparison.

    Parameters
    ----------
    first, second : Side
    pairs : sequence of Pair
    judge : Judge
    """
    whole, before, after = _lines(first, second, pairs)
    complete = [line for line in whole if _runs(line, whole) == _runs(line, before)]
    kept = {line for line in complete if _runs(line, after) == _runs(line, before)}
    return [
        figure
        for line, group in whole.items()
        if line in kept
        for figure in _means(group, after[line], judge)
    ] + list(_ranks(whole, after, kept))


_Line = tuple[object, ...]
_Lines = Mapping[_Line, Group]


def _runs(line: _Line, lines: _Lines) -> int:
    return len(lines[line].keys) if line in lines else 0


def _line(group: Group) -> _Line:
    return tuple(group.labels[name] for name in GROUP)


def _lines(
    first: Side, second: Side, pairs: Sequence[Pair]
) -> tuple[_Lines, _Lines, _Lines]:
    """Return the lines of the first report, and those of both from the pairs alone.

    Those of the second carry the labels of the first: labels depend on what else was
    asked, and a part of a study was.
    """
    ours, theirs = (gather(one.store, all_sweeps=True) for one in (first, second))
    planned = first.store.runs(first.sweep.id)["key"]
    whole = ours.runs[ours.runs["key"].isin(planned)]
    before = ours.runs.set_index("key", drop=False).loc[[pair.first for pair in pairs]]
    after = theirs.runs.set_index("key", drop=False).loc[
        [pair.second for pair in pairs]
    ]
    told = [*GROUP, "variant", "seed", "ordinal"]
    after = after.assign(**{name: before[name].to_numpy() for name in told})
    return (
        _grouped(ours, whole),
        _grouped(ours, before.reset_index(drop=True)),
        _grouped(theirs, after.reset_index(drop=True)),
    )


def _grouped(material: Material, runs: pd.DataFrame) -> _Lines:
    return {_line(g): g for g in group_runs(replace(material, runs=runs))}


def _means(before: Group, after: Group, judge: Judge) -> Iterator[Figure]:
    stats = {said: (getattr(before, n), getattr(after, n)) for n, said in _SAID.items()}
    for name, stat in before.metrics.items():
        stats[f"mean {name}"] = (stat, after.metrics.get(name))
    over = f"over {count(before.n_seeds, 'seed')}"
    for figure, (ours, theirs) in stats.items():
        if ours is not None and theirs is not None:
            a, b = float(ours.mean), float(theirs.mean)
            found = judged(a, b, judge.within(str(before.labels["dtype"])))
            yield settled(
                figure, _pair(before, after), replace(found, where=over), a, b
            )


def _pair(before: Group, after: Group) -> Pair:
    """Return a line of both reports as a pair, known by the best run of each."""
    dtype = str(before.labels["dtype"])
    return Pair(before.best_key, after.best_key, _name(before), dtype)


def _ranks(whole: _Lines, after: _Lines, kept: Collection[_Line]) -> Iterator[Figure]:
    """Yield the place of every line in comparisons that are complete in both."""
    ranked = sorted((g for g in whole.values() if g.rank), key=_signature)
    for _, contest in groupby(ranked, key=_signature):
        lines = list(contest)
        if all(_line(group) in kept for group in lines):
            for group in lines:
                other = after[_line(group)]
                a, b = _place(group), _place(other)
                found = replace(judged(a, b, 0.0), where=f"of {len(lines)}")
                yield settled("rank", _pair(group, other), found, a, b)


def _signature(group: Group) -> int:
    return group.signature


def _place(group: Group) -> str:
    return f"{group.rank}{' =' if group.tied else ''}"


def _name(group: Group) -> str:
    parts: Sequence[str] = (
        group.name,
        f"n_components {group.n_components}",
        group.dataset,
    )
    return ", ".join(parts)
