"""The state of `nmflab_solvers.masked_hals`: factors and offsets as two tables.

Offsets are two more entries of a row: ``(w_i, b_i, 1)·(h_j, 1, c_j) = w_i·h_j + b_i +
c_j``. The ones stay; b and c are updated with the rest, by the same formula.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Matrix, Step
from nmflab.kernels import load, n_threads
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._masked_rows import Side, by_row_and_column, width_for
from nmflab_solvers._rescale import Rescaled

Lines: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Rows of a table, and columns of it."""


class MaskedModel:
    """Both factors of a masked problem, and one step of them.

    Parameters
    ----------
    scaled : Rescaled
    init : Factors
    low : float or None
        Lower bound of the offsets; None where the model has none.
    sweeps : int
        Over each row in an update.
    """

    def __init__(
        self, scaled: Rescaled, init: Factors, low: float | None, sweeps: int
    ) -> None:
        self._scaled, self._sweeps = scaled, sweeps
        self._offsets, self._k = low is not None, init.n_components
        used = self._k + 2 * self._offsets
        width = width_for(used, scaled.problem.dtype)
        Wt, H = scaled.enter(init)
        starts = self._with_offsets(Wt.T, H.T)
        terms = self._terms(width, low)
        cells = by_row_and_column(scaled.problem)
        self.W, self.H = (
            Side(*parts) for parts in zip(cells, starts, terms, strict=True)
        )
        self._kernels, self._n_threads = load("masked"), n_threads()
        self._reseeder = Reseeder(scaled.problem)
        self._free_lines = self._undetermined()

    def step(self, weight: float, *, measure: bool) -> float:
        """Update H, then W; return the objective of the two, up to a constant.

        H is extrapolated, and W solved for at the extrapolated H: these two are the
        step's pair. Returns 0 where it is not to be measured.
        """
        self._solve(self.H, self.W.ahead, measure=False)
        self.H.extrapolate(weight, project=True)
        error = self._solve(self.W, self.H.ahead, measure=measure)
        if not measure:
            return 0.0
        penalties = self.W.penalty(self.W.new) + self.H.penalty(self.H.ahead)
        return 0.5 * error + penalties

    def _solve(self, side: Side, other: Matrix, *, measure: bool) -> float:
        """Update a side, the other factor fixed; return its squared error."""
        cells = side.cells
        error: float = self._kernels.solve_rows(
            cells.starts,
            cells.columns,
            cells.values,
            other,
            side.ahead,
            side.terms,
            used=side.used,
            sweeps=self._sweeps,
            measure=measure,
            new=side.new,
            n_threads=self._n_threads,
        )
        return error

    def settle(self, weight: float, *, accepted: bool) -> int:
        """Extrapolate W or start again; return how many components were revived."""
        if not accepted:
            self.W.restart()
            self.H.restart()
            return 0
        self.W.extrapolate(weight, project=False)
        self.W.accept()
        self.H.accept()
        return self._revive()

    def leave(self, n_reseeded: int) -> Step:
        """Return the step's pair in the given problem's units, fetched when due."""

        def fetch() -> Factors:
            root, k = self._scaled.root, self._k
            W, H = map(_typical, (self.W.kept, self.H.ahead), self._free_lines)
            factors = W[:, :k] * root, np.ascontiguousarray(H[:, :k].T) * root
            if not self._offsets:
                return Factors(*factors)
            return Factors(*factors, W[:, k] * root**2, H[:, k + 1] * root**2)

        return Step(fetch, n_reseeded=n_reseeded)

    def _undetermined(self) -> tuple[Lines, Lines]:
        """Return the entries of each side that neither cells nor penalties decide.

        Lines without cells, and of their entries those without a penalty of their own.
        """
        k, goal = self._k, self._scaled.problem.objective
        found = []
        for side, l1, l2, own, l2_offset in (
            (self.W, goal.l1_W, goal.l2_W, k, goal.l2_row_offset),
            (self.H, goal.l1_H, goal.l2_H, k + 1, goal.l2_column_offset),
        ):
            is_free = np.zeros(side.ahead.shape[1], dtype=bool)
            is_free[:k] = not l1 and (goal.l2_per_count or not l2)
            if self._offsets:
                is_free[own] = not l2_offset
            empty = np.flatnonzero(side.cells.counts == 0)
            found.append((empty, np.flatnonzero(is_free)))
        return found[0], found[1]

    def _with_offsets(self, W: Matrix, H_T: Matrix) -> tuple[Matrix, Matrix]:
        """Return the starting tables: offsets of 0, beside the ones they multiply."""
        if not self._offsets:
            return W, H_T
        rows = np.tile(np.array([0, 1], W.dtype), (W.shape[0], 1))
        columns = np.tile(np.array([1, 0], W.dtype), (H_T.shape[0], 1))
        return np.hstack([W, rows]), np.hstack([H_T, columns])

    def _terms(self, width: int, low: float | None) -> tuple[Matrix, Matrix]:
        """Return each side's penalties and bounds, as the kernel takes them."""
        k, goal = self._k, self._scaled.problem.objective
        both = []
        for l1, l2 in ((goal.l1_W, goal.l2_W), (goal.l1_H, goal.l2_H)):
            terms = np.zeros((5, width))
            terms[0, :k], terms[2 if goal.l2_per_count else 1, :k] = l1, l2
            terms[4, :k] = 1
            both.append(terms)
        if low is not None:
            for terms, own, ones in zip(both, (k, k + 1), (k + 1, k), strict=True):
                terms[3:, own], terms[3, ones] = (low, 1), -np.inf
            both[0][0, k] = -goal.l2_row_offset * self._scaled.mean
            both[0][1, k], both[1][1, k + 1] = goal.l2_row_offset, goal.l2_column_offset
        dtype = self._scaled.problem.dtype
        return both[0].astype(dtype), both[1].astype(dtype)

    def _revive(self) -> int:
        """Give dead components new entries; return how many got some."""
        k, W, H = self._k, self.W.kept, self.H.ahead
        sizes = W[:, :k].max(axis=0) * H[:, :k].max(axis=0)
        if not sizes.min() <= np.finfo(W.dtype).eps * sizes.max():
            return 0
        offsets = (W[:, k], H[:, k + 1]) if self._offsets else ()
        Wt, Hn = W[:, :k].T.copy(), H[:, :k].T.copy()
        n_revived = self._reseeder.revive(Wt, Hn, *offsets)
        if n_revived:
            for side, F in ((self.W, Wt), (self.H, Hn)):
                side.ahead[:, k:] = side.kept[:, k:] = (W if side is self.W else H)[
                    :, k:
                ]
                side.kept[:, :k] = side.ahead[:, :k] = F.T
        return n_revived


def _typical(table: Matrix, lines: Lines) -> Matrix:
    """Return a table in which what nothing decides is the mean of the other rows."""
    empty, entries = lines
    if not (empty.size and entries.size) or empty.size == table.shape[0]:
        return table
    seen = np.ones(table.shape[0], dtype=bool)
    seen[empty] = False
    filled = table.copy()
    filled[np.ix_(empty, entries)] = table[seen][:, entries].mean(axis=0)
    return filled
