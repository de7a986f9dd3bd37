"""How often runs of one method come out above runs of another.

References
----------
A. Vargha, H. D. Delaney, "A Critique and Improvement of the CL Common Language Effect
Size Statistics of McGraw and Wong", Journal of Educational and Behavioral Statistics
25, 2000.
N. Cliff, "Dominance Statistics: Ordinal Analyses to Answer Ordinal Questions",
Psychological Bulletin 114, 1993.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_SIZES = ((0.71, "large"), (0.64, "medium"), (0.56, "small"))
"""Vargha & Delaney's words for A12, read on its far side from one half."""


def a12(first: npt.ArrayLike, second: npt.ArrayLike, margin: float = 0.0) -> float:
    """Return ``A12 = P(first > second) + ½ P(first = second)``, over all pairs.

    Parameters
    ----------
    first, second : array_like of float, shapes (n,) and (m,)
    margin : float, default 0
        Values no further apart than this count as equal; in the values' unit.

    Raises
    ------
    ValueError
        If one of the two is empty.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not a.size or not b.size:
        raise ValueError("a12 needs at least one value on either side; drop empty ones")
    apart = a[:, None] - b[None, :]
    equal = np.abs(apart) <= margin
    return float(((apart > 0) & ~equal).mean() + 0.5 * equal.mean())


def cliffs_delta(
    first: npt.ArrayLike, second: npt.ArrayLike, margin: float = 0.0
) -> float:
    """Return Cliff's ``δ = P(first > second) − P(first < second) = 2 A12 − 1``."""
    return 2.0 * a12(first, second, margin) - 1.0


def magnitude(value: float) -> str:
    """Return how large Vargha & Delaney call an A12: "large" from 0.71 or to 0.29."""
    far = max(value, 1.0 - value)
    # One part in 1e12 for an A12 on the border, as 1 - 0.29 is in doubles.
    return next((word for at, word in _SIZES if far >= at - 1e-12), "negligible")
