"""Results that many runs share: computed once for the same data and parameters.

A hundred runs on one split have the same baselines. What is looked up is a digest of
the data themselves, so a problem that was made anew, or is masked in one run and filled
with zeros in the next, still finds what was computed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import MetricValue

Values = dict[str, MetricValue]

MOST_KEPT = 64
"""Results kept, each a few numbers; the least recently used ones are forgotten."""

_kept: OrderedDict[bytes, Values] = OrderedDict()


def once(
    asked: object, arrays: Iterable[npt.NDArray[Any]], compute: Callable[[], Values]
) -> Values:
    """Return ``compute()``, or what it gave for the same arrays before.

    Parameters
    ----------
    asked : object
        What is computed; its repr tells all parameters (a frozen dataclass).
    arrays : iterable of ndarray
        All that the result depends on besides.
    compute : callable
    """
    key = _digest(asked, arrays)
    if key not in _kept:
        _kept[key] = compute()
    _kept.move_to_end(key)
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return dict(_kept[key])


def forget() -> None:
    """Forget all results."""
    _kept.clear()


def _digest(asked: object, arrays: Iterable[npt.NDArray[Any]]) -> bytes:
    digest = blake2b(repr(asked).encode(), digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
