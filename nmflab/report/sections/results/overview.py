"""The overview of many comparisons: settings down, data sets and sizes across."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from nmflab.report.content import Block, Cell, Column, Prose, Table, Tone
from nmflab.report.numbers import NOTHING, count, number
from nmflab.report.sections.results.boards import Pool, Standing
from nmflab.report.sections.results.cells import LAST, percent_more
from nmflab.report.sections.results.table import axes_of

MOST_COLUMNS = 12
"""Comparisons side by side in one table; more are laid below one another."""

MOST_TABLES = 6


def overview(found: Sequence[Pool]) -> list[Block]:
    """Return the matrix of gaps and ranks: a row a setting, a column a comparison."""
    shown = list(found[: MOST_COLUMNS * MOST_TABLES])
    parts = [shown[at : at + MOST_COLUMNS] for at in range(0, len(shown), MOST_COLUMNS)]
    blocks: list[Block] = [Prose(_READING + _FOLDS * _pools(shown))]
    for number_of, part in enumerate(parts, start=1):
        suffix = f"-{number_of}" if number_of > 1 else ""
        of = f", part {number_of} of {len(parts)}" if len(parts) > 1 else ""
        blocks.append(_matrix(f"overview{suffix}", f"All comparisons{of}", part))
    if len(found) > len(shown):
        left = count(len(found) - len(shown), "further comparison")
        blocks.append(Prose(f"{left} not in this overview; see runs.csv.", "note"))
    return blocks


_READING = (
    "In each cell: how far the mean objective lies above the best of that comparison,"
    " and the rank; = marks a difference to the first that is within the spread over"
    " seeds or below 0.1 %. Read down a column; nothing is compared along a row but"
    " the places reached."
)
_FOLDS = " Where a comparison was made on several folds, gaps and ranks are means."


def _pools(found: Sequence[Pool]) -> bool:
    return any(len(pool.boards) > 1 for pool in found)


def _matrix(table_id: str, caption: str, found: Sequence[Pool]) -> Table:
    by = [{_key(one): one for one in pool.standings} for pool in found]
    keys = list(dict.fromkeys(key for column in by for key in column))
    rows = sorted(keys, key=lambda key: _mean_rank(key, by))
    inits = len({init for _, init in keys}) > 1
    sized = len({pool.place for pool in found}) < len(found)
    named = [_names(key, by) for key in rows]
    cased = any("case" in names for names in named)
    return Table(
        table_id,
        caption,
        [
            Column("Case" if cased else "Solver"),
            *([Column("Init")] if inits else []),
            *(Column(pool.title if sized else pool.place, True) for pool in found),
            Column("Mean rank", True, "over the comparisons it took part in"),
            Column("First or tied", True, "in how many comparisons"),
        ],
        [
            [
                Cell(variant),
                *([Cell(init)] if inits else []),
                *(_cell(column.get((variant, init))) for column in by),
                *_summed((variant, init), by),
            ]
            for variant, init in rows
        ],
        n_headers=2 if inits else 1,
        about=named,
    )


_Key = tuple[str, str]


def _key(one: Standing) -> _Key:
    group = one.groups[0]
    return group.variant, group.init


def _names(key: _Key, by: Sequence[dict[_Key, Standing]]) -> dict[str, str]:
    """Return what a row is of, for the filters: it has several data sets and sizes."""
    group = next(column[key] for column in by if key in column).groups[0]
    known = axes_of(group)
    return {axis: known[axis] for axis in ("solver", "init", "case") if axis in known}


def _mean_rank(key: _Key, by: Sequence[dict[_Key, Standing]]) -> float:
    return fmean(column[key].rank for column in by if key in column)


def _summed(key: _Key, by: Sequence[dict[_Key, Standing]]) -> list[Cell]:
    met = [column[key] for column in by if key in column]
    n = sum(one.tied for one in met)
    mean = fmean(one.rank for one in met)
    return [Cell(number(mean, 3), sort=mean), Cell(f"{n} of {len(met)}", sort=n)]


def _cell(one: Standing | None) -> Cell:
    if one is None:
        return Cell(NOTHING, sort=LAST)
    whole = one.rank == round(one.rank)
    rank = f"{one.rank:.0f}" if whole else f"{one.rank:.1f}"
    first = one.rank == 1
    place = f"rank {rank}{' =' if one.tied and not first else ''}"
    tone: Tone = "good" if one.tied else ""
    if one.gap is None:
        return Cell("best is exact", place, LAST, tone)
    return Cell(percent_more(one.gap), place, one.gap, tone)
