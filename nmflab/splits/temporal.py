"""One point in time for all: what came later is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nmflab.splits.carving import (
    candidates,
    check_share,
    counted,
    n_validation,
    rest,
    settle,
    told,
)
from nmflab.splits.cells import Candidates, HeldOut, ObservedCells, Positions
from nmflab.splits.known import timestamps


@dataclass(frozen=True, kw_only=True)
class Temporal:
    """The latest cells of all X are tested: what a recommender has to do in use.

    One point in time divides training from test, for all rows alike, so that nothing
    is learned from what came later. Cells of one time stay together. Nothing is drawn:
    ``split.seed`` has no effect. The test cells do not depend on `validation`, nor on
    n_components.

    Parameters
    ----------
    test : float, default 0.2
        Share of the cells to test, the latest.
    validation : float, default 0
        Share of the training cells kept back for stopping and for choices, the latest
        of these.
    cells : {observed, positive}, default observed
        ``positive`` holds out cells above 0 only, which count as 0 in training.

    Notes
    -----
    Rows and columns that begin after the cut have test cells only; they are counted.
    """

    test: float = 0.2
    validation: float = 0.0
    cells: Candidates = Candidates.observed

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_share("test", self.test, "observed", zero=False)
        check_share("validation", self.validation, "training")
        settle(self, "cells", Candidates)

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Raise ValueError without timestamps, or if there are too few times."""
        pool = candidates(observed, self.cells)
        times = timestamps(observed, "split=temporal", "split=k_folds needs no times")
        n_wanted = max(1, round(self.test * pool.size))
        test, note = _latest(pool, times, n_wanted, f"split.test={self.test}")
        notes = [f"test cells are those from {note}"]
        validation = np.empty(0, dtype=np.intp)
        training = rest(pool, test)
        if self.validation:
            n_wanted = n_validation(self.validation, training.size)
            key = f"split.validation={self.validation}"
            validation, note = _latest(training, times, n_wanted, key)
            notes.append(f"validation cells are those before, from {note}")
        return told(
            observed,
            self.cells,
            pool=pool,
            test=test,
            validation=validation,
            notes=tuple(notes),
        )


def _latest(
    pool: Positions, times: npt.NDArray[np.int64], n_wanted: int, key: str
) -> tuple[Positions, str]:
    """Return the latest cells of a pool, about so many, and when they begin."""
    found = times[pool]
    distinct, n_each = np.unique(found, return_counts=True)
    if distinct.size < 2:
        raise ValueError(
            f"{key}: the {counted(pool.size, 'cell')} to divide have all the same time,"
            f" {_date(int(distinct[0]))}; use split=k_folds"
        )
    n_later = np.cumsum(n_each[::-1])[::-1][1:]  # from each time on, less the first
    # Of two cuts equally near, the earlier: the test is rather larger than smaller.
    at = int(np.argmin(np.abs(n_later - n_wanted)))
    note = f"{_date(int(distinct[at + 1]))} on"
    n_found = int(n_later[at])
    if n_found != n_wanted:
        note += (
            f": {n_found:,}, not the {n_wanted:,} that {key} asks for, as cells of one"
            " time stay together"
        )
    else:
        note += f": {n_found:,}"
    return pool[found >= distinct[at + 1]], note


def _date(seconds: int) -> str:
    """Return "1998-03-08T12:13:14 UTC"."""
    return f"{np.datetime64(seconds, 's')} UTC"
