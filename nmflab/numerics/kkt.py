"""How far two factors are from a stationary point: residuals from derivatives.

``step = min(h, ∂F/∂h / q)`` is the length of one coordinate step, q the curvature along
h; a stationary point is where no such step moves. Each component's step is measured
against its own length, which makes the residual free of the units of X and of the scale
of the components.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import numpy as np

from nmflab.contracts import Mask
from nmflab.numerics.cells import Float64
from nmflab.numerics.data_terms import Derivatives

NEGLIGIBLE = 1e-10
"""What counts as 0: an entry against the largest of its component, or a component
``‖w_k‖‖h_k‖`` against the largest. Solvers that floor their entries never reach 0."""

BOTH = frozenset({"W", "H"})


def relative_step(
    W: Float64,
    H: Float64,
    found: Derivatives,
    nonnegative: Collection[str] = BOTH,
    unit: str = "none",
) -> float:
    """Return the largest relative coordinate step over the components of W and H.

    `unit` names the factor whose components are held at length 1, if any.

    For a dead component (see `NEGLIGIBLE`) the step is compared with the largest
    component instead of with its own length, which is 0: what counts is how large it
    would become. A dead component that nothing pulls up adds 0.
    """
    square_W = np.einsum("ik,ik->k", W, W)
    square_H = np.einsum("kj,kj->k", H, H)
    sizes = square_W * square_H
    largest = sizes.max()
    dead = None
    if sizes.min() <= NEGLIGIBLE**2 * largest:
        dead = sizes <= NEGLIGIBLE**2 * largest
    worst = 0.0
    for F, grad, curvature, own, other, bound in (
        (W.T, found.grad_W.T, found.curvature_W, square_W, square_H, "W"),
        (H, found.grad_H, found.curvature_H, square_H, square_W, "H"),
    ):
        if curvature is None:
            q = other[:, None]
        else:
            q = curvature.T if bound == "W" else curvature
        squares = _squared_steps(F, grad, q, dead, bound in nonnegative)
        if bound == unit:
            turns = _squared_turns(F, grad, q, own, bound in nonnegative)
            squares = (
                turns * own if dead is None else np.where(dead, squares, turns * own)
            )
        if dead is None:
            squares /= own
        else:
            squares = _relative_with_dead(squares, own, other, dead, largest)
        ratio = squares.max()
        worst = ratio if ratio > worst or np.isnan(ratio) else worst
    return float(np.sqrt(worst))


def projected_norm(
    W: Float64,
    H: Float64,
    found: Derivatives,
    nonnegative: Collection[str] = BOTH,
    unit: str = "none",
) -> float:
    """Return ``‖P‖_F``, P the gradient without what would push a 0 below 0.

    Of the factor `unit`, if any, without what would change a component's length too.
    """
    top_W, top_H = np.abs(W).max(axis=0), np.abs(H).max(axis=1)
    sizes = top_W * top_H
    dead = sizes <= NEGLIGIBLE * sizes.max()
    total = 0.0
    for name, F, grad, top in (
        ("W", W.T, found.grad_W.T, top_W),
        ("H", H, found.grad_H, top_H),
    ):
        P = _tangential(F, grad) if name == unit else grad
        if name in nonnegative:
            at_zero = (NEGLIGIBLE * top)[:, None] >= F
            at_zero |= dead[:, None]
            P = np.where(at_zero, np.minimum(P, 0.0), P)
        total += float(np.vdot(P, P))
    return float(np.sqrt(total))


def _squared_steps(
    F: Float64, grad: Float64, q: Float64, dead: Mask | None, bound: bool
) -> Float64:
    """Return the squared length of each component's coordinate step."""
    step = _newton_step(grad, q)
    if bound:
        step = np.minimum(F if dead is None else np.where(dead[:, None], 0.0, F), step)
    return cast(Float64, np.einsum("kj,kj->k", step, step))


def _squared_turns(
    F: Float64, grad: Float64, q: Float64, own: Float64, bound: bool
) -> Float64:
    """Return the squared length of each component's step along the unit sphere.

    With the largest curvature of a component's entries the quadratic model lies above
    the objective, and its minimum on the sphere is the direction of ``u − grad / q``.
    """
    steepest = q.max(axis=1, keepdims=True)
    u = F / np.sqrt(own)[:, None]
    v = steepest * u - grad  # in place of u − grad / q: only its direction counts
    if bound:
        none = v.max(axis=1) <= 0
        top = v.argmax(axis=1)
        v = np.maximum(v, 0.0)
        v[none, top[none]] = 1.0
    v /= np.sqrt(np.einsum("kj,kj->k", v, v))[:, None]
    return cast(Float64, np.einsum("kj,kj->k", u - v, u - v))


def _tangential(F: Float64, grad: Float64) -> Float64:
    squares = np.einsum("kj,kj->k", F, F)
    along = np.einsum("kj,kj->k", F, grad) / np.where(squares > 0, squares, 1.0)
    return cast(Float64, grad - along[:, None] * F)


def _newton_step(grad: Float64, q: Float64) -> Float64:
    """Return ``grad / q``; without curvature, +inf uphill and 0 on the level."""
    if q.min() > 0:
        return grad / q
    # grad * 0 keeps a NaN, which must not pass for a stationary point
    step = np.where(grad > 0, np.inf, grad * 0.0)
    return np.divide(grad, q, out=step, where=q > 0)


def _relative_with_dead(
    squares: Float64, own: Float64, other: Float64, dead: Mask, largest: float
) -> Float64:
    """Return the squared relative steps where some components are dead."""
    grown = squares * other
    grown = grown / largest if largest > 0 else np.where(grown > 0, 1.0, 0.0)
    return np.where(dead, grown, squares / np.where(dead, 1.0, own))
