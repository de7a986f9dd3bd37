"""Cells held out here and there, by a mask that serves every size of model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nmflab.splits.carving import (
    as_zeros,
    candidates,
    check_share,
    n_validation,
    settle,
    turn,
)
from nmflab.splits.cells import Candidates, HeldOut, ObservedCells, Positions


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
        Share of the training cells kept back for stopping and for choices.
    n_components_max : int, default 20
        The largest n_components the split is meant for.
    cells : {observed, positive}, default observed
        ``positive`` holds out cells above 0 only, which count as 0 in training.

    References
    ----------
    S. Wold, "Cross-Validatory Estimation of the Number of Components in Factor and
    Principal Components Models", Technometrics 20(4), 1978.
    """

    test: float = 0.1
    validation: float = 0.0
    n_components_max: int = 20
    cells: Candidates = Candidates.observed

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_share("test", self.test, "observed")
        check_share("validation", self.validation, "training")
        if not self.test + self.validation > 0:
            raise ValueError(
                "split.test and split.validation are both 0; split=none holds nothing"
                " out"
            )
        if not self.n_components_max >= 1:
            raise ValueError(
                f"split.n_components_max must be >= 1, got {self.n_components_max};"
                " give the largest n_components of the sweep"
            )
        settle(self, "cells", Candidates)

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Raise ValueError if a share asked for comes to no cell at all."""
        at = candidates(observed, self.cells)
        rows, columns = observed.rows[at], observed.columns[at]
        keep = self.n_components_max + 1
        n_rows, n_columns = np.bincount(rows), np.bincount(columns)
        room = (np.maximum(n_rows - keep, 0), np.maximum(n_columns - keep, 0))
        pool = rng.permutation(rows.size)
        free = (room[0][rows] > 0) & (room[1][columns] > 0)
        n_fixed = rows.size - int(np.count_nonzero(free))
        notes = [_fixed_note(n_fixed, rows.size, keep)] if n_fixed else []
        test, pool = _choose(pool, rows, columns, room, round(self.test * rows.size))
        n_wanted = {
            "test": round(self.test * rows.size),
            "validation": n_validation(self.validation, rows.size - test.size),
        }
        validation, _ = _choose(pool, rows, columns, room, n_wanted["validation"])
        for key, chosen in (("test", test), ("validation", validation)):
            if getattr(self, key) and not chosen.size:
                raise ValueError(self._nothing(key, rows.size))
            if chosen.size < n_wanted[key]:
                notes.append(self._fewer(key, chosen.size, n_wanted[key]))
        notes += as_zeros(self.cells, validation.size + test.size)
        as_zero = self.cells is Candidates.positive
        return HeldOut(at[validation], at[test], tuple(notes), as_zero)

    def _nothing(self, key: str, n_cells: int) -> str:
        return (
            f"split.{key}={getattr(self, key)} holds out none of the {n_cells:,}"
            " observed cells, when each row and column is to keep more than"
            f" split.n_components_max={self.n_components_max} of them; lower"
            " n_components_max to the largest n_components of the sweep, raise the"
            " share, or use split=none"
        )

    def _fewer(self, key: str, n_found: int, n_wanted: int) -> str:
        return (
            f"{n_found:,} cells are held out for {key}, not the {n_wanted:,} that"
            f" split.{key}={getattr(self, key)} asks for: every other cell is needed so"
            f" that rows and columns keep {self.n_components_max + 1}"
        )


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
        fits = (turn(i) < row_room[i]) & (turn(j) < column_room[j])
        taken.append(batch[fits])
        row_room -= np.bincount(i[fits], minlength=row_room.size)
        column_room -= np.bincount(j[fits], minlength=column_room.size)
        n_wanted -= int(np.count_nonzero(fits))
        pool = np.concatenate((batch[~fits], pool[batch.size :]))
    chosen = np.concatenate(taken) if taken else np.empty(0, dtype=np.intp)
    return np.sort(chosen), pool


def _fixed_note(n_fixed: int, n_cells: int, keep: int) -> str:
    return (
        f"{n_fixed:,} of {n_cells:,} observed cells can never be held out: their row or"
        f" column has no more than the {keep} cells it must keep"
        f" (split.n_components_max={keep - 1})"
    )
