"""Two steps on a small problem, so that imports and compiling are on no run's clock.

The small problem is alike in all that a compiled kernel is made anew for: dtype,
storage, order, type of the indices, kind of mask, and read-only flags. A kernel that a
solver first calls after its second step is not reached, and would be compiled on the
clock: solvers call what they may need later within their first two. Kernels may also
choose by size: where a pass over X takes a million multiplications, the small problem
has as many components, and its shape is cut down only as far as leaves it a million.
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
_LARGE = 1 << 20  # multiplications
_done: set[tuple[object, ...]] = set()


def warm_up(solver: Solver, problem: Problem, n_components: int) -> bool:
    """Let a solver do two steps on a small problem, once a process for each kind.

    A kind is the solver's class with its options (flags, words and choices; of numbers
    only their type and whether they are 0, which often switches something off), what
    the problem is made of, and the parts of its objective that are in use. The number
    of threads is not part of it: numba compiles one kernel for any, and a process keeps
    its own. What the solver raises is ignored here: the real problem will bring it up
    again.

    Returns
    -------
    bool
        Whether steps were done; False if it was warm.
    """
    shape, n_components = _size(problem, n_components)
    kind = (*_kind(solver, problem), shape, n_components)
    if kind in _done:
        return False
    _done.add(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _run(solver, _like(problem, shape), n_components)
        except (Exception, SystemExit):
            return True
    return True


def _size(problem: Problem, n_components: int) -> tuple[tuple[int, int], int]:
    """Return shape and n_components of the small problem."""
    n_samples, n_features = problem.shape
    if n_components * n_samples * n_features < _LARGE:
        return _SHAPE, _N_COMPONENTS
    n_cells = -(-_LARGE // n_components)
    rows = min(n_samples, max(512, -(-n_cells // n_features)))
    return (rows, min(n_features, -(-n_cells // rows))), n_components


def _run(solver: Solver, problem: Problem, n_components: int) -> None:
    rng = np.random.default_rng(0)
    n_samples, n_features = problem.shape
    W = rng.uniform(0.5, 1.5, (n_samples, n_components)).astype(problem.dtype)
    H = rng.uniform(0.5, 1.5, (n_components, n_features)).astype(problem.dtype)
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
        options = tuple(_sort(value) for value in values)
    return (
        type(solver),
        options,
        np.dtype(problem.dtype),
        tuple(str(array.dtype) for array in problem_arrays(problem)),
        problem.is_sparse,
        problem.observed is not None,
        *(_sort(value) for value in dataclasses.astuple(problem.objective)),
        problem.objective.exponent,
    )


def _sort(value: object) -> str:
    """Return a value that chooses, and of a number what it may switch."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{type(value).__name__} {value != 0}"
    return str(value)


def _like(problem: Problem, shape: tuple[int, int]) -> Problem:
    """Return a small problem of the same kind; X is positive, which any loss takes."""
    X = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    observed = np.ones(shape, dtype=bool)
    if problem.observed is not None:
        observed[0, 0] = observed[-1, -1] = False
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
