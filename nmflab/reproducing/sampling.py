"""A part of a study's runs that stands for the whole: every solver, every data set."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence

from nmflab.config import AXES
from nmflab.reproducing.recorded_runs import RecordedRun
from nmflab.sweep.nodes import node_text

_Choice = tuple[str, str]


def sampled(runs: Sequence[RecordedRun], n: int, seed: int = 0) -> list[RecordedRun]:
    """Return `n` of some runs, in their order, chosen to cover what was varied.

    One by one, the run is taken that brings most of what is not covered yet: first data
    sets and solvers (cases, where there are any), then data sets with solvers, then the
    values of every axis; the seed decides between equals. Once all is covered, the
    rest is drawn at random.

    Parameters
    ----------
    runs : sequence of RecordedRun
    n : int
        All of them, if there are no more.
    seed : int
    """
    if n >= len(runs):
        return list(runs)
    order = list(range(len(runs)))
    random.Random(seed).shuffle(order)
    offers = {at: [set(tier) for tier in _offers(runs[at])] for at in order}
    chosen: list[int] = []
    while len(chosen) < n:
        best = max(order, key=lambda at: tuple(map(len, offers[at])))
        if not any(offers[best]):
            chosen += order[: n - len(chosen)]
            break
        chosen.append(best)
        order.remove(best)
        taken = [set(tier) for tier in offers[best]]
        for at in order:
            for tier, gone in zip(offers[at], taken, strict=True):
                tier -= gone
    return [runs[at] for at in sorted(chosen)]


def _named(run: RecordedRun) -> list[_Choice]:
    """Return what a sample is to cover before all else."""
    which = ("case", run.case) if run.case else ("solver", run.solver)
    return [("dataset", run.dataset), which]


def _offers(run: RecordedRun) -> Iterator[Collection[_Choice]]:
    """Yield what a run would cover, the most wanted first."""
    named = _named(run)
    yield named
    yield [("both", node_text(named))]
    yield [(axis, node_text(run.axes[axis])) for axis in AXES if axis != "seed"]


def uncovered(
    runs: Sequence[RecordedRun], chosen: Sequence[RecordedRun]
) -> list[_Choice]:
    """Return the data sets and solvers, or cases, of which no run was chosen."""
    covered = {choice for run in chosen for choice in _named(run)}
    every = dict.fromkeys(choice for run in runs for choice in _named(run))
    return [choice for choice in every if choice not in covered]
