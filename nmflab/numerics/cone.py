"""The cone of E: ``(W E)_ij >= 0`` where ``W_ij = 0``, ``(E H)_kj <= 0`` where H is.

Each condition on W concerns one column of E, each on H one row. There are as many as
zeros, often hundreds of thousands, and few of them bind: they enter a linear programme
only when a solution breaks them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Mask
from nmflab.numerics.cells import Float64

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_BROKEN = 1e-8
"""By how much a condition of largest coefficient 1 may fail."""

_FREE = 1e-5
"""Size, at entries held to 1, below which one counts as held at 0."""

_AT_ONCE = 4
"""Conditions that enter for one line of E at a time: those most broken."""

_DRAWS = 2
"""Random directions, and their opposites, in which nothing must be left to gain."""


class Cone:
    """Off-diagonal E that keep ``W + t W E`` and ``H − t E H`` at least 0, t small.

    Parameters
    ----------
    W : ndarray of shape (n_samples, n_components)
        At least 0; zeros are exact, no column is 0.
    H : ndarray of shape (n_components, n_features)
        The same of its rows.
    """

    def __init__(self, W: Float64, H: Float64) -> None:
        self.n = W.shape[1]
        in_W, in_H = _pure(W), _pure(H.T)
        off = ~np.eye(self.n, dtype=np.bool_)
        # Row k of E where W has a row of k alone, column k where H has such a column.
        self._low = np.where(in_W[:, None] | ~off, 0.0, -1.0)
        self._high = np.where(in_H[None, :] | ~off, 0.0, 1.0)
        self._rows = _mixed(W), _mixed(H.T)
        self._cuts: list[tuple[npt.NDArray[np.intp], Float64]] = []
        self._known: set[tuple[int, int, int]] = set()

    def inner_point(self) -> Float64:
        """Return an E of the cone in which no entry is 0 that need not be.

        Notes
        -----
        Along a random direction c, a cone that is not 0 has something to gain, in c or
        in −c, unless it lies in the plane across c: two linear programmes tell at once
        whether any of the entries still at 0 can move, and mostly move them all.
        """
        rng = np.random.default_rng(0)
        left, draws = self._low < self._high, 0
        point = np.zeros((self.n, self.n))
        while left.any() and draws < _DRAWS:
            along = np.where(left, rng.uniform(0.5, 1.0, left.shape), 0.0)
            along *= rng.choice([-1.0, 1.0], left.shape)
            draws += 1
            for c in (along, -along):
                E = self._farthest(c)
                moved = left & (np.abs(E) > _FREE)
                if moved.any():
                    # At random, so that no entry of the sum cancels.
                    point += rng.uniform(0.5, 1.0) * E
                    left &= ~moved
                    draws = 0
        free = (self._low < self._high) & ~left
        return np.where(free, point, 0.0)

    def _farthest(self, c: Float64) -> Float64:
        """Return the E of the cone, entries from −1 to 1, with the largest ``⟨c, E⟩``.

        Conditions enter as they are broken, so that the end is exact: it is reached
        since each enters once.
        """
        while True:
            E = self._solved(c)
            in_W, in_H = self._cut(0, E), self._cut(1, -E.T)
            if not (in_W or in_H):
                return E

    def _solved(self, c: Float64) -> Float64:
        from scipy.optimize import linprog

        A: Any = self._matrix() if self._cuts else None  # linprog's types know no CSR
        ends = zip(self._low.ravel().tolist(), self._high.ravel().tolist(), strict=True)
        found = linprog(
            -c.ravel(),
            A_ub=A,
            b_ub=np.zeros(len(self._cuts)) if self._cuts else None,
            bounds=list(ends),
            method="highs",
        )
        if found.x is None:
            raise ArithmeticError(f"free_directions: HiGHS stopped: {found.message}")
        return np.asarray(found.x, dtype=np.float64).reshape(self.n, self.n)

    def _matrix(self) -> csr_array:
        """Return the conditions that have entered, one a row, on E row by row."""
        from scipy.sparse import csr_array

        at = [where for where, _ in self._cuts]
        starts = np.concatenate([[0], np.cumsum([one.size for one in at])])
        values = np.concatenate([value for _, value in self._cuts])
        return csr_array(
            (values, np.concatenate(at), starts), (len(self._cuts), self.n**2)
        )

    def _cut(self, side: int, lines: Float64) -> bool:
        """Let the conditions enter that E breaks most; return whether there were any.

        Parameters
        ----------
        side : {0, 1}
            Conditions on W, or on H.
        lines : ndarray of shape (n_components, n_components)
            E, or ``−E'``: its product with each row must be at least 0 wherever the row
            is 0.
        """
        rows = self._rows[side]
        products = np.where(rows == 0, rows @ lines, 0.0)
        n = min(_AT_ONCE, len(rows))
        entered = False
        for line in range(self.n if n else 0):
            worst = np.argpartition(products[:, line], n - 1)[:n]
            for i in worst[products[worst, line] < -_BROKEN]:
                if (side, int(i), line) not in self._known:
                    self._known.add((side, int(i), line))
                    self._enter(side, rows[i], line)
                    entered = True
        return entered

    def _enter(self, side: int, row: Float64, line: int) -> None:
        held = np.flatnonzero(row)
        where = held * self.n + line if side == 0 else line * self.n + held
        self._cuts.append((where, -row[held] if side == 0 else row[held]))


def _pure(rows: Float64) -> Mask:
    """Return which components have a row of their own."""
    one = (rows > 0).sum(axis=1) == 1
    return np.asarray((rows[one] > 0).any(axis=0), dtype=np.bool_)


def _mixed(rows: Float64) -> Float64:
    """Return the rows with several entries and a zero, the largest entry at 1."""
    n_positive = (rows > 0).sum(axis=1)
    some: Float64 = rows[(n_positive > 1) & (n_positive < rows.shape[1])]
    some = some / some.max(axis=1, keepdims=True, initial=0.0)
    return some
