"""Frobenius problems in units in which the largest entry of X is about 1.

X itself is never copied: its products with the factors are divided instead. Factors are
float64 within a solver, whatever the problem's dtype; only products with X are formed
in that dtype, since they alone are costly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Matrix, Problem
from nmflab.numerics import ObjectiveEvaluator
from nmflab_solvers._products import times, times_transposed
from nmflab_solvers._rescale import stored_values

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class InUnits:
    """A Frobenius problem on complete data, seen as ``X / unit``.

    Parameters
    ----------
    problem : Problem
    unit : float
        What 1 stands for, in units of X.
    unit_W : float
        What 1 stands for in W; H has the rest, ``unit / unit_W``.
    """

    problem: Problem
    unit: float
    unit_W: float

    @classmethod
    def even(cls, problem: Problem) -> InUnits:
        """Share a power of four near the largest entry between W and H: exact."""
        top = largest_entry(problem)
        root = 2.0 ** round(math.log2(top) / 2) if top > 0 else 1.0
        return cls(problem=problem, unit=root**2, unit_W=root)

    def enter(self, init: Factors) -> tuple[Float64, Float64]:
        """Return own float64 copies of ``W'`` and H, component-major and C-ordered."""
        Wt = np.array(init.W.T, dtype=np.float64, order="C") / self.unit_W
        H = np.array(init.H, dtype=np.float64, order="C") * (self.unit_W / self.unit)
        return Wt, H

    def leave(self, Wt: Matrix, H: Matrix) -> Factors:
        """Return factors in the problem's units and dtype."""
        dtype = self.problem.dtype
        W = np.ascontiguousarray(Wt.T, dtype=np.float64) * self.unit_W
        H = H * (self.unit / self.unit_W)
        return Factors(W.astype(dtype), H.astype(dtype))

    def for_features(self, Wt: Matrix) -> Float64:
        """Return ``W'X``, shape ``(n_components, n_features)``."""
        product = times(Wt.astype(self.problem.dtype), self.problem.X)
        return product.astype(np.float64) / self.unit

    def for_samples(self, H: Matrix) -> Float64:
        """Return ``H X'``, shape ``(n_components, n_samples)``."""
        product = times_transposed(H.astype(self.problem.dtype), self.problem.X)
        return product.astype(np.float64) / self.unit

    def half_squared_error(self, products: Matrix, Wt: Matrix, H: Matrix) -> float:
        """Return ``½‖X − WH‖²`` in units of X squared, given ``W'X``.

        By Gram matrices, at no cost, unless rounding of the products would show: then
        from the residual, which takes a pass over X.
        """
        gram = float(np.vdot(Wt @ Wt.T, H @ H.T))
        value = self._half_square - float(np.vdot(products, H)) + gram / 2
        near = 1e-6 if self.problem.dtype == np.float64 else 1e-2
        if value > near * self._half_square:
            return value * self.unit**2
        return self._evaluator.value(self.leave(Wt, H))

    @cached_property
    def _half_square(self) -> float:
        values = stored_values(self.problem.X).ravel()
        step, total = 1_000_000, 0.0
        for at in range(0, values.size, step):
            part = values[at : at + step].astype(np.float64) / self.unit
            total += float(part @ part)
        return total / 2

    @cached_property
    def _evaluator(self) -> ObjectiveEvaluator:
        return ObjectiveEvaluator(self.problem)


def largest_entry(problem: Problem) -> float:
    """Return ``max |X|``; 0 where X stores nothing."""
    values = stored_values(problem.X)
    if not values.size:
        return 0.0
    return max(float(values.max()), -float(values.min()))


def sweep(F: Float64, products: Float64, gram: Float64) -> None:
    """Bring each row of F in turn to its best values of at least 0, in place.

    One sweep of coordinate descent on ``½⟨F, gram F⟩ − ⟨products, F⟩``; a row without
    curvature is skipped.
    """
    for f, c, g, curvature in zip(F, products, gram, gram.diagonal(), strict=True):
        if curvature > np.finfo(np.float64).tiny:
            f += (c - g @ F) / curvature
            np.maximum(f, 0, out=f)
