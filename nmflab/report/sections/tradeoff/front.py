"""The Pareto front: points that no other is at least as good as in both measures."""

from __future__ import annotations

import math
from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points that none dominates, lowest first value first.

    Both values are costs. A point dominates another if it is no higher in both and
    lower in one; equal points do not dominate each other, so that all of them count.
    Exact, in O(n log n); points with a value that is not a number never count.
    """
    known = [at for at, point in enumerate(points) if not any(map(math.isnan, point))]
    front: list[int] = []
    lowest = math.inf
    for at in sorted(known, key=lambda at: points[at]):
        first, second = points[at]
        equal = bool(front) and points[front[-1]] == (first, second)
        if second < lowest or equal:
            front.append(at)
            lowest = min(lowest, second)
    return front
