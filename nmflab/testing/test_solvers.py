"""What every solver keeps, whatever it is given that it says it takes."""

from __future__ import annotations

from collections.abc import Set
from itertools import pairwise
from typing import TypeAlias

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from nmflab.contracts import Factors, Loss, Objective, Problem, SolverSpec, Takes
from nmflab.numerics.objective import objective_value
from nmflab.testing.installed import Configured, configured, each
from nmflab.testing.rounding import objective_slack
from nmflab.testing.running import as_bytes, iterates, peak_bytes, snapshot
from nmflab.testing.strategies import (
    Case,
    few,
    fewer,
    frozen_factors,
    problem_of,
    problems,
    structures_for,
)

Solver: TypeAlias = Configured[SolverSpec]

SOLVERS = list(configured("solver"))


def _shared(solver: Solver) -> bool:
    return solver.spec.promises.minimises == "shared"


def _from_the_start(solver: Solver) -> bool:
    return _shared(solver) and solver.spec.promises.init == "given"


each_structure = pytest.mark.parametrize(
    ("solver", "structure"),
    [
        pytest.param(solver, structure, id=f"{solver.label}-{structure}")
        for solver in SOLVERS
        for structure in structures_for(solver.takes)
    ],
)


@each_structure
@few
@given(data=st.data())
def test_iterates_are_feasible(
    solver: Solver, structure: str, data: st.DataObject
) -> None:
    """Iterates are finite, of the promised sign, of the start's shape and dtype."""
    case = data.draw(problems(solver.takes, structure))
    for factors in iterates(solver.plugin, case):
        for name in ("W", "H"):
            factor, start = getattr(factors, name), getattr(case.init, name)
            assert factor.shape == start.shape
            assert factor.dtype == case.problem.dtype
            assert np.isfinite(factor).all()
            if name in solver.spec.promises.nonnegative:
                assert (factor >= 0).all()
        _check_offsets(factors, case.problem)


def _check_offsets(factors: Factors, problem: Problem) -> None:
    for offset, length in zip(
        (factors.row_offset, factors.column_offset), problem.shape, strict=True
    ):
        if offset is not None:
            assert offset.shape == (length,)
            assert np.isfinite(offset).all()


@each_structure
@fewer
@given(data=st.data())
def test_inputs_stay_as_given(
    solver: Solver, structure: str, data: st.DataObject
) -> None:
    """X, the observed cells and the start hold the same bytes afterwards."""
    case = data.draw(problems(solver.takes, structure))
    before = snapshot(case.problem), as_bytes(case.init)
    iterates(solver.plugin, case)
    assert (snapshot(case.problem), as_bytes(case.init)) == before


@each_structure
@fewer
@given(data=st.data())
def test_one_seed_gives_one_result(
    solver: Solver, structure: str, data: st.DataObject
) -> None:
    """Two calls with one seed agree to the last bit: nothing is left over on the class.

    Without the promise of randomness, any other seed agrees too.
    """
    case = data.draw(problems(solver.takes, structure))
    first = iterates(solver.plugin, case, seed=0)
    again = iterates(solver.plugin, case, seed=0 if solver.is_random else 1)
    assert as_bytes(*first) == as_bytes(*again)


@pytest.mark.parametrize(
    ("solver", "structure"),
    [
        pytest.param(solver, structure, id=f"{solver.label}-{structure}")
        for solver in SOLVERS
        if solver.is_monotone
        for structure in structures_for(solver.takes)
        # From a start with zeros the objective may be infinite, or the solver may have
        # to lift entries before its first descent.
        if structure not in ("zeros_in_the_start", "dead_component")
    ],
)
@few
@given(data=st.data())
def test_objective_never_rises(
    solver: Solver, structure: str, data: st.DataObject
) -> None:
    """From one iterate to the next the shared objective rises by rounding at most."""
    case = data.draw(problems(solver.takes, structure))
    path = iterates(solver.plugin, case, n_steps=12)
    for before, after in pairwise(path):
        rise = objective_value(case.problem, after) - objective_value(
            case.problem, before
        )
        assert rise <= objective_slack(case.problem, before)


@pytest.mark.parametrize(
    ("solver", "structure"),
    [
        pytest.param(solver, structure, id=f"{solver.label}-{structure}")
        for solver in SOLVERS
        if _from_the_start(solver) and not solver.is_monotone
        for structure in structures_for(solver.takes)
        if structure not in ("zeros_in_the_start", "dead_component")
    ],
)
@fewer
@given(data=st.data())
def test_the_best_iterate_is_no_worse_than_the_start(
    solver: Solver, structure: str, data: st.DataObject
) -> None:
    """Without a promise of descent some early iterate still is as good as the start."""
    case = data.draw(problems(solver.takes, structure))
    path = iterates(solver.plugin, case, n_steps=12)
    start = objective_value(case.problem, case.init)
    best = min(objective_value(case.problem, factors) for factors in path)
    assert best <= start + objective_slack(case.problem, case.init)


def _cheap(takes: Takes) -> Set[str]:
    """Return the losses whose cost on a sparse X grows with its stored cells only."""
    return takes.losses & {"frobenius", "kullback_leibler"}


def _objective(losses: Set[str]) -> Objective:
    """Return the first of the losses taken, in the order of their customary use."""
    order: tuple[Loss, ...] = ("frobenius", "kullback_leibler", "itakura_saito", "beta")
    return Objective(loss=next(loss for loss in order if loss in losses))


def _exact_case(takes: Takes, dtype: str, *, from_solution: bool) -> Case:
    """Return ``X = W H`` of rank 2, started at W, H or at a point nearby.

    Each component owns some rows and some columns, so that W and H are well conditioned
    and exact methods, too, reproduce them to a few times the dtype's precision.
    """
    W = np.array([[2, 1], [1, 2], [2, 0.5], [0.5, 2], [1, 1], [2, 1]], dtype=np.float64)
    H = np.array([[2, 0.5, 1, 0.5, 2], [0.5, 2, 0.5, 1, 1]])
    observed = None if takes.complete else np.arange(30).reshape(6, 5) % 5 != 0
    problem = problem_of(
        W @ H,
        objective=_objective(takes.losses),
        dtype=np.dtype(dtype),
        observed=observed,
        sparse=not takes.dense,
    )
    if not from_solution:
        rng = np.random.default_rng(7)
        W, H = rng.uniform(0.5, 2, W.shape), rng.uniform(0.5, 2, H.shape)
    return Case(problem, frozen_factors(W, H, problem.dtype))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each("solver", where=_from_the_start)
def test_an_exact_factorization_is_kept(solver: Solver, dtype: str) -> None:
    """Started where the objective is 0, a solver stays there, to rounding."""
    case = _exact_case(solver.takes, dtype, from_solution=True)
    for factors in iterates(solver.plugin, case):
        value = objective_value(case.problem, factors)
        assert value <= objective_slack(case.problem, case.init)


@each("solver", where=_shared)
def test_a_small_exact_problem_is_nearly_solved(solver: Solver) -> None:
    """A hundred steps take away nine tenths of the objective where 0 can be reached."""
    case = _exact_case(solver.takes, "float64", from_solution=False)
    last = iterates(solver.plugin, case, n_steps=100)[-1]
    start = objective_value(case.problem, case.init)
    assert objective_value(case.problem, last) < 0.1 * start


@each("solver", where=lambda one: _shared(one) and one.takes.missing)
def test_unobserved_cells_are_not_fitted(solver: Solver) -> None:
    """A rank-1 X with hidden cells (0 in the array) is fitted on the others."""
    takes = solver.takes
    X = np.outer([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 3.0, 2.0])
    observed = (np.arange(20).reshape(5, 4) % 3) != 0
    objective = _objective(takes.losses)
    problem = problem_of(
        X, objective=objective, observed=observed, sparse=not takes.dense
    )
    init = frozen_factors(np.ones((5, 1)), np.ones((1, 4)), problem.dtype)
    last = iterates(solver.plugin, Case(problem, init), n_steps=200)[-1]
    hidden = ~observed
    # Were the zeros fitted, the model would lie well under the hidden values.
    np.testing.assert_allclose(last.reconstruct()[hidden], X[hidden], rtol=0.1)


@each("solver", where=lambda one: one.takes.sparse and bool(_cheap(one.takes)))
def test_a_sparse_matrix_is_not_made_dense(solver: Solver) -> None:
    """On a CSR with one cell in a thousand stored, memory stays far below a dense X."""
    takes = solver.takes
    n_samples, n_features = 2000, 1500
    X = np.zeros((n_samples, n_features))
    at = np.random.default_rng(0).integers(0, X.size, X.size // 1000)
    X.flat[at] = 1.0
    observed = None if takes.complete else X != 0
    problem = problem_of(
        X, objective=_objective(_cheap(takes)), observed=observed, sparse=True
    )
    init = frozen_factors(
        np.ones((n_samples, 2)), np.ones((2, n_features)), problem.dtype
    )
    case = Case(problem, init)
    peak = peak_bytes(lambda: iterates(solver.plugin, case, n_steps=2))
    assert peak < X.nbytes / 4


@each("solver", where=lambda one: not _shared(one))
def test_an_own_objective_is_told(solver: Solver) -> None:
    """A solver that minimises another objective yields its value with each step."""
    case = _exact_case(solver.takes, "float64", from_solution=False)
    rng = np.random.default_rng(0)
    steps = solver.plugin.iterate(case.problem, case.init, rng)
    step = next(steps)
    steps.close()
    assert step.objective is not None
    assert np.isfinite(step.objective)
