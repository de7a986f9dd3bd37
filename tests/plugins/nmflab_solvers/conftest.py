"""Problems, runs and a plain reference objective for the solvers' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Objective, Problem, Solver, Step


def _frozen(arrays: Iterable[npt.NDArray[Any]]) -> None:
    for array in arrays:
        array.flags.writeable = False


def _make_problem(
    X: Any, observed: Any = None, dtype: str = "float64", **objective: Any
) -> Problem:
    X = X.astype(dtype)
    _frozen([X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr])
    return Problem(
        X=X, observed=observed, objective=Objective(**objective), dtype=np.dtype(dtype)
    )


def _make_start(
    problem: Problem, n_components: int = 3, seed: int = 0, like: float = 0.0
) -> Factors:
    """Return a read-only start whose product has about the size of X."""
    rng = np.random.default_rng(seed)
    n_samples, n_features = problem.shape
    size = np.sqrt(like or abs(problem.X).mean() or 1.0)
    W = (size * rng.random((n_samples, n_components))).astype(problem.dtype)
    H = (size * rng.random((n_components, n_features))).astype(problem.dtype)
    _frozen([W, H])
    return Factors(W, H)


def _iterates(
    solver: Solver, problem: Problem, init: Factors, n_steps: int, seed: int = 0
) -> list[Factors]:
    rng, kept = np.random.default_rng(seed), []
    for step in islice(solver.iterate(problem, init, rng), n_steps):
        factors = step.factors if isinstance(step, Step) else step
        kept.append((factors if isinstance(factors, Factors) else factors()).copy())
    return kept


def _value(problem: Problem, factors: Factors) -> float:
    """Return the objective by its definition, cell by cell, in float64."""
    X, objective = problem.X, problem.objective
    if problem.observed is None:
        mask = np.ones(problem.shape, dtype=bool)
    elif isinstance(problem.observed, np.ndarray):
        mask = problem.observed
    else:
        mask = problem.observed.toarray()
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    W, H = factors.W.astype(np.float64), factors.H.astype(np.float64)
    x, y, b = dense[mask].astype(np.float64), (W @ H)[mask], objective.exponent
    if b == 1:
        logs = np.log(np.where(x > 0, x, 1) / np.where(x > 0, y, 1))
        cells = x * logs - x + y
    elif b == 0:
        cells = x / y - np.log(x / y) - 1
    else:
        cross = x * np.where(x != 0, y, 1) ** (b - 1)  # 0 at x = 0, also where y is 0
        cells = (x**b + (b - 1) * y**b - b * cross) / (b * (b - 1))
    return float(
        cells.sum()
        + objective.l1_W * W.sum()
        + objective.l1_H * H.sum()
        + objective.l2_W * (W**2).sum() / 2
        + objective.l2_H * (H**2).sum() / 2
    )


@pytest.fixture
def make_problem() -> Callable[..., Problem]:
    """Build a problem whose arrays are read-only, as the runner's are."""
    return _make_problem


@pytest.fixture
def make_start() -> Callable[..., Factors]:
    """Build read-only starting factors."""
    return _make_start


@pytest.fixture
def iterates() -> Callable[..., list[Factors]]:
    """Run a solver and keep copies of its iterates."""
    return _iterates


@pytest.fixture
def value() -> Callable[[Problem, Factors], float]:
    """Evaluate the objective by its definition, apart from nmflab's own code."""
    return _value


@pytest.fixture(name="X")
def _matrix() -> npt.NDArray[np.float64]:
    """Return 14 x 11 numbers, two in five of them 0, with an empty row and column."""
    rng = np.random.default_rng(7)
    X = rng.random((14, 11)) * (rng.random((14, 11)) < 0.6)
    X[3], X[:, 4] = 0, 0
    return X


@pytest.fixture
def stored(X: npt.NDArray[np.float64]) -> csr_array:
    """Return the same numbers as CSR."""
    return csr_array(X)
