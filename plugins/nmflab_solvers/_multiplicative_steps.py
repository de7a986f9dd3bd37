"""From a start to iterates: zeros lifted, updates in order, floors handed over as 0.

Factors are component-major: ``Wt`` has the shape ``(n_components, n_samples)``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Generator
from typing import cast

import numpy as np

from nmflab.contracts import Factors, Matrix, Problem, Step
from nmflab.numerics import ObjectiveEvaluator
from nmflab.numerics.penalties import penalties_of
from nmflab_solvers._data_terms import GramHalf, Half
from nmflab_solvers._extrapolation import HALS_AND_MU, Momentum
from nmflab_solvers._lost_cells import lost_cells
from nmflab_solvers._multiplicative import Updates
from nmflab_solvers._rescale import Rescaled


def plain(
    scaled: Rescaled, updates: Updates, Wt: Matrix, H: Matrix
) -> Generator[Step, None, None]:
    """Yield after each update of H, then W, without end; both are changed in place."""
    while True:
        updates.update_features(Wt, H)
        updates.update_samples(Wt, H)
        yield _handed_over(scaled, updates.smallest, Wt, H)


def extrapolated(
    scaled: Rescaled, updates: Updates, Wt: Matrix, H: Matrix, *, by_ratio: bool
) -> Generator[Step, None, None]:
    """Yield the best pair so far after each extrapolated step, without end.

    W and H are the last pair from which the error fell, Wy and Hy the points beyond it
    from which the next updates start. Arrays are never written to once they are named
    here, so that a pair is kept by name.
    """
    error, momentum = _error(scaled.problem), Momentum(HALS_AND_MU)
    beyond = _beyond_by_ratio if by_ratio else _beyond
    best, lowest = (Wt, H), math.inf
    Wy, Hy, sums = Wt, H, H.sum(axis=1, keepdims=True)
    free = not scaled.problem.objective.penalties
    while True:
        weight, Hn, Wn = momentum.weight, Hy.copy(), Wy.copy()
        updates.update_features(Wy, Hn)
        if free:
            # How a component's size is shared by its two sides changes no error, but
            # would be extrapolated too: what one side overshoots the other makes up
            # for, and overshoots in turn, until one is at the floor.
            share = Hn.sum(axis=1, keepdims=True) / sums
            Hn /= share
            Wn *= share
        Hy = beyond(Hn, H, weight)
        updates.clip(Hy)
        half = updates.update_samples(Wn, Hy)
        value = error(half, Wn, Hy)
        if value < lowest:
            best, lowest = (Wn, Hy), value
        if momentum.accepts(value):
            Wy = beyond(Wn, Wt, weight)
            updates.clip(Wy)
            Wt, H = Wn, Hn
        else:
            Wy, Hy = Wt, H
        yield _handed_over(scaled, updates.smallest, *best)


def _beyond(new: Matrix, old: Matrix, weight: float) -> Matrix:
    """Return ``new + weight (new − old)``; entries may be negative."""
    point = new - old
    point *= weight
    point += new
    return point


def _beyond_by_ratio(new: Matrix, old: Matrix, weight: float) -> Matrix:
    """Return ``new (new / old)^weight``, the ratio within 1/10 and 10.

    The bounds keep an entry that has just left the floor from running away.
    """
    point = new / old
    np.clip(point, 0.1, 10.0, out=point)
    point **= weight
    point *= new
    return point


def _error(problem: Problem) -> Callable[[Half, Matrix, Matrix], float]:
    """Return what computes the objective, up to a constant, after an update of W."""
    if problem.objective.exponent != 2 or problem.observed is not None:
        evaluator = ObjectiveEvaluator(problem)
        return lambda _half, Wt, H: evaluator.value(Factors(Wt.T, H))
    penalties = penalties_of(problem) if problem.objective.penalties else None

    def error(half: Half, Wt: Matrix, H: Matrix) -> float:
        value = cast(GramHalf, half).value(Wt)
        if penalties is not None:
            W64, H64 = Wt.T.astype(np.float64), H.astype(np.float64)
            value += penalties.value(Factors(W64, H64), W64, H64)
        return value

    return error


def lift_zeros(scaled: Rescaled, Wt: Matrix, H: Matrix, lift: float) -> None:
    """Set the zeros of a start to ``lift·sqrt(mean(X)/n_components)``, in place.

    Warns of them, with their number: the start is then not the one that was asked for.
    """
    zeros = [int(F.size - np.count_nonzero(F)) for F in (Wt, H)]
    if not sum(zeros):
        return
    value = lift * math.sqrt(scaled.mean / H.shape[0])
    for F in (Wt, H):
        F[F == 0] = value
    warnings.warn(
        f"solver mu: {zeros[0]} of {Wt.size} entries of the starting W and {zeros[1]}"
        f" of {H.size} of H are 0, which a multiplicative update cannot leave; they"
        f" were set to {lift:g} of a typical entry (solver.lift). For a start without"
        " zeros use init=nndsvda, nndsvdar or random",
        UserWarning,
        stacklevel=2,
    )


def _handed_over(scaled: Rescaled, smallest: float, Wt: Matrix, H: Matrix) -> Step:
    """Return a step whose factors have 0 where an entry lies at the floor.

    The iterate keeps its floor, without which it could never move again there. An entry
    at the floor was pushed below it by its last update, so that 0 is nearer to the
    minimum; except where the model would become 0 at a cell that is not, and the loss
    be infinite: there the floor stays.
    """

    def fetch() -> Factors:
        W0, H0 = (np.where(smallest < F, F, 0) for F in (Wt, H))
        if scaled.problem.objective.exponent < 2:
            rows, columns = lost_cells(scaled.problem, W0, H0)
            W0[:, rows], H0[:, columns] = Wt[:, rows], H[:, columns]
        if scaled.root != 1:
            W0 *= scaled.root
            H0 *= scaled.root
        return Factors(W0.T, H0)

    return Step(fetch)
