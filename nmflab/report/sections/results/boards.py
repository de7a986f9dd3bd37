"""Comparisons: the settings that minimise the same thing, and where they meet again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from nmflab.report.numbers import count
from nmflab.report.reading.groups import Group
from nmflab.report.sections.results.cells import relative_gap
from nmflab.selection import family
from nmflab.statistics import ROPE

_TOLD = ("objective", "weighting", "split", "dtype", "threads")
"""Labels of a comparison that are told where they differ; the others always are."""


@dataclass(frozen=True)
class Board:
    """Settings that minimise the same thing, the lowest mean objective first.

    Parameters
    ----------
    title : str
        What it is of: ``cbcl, 49 components``.
    field : str
        The same without fold and seed of the split: boards of one field are averaged.
    place : str
        The same without the number of components.
    groups : list of Group
        Ranked; then the settings of which no run finished.
    """

    title: str
    field: str
    place: str
    groups: list[Group]

    @property
    def best(self) -> Group:
        """The setting with the lowest mean objective."""
        return self.groups[0]

    @property
    def ranked(self) -> list[Group]:
        """The settings that finished."""
        return [group for group in self.groups if group.objective]

    @property
    def zero_filled(self) -> bool:
        """Whether missing cells were taken as 0."""
        return bool(self.best.labels["zero_filled"])


def boards(groups: Sequence[Group], lost: Sequence[Group]) -> list[Board]:
    """Return every comparison of the shared objective, in order of the groups.

    Parameters
    ----------
    lost : sequence of Group
        Settings of which no run finished: each stands last where its likes are.
    """
    told = [name for name in _TOLD if len({str(g.labels[name]) for g in groups}) > 1]
    by: dict[int, list[Group]] = {}
    for group in groups:
        if not group.own_objective and group.objective:
            by.setdefault(group.signature, []).append(group)
    return [
        Board(
            _title(members[0], told),
            _title(members[0], told, pooled=True),
            _title(members[0], told, pooled=True, sized=False),
            [*members, *(one for one in lost if _meets(one, members[0]))],
        )
        for members in by.values()
    ]


def nowhere(groups: Sequence[Group], lost: Sequence[Group]) -> list[Group]:
    """Return the lost settings that meet no finished one."""
    return [one for one in lost if not any(_meets(one, group) for group in groups)]


_KNOWN = (
    *("dataset", "fingerprint", "weighting", "split", "objective"),
    *("zero_filled", "n_components", "dtype"),
)


def _meets(lost: Group, group: Group) -> bool:
    return all(lost.labels[name] == group.labels[name] for name in _KNOWN)


def _title(
    group: Group, told: Sequence[str], *, pooled: bool = False, sized: bool = True
) -> str:
    labels = group.labels
    parts = [group.dataset]
    for name in told:
        label = str(labels[name]) or "none"
        label = family(label) if pooled and name == "split" else label
        if name == "objective":
            parts.append(label)
        elif label != "none":
            parts.append(label if name == "dtype" else f"{name} {label}")
    if labels["zero_filled"]:
        parts.append("missing cells taken as 0")
    if sized:
        parts.append(count(group.n_components, "component"))
    return ", ".join(parts)


@dataclass(frozen=True)
class Standing:
    """One setting on all the boards of a field.

    Parameters
    ----------
    groups : list of Group
        One a board.
    gap : float or None
        Mean of its relative gaps to the best of each board; None where one is unknown.
    rank : float
        Mean of its ranks.
    tied : bool
        Whether its difference to the best is within chance or `ROPE`.
    cpu : float or None
        Mean processor seconds of a run.
    lone_start : bool
        Whether all settings of the field began from one kind of start.
    """

    groups: list[Group]
    gap: float | None
    rank: float
    tied: bool
    cpu: float | None
    lone_start: bool = False

    @property
    def name(self) -> str:
        """``hals from nndsvda``; ``hals`` where `lone_start`."""
        group = self.groups[0]
        return group.variant if self.lone_start else group.name


@dataclass(frozen=True)
class Pool:
    """The boards that differ by fold and seed of their split only.

    Parameters
    ----------
    title, place : str
        As `Board` has them.
    boards : list of Board
    standings : list of Standing
        Of the settings that are on every board, the best first.
    """

    title: str
    place: str
    boards: list[Board]
    standings: list[Standing]

    @property
    def best(self) -> Group:
        """The setting that stands first, on the first board."""
        return self.standings[0].groups[0]

    @property
    def tied(self) -> list[Standing]:
        """The first, and those whose difference to it is none to speak of."""
        return [one for one in self.standings if one.tied]


def pools(found: Sequence[Board]) -> list[Pool]:
    """Return the fields of boards, each with its standings."""
    by: dict[str, list[Board]] = {}
    for board in found:
        by.setdefault(board.field, []).append(board)
    return [
        Pool(field, members[0].place, members, _standings(members))
        for field, members in by.items()
    ]


def _standings(members: Sequence[Board]) -> list[Standing]:
    rows: dict[tuple[str, str], list[tuple[Group, Board]]] = {}
    for board in members:
        for group in board.ranked:
            rows.setdefault((group.variant, group.init), []).append((group, board))
    whole = [row for row in rows.values() if len(row) == len(members)]
    found = [_standing(row) for row in whole]
    found.sort(key=lambda one: (one.gap is None, one.gap or 0.0, one.rank))
    if len({one.groups[0].init for one in found}) == 1:
        found = [replace(one, lone_start=True) for one in found]
    if len(members) > 1 and found:
        first = found[0]
        found = [replace(one, tied=_near(one, first)) for one in found]
    return found


def _standing(row: Sequence[tuple[Group, Board]]) -> Standing:
    groups = [group for group, _ in row]
    gaps = [relative_gap(group, board.best) for group, board in row]
    known = [gap for gap in gaps if gap is not None]
    spent = [group.cpu_seconds.mean for group in groups if group.cpu_seconds]
    return Standing(
        groups,
        fmean(known) if len(known) == len(gaps) else None,
        fmean(group.rank or 1 for group in groups),
        tied=all(group.tied or (group.rank or 1) == 1 for group in groups),
        cpu=fmean(spent) if spent else None,
    )


def _near(one: Standing, first: Standing) -> bool:
    """Return whether the gaps of two settings differ by no more than chance.

    The spread is that of the differences of objectives from board to board.
    """
    if one is first:
        return True
    if one.gap is None or first.gap is None:
        return False
    pairs = zip(one.groups, first.groups, strict=True)
    gaps = [gap for a, b in pairs if (gap := relative_gap(a, b)) is not None]
    chance = stdev(gaps) if len(gaps) > 1 else 0.0
    return abs(one.gap - first.gap) <= max(ROPE, chance)
