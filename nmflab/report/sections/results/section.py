"""The section on results: what to use, then every comparison with its leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmflab.report.content import Block, Details, Heading, Prose, Section, Table
from nmflab.report.numbers import count, listed
from nmflab.report.reading.groups import Group, lost_settings
from nmflab.report.reading.material import Material
from nmflab.report.sections.results.boards import Board, boards, nowhere, pools
from nmflab.report.sections.results.fields import (
    Info,
    leaderboard_fields,
    plain_fields,
)
from nmflab.report.sections.results.overview import overview
from nmflab.report.sections.results.table import MOST_ROWS, field_table
from nmflab.report.sections.several_starts import starts_said

MOST_OPEN = 3
"""Leaderboards up to which none is folded away."""

MOST_BOARDS = 60


def results_section(
    material: Material, groups: Sequence[Group], advised: Table | None = None
) -> Section:
    """Return every comparison with its leaderboard; apart, what is not ranked.

    Parameters
    ----------
    advised : Table, optional
        What to use, data set by data set; it stands first.
    """
    if not groups:
        text = "No run finished, so there are no results."
        return Section("results", "Results", [Prose(text)])
    lost = lost_settings(material)
    found = boards(groups, lost)
    rivals = [board for board in found if len(board.groups) > 1]
    alone = [board.best for board in found if len(board.groups) == 1]
    own = [group for group in groups if group.own_objective]
    blocks: list[Block] = [advised] if advised else []
    if any(group.n_starts > 1 for group in groups):
        blocks.append(Prose(starts_said(groups)))
    blocks += _leaderboards(rivals, material.info, groups)
    blocks += _alone(alone, groups, material.info, after=bool(rivals))
    blocks += _own(own, groups, material.info)
    blocks += _nowhere(nowhere(groups, lost))
    return Section("results", "Results", blocks)


_READING = (
    "Mean ± standard deviation over seeds, with the lowest and highest below. Ranks"
    " compare mean objectives within one data set (and one treatment of its missing"
    " cells), loss, weighting, split, n_components, precision and number of"
    " threads, and nowhere else; = marks a difference to the first that is below 0.1 %"
    " or within the spread over seeds (which does not count where each has four seeds"
    " or more and all of one lie beyond all of the other)."
)
_FILLED = (
    "Runs that took missing cells as 0 stand in a table of their own: their errors"
    " average over zeros that nobody observed, and cannot be set against those above."
    " Errors on held-out cells can; see Held-out error where there are any."
)
_OWN = (
    "These solvers minimise an objective of their own. The shared objective is shown"
    " beside it, but they were not made to lower it and are not ranked by it."
)
_ALONE = (
    "These settings met no other solver or start on the same data, size and objective,"
    " so they are not ranked."
)


def _weighted(groups: Sequence[Group]) -> str:
    plain = all(group.labels["weighting"] in ("", "none") for group in groups)
    return "" if plain else " Errors of runs with a weighting are on the weighted data."


def _leaderboards(
    rivals: Sequence[Board], info: Info, groups: Sequence[Group]
) -> Iterator[Block]:
    """Yield an overview where there are several, then one table each."""
    if not rivals:
        return
    yield Prose(_READING + _weighted(groups))
    if len(rivals) > 1:
        yield from overview(pools(rivals))
    for prefix, note, members in (
        ("", "", [board for board in rivals if not board.zero_filled]),
        ("filled-", _FILLED, [board for board in rivals if board.zero_filled]),
    ):
        if members and note:
            yield Prose(note, "note")
        yield from _boards(prefix, members, info, folded=len(rivals) > MOST_OPEN)


def _boards(
    prefix: str, members: Sequence[Board], info: Info, *, folded: bool
) -> Iterator[Block]:
    shown = _fitting(members)
    for at, board in enumerate(shown, start=1):
        table_id = f"{prefix}results-table{'' if at == 1 else f'-{at}'}"
        fields = leaderboard_fields(board.groups, board.best, info)
        caption = f"Leaderboard: {board.title}"
        made = field_table(table_id, caption, board.groups, fields)
        if folded:
            yield Details(_summary(board), made)
        else:
            yield from made
    if len(shown) < len(members):
        left = count(len(members) - len(shown), "further leaderboard")
        yield Prose(f"{left} not shown, for length; runs.csv holds all runs.", "note")


def _fitting(members: Sequence[Board]) -> list[Board]:
    """Return the first boards, within the bounds on tables and rows."""
    shown: list[Board] = []
    rows = 0
    for board in members[:MOST_BOARDS]:
        rows += len(board.groups)
        if shown and rows > MOST_ROWS:
            break
        shown.append(board)
    return shown


def _summary(board: Board) -> str:
    """Return a board's title and who came first."""
    first = [group.name for group in board.ranked if group.rank == 1 or group.tied]
    won = f"{listed(first, 3)} tie" if len(first) > 1 else f"{board.best.name} first"
    return f"{board.title}: {won}, of {count(len(board.groups), 'setting')}"


def _alone(
    alone: Sequence[Group], every: Sequence[Group], info: Info, *, after: bool
) -> Iterator[Block]:
    if not alone:
        return
    yield Prose(_ALONE + ("" if after else _weighted(alone)))
    name = "alone-table" if after else "results-table"
    seen = [group for group in alone if not group.labels["zero_filled"]]
    filled = [group for group in alone if group.labels["zero_filled"]]
    caption = "Results over seeds" if not after else "Settings without a rival"
    if seen:
        yield from field_table(name, caption, seen, plain_fields(seen, every, info))
    if filled:
        if seen:
            yield Prose(_FILLED, "note")
        table_id = f"filled-{name}" if seen else name
        fields = plain_fields(filled, every, info)
        caption = f"{caption}, missing cells taken as 0"
        yield from field_table(table_id, caption, filled, fields)


def _own(own: Sequence[Group], every: Sequence[Group], info: Info) -> Iterator[Block]:
    if not own:
        return
    yield Heading("Other objectives")
    yield Prose(_OWN, "note")
    caption = "Runs that minimise their own objective"
    fields = plain_fields(own, every, info)
    yield from field_table("own-results-table", caption, own, fields)


def _nowhere(lost: Sequence[Group]) -> list[Block]:
    """Return the settings of which nothing finished and that no table holds."""
    if not lost:
        return []
    named = [
        f"{one.name} on {one.dataset} with {count(one.n_components, 'component')}"
        f" ({', '.join(f'{n} {status}' for status, n in one.absent.items())})"
        for one in lost
    ]
    return [Prose(f"No run finished of {listed(named)}.", "warning")]
