"""The beta-divergence of single cells: sums, slopes, curvatures.

``D(x|y) = c(x) + z(y) − x m(y)``, with ``z(y) = y^β/β``, ``m(y) = y^(β−1)/(β−1)`` and
``c(x) = x^β/(β(β−1))``; for β = 1 ``m = log y`` and ``c = x log x − x``; for β = 0
``z = log y``, ``m = −1/y`` and ``c = −log x − 1``. c does not depend on the factors, so
it is summed once. Cells with y = 0 are set apart before any power or logarithm.

References
----------
C. Févotte, J. Idier, "Algorithms for Nonnegative Matrix Factorization with the
beta-Divergence", Neural Computation 23(9), 2011, eq. 2.1.
"""

from __future__ import annotations

import numpy as np

from nmflab.numerics.cells import Float64

_SERIES_WITHIN = 0.01
_SERIES_TERMS = range(2, 10)


def constants(x: Float64, beta: float) -> tuple[float, float]:
    """Return ``Σ c(x)`` and the size of its terms, which bounds the rounding error."""
    x = x[x > 0]
    if beta in (0.0, 1.0):
        logs = np.log(x)
        if beta == 1:
            total = float(np.vdot(x, logs) - x.sum())
            return total, float(np.vdot(x, np.abs(logs)) + x.sum())
        return float(-logs.sum() - x.size), float(np.abs(logs).sum() + x.size)
    total = float((x**beta).sum()) / (beta * (beta - 1))
    return total, abs(total)


def varying_sum(x: Float64, y: Float64, beta: float) -> float:
    """Return ``Σ z(y) − x m(y)``, what is left of the divergence besides `constants`.

    +inf where y < 0, and for β ≤ 1 where y = 0 with x > 0. Loses digits near y = x,
    where `close_sum` does not.
    """
    positive = _positive(x, y, infinite=beta <= 1)
    if positive is None:
        return np.inf
    x, y = positive
    if beta == 1:
        return float(y.sum() - np.vdot(x, np.log(y)))
    if beta == 0:
        return float((x / y + np.log(y)).sum())
    power = y ** (beta - 1)
    return float(np.vdot(power, y) / beta - np.vdot(power, x) / (beta - 1))


def close_sum(x: Float64, y: Float64, beta: float) -> float:
    """Return ``Σ D(x|y)`` with few digits lost however near y is to x.

    ``D(x|x(1+t)) = x^β Σ_m (m−1) Π_{i=2}^{m−1} (β−i) t^m / m!`` for small t: the Taylor
    series at t = 0, whose first term is ``t²/2``.
    """
    if beta == 2:
        residual = y - x
        return 0.5 * float(np.vdot(residual, residual))
    if y.size and (y.min() < 0 or (beta <= 1 and bool(((y == 0) & (x > 0)).any()))):
        return np.inf
    absent = x == 0
    total = float((y[absent] ** beta).sum()) / beta if absent.any() else 0.0
    x, y = x[~absent], y[~absent]
    t = (y - x) / x
    far = np.abs(t) > _SERIES_WITHIN
    values = np.empty_like(t)
    values[far] = _ratio_form(y[far] / x[far], beta)
    values[~far] = _series(t[~far], beta)
    return total + float(np.vdot(x**beta, values))


def slope_and_curvature(
    x: Float64, y: Float64, beta: float
) -> tuple[Float64, Float64] | None:
    """Return ``dD/dy`` and the convex part of ``d²D/dy²``; None where infinite.

    ``dD/dy = y^(β−2)(y − x)``. Of the curvature ``(β−1) y^(β−2) + (2−β) x y^(β−3)`` the
    negative term is left out (the first for β < 1, the second for β > 2), as in the
    majorisation of Févotte & Idier (2011, sec. 4.1), so that it is never below 0.
    Cells with x = y = 0 have slope 1 for β = 1 and 0 otherwise, and curvature 0.
    """
    if beta == 2:
        return y - x, np.ones_like(y)
    zero = None
    if y.size and not y.min() > 0:
        if y.min() < 0 or (beta < 2 and bool(((y == 0) & (x > 0)).any())):
            return None
        zero = y == 0
        y = np.where(zero, 1.0, y)
    if beta == 1:
        ratio = x / y
        slope, curvature = 1.0 - ratio, ratio / y
    else:
        power = y ** (beta - 3)
        slope = power * y * (y - x)
        convex = max(beta - 1, 0.0) * y + max(2 - beta, 0.0) * x
        curvature = power * convex
    if zero is not None:
        slope[zero], curvature[zero] = float(beta == 1), 0.0
    return slope, curvature


def scale_sums(x: Float64, y: Float64, beta: float) -> tuple[float, float]:
    """Return ``Σ x y^(β−1)`` and ``Σ y^β`` over the cells with y > 0.

    Their ratio is the best scalar; for β > 1 cells with y = 0 add nothing to either,
    and no scalar moves them.
    """
    if beta != 2 and y.size and not y.min() > 0:
        x, y = x[y > 0], y[y > 0]
    power = y ** (beta - 1)
    return float(np.vdot(x, power)), float(np.vdot(y, power))


def _positive(
    x: Float64, y: Float64, *, infinite: bool
) -> tuple[Float64, Float64] | None:
    """Return the cells with y > 0; None where the others make the sum infinite.

    A cell with y = 0 adds nothing to the varying part for β > 1, nor with x = 0.
    """
    if not y.size or y.min() > 0:
        return x, y
    if y.min() < 0:
        return None
    zero = y == 0
    if infinite and bool((x[zero] > 0).any()):
        return None
    return x[~zero], y[~zero]


def _ratio_form(r: Float64, beta: float) -> Float64:
    """Return ``D(1|r)``."""
    if beta == 1:
        return r - 1 - np.log(r)
    if beta == 0:
        return 1 / r - 1 + np.log(r)
    power = r ** (beta - 1)
    return (1 + (beta - 1) * power * r - beta * power) / (beta * (beta - 1))


def _series(t: Float64, beta: float) -> Float64:
    """Return ``D(1|1+t)`` for small t."""
    total, factor = np.zeros_like(t), np.ones_like(t)
    for m in _SERIES_TERMS:
        # factor holds Π_{i=2}^{m−1} (β−i) · t^m / m!
        factor = t * t / 2 if m == 2 else factor * ((beta - m + 1) / m) * t
        total += (m - 1) * factor
    return total
