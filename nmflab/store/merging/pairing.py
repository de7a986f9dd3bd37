"""Runs that several studies made: the same digits count once, others are both kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nmflab.store.merging.facts import Conflict, Stood
from nmflab.store.merging.planned import DIGITS, Row

_FAILED = frozenset({"error", "timeout", "oom", "crash", "invalid"})


class Pairing:
    """Sorts the planned runs of several studies.

    Parameters
    ----------
    rows : sequence of Row
        In the order of their studies; their keys and labels are changed in place.

    Attributes
    ----------
    kept : list of Row
        Every run that the merge holds, twins included.
    twins : dict
        By a pair of tags: how many runs they share to the last digit.
    conflicts : list of Conflict
    stood : list of Stood
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.twins: dict[tuple[str, str], int] = {}
        self.conflicts: list[Conflict] = []
        self.stood: list[Stood] = []
        self._taken: set[str] = set()
        self._of: dict[tuple[object, ...], list[Row]] = {}
        for row in rows:
            self._add(row)
        self.kept = [row for members in self._of.values() for row in members]

    def _add(self, row: Row) -> None:
        members = self._of.setdefault(row.identity, [])
        others = [one for one in members if one.study is not row.study]
        done = [one for one in others if one.status == "ok" and one.twin_of is None]
        if row.status == "ok" and done:
            self._settle(row, done)
            members.append(self._keyed(row))
        elif row.status == "ok" or not others:
            for lost in [one for one in others if one.status != "ok"]:
                members.remove(lost)
                self._say(row, lost)
            members.append(self._keyed(row))
        elif done:
            self._say(done[0], row)

    def _settle(self, row: Row, done: Sequence[Row]) -> None:
        same = next((one for one in done if _same(one, row)), None)
        if same is not None:
            row.twin_of = same.new_key
            pair = (same.study.tag, row.study.tag)
            self.twins[pair] = self.twins.get(pair, 0) + 1
            return
        first = done[0]
        at = next(i for i, a in enumerate(first.digits) if a != row.digits[i])
        self.conflicts.append(
            Conflict(
                dict(first.labels),
                (first.study.tag, row.study.tag),
                DIGITS[at],
                (first.digits[at], row.digits[at]),
            )
        )
        axis = "case" if row.labels["case"] else "solver"
        row.labels[axis] = f"{row.labels[axis]} [{row.study.tag}]"

    def _keyed(self, row: Row) -> Row:
        row.new_key = row.key
        if row.key in self._taken:
            row.new_key = f"{row.key}@{row.study.number + 1}"
        self._taken.add(row.new_key)
        return row

    def _say(self, done: Row, lost: Row) -> None:
        if lost.status in _FAILED:
            told: Mapping[str, object] = dict(done.labels)
            self.stood.append(Stood(told, done.study.tag, lost.study.tag, lost.status))


def _same(one: Row, other: Row) -> bool:
    return one.digits == other.digits
