"""HALS steps that form a product with X whole, then sweep.

For a dense X, and for a CSR where sweeps are to end on
the whole factor, as published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nmflab.contracts import Matrix, Problem
from nmflab.kernels import load, n_threads
from nmflab.numerics import data_norm
from nmflab.numerics.reseed import Reseeder
from nmflab_solvers._products import times, times_transposed

Side = Literal["W", "H"]

_GRAM_COLUMNS = 2048  # float32 sums of so many products are exact to 1e-6


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """How many sweeps a factor gets, and when they end early.

    Parameters
    ----------
    most_W, most_H : int
    delta : float
        A sweep that moves less than this share of what the first did is the last.
    blocked : bool
        Whether that is decided for each block of 256 bytes of columns, or for the whole
        factor, as published.
    """

    most_W: int
    most_H: int
    delta: float
    blocked: bool


class _Side:
    """One factor, component-major: last accepted, newest, extrapolated and before."""

    def __init__(self, start: Matrix, l1: float, l2: float, most: int) -> None:
        self.last, self.new = start, np.empty_like(start)
        self.ahead, self.before = start.copy(), start.copy()
        self.l1, self.l2, self.most = l1, l2, most
        self.products = np.empty_like(start)


class WholeSteps:
    """Updates of one factor from the other's extrapolation; see `nmflab_solvers.hals`.

    Parameters
    ----------
    problem : Problem
    Wt, H : ndarray of shape (n_components, n_samples), (n_components, n_features)
        The start; becomes part of the state.
    sweeps : Sweeps
    """

    def __init__(self, problem: Problem, Wt: Matrix, H: Matrix, sweeps: Sweeps) -> None:
        self._X: Any = problem.X
        goal = problem.objective
        self._sides = {
            "W": _Side(Wt, goal.l1_W, goal.l2_W, sweeps.most_W),
            "H": _Side(H, goal.l1_H, goal.l2_H, sweeps.most_H),
        }
        self._sweeps = sweeps
        self._sweep, self._n_threads = load("hals").sweep, n_threads()
        self._products = load("products")
        self._half_square = 0.5 * data_norm(problem) ** 2
        self._dot = 0.0
        self._gram: Matrix = np.zeros(0)

    def update(self, side: Side, weight: float) -> None:
        """Update one factor from the other's extrapolation, then extrapolate it."""
        other = self._sides["H" if side == "W" else "W"]
        me = self._sides[side]
        self._multiply(side, other.ahead, me.products)
        self._gram = gram(other.ahead)
        G = self._gram.copy()
        G.flat[:: G.shape[0] + 1] += me.l2
        self._solve(me, G.astype(me.new.dtype), weight, project=side == "H")

    def _multiply(self, side: Side, F: Matrix, products: Matrix) -> None:
        X = self._X
        if isinstance(X, np.ndarray):
            multiply = (
                self._products.times_transposed if side == "W" else self._products.times
            )
            multiply(F, X, products, n_threads=self._n_threads)
        else:
            products[:] = times_transposed(F, X) if side == "W" else times(F, X)

    def _solve(self, me: _Side, G: Matrix, weight: float, *, project: bool) -> None:
        rule, start, first = self._sweeps, me.ahead, None
        me.ahead, me.before = me.before, me.ahead
        together = rule.blocked or rule.delta == 0
        for _ in range(1 if together else me.most):
            self._dot, change = self._sweep(
                start,
                me.products,
                G,
                l1=me.l1,
                most=me.most if together else 1,
                delta=rule.delta,
                last=me.last,
                beta=weight,
                project=project,
                new=me.new,
                ahead=me.ahead,
                n_threads=self._n_threads,
            )
            start, first = me.new, change if first is None else first
            if change <= rule.delta**2 * first < first or first == 0:
                break

    def objective(self) -> float:
        """Return the objective of the newest W and the extrapolated H, for free.

        Asked after W was updated from H.
        """
        W, H = self._sides["W"], self._sides["H"]
        value = self._half_square - self._dot
        value += 0.5 * float(np.vdot(gram(W.new), self._gram))
        if W.l2 > 0:
            value += 0.5 * W.l2 * float(np.vdot(W.new, W.new))
        if H.l1 > 0:
            value += H.l1 * float(H.ahead.sum(dtype=np.float64))
        return value + 0.5 * H.l2 * float(np.trace(self._gram))

    def accept(self) -> None:
        """Make the newest pair the last accepted one."""
        for side in self._sides.values():
            side.last, side.new = side.new, side.last

    def restart(self) -> None:
        """Go on from the last accepted pair, without extrapolation."""
        for side in self._sides.values():
            np.copyto(side.ahead, side.last)

    def accepted(self, *, extrapolated: bool, restarted: bool) -> tuple[Matrix, Matrix]:
        """Return the accepted ``W'`` with H as W was fitted to it; views."""
        H = self._sides["H"]
        fitted = H.before if restarted else H.ahead
        return self._sides["W"].last, fitted if extrapolated else H.last

    def revive(self, reseeder: Reseeder) -> int:
        """Give dead components new entries; return how many, and go on from there."""
        W, H = self._sides["W"], self._sides["H"]
        n_reseeded = reseeder.revive(W.last, H.last)
        if n_reseeded:
            self.restart()
        return n_reseeded

    def smallest(self) -> float:
        """Return the smallest ``‖w_k‖‖h_k‖`` over the largest, as last accepted."""
        return smallest_size(
            *(squared_lengths(self._sides[side].last) for side in ("W", "H"))
        )


def squared_lengths(F: Matrix) -> Matrix:
    """Return the squared length of each component."""
    lengths: Matrix = np.einsum("kj,kj->k", F, F)
    return lengths


def smallest_size(W_squared: Matrix, H_squared: Matrix) -> float:
    """Return the smallest ``‖w_k‖‖h_k‖`` over the largest; 1 where all are 0."""
    sizes = np.sqrt(W_squared) * np.sqrt(H_squared)
    largest = float(sizes.max())
    return float(sizes.min()) / largest if largest > 0 else 1.0


def gram(F: Matrix) -> Matrix:
    """Return ``F F'`` in float64, whatever the dtype of F."""
    if F.dtype == np.float64:
        product: Matrix = F @ F.T
        return product
    total = np.zeros((F.shape[0], F.shape[0]))
    for at in range(0, F.shape[1], _GRAM_COLUMNS):
        part = F[:, at : at + _GRAM_COLUMNS]
        total += part @ part.T
    return total
