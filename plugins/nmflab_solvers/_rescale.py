"""Exact changes of unit: products within a step stay inside the range of the dtype.

Data in units of 1e-25 would underflow in float32 as soon as a Gram matrix is formed.
Dividing X by a power of four, and W and H by its root, a power of two, changes no digit
of any iterate: it only moves exponents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nmflab.contracts import Factors, Matrix, Objective, Problem, Step
from nmflab.numerics import n_fitted

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def stored_values(X: Matrix | csr_array) -> Matrix:
    """Return the values X holds: all of a dense X, the stored ones of a CSR."""
    values: Matrix = X if isinstance(X, np.ndarray) else X.data
    return values


def mean_observed(problem: Problem) -> float:
    """Return the mean of X over its observed cells, summed in float64; 0 if none is."""
    n_cells = n_fitted(problem)
    total = float(stored_values(problem.X).sum(dtype=np.float64))
    return total / n_cells if n_cells else 0.0


@dataclass(frozen=True, kw_only=True)
class Rescaled:
    """A problem in units in which a step can neither overflow nor underflow.

    Parameters
    ----------
    problem : Problem
        The problem with ``X / root²``, its penalties converted with it. Where X already
        has a harmless scale this is the problem given, and nothing is copied.
    mean : float
        Mean of the rescaled X over its observed cells.
    root : float
        A power of two; factors of the given problem are those of this one times `root`.
    """

    problem: Problem
    mean: float
    root: float

    def enter(self, init: Factors) -> tuple[Matrix, Matrix]:
        """Return own copies of ``W'`` and H, both component-major and C-ordered."""
        dtype = self.problem.dtype
        Wt = np.array(init.W.T, dtype=dtype, order="C")
        H = np.array(init.H, dtype=dtype, order="C")
        if self.root != 1:
            Wt /= self.root
            H /= self.root
        return Wt, H

    def leave(self, Wt: Matrix, H: Matrix) -> Step:
        """Return a step with factors in the given problem's units; views if it can."""
        if self.root == 1:
            return Step(Factors(Wt.T, H))

        def fetch() -> Factors:
            return Factors(Wt.T * self.root, H * self.root)

        return Step(fetch)


def rescale(problem: Problem, most: int | None = None) -> Rescaled:
    """Return the problem in safe units; see `Rescaled`.

    Parameters
    ----------
    problem : Problem
    most : int, optional
        Largest ``|log2(mean(X))|`` that is left as it is; None: as large as the dtype
        allows. Less is for algorithms with absolute constants.
    """
    mean = mean_observed(problem)
    exponent = 2 * round(math.log2(mean) / 2) if mean > 0 else 0
    # The largest products of a step have the scale of X³ in beta-divergences.
    harmless = int(np.finfo(problem.dtype).maxexp) // 6
    if abs(exponent) <= (harmless if most is None else min(most, harmless)):
        return Rescaled(problem=problem, mean=mean, root=1.0)
    scale = 2.0**exponent
    scaled = replace(
        problem,
        X=_divided(problem.X, scale),
        objective=_converted(problem.objective, scale),
    )
    return Rescaled(problem=scaled, mean=mean / scale, root=2.0 ** (exponent // 2))


def _divided(X: Matrix | csr_array, scale: float) -> Matrix | csr_array:
    if isinstance(X, np.ndarray):
        divided: Matrix = X / scale
        return divided
    from scipy.sparse import csr_array

    data: Any = X.data / scale
    return csr_array((data, X.indices, X.indptr), shape=X.shape)


def _converted(objective: Objective, scale: float) -> Objective:
    """Divide the objective by ``scale^beta``, as ``D(cX | cY) = c^beta D(X | Y)``."""
    beta = objective.exponent

    def times(weight: float, power: float) -> float:
        # The power of a denormal scale may be infinite, where there is no penalty too.
        with np.errstate(over="ignore"):
            return float(weight * np.float64(scale) ** power) if weight else 0.0

    return replace(
        objective,
        l1_W=times(objective.l1_W, 0.5 - beta),
        l1_H=times(objective.l1_H, 0.5 - beta),
        l2_W=times(objective.l2_W, 1.0 - beta),
        l2_H=times(objective.l2_H, 1.0 - beta),
        l2_row_offset=times(objective.l2_row_offset, 2.0 - beta),
        l2_column_offset=times(objective.l2_column_offset, 2.0 - beta),
        floor=times(objective.floor, -1.0),
    )
