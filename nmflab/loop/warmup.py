"""Two steps on a tiny problem, so that imports and compiling are on no run's clock.

The tiny problem is alike in all that a compiled kernel is made anew for: dtype,
storage, order, type of the indices, kind of mask, and read-only flags.
"""

from __future__ import annotations

import dataclasses
import warnings
from itertools import islice
from typing import Any

import numpy as np

from nmflab.contracts import Factors, Problem, Solver, Step
from nmflab.verify import freeze, problem_arrays

_SHAPE, _N_COMPONENTS, _N_STEPS = (7, 5), 2, 2
_done: set[tuple[object, ...]] = set()


def warm_up(solver: Solver, problem: Problem) -> bool:
    """Let a solver do two steps on a tiny problem, once a process for each kind.

    A kind is the solver's class with its options (flags, words and choices, not
    numbers), and what the problem is made of. What the solver raises is ignored here:
    the real problem will bring it up again.

    Returns
    -------
    bool
        Whether steps were done; False if it was warm.
    """
    kind = _kind(solver, problem)
    if kind in _done:
        return False
    _done.add(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _run(solver, _like(problem))
        except (Exception, SystemExit):
            return True
    return True


def _run(solver: Solver, problem: Problem) -> None:
    rng = np.random.default_rng(0)
    n_samples, n_features = problem.shape
    W = rng.uniform(0.5, 1.5, (n_samples, _N_COMPONENTS)).astype(problem.dtype)
    H = rng.uniform(0.5, 1.5, (_N_COMPONENTS, n_features)).astype(problem.dtype)
    freeze(W, H)
    iterates = solver.iterate(problem, Factors(W, H), rng)
    for yielded in islice(iterates, _N_STEPS):
        if isinstance(yielded, Step) and callable(yielded.factors):
            yielded.factors()
    iterates.close()


def _kind(solver: Solver, problem: Problem) -> tuple[object, ...]:
    options: tuple[object, ...] = ()
    if dataclasses.is_dataclass(solver):
        values = [getattr(solver, field.name) for field in dataclasses.fields(solver)]
        numbers = (int, float)
        options = tuple(
            str(v) for v in values if isinstance(v, bool) or not isinstance(v, numbers)
        )
    return (
        type(solver),
        options,
        np.dtype(problem.dtype),
        tuple(str(array.dtype) for array in problem_arrays(problem)),
        problem.is_sparse,
        problem.observed is not None,
        problem.objective.exponent,
        problem.objective.penalties,
    )


def _like(problem: Problem) -> Problem:
    """Return a tiny problem of the same kind; X is positive, which any loss takes."""
    X = np.random.default_rng(0).uniform(0.5, 1.5, _SHAPE)
    observed = np.ones(_SHAPE, dtype=bool)
    if problem.observed is not None:
        observed[0, 0] = observed[3, 2] = False
        X[~observed] = 0
    made: Any = X.astype(problem.X.dtype)
    mask: Any = None if problem.observed is None else observed
    if problem.is_sparse:
        made = _csr_like(problem.X, made)
        if mask is not None:
            mask = _csr_like(problem.observed, observed)
            mask.indices, mask.indptr = made.indices, made.indptr
    tiny = dataclasses.replace(problem, X=made, observed=mask)
    freeze(*problem_arrays(tiny))
    return tiny


def _csr_like(model: Any, dense: Any) -> Any:
    from scipy.sparse import csr_array

    made: Any = csr_array(dense)
    # Set after the fact: the constructor picks the smallest type that fits.
    made.indices = made.indices.astype(model.indices.dtype)
    made.indptr = made.indptr.astype(model.indptr.dtype)
    made.has_sorted_indices = made.has_canonical_format = True
    return made
