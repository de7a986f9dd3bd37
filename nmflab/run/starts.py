"""Starting factors: made by an init plugin, verified, timed, and the same for all.

A start depends on the problem, n_components, the init and the run's seed only, so every
solver of one seed gets the same one; its hash stands in the record to show it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmflab.contracts import (
    Factors,
    Initialization,
    InitSpec,
    Matrix,
    Problem,
    SolverSpec,
)
from nmflab.loop.clock import Clock
from nmflab.run.guard import RunFailed, doing
from nmflab.run.seeds import role_rng
from nmflab.verify import find_fault, freeze


@dataclass(frozen=True, kw_only=True)
class Start:
    """Verified, read-only starting factors of the problem's dtype.

    Parameters
    ----------
    factors : Factors
    hash : str or None
        blake2b over the bytes of W, H and offsets; None where the solver ignores them.
    seconds, cpu_seconds : float
        What making them took.
    """

    factors: Factors
    hash: str | None
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Makes the starts of one run.

    Parameters
    ----------
    problem : Problem
    n_components : int
    seed : int
    spec : InitSpec
    init : Initialization
        The configured plugin.
    solver : SolverSpec
        One that brings its own start is handed a plain random one, which it ignores.
    """

    problem: Problem
    n_components: int
    seed: int
    spec: InitSpec
    init: Initialization
    solver: SolverSpec

    def make(self, index: int) -> Start:
        """Return the start of one restart.

        Raises
        ------
        RunFailed
            If the plugin raises ("error") or returns what cannot be used ("invalid").
        """
        rng = role_rng(self.seed, "init", index)
        if self.solver.promises.init == "own":
            factors = self._frozen(plain_start(self.problem, self.n_components, rng))
            return Start(factors=factors, hash=None, seconds=0.0, cpu_seconds=0.0)
        clock = Clock()
        with doing(f"init {self.spec.name} failed"):
            clock.resume()
            made = self.init.start(self.problem, self.n_components, rng)
            clock.pause()
        factors = self._checked(made)
        return Start(
            factors=factors,
            hash=start_hash(factors),
            seconds=clock.seconds,
            cpu_seconds=clock.cpu_seconds,
        )

    def _checked(self, made: object) -> Factors:
        if not isinstance(made, Factors):
            what = f"a {type(made).__name__}, not Factors"
            raise RunFailed(f"init {self.spec.name} gave {what}", "invalid")
        n_samples, n_features = self.problem.shape
        W_shape, H_shape = (
            (n_samples, self.n_components),
            (self.n_components, n_features),
        )
        signed_ok = self.spec.takes_of(self.init).signed
        nonnegative = self.solver.promises.nonnegative if signed_ok else {"W", "H"}
        fault = find_fault(made, W_shape, H_shape, nonnegative)
        if fault is None:
            made = self._frozen(made)
            # A value may be finite in the plugin's dtype and not in the problem's.
            fault = find_fault(made, W_shape, H_shape, nonnegative)
        if fault is not None:
            raise RunFailed(
                f"init {self.spec.name} gave {fault.rstrip(',')}", "invalid"
            )
        unit = self.problem.objective.unit
        return made if unit == "none" else self._frozen(unit_components(made, unit))

    def _frozen(self, factors: Factors) -> Factors:
        """Return a read-only copy nobody else holds, of the problem's dtype."""
        arrays = (factors.W, factors.H, factors.row_offset, factors.column_offset)
        with np.errstate(over="ignore"):
            copies: list[Any] = [
                None if a is None else np.array(a, self.problem.dtype, order="C")
                for a in arrays
            ]
        freeze(*(copy for copy in copies if copy is not None))
        return Factors(*copies)


def unit_components(factors: Factors, unit: str) -> Factors:
    """Return the same model with the components of one factor at length 1, float64.

    The other factor takes the scale; a component that is 0 gets equal entries, and 0
    for its counterpart.

    Parameters
    ----------
    factors : Factors
    unit : {"W", "H"}
    """
    W, H = np.array(factors.W.T, np.float64), np.array(factors.H, np.float64)
    held, other = (W, H) if unit == "W" else (H, W)
    top = np.abs(held).max(axis=1, keepdims=True)  # squares must not underflow
    held /= np.where(top > 0, top, 1.0)
    lengths = np.linalg.norm(held, axis=1, keepdims=True)
    held /= np.where(top > 0, lengths, 1.0)
    held[top[:, 0] == 0] = 1.0 / math.sqrt(held.shape[1])
    other *= lengths * top
    offsets = factors.row_offset, factors.column_offset
    return Factors(np.ascontiguousarray(W.T), H, *offsets)


def start_hash(factors: Factors) -> str:
    """Return 32 hex digits that are equal for equal starts."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (factors.W, factors.H, factors.row_offset, factors.column_offset):
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def plain_start(
    problem: Problem, n_components: int, rng: np.random.Generator
) -> Factors:
    """Return ``|N(0, 1)| sqrt(mean(X) / n_components)`` for W and H."""
    n_samples, n_features = problem.shape
    mean = float(problem.X.mean())
    scale = math.sqrt(mean / n_components) if mean > 0 else 1.0
    W: Matrix = np.abs(rng.standard_normal((n_samples, n_components))) * scale
    H: Matrix = np.abs(rng.standard_normal((n_components, n_features))) * scale
    return Factors(W, H)
