"""How runs of several starts are to be read, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from nmflab.report.content import Cell
from nmflab.report.reading.groups import Group

_SEVERAL = (
    "Objective is that of the best of a run's starts; steps and seconds are summed over"
    " all of them."
)
_HALVED = (
    " With halving all starts share one budget, as large as that of a single start, and"
    " their median is taken after round 1, where each had spent the same."
)
_WHOLE = (
    " Without halving each start has the whole budget, so that a run of m starts may"
    " cost m times as much as a run of one: compare such runs by what they cost, or at"
    " one budget with halving=2."
)


def starts_said(groups: Sequence[Group]) -> str:
    """Return how to read runs of several starts, and what they may cost."""
    several = [group for group in groups if group.n_starts > 1]
    halved = any(group.n_rounds > 1 for group in several)
    whole = any(group.n_rounds == 1 for group in several)
    return _SEVERAL + _HALVED * halved + _WHOLE * whole


def starts_cell(group: Group) -> Cell:
    """Return how many starts a run tried, and how they shared the budget."""
    rounds = f"halving, {group.n_rounds} rounds"
    how = rounds if group.n_rounds > 1 else "each to its own stop"
    alone = group.n_starts == 1
    return Cell(str(group.n_starts), "" if alone else how, sort=group.n_starts)


def steps_cell(group: Group) -> Cell:
    """Return the steps of a run, all starts together, the mean over seeds."""
    mean = group.n_steps.mean if group.n_steps else None
    text = "–" if mean is None else f"{mean:,.0f}"
    return Cell(text, sort=float("inf") if mean is None else mean)
