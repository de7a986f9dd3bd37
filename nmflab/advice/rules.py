"""How each criterion chooses a size: small rules over values by n_components.

Every rule takes a mapping from size to a value, looks at finite values only, and
returns one of the sizes, or None where it cannot tell.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

Values = Mapping[int, float]


def knee(values: Values) -> int | None:
    """Return the size farthest from the line between the first and the last value.

    Both axes are scaled to 1. It needs three sizes; None where the values lie on a
    line, to a hundredth of their range.
    """
    known = _finite(values)
    sizes, heights = np.array(list(known)), np.array(list(known.values()))
    if len(known) < 3 or np.ptp(heights) == 0:
        return None
    x = (sizes - sizes[0]) / (sizes[-1] - sizes[0])
    y = (heights - heights[0]) / np.ptp(heights)
    distances = np.abs(y - y[-1] * x)
    at = int(distances.argmax())
    return int(sizes[at]) if distances[at] > 0.01 else None


def one_standard_error(folds: Mapping[int, Sequence[float]]) -> int | None:
    """Return the smallest size within one standard error of the least mean error.

    The standard error is that of the best size over its folds; 0 where it has one.

    Parameters
    ----------
    folds : mapping of size to errors, one a fold

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification and Regression Trees",
    1984, section 3.4.3.
    """
    means = _finite({size: float(np.mean(e)) for size, e in folds.items() if len(e)})
    if not means:
        return None
    best = min(means, key=lambda size: means[size])
    limit = means[best] + standard_error(folds[best])
    return min(size for size, mean in means.items() if mean <= limit)


def standard_error(values: Sequence[float]) -> float:
    """Return ``sd/√n``; 0 for one value."""
    if len(values) < 2:
        return 0.0
    return float(np.std(values, ddof=1) / math.sqrt(len(values)))


def before_the_fall(values: Values, tolerance: float) -> int | None:
    """Return the last size before the values clearly fall from their highest.

    From the highest value on, sizes are taken while their values stay within
    `tolerance` of it.
    """
    known = _finite(values)
    if not known:
        return None
    top = max(known.values())
    chosen: int | None = None
    for size, value in known.items():
        if chosen is not None and value < top - tolerance:
            break
        if value == top or chosen is not None:
            chosen = size
    return chosen


def last_at_least(values: Values, threshold: float) -> int | None:
    """Return the largest size whose value is `threshold` or more."""
    return max((s for s, v in _finite(values).items() if v >= threshold), default=None)


def highest(values: Values) -> int | None:
    """Return the size of the highest value; the larger of equal ones.

    For what falls once there are too many components: sizes that are perfectly stable
    are all supported, and the larger says more.
    """
    known = _finite(values)
    return max(known, key=lambda size: (known[size], size), default=None)


def lowest(values: Values) -> int | None:
    """Return the size of the lowest value; the smaller of equal ones."""
    known = _finite(values)
    return min(known, key=lambda size: (known[size], size), default=None)


def falls_like_noise(errors: Values, without_structure: Values) -> int | None:
    """Return the size from which on the error falls no faster than that of noise.

    The first size at which the step to the next lowers the error on X by no more than
    the error on X with shuffled columns; None where that never happens.

    References
    ----------
    A. Frigyesi, M. Höglund, "Non-negative Matrix Factorization for the Analysis of
    Complex Gene Expression Data", Cancer Informatics 6, 2008.
    """
    own, noise = _finite(errors), _finite(without_structure)
    sizes = [size for size in own if size in noise]
    for size, larger in pairwise(sizes):
        if own[size] - own[larger] <= noise[size] - noise[larger]:
            return size
    return None


def commonest(counts: Iterable[int]) -> int | None:
    """Return the number that occurs most often; the smaller of equally common ones."""
    seen = Counter(counts)
    return max(seen, key=lambda number: (seen[number], -number), default=None)


def _finite(values: Values) -> dict[int, float]:
    """Return the values that are numbers, by ascending size."""
    return {s: values[s] for s in sorted(values) if math.isfinite(values[s])}
