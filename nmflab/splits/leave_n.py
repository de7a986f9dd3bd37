"""A few cells of each row or column held out: what recommenders are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nmflab.splits.carving import (
    be,
    candidates,
    carve,
    check_share,
    counted,
    have,
    rest,
    settle,
    told,
)
from nmflab.splits.cells import Candidates, HeldOut, ObservedCells, Positions
from nmflab.splits.known import timestamps


class Choose(Enum):
    """Which cells of a row or column are held out: any, or the latest."""

    random = "random"
    last = "last"


class By(Enum):
    """Whether cells are counted by row or by column."""

    rows = "rows"
    columns = "columns"


@dataclass(frozen=True, kw_only=True)
class LeaveN:
    """The same number of cells of each row held out, whatever the row's length.

    Each row with at least `at_least` cells gives `n` of them for testing; the others
    give none. A mean over rows then counts every user alike. The test cells do not
    depend on `validation`, nor on n_components.

    Parameters
    ----------
    n : int, default 1
        How many cells a row gives, at least 1.
    at_least : int, default 5
        How many cells a row must have to take part; more than `n`.
    choose : {random, last}, default random
        ``last`` takes the latest cells and needs timestamps. Where they are equal,
        chance decides.
    by : {rows, columns}, default rows
        ``columns`` takes `n` cells of each column instead.
    validation : float, default 0
        Share of the training cells kept back at random for stopping and for choices.
    cells : {observed, positive}, default observed
        ``positive`` holds out cells above 0 only, which count as 0 in training.

    Notes
    -----
    ``choose=last`` takes the latest cells of each row by itself: training holds cells
    of other rows that came later. ``split=temporal`` cuts at one time for all.
    """

    n: int = 1
    at_least: int = 5
    choose: Choose = Choose.random
    by: By = By.rows
    validation: float = 0.0
    cells: Candidates = Candidates.observed

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        settle(self, "choose", Choose)
        settle(self, "by", By)
        settle(self, "cells", Candidates)
        if not self.n >= 1:
            raise ValueError(
                f"split.n must be >= 1, got {self.n}; split=none holds nothing out"
            )
        if not self.at_least > self.n:
            raise ValueError(
                f"split.at_least must be > split.n={self.n}, got {self.at_least}: a"
                " line that gives all its cells has none for training"
            )
        check_share("validation", self.validation, "training")

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Raise ValueError if no row is long enough, or timestamps are needed."""
        pool = candidates(observed, self.cells)
        lines = self._lines(observed)[pool]
        chance = rng.permutation(pool.size)
        keys = [chance, lines]
        if self.choose is Choose.last:
            user, instead = "split.choose=last", "split.choose=random needs no times"
            times = timestamps(observed, user, instead)[pool]
            keys.insert(1, -times)
        order = np.lexsort(keys)
        n_cells = np.bincount(lines)
        takes_part = n_cells >= self.at_least
        if not takes_part.any():
            raise ValueError(self._none_long_enough(int(n_cells.max())))
        ordered = lines[order]
        starts = np.concatenate(([0], np.cumsum(n_cells)[:-1]))
        is_taken = (np.arange(pool.size) - starts[ordered] < self.n) & takes_part[
            ordered
        ]
        test = np.sort(pool[order[is_taken]])
        validation = carve(rest(pool, test), self.validation, rng)
        notes = self._left_out(n_cells)
        if self.choose is Choose.last:
            notes += self._ties(times[order], ordered, is_taken)
        return told(
            observed,
            self.cells,
            pool=pool,
            test=test,
            validation=validation,
            notes=notes,
        )

    def _lines(self, observed: ObservedCells) -> Positions:
        return observed.rows if self.by is By.rows else observed.columns

    def _left_out(self, n_cells: Positions) -> tuple[str, ...]:
        short = n_cells[(n_cells > 0) & (n_cells < self.at_least)]
        if not short.size:
            return ()
        word = self.by.value.removesuffix("s")
        return (
            f"{counted(short.size, word)} {have(short.size)} fewer than"
            f" split.at_least={self.at_least} cells and {be(short.size)} not tested"
            f" ({counted(int(short.sum()), 'cell')})",
        )

    def _ties(
        self,
        times: npt.NDArray[np.int64],
        lines: Positions,
        is_taken: npt.NDArray[np.bool_],
    ) -> tuple[str, ...]:
        """Say where the last cell taken is no later than the first cell left."""
        is_border = is_taken[:-1] & ~is_taken[1:] & (lines[:-1] == lines[1:])
        n_tied = int(np.count_nonzero(is_border & (times[:-1] == times[1:])))
        if not n_tied:
            return ()
        word = self.by.value.removesuffix("s")
        return (
            f"in {counted(n_tied, word)} the latest cells have equal times: chance"
            " (split.seed) decided which of them are tested",
        )

    def _none_long_enough(self, longest: int) -> str:
        word = self.by.value.removesuffix("s")
        return (
            f"split.at_least={self.at_least}: no {word} has so many cells, the longest"
            f" has {longest}; lower split.at_least, or split.n={self.n} with it"
        )
