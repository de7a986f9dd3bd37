"""HALS sweeps over a component-major factor, in NumPy."""

from __future__ import annotations

import numpy as np

from nmflab.contracts import Matrix

WIDTH = 256
"""Bytes of one component in a block."""


def sweep(
    start: Matrix,
    C: Matrix,
    G: Matrix,
    *,
    l1: float,
    most: int,
    delta: float,
    last: Matrix,
    beta: float,
    project: bool,
    new: Matrix,
    ahead: Matrix,
    n_threads: int,
) -> tuple[float, float]:
    """Sweep a factor towards ``min ½⟨F, GF⟩ − ⟨C − l1, F⟩``, F >= 0; extrapolate it.

    Blocks of columns are independent of each other given G; each is swept until a sweep
    changes it by no more than `delta` times what the first did.

    Parameters
    ----------
    start : ndarray of shape (n_components, m)
        Where the sweeps start; may be `ahead` or `new`.
    C : ndarray of shape (n_components, m)
        Products of X with the other factor.
    G : ndarray of shape (n_components, n_components)
        Gram matrix of the other factor, the L2 weight on its diagonal. A component
        without curvature stays, brought back to at least 0.
    l1 : float
    most : int
        Most sweeps.
    delta : float
    last : ndarray of shape (n_components, m)
        The factor that the extrapolation leads away from.
    beta : float
        Its weight.
    project : bool
        Whether the extrapolated factor is brought back to at least 0.
    new, ahead : ndarray of shape (n_components, m)
        Written: the swept factor, and ``new + beta (new − last)``.
    n_threads : int
        Among how many threads the blocks are shared; here, always one.

    Returns
    -------
    float, float
        ``⟨C − l1, new⟩``, and the squared change by the last sweep.
    """
    dot = change = 0.0
    n = WIDTH // start.itemsize
    for at in range(0, start.shape[1], n):
        cut = slice(at, at + n)
        f, c = start[:, cut].copy(), C[:, cut] - start.dtype.type(l1)
        change += sweep_block(f, c, G, most, delta)
        dot += float(np.vdot(c, f))
        forward = f + start.dtype.type(beta) * (f - last[:, cut])
        new[:, cut] = f
        ahead[:, cut] = np.maximum(forward, 0) if project else forward
    return dot, change


def sweep_block(f: Matrix, c: Matrix, G: Matrix, most: int, delta: float) -> float:
    """Sweep a block in place; return the squared change by the last sweep."""
    first = change = _sweep_once(f, c, G)
    for _ in range(most - 1):
        if first == 0 or (change < first and change <= delta * delta * first):
            break
        change = _sweep_once(f, c, G)
    return change


def _sweep_once(f: Matrix, c: Matrix, G: Matrix) -> float:
    """Update each row of a block in turn; return the squared change."""
    change, smallest = 0.0, np.finfo(f.dtype).tiny
    for q in range(f.shape[0]):
        step = 1 / G[q, q] if G[q, q] >= smallest else G.dtype.type(0)
        moved = np.maximum(f[q] + step * (c[q] - G[q] @ f), 0) - f[q]
        f[q] += moved
        change += float(np.vdot(moved, moved))
    return change
