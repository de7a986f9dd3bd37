"""Folds: every cell is tested once, in a fold drawn here or published elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nmflab.splits.carving import (
    be,
    candidates,
    carve,
    check_share,
    counted,
    rest,
    settle,
    told,
)
from nmflab.splits.cells import Candidates, HeldOut, ObservedCells
from nmflab.splits.known import of_cells


@dataclass(frozen=True, kw_only=True)
class KFolds:
    """One of several folds, which together test each cell once.

    The cells are put in an order by ``split.seed`` and cut into `n_folds` folds whose
    sizes differ by at most one; fold number `fold` is tested. Sweep all of them with
    ``split.fold=0,1,2,3,4``. The test cells do not depend on `validation`, nor on
    n_components.

    Parameters
    ----------
    n_folds : int, default 5
        Number of folds, at least 2.
    fold : int, default 0
        Which is tested, from 0 to ``n_folds - 1``.
    validation : float, default 0
        Share of the training cells kept back for stopping and for choices.
    cells : {observed, positive}, default observed
        ``positive`` holds out cells above 0 only, which count as 0 in training.

    References
    ----------
    M. Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions",
    Journal of the Royal Statistical Society B 36(2), 1974.
    """

    n_folds: int = 5
    fold: int = 0
    validation: float = 0.0
    cells: Candidates = Candidates.observed

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.n_folds >= 2:
            raise ValueError(
                f"split.n_folds must be >= 2, got {self.n_folds}; 5 and 10 are usual"
            )
        if not 0 <= self.fold < self.n_folds:
            raise ValueError(
                f"split.fold must be from 0 to {self.n_folds - 1} for"
                f" split.n_folds={self.n_folds}, got {self.fold}"
            )
        check_share("validation", self.validation, "training")
        settle(self, "cells", Candidates)

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Raise ValueError if there are fewer cells than folds."""
        pool = candidates(observed, self.cells)
        if pool.size < self.n_folds:
            raise ValueError(
                f"split.n_folds={self.n_folds} needs as many cells; there"
                f" {be(pool.size)} {pool.size}"
            )
        order = rng.permutation(pool)
        test = np.sort(np.array_split(order, self.n_folds)[self.fold])
        validation = carve(rest(pool, test), self.validation, rng)
        return told(observed, self.cells, pool=pool, test=test, validation=validation)


@dataclass(frozen=True, kw_only=True)
class Predefined:
    """A fold that was published with the data, such as MovieLens 100K's u1 to u5.

    The dataset names the fold of each cell in its extra ``folds``; fold number `fold`
    is tested. Another extra may be named in its place: numbers of folds, negative for
    cells in none, or true for the cells to test.

    Parameters
    ----------
    fold : int, default 1
        Which is tested; sweep them with ``split.fold=1,2,3,4,5``.
    extra : str, default "folds"
        The extra of the dataset that says which cell is in which fold.
    validation : float, default 0
        Share of the training cells kept back at random for stopping and for choices.
    cells : {observed, positive}, default observed
        ``positive`` holds out cells above 0 only, which count as 0 in training.
    """

    fold: int = 1
    extra: str = "folds"
    validation: float = 0.0
    cells: Candidates = Candidates.observed

    holds_out: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_share("validation", self.validation, "training")
        settle(self, "cells", Candidates)

    def hold_out(self, observed: ObservedCells, rng: np.random.Generator) -> HeldOut:
        """Raise ValueError if the dataset has no such folds, naming what it has."""
        pool = candidates(observed, self.cells)
        user = f"split=predefined with split.extra={self.extra}"
        given = of_cells(observed, self.extra, user)[pool]
        folds = self._numbers(given)
        self._check_fold(folds, given.dtype)
        test = pool[folds == self.fold]
        validation = carve(rest(pool, test), self.validation, rng)
        return told(
            observed,
            self.cells,
            pool=pool,
            test=test,
            validation=validation,
            notes=self._never_tested(folds),
        )

    def _numbers(self, given: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Return numbers of folds: 1 for true, -1 for false, which is in none."""
        if given.dtype == np.bool_:
            return np.where(given, 1, -1)
        if np.issubdtype(given.dtype, np.integer):
            return given.astype(np.int64)
        raise ValueError(
            f"split.extra={self.extra}: its values are {given.dtype}, not numbers of"
            " folds, nor true and false"
        )

    def _check_fold(
        self, folds: npt.NDArray[np.int64], dtype: np.dtype[np.generic]
    ) -> None:
        known = [int(fold) for fold in np.unique(folds) if fold >= 0]
        if self.fold in known:
            return
        has = ", ".join(map(str, known)) if known else "none"
        kind = " (true is 1)" if dtype == np.bool_ else ""
        raise ValueError(
            f"split.fold={self.fold}: no cell is in that fold of {self.extra}; its"
            f" folds are {has}{kind}"
        )

    def _never_tested(self, folds: npt.NDArray[np.int64]) -> tuple[str, ...]:
        never = int(np.count_nonzero(folds < 0))
        if not never:
            return ()
        return (
            f"{never:,} of {counted(folds.size, 'cell')} {be(never)} never tested, in"
            f" no fold of {self.extra}",
        )
