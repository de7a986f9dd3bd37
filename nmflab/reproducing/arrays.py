"""Factors and convergence curves of two runs, held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nmflab.contracts import TRACE_COLUMNS, Matrix
from nmflab.reproducing.figures import Figure, Judge, settled
from nmflab.reproducing.pairing import Pair
from nmflab.reproducing.verdicts import DIFFERENT, Judged, judged_arrays, worst
from nmflab.store import Store, StoreError

_TRACED = [TRACE_COLUMNS.index(n) for n in ("start", "step", "objective", "validation")]
_CHUNK = 500


def arrays(
    first: Store, second: Store, pairs: Sequence[Pair], judge: Judge
) -> Iterator[Figure]:
    """Yield factors and traces, some runs at a time: memory stays level."""
    for start in range(0, len(pairs), _CHUNK):
        part = pairs[start : start + _CHUNK]
        before = _traces(first, [pair.first for pair in part])
        after = _traces(second, [pair.second for pair in part])
        for pair in part:
            tolerance = judge.within(pair.dtype)
            if pair.first in before and pair.second in after:
                ours, theirs = before[pair.first], after[pair.second]
                found = _trace_verdict(ours, theirs, tolerance)
                yield settled("convergence curve", pair, found)
            for name, found in _factors(first, second, pair, tolerance):
                yield settled(name, pair, found)


def _traces(store: Store, keys: Sequence[str]) -> dict[str, Matrix]:
    return {key: points[:, _TRACED] for key, points in store.each_trace(keys)}


def _trace_verdict(before: Matrix, after: Matrix, tolerance: float) -> Judged:
    """Return the verdict on start, step, objective and validation error of a trace.

    Each column is judged against its own largest value.
    """
    if before.shape != after.shape:
        said = f"{len(before)} and {len(after)} evaluations"
        return Judged(DIFFERENT, float("inf"), said)
    names = ("start", "step", "objective", "validation")
    found = [
        judged_arrays(before[:, at], after[:, at], tolerance, name)
        for at, name in enumerate(names)
    ]
    return _worst(found)


def _worst(found: list[Judged]) -> Judged:
    verdict = worst(one.verdict for one in found)
    return max((j for j in found if j.verdict == verdict), key=lambda j: j.relative)


def _factors(
    first: Store, second: Store, pair: Pair, tolerance: float
) -> Iterator[tuple[str, Judged]]:
    """Yield W, H and offsets where both studies kept them, with their verdicts."""
    try:
        before, after = first.factors(pair.first), second.factors(pair.second)
    except StoreError as error:
        yield "factors", Judged(DIFFERENT, float("inf"), str(error))
        return
    if before is None or after is None:
        return
    for name in ("W", "H", "row_offset", "column_offset"):
        a, b = getattr(before, name), getattr(after, name)
        if a is not None and b is not None:
            yield f"factor {name}", judged_arrays(a, b, tolerance, name)
