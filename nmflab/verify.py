"""What a plugin returns is looked at before it is believed."""

from __future__ import annotations

import math
import mmap
import zlib
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import TRACE_COLUMNS, Factors, Matrix, Problem


def find_fault(
    factors: Factors,
    W_shape: tuple[int, ...],
    H_shape: tuple[int, ...],
    nonnegative: Collection[str],
    unit: str = "none",
) -> str | None:
    """Return what is wrong with a pair, naming the first such entry; None if sound.

    Parameters
    ----------
    factors : Factors
    W_shape, H_shape : tuple of int
        The shapes they must have.
    nonnegative : collection of {"W", "H"}
        The factors that were promised to have no negative entry.
    unit : {"none", "W", "H"}
        The factor whose components must have length 1, those that are 0 apart.
    """
    for name, factor, shape in (("W", factors.W, W_shape), ("H", factors.H, H_shape)):
        if not isinstance(factor, np.ndarray) or factor.dtype.kind != "f":
            kind = getattr(factor, "dtype", type(factor).__name__)
            return f"a {name} that is no floating-point NumPy array ({kind})"
        if factor.shape != shape:
            return f"a {name} of shape {factor.shape} instead of {shape}"
        lowest, highest = float(factor.min()), float(factor.max())
        # NaN fails every comparison, so it ends in the slow path too.
        if lowest >= 0 and highest < math.inf:
            continue
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            return _not_finite(name, factor)
        if name in nonnegative:
            return _first(name, factor, factor < 0, "promised to be >= 0")
    return _length_fault(factors, unit) or _offset_fault(
        factors, W_shape[0], H_shape[1]
    )


_UNIT_WITHIN = {4: 1e-4, 8: 1e-6}
"""How far from 1 a length may be, by the bytes of an entry."""


def _length_fault(factors: Factors, unit: str) -> str | None:
    if unit == "none":
        return None
    rows = factors.W.T if unit == "W" else factors.H
    lengths = np.sqrt(np.einsum("kj,kj->k", rows, rows, dtype=np.float64))
    within = _UNIT_WITHIN.get(rows.dtype.itemsize, 1e-4)
    odd = np.flatnonzero((np.abs(lengths - 1) > within) & (lengths > 0))
    if not odd.size:
        return None
    which = f"column {odd[0]} of W" if unit == "W" else f"row {odd[0]} of H"
    return f"a {which} of length {lengths[odd[0]]:.8g}, not 1 (objective.unit={unit}),"


def freeze(*arrays: npt.NDArray[Any]) -> None:
    """Make arrays read-only."""
    for array in arrays:
        array.setflags(write=False)


def problem_arrays(problem: Problem) -> list[npt.NDArray[Any]]:
    """Return the arrays a problem is made of, each once."""
    arrays: list[npt.NDArray[Any]] = []
    for matrix in (problem.X, problem.observed):
        if isinstance(matrix, np.ndarray):
            arrays.append(matrix)
        elif matrix is not None:
            arrays += [matrix.data, matrix.indices, matrix.indptr]
    return list({id(array): array for array in arrays}.values())


def checksum(problem: Problem) -> int:
    """Return a CRC-32 over those arrays of a problem that could be changed.

    Takes about 0.4 s per GB. Files mapped for reading are left out: NumPy never lets
    such an array be made writable.
    """
    found = 0
    for array in problem_arrays(problem):
        if array.size and not _is_mapped(array):
            found = zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data, found)
    return found


def _is_mapped(array: npt.NDArray[Any]) -> bool:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner, mmap.mmap)


def n_active(factors: Factors) -> int:
    """Return how many components have a nonzero entry in W and in H."""
    return int(np.count_nonzero(factors.W.any(axis=0) & factors.H.any(axis=1)))


def _not_finite(name: str, factor: Matrix) -> str:
    what = "a NaN" if np.isnan(factor).any() else "an infinity"
    bad = np.isnan(factor) if what == "a NaN" else np.isinf(factor)
    row, column = np.argwhere(bad)[0]
    return f"{what} in {name} (at [{row}, {column}])"


def _first(name: str, factor: Matrix, bad: npt.NDArray[np.bool_], why: str) -> str:
    row, column = np.argwhere(bad)[0]
    return f"{factor[row, column]:.3g} in {name} (at [{row}, {column}]), {why},"


def _offset_fault(factors: Factors, n_samples: int, n_features: int) -> str | None:
    for name, offset, length in (
        ("row_offset", factors.row_offset, n_samples),
        ("column_offset", factors.column_offset, n_features),
    ):
        if offset is None:
            continue
        if not isinstance(offset, np.ndarray) or offset.shape != (length,):
            shape = getattr(offset, "shape", type(offset).__name__)
            return f"a {name} of shape {shape} instead of ({length},)"
        if not np.isfinite(offset).all():
            return f"a {name} that is not finite"
    return None


def broken_descent(trace: npt.NDArray[np.float64], dtype: np.dtype[Any]) -> str | None:
    """Return where a promised descent was broken, as a sentence; None if it was kept.

    Parameters
    ----------
    trace : ndarray of shape (n_points, 8)
        See `TRACE_COLUMNS`. Step 0 is left out: a solver may have to lift the zeros of
        its start before it can move.
    dtype : float32 or float64
        Rounding of the factors moves the objective by up to about ``sqrt(eps)`` of its
        largest value.
    """
    start, step, objective = (
        trace[:, TRACE_COLUMNS.index(name)] for name in ("start", "step", "objective")
    )
    if len(trace) < 3 or not np.isfinite(objective).all():
        return None
    same = (start[1:] == start[:-1]) & (step[:-1] >= 1)
    rises = np.where(same, np.diff(objective), -np.inf)
    worst = int(rises.argmax())
    if not rises[worst] > np.sqrt(np.finfo(dtype).eps) * np.abs(objective).max():
        return None
    return (
        "promises that the objective never rises, and it rose from"
        f" {objective[worst]:.6g} at step {step[worst]:.0f} to"
        f" {objective[worst + 1]:.6g} at step {step[worst + 1]:.0f}"
    )
