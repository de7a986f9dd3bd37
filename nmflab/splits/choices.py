"""The splits there are, and how each chooses cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True)
class HeldOut:
    """Held-out cells, as sorted positions into the list of observed cells.

    Parameters
    ----------
    validation, test : ndarray of intp
    notes : tuple of str
        What a reader must know of the choice, in sentences.
    """

    validation: Positions
    test: Positions
    notes: tuple[str, ...] = ()


class Split(Protocol):
    """A configured split."""

    holds_out: ClassVar[bool]
    """Whether any cell is held out; `hold_out` is called only then."""

    def hold_out(
        self, rows: Positions, columns: Positions, rng: np.random.Generator
    ) -> HeldOut:
        """Choose among the observed cells, given by row and column in X's order."""
        ...


@dataclass(frozen=True, kw_only=True)
class NoSplit:
    """Every observed cell is fitted."""

    holds_out: ClassVar[bool] = False

    def hold_out(
        self, rows: Positions, columns: Positions, rng: np.random.Generator
    ) -> HeldOut:
        """Return no cells."""
        none = np.empty(0, dtype=np.intp)
        return HeldOut(none, none)


@dataclass(frozen=True, kw_only=True)
class Speckled:
    """Held-out cells sprinkled at random over X (Wold holdouts).

    Each row and each column keeps more than `n_components_max` observed cells for
    training. The same cells are held out for every model of the sweep: a mask that
    depended on n_components would make the test easier for larger models. The test
    cells do not depend on `validation`.

    Parameters
    ----------
    test : float, default 0.1
        Share of the observed cells no solver sees, for the metrics.
    validation : float, default 0
        Share of the observed cells kept back for stopping.
    n_components_max : int, default 20
        The largest n_components the split is meant for.

    References
    ----------
    S. Wold, "Cross-Validatory Estimation of the Number of Components in Factor and
    Principal Components Models", Technometrics 20(4), 1978.
    """

    test: float = 0.1
    validation: float = 0.0
    n_components_max: int = 20

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for key, share in (("test", self.test), ("validation", self.validation)):
            if not 0 <= share < 1:
                raise ValueError(
                    f"split.{key} must be >= 0 and < 1, a share of the observed cells,"
                    f" got {share}"
                )
        if not 0 < self.test + self.validation < 1:
            raise ValueError(
                "split.test and split.validation together must be > 0 and < 1, got"
                f" {self.test} and {self.validation}; split=none holds nothing out"
            )
        if not self.n_components_max >= 1:
            raise ValueError(
                f"split.n_components_max must be >= 1, got {self.n_components_max};"
                " give the largest n_components of the sweep"
            )

    def hold_out(
        self, rows: Positions, columns: Positions, rng: np.random.Generator
    ) -> HeldOut:
        """Raise ValueError if a share asked for comes to no cell at all."""
        keep = self.n_components_max + 1
        n_rows, n_columns = np.bincount(rows), np.bincount(columns)
        room = (np.maximum(n_rows - keep, 0), np.maximum(n_columns - keep, 0))
        pool = rng.permutation(rows.size)
        free = (room[0][rows] > 0) & (room[1][columns] > 0)
        n_fixed = rows.size - int(np.count_nonzero(free))
        notes = [_fixed_note(n_fixed, rows.size, keep)] if n_fixed else []
        found = {}
        for key, share in (("test", self.test), ("validation", self.validation)):
            n_wanted = round(share * rows.size)
            chosen, pool = _choose(pool, rows, columns, room, n_wanted)
            if share and not chosen.size:
                raise ValueError(_nothing(key, share, rows.size, self.n_components_max))
            if chosen.size < n_wanted:
                notes.append(
                    f"{chosen.size:,} cells are held out for {key}, not the"
                    f" {n_wanted:,} that split.{key}={share} asks for: every other cell"
                    f" is needed so that rows and columns keep {keep}"
                )
            found[key] = chosen
        return HeldOut(found["validation"], found["test"], tuple(notes))


SPLITS: Mapping[str, type[Any]] = {"none": NoSplit, "speckled": Speckled}
"""The splits by name, as in ``split=speckled``."""


def _choose(
    pool: Positions,
    rows: Positions,
    columns: Positions,
    room: tuple[Positions, Positions],
    n_wanted: int,
) -> tuple[Positions, Positions]:
    """Take up to `n_wanted` cells in the pool's order while their lines have room.

    Returns the chosen cells, sorted, and what is left of the pool; lowers `room`.
    """
    row_room, column_room = room
    taken: list[Positions] = []
    while n_wanted > 0:
        pool = pool[(row_room[rows[pool]] > 0) & (column_room[columns[pool]] > 0)]
        if not pool.size:
            break
        batch = pool[:n_wanted]
        i, j = rows[batch], columns[batch]
        # The first of a batch always fits, so that each turn takes at least one.
        fits = (_turn(i) < row_room[i]) & (_turn(j) < column_room[j])
        taken.append(batch[fits])
        row_room -= np.bincount(i[fits], minlength=row_room.size)
        column_room -= np.bincount(j[fits], minlength=column_room.size)
        n_wanted -= int(np.count_nonzero(fits))
        pool = np.concatenate((batch[~fits], pool[batch.size :]))
    chosen = np.concatenate(taken) if taken else np.empty(0, dtype=np.intp)
    return np.sort(chosen), pool


def _turn(lines: Positions) -> Positions:
    """Return, for each entry, how many equal ones stand before it."""
    order = np.argsort(lines, kind="stable")
    ordered = lines[order]
    is_first = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    at = np.arange(lines.size)
    turn = np.empty(lines.size, dtype=np.intp)
    turn[order] = at - np.maximum.accumulate(np.where(is_first, at, 0))
    return turn


def _fixed_note(n_fixed: int, n_cells: int, keep: int) -> str:
    return (
        f"{n_fixed:,} of {n_cells:,} observed cells can never be held out: their row or"
        f" column has no more than the {keep} cells it must keep"
        f" (split.n_components_max={keep - 1})"
    )


def _nothing(key: str, share: float, n_cells: int, n_components_max: int) -> str:
    return (
        f"split.{key}={share} holds out none of the {n_cells:,} observed cells, when"
        f" each row and column is to keep more than split.n_components_max="
        f"{n_components_max} of them; lower n_components_max to the largest"
        " n_components of the sweep, raise the share, or use split=none"
    )
