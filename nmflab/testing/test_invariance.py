"""What changes with the data, and only as they do: units, order of rows and columns."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import pytest

from nmflab.contracts import LOSSES, Factors, Mask, Matrix, Objective, SolverSpec
from nmflab.testing.installed import Configured, configured
from nmflab.testing.running import iterates
from nmflab.testing.strategies import Case, frozen_factors, problem_of

Solver: TypeAlias = Configured[SolverSpec]

SCALES = (2.0**-84, 2.0**84)
"""Units of 5e-26 and 2e25. Powers of four: with their root they change no digit, so
that what a solver decides by comparing numbers stays decided."""

N_STEPS = 5

each_loss = pytest.mark.parametrize(
    ("solver", "loss"),
    [
        pytest.param(solver, loss, id=f"{solver.label}-{loss}")
        for solver in configured("solver")
        for loss in sorted(LOSSES & solver.takes.losses)
    ],
)


@each_loss
def test_other_units_of_x_change_the_model_as_they_change_x(
    solver: Solver, loss: str
) -> None:
    """X times s, both factors times √s: W H comes out times s, with penalties too.

    Not asked of a solver that says it has constants of its own (``unit_free``).
    """
    if not solver.is_unit_free:
        return
    for penalty in (0.0, 0.05):
        X, observed, W, H = _data(solver)
        objective = _objective(solver, loss, penalty)
        model = _model(solver, X, observed, W, H, objective)
        for s in SCALES:
            moved = (X * s, observed, W * s**0.5, H * s**0.5)
            found = _model(solver, *moved, _in_units(objective, s)) / s
            # Exponents move and digits stay, save in powers and logarithms.
            np.testing.assert_allclose(found, model, rtol=0, atol=1e-8 * model.max())


@each_loss
def test_the_order_of_rows_and_columns_does_not_matter(
    solver: Solver, loss: str
) -> None:
    """Rows and columns of X and of the start permuted alike: so are those of W H.

    Not asked of a solver that draws random numbers, which may be for rows in order.
    """
    if solver.is_random:
        return
    X, observed, W, H = _data(solver)
    objective = _objective(solver, loss, 0.05)
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
    model = _model(solver, X, observed, W, H, objective)
    seen = None if observed is None else observed[np.ix_(rows, columns)]
    moved = (X[np.ix_(rows, columns)], seen, W[rows], H[:, columns])
    found = _model(solver, *moved, objective)
    # Sums in another order differ by rounding, which a few steps do not blow up.
    expected = model[np.ix_(rows, columns)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * model.max())


def _data(solver: Solver) -> tuple[Matrix, Mask | None, Matrix, Matrix]:
    rng = np.random.default_rng(11)
    X, W, H = (rng.gamma(2.0, 1.0, shape) + 0.1 for shape in ((9, 7), (9, 3), (3, 7)))
    observed = None if solver.takes.complete else rng.random(X.shape) < 0.8
    return X, observed, W, H


def _objective(solver: Solver, loss: str, penalty: float) -> Objective:
    taken = solver.takes.penalties
    l1 = penalty if "l1" in taken else 0.0
    l2 = penalty if taken & {"l2", "l2_per_count"} else 0.0
    return Objective(
        loss=loss,  # type: ignore[arg-type]  # one of LOSSES
        beta=1.5 if loss == "beta" else 2.0,
        l1_W=l1,
        l1_H=l1,
        l2_W=l2,
        l2_H=l2,
        l2_per_count="l2" not in taken,
    )


def _in_units(objective: Objective, s: float) -> Objective:
    """Return the objective of sX: s^beta times as large at factors √s as large."""
    beta = objective.exponent
    first, second = s ** (beta - 0.5), s ** (beta - 1.0)
    return dataclasses.replace(
        objective,
        l1_W=objective.l1_W * first,
        l1_H=objective.l1_H * first,
        l2_W=objective.l2_W * second,
        l2_H=objective.l2_H * second,
    )


def _model(
    solver: Solver,
    X: Matrix,
    observed: Mask | None,
    W: Matrix,
    H: Matrix,
    objective: Objective,
) -> Matrix:
    """Return W H after a few steps."""
    problem = problem_of(
        X, objective=objective, observed=observed, sparse=not solver.takes.dense
    )
    case = Case(problem, frozen_factors(W, H, problem.dtype))
    last: Factors = iterates(solver.plugin, case, n_steps=N_STEPS)[-1]
    return last.reconstruct()
