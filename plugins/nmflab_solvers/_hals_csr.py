"""HALS steps on a CSR: one pass over X a step, row block by row block.

Factors are kept in blocks, as `nmflab.kernels.plain.hals_csr` describes them, beside
each the table of rows that the products with X read or add up. X is never transposed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab.kernels import load, n_threads
from nmflab.numerics import data_norm
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._hals_whole import Side, Sweeps, smallest_size

_WIDTH, _CHUNK = 256, 64  # bytes: of a component in a block, tables are padded to


class _Side:
    """One factor in blocks: last accepted, newest, extrapolated and before."""

    def __init__(self, start: Matrix, l1: float, l2: float, most: int) -> None:
        self.n_rows = start.shape[1]
        self.last = to_blocks(start)
        self.new = np.empty_like(self.last)
        self.ahead, self.before = self.last.copy(), self.last.copy()
        self.l1, self.l2, self.most = l1, l2, most
        self.gram_new: Matrix = np.zeros((start.shape[0],) * 2)
        self.gram_ahead: Matrix = self.gram_new


class SparseSteps:
    """Updates of one factor from the other's extrapolation; see `nmflab_solvers.hals`.

    Parameters
    ----------
    problem : Problem
    Wt, H : ndarray of shape (n_components, n_samples), (n_components, n_features)
        The start.
    sweeps : Sweeps
    """

    def __init__(self, problem: Problem, Wt: Matrix, H: Matrix, sweeps: Sweeps) -> None:
        X: Any = problem.X
        goal = problem.objective
        self._stored = X.indptr, X.indices, X.data
        self._sides = {
            "W": _Side(Wt, goal.l1_W, goal.l2_W, sweeps.most_W),
            "H": _Side(H, goal.l1_H, goal.l2_H, sweeps.most_H),
        }
        k, chunk = Wt.shape[0], _CHUNK // Wt.itemsize
        self._k, self._delta = k, sweeps.delta
        self._solve = load("hals_csr").solve
        size = H.shape[1] * (-(-k // chunk) * chunk)
        self._table = np.zeros(size, Wt.dtype)
        self._sums = np.zeros((n_threads(), size), Wt.dtype)
        self._half_square = 0.5 * data_norm(problem) ** 2
        self._dot = 0.0
        self._spread()

    def update(self, side: Side, weight: float) -> None:
        """Update one factor from the other's extrapolation, then extrapolate it."""
        me, other = self._sides[side], self._sides["H" if side == "W" else "W"]
        G = other.gram_ahead.copy()
        G.flat[:: self._k + 1] += me.l2
        me.ahead, me.before = me.before, me.ahead
        self._dot = self._run(side, me.before, G, me.most, weight)

    def _run(
        self, side: Side, start: Matrix, G: Matrix, most: int, weight: float
    ) -> float:
        me, over_samples = self._sides[side], side == "W"
        n_parts = self._sums.shape[0]
        grams = np.zeros((n_parts, 2, self._k, self._k))
        dot = self._solve(
            *self._stored,
            self._table,
            self._sums,
            over_samples=over_samples,
            n_rows=me.n_rows,
            start=start,
            G=G.astype(me.new.dtype),
            l1=me.l1,
            most=most,
            delta=self._delta,
            last=me.last,
            beta=weight,
            new=me.new,
            ahead=me.ahead,
            grams=grams,
        )
        if over_samples and n_parts > 1:
            self._sums[0] = self._sums.sum(axis=0)
        new, ahead = (_mirrored(each) for each in grams.sum(axis=0))
        me.gram_ahead = ahead
        me.gram_new = new if over_samples and weight != 0 else ahead
        return float(dot)

    def _spread(self) -> None:
        """Make tables and Gram matrices anew from the last accepted pair."""
        nothing = np.zeros((self._k, self._k))
        for side in ("H", "W"):
            self._run(side, self._sides[side].last, nothing, 0, 0.0)

    def objective(self) -> float:
        """Return the objective of the newest W and the extrapolated H, for free.

        Asked after W was updated from H.
        """
        W, H = self._sides["W"], self._sides["H"]
        value = self._half_square - self._dot
        value += 0.5 * float(np.vdot(W.gram_new, H.gram_ahead))
        value += 0.5 * W.l2 * float(np.trace(W.gram_new))
        value += 0.5 * H.l2 * float(np.trace(H.gram_ahead))
        if H.l1 > 0:
            value += H.l1 * float(H.ahead.sum(dtype=np.float64))
        return value

    def accept(self) -> None:
        """Make the newest pair the last accepted one."""
        for side in self._sides.values():
            side.last, side.new = side.new, side.last

    def restart(self) -> None:
        """Go on from the last accepted pair, without extrapolation."""
        self._spread()

    def accepted(self, *, extrapolated: bool, restarted: bool) -> tuple[Matrix, Matrix]:
        """Return the accepted ``W'`` with H as W was fitted to it; copies."""
        W, H = self._sides["W"], self._sides["H"]
        fitted = H.before if restarted else H.ahead
        blocks = fitted if extrapolated else H.last
        return (
            from_blocks(W.last, self._k, W.n_rows),
            from_blocks(blocks, self._k, H.n_rows),
        )

    def revive(self, reseeder: Reseeder) -> int:
        """Give dead components new entries; return how many, and go on from there."""
        Wt, H = self.accepted(extrapolated=False, restarted=False)
        n_reseeded = reseeder.revive(Wt, H)
        if n_reseeded:
            self._sides["W"].last, self._sides["H"].last = to_blocks(Wt), to_blocks(H)
            self._spread()
        return n_reseeded

    def smallest(self) -> float:
        """Return the smallest ``‖w_k‖‖h_k‖`` over the largest, of the newest pair."""
        return smallest_size(
            self._sides["W"].gram_new.diagonal(), self._sides["H"].gram_ahead.diagonal()
        )


def to_blocks(F: Matrix) -> Matrix:
    """Return a factor of shape (n_components, m) in blocks, zeros behind the last.

    Shape ``(n_blocks, n_components * n)``, with n numbers in 256 bytes.
    """
    k, m = F.shape
    n = _WIDTH // F.itemsize
    n_blocks = -(-m // n)
    padded = np.zeros((k, n_blocks * n), F.dtype)
    padded[:, :m] = F
    blocks: Matrix = padded.reshape(k, n_blocks, n).transpose(1, 0, 2)
    return np.ascontiguousarray(blocks).reshape(n_blocks, k * n)


def from_blocks(blocks: Matrix, k: int, m: int) -> Matrix:
    """Return the factor of shape (k, m) that `to_blocks` made blocks of."""
    n = _WIDTH // blocks.itemsize
    wide = blocks.reshape(-1, k, n).transpose(1, 0, 2).reshape(k, -1)
    return np.ascontiguousarray(wide[:, :m])


def _mirrored(upper: Matrix) -> Matrix:
    full: Matrix = np.triu(upper) + np.triu(upper, 1).T
    return full
