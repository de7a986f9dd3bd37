"""Driving a solver for a few steps, and telling whether its inputs were touched."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import reject

from nmflab.contracts import Factors, Problem, Solver, Step
from nmflab.testing.strategies import Case


def iterates(
    solver: Solver, case: Case, *, n_steps: int = 8, seed: int = 0
) -> list[Factors]:
    """Return copies of the first iterates; fewer where the solver stops itself.

    Fails where a yielded `Step` or a stop reason breaks the contract. What a solver
    warns its user of (UserWarning) is its own affair. A ValueError that
    names one of the solver's parameters, before the first step, is a refusal: `Takes`
    speaks for the class, and a parameter may narrow it. Hypothesis draws another case,
    and fails if a solver refuses every one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return _iterates(solver, case, n_steps, seed)


def _iterates(solver: Solver, case: Case, n_steps: int, seed: int) -> list[Factors]:
    steps = solver.iterate(case.problem, case.init, np.random.default_rng(seed))
    kept: list[Factors] = []
    reason: object = None
    try:
        while len(kept) < n_steps:
            kept.append(_factors_of(next(steps)).copy())
    except ValueError as error:
        if kept or "solver." not in str(error):
            raise
        reject()
    except StopIteration as stop:
        reason = stop.value
    finally:
        steps.close()
    said = f"a solver returns a sentence or None, not {reason!r}"
    assert reason is None or isinstance(reason, str), said
    assert kept, "the solver stopped without yielding any factors"
    return kept


def _factors_of(item: Factors | Step) -> Factors:
    if isinstance(item, Factors):
        return item
    assert isinstance(item, Step), f"a solver yields Factors or Step, not {item!r}"
    assert item.n_steps >= 1, f"Step.n_steps={item.n_steps} counts no step"
    factors = item.factors() if callable(item.factors) else item.factors
    assert isinstance(factors, Factors)
    return factors


def as_bytes(*factors: Factors) -> list[bytes]:
    """Return factors to the last bit, offsets included."""
    parts = [
        part
        for one in factors
        for part in (one.W, one.H, one.row_offset, one.column_offset)
        if part is not None
    ]
    return [np.ascontiguousarray(part).tobytes() for part in parts]


def snapshot(problem: Problem) -> list[bytes]:
    """Return the bytes of every array of a problem."""
    arrays: list[Any] = []
    for matrix in (problem.X, problem.observed):
        if isinstance(matrix, np.ndarray):
            arrays.append(matrix)
        elif matrix is not None:
            arrays += [matrix.data, matrix.indices, matrix.indptr]
    return [np.ascontiguousarray(array).tobytes() for array in arrays]


def peak_bytes(work: Callable[[], object]) -> int:
    """Return the largest memory that Python and NumPy held at once during `work`.

    `work` runs twice and the second run is measured: imports and compilation belong to
    the first.
    """
    import tracemalloc

    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
