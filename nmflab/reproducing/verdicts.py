"""What is said of two figures: the same to the last bit, within tolerance, or not.

The tolerance is relative: ``|a − b| <= tolerance · max(|a|, |b|)``. By default it is
the square root of the precision of the run's dtype, ``sqrt(eps)``: 1.5e-8 in float64
and 3.5e-4 in float32, so half of the digits agree. Sums that are added in another order
move the last few digits, and thousands of steps carry that further; half of the digits
leaves room for it, and none for another optimum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import Matrix

SAME = "same to the last bit"
WITHIN = "same within tolerance"
DIFFERENT = "different"

VERDICTS = (SAME, WITHIN, DIFFERENT)
"""From best to worst."""

_SINGLE = "float32"


def tolerance_of(dtype: str) -> float:
    """Return ``sqrt(eps)`` of a dtype: the relative difference that counts as none."""
    precision = np.float32 if dtype == _SINGLE else np.float64
    return float(np.sqrt(np.finfo(precision).eps))


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, with how far apart the two are.

    Parameters
    ----------
    verdict : str
        One of `VERDICTS`.
    relative : float
        Relative difference, dimensionless; infinite where one of the two is missing,
        not finite, of another shape, or another text.
    where : str
        The entry of an array that differs most; "" for a single number.
    """

    verdict: str
    relative: float = 0.0
    where: str = ""


_SAME = Judged(SAME)
_OTHER = Judged(DIFFERENT, float("inf"))


def judged(
    before: float | str | None,
    after: float | str | None,
    tolerance: float,
    scale: float | None = None,
) -> Judged:
    """Return the verdict on one figure.

    Parameters
    ----------
    before, after : float, str or None
        None where there is no value.
    tolerance : float
        Relative.
    scale : float, optional
        What the difference is relative to, in place of the larger of the two: the width
        of a bounded range, in which a value near 0 has no relative difference.
    """
    if before == after or (_is_nan(before) and _is_nan(after)):
        return _SAME
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return _OTHER
    if not (np.isfinite(before) and np.isfinite(after)):
        return _OTHER
    # Halved first: the difference of two finite numbers need not be finite.
    half = abs(before / 2 - after / 2)
    relative = half / ((scale or max(abs(before), abs(after))) / 2)
    return Judged(WITHIN if relative <= tolerance else DIFFERENT, float(relative))


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and value != value


def judged_arrays(
    before: Matrix,
    after: Matrix,
    tolerance: float,
    name: str = "",
) -> Judged:
    """Return the verdict on two arrays: ``max |a − b| / max(|a|, |b|)`` over entries.

    NaN, which means "not known", equals NaN.
    """
    if before.shape != after.shape:
        return Judged(
            DIFFERENT, float("inf"), f"{name} of shape {before.shape} and {after.shape}"
        )
    if np.array_equal(before, after, equal_nan=True):
        return _SAME
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.where(before == after, 0.0, np.abs(before / 2 - after / 2))
    apart = np.where(np.isnan(before) & np.isnan(after), 0.0, apart)
    apart = np.where(np.isnan(apart), np.inf, apart)
    at = np.unravel_index(int(np.argmax(apart)), apart.shape)
    where = f"{name}[{', '.join(map(str, at))}]"
    largest = _largest((before, after))
    relative = float(apart[at]) / (largest / 2) if largest else float("inf")
    if not np.isfinite(relative):
        return Judged(DIFFERENT, float("inf"), where)
    return Judged(WITHIN if relative <= tolerance else DIFFERENT, relative, where)


def _largest(arrays: Iterable[Matrix]) -> float:
    """Return the largest finite absolute value of some arrays."""
    return max(
        float(np.abs(array[np.isfinite(array)]).max(initial=0.0)) for array in arrays
    )


def worst(verdicts: Iterable[str]) -> str:
    """Return the worst of some verdicts; `SAME` of none."""
    return max(verdicts, key=VERDICTS.index, default=SAME)
