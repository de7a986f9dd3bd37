"""What the solvers of other models keep, whatever their own objective is."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from nmflab_solvers.ard import Ard
from nmflab_solvers.hoyer import Hoyer
from nmflab_solvers.min_vol import MinVol, Sums
from nmflab_solvers.semi import SemiNMF, Update
from nmflab_solvers.separable import Method, Separable, Side
from scipy.sparse import csr_array

from nmflab.contracts import Factors

SQUARED = [
    MinVol(),
    MinVol(sums=Sums.at_most_one, lamt=1.0),
    Hoyer(),
    Hoyer(sparseness_W=0.6, sparseness_H=0.3),
    SemiNMF(),
    SemiNMF(update=Update.multiplicative),
    Separable(),
    Separable(method=Method.snpa, side=Side.columns),
]
squared = pytest.mark.parametrize("solver", SQUARED, ids=str)


def start_in(problem, init, unit):
    """Return the start that a problem with X times `unit` has, in its dtype."""
    W, H = init.W * np.sqrt(unit), init.H * np.sqrt(unit)
    return Factors(W.astype(problem.dtype), H.astype(problem.dtype))


@squared
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_data_in_extreme_units_are_fitted_as_well(
    solver, unit, dtype, X, make_problem, make_start, iterates
):
    """The fit of data in units of 1e-25 or 1e25 is that of the data around 1."""
    plain = make_problem(X, dtype=dtype)
    init = make_start(plain, 3)
    expected = iterates(solver, plain, init, 8)[-1]
    problem = make_problem(X * unit, dtype=dtype)
    got = iterates(solver, problem, start_in(problem, init, unit), 8)[-1]
    Y = got.W.astype(np.float64) @ got.H.astype(np.float64) / unit
    # eight steps let the rounding of the unit grow by two or three orders
    tolerance = 1e-9 if dtype == "float64" else 2e-3
    np.testing.assert_allclose(Y, expected.W @ expected.H, atol=tolerance)


@pytest.mark.parametrize("unit", [1e-25, 1e25])
@pytest.mark.parametrize("loss", ["frobenius", "kullback_leibler"])
def test_relevances_scale_with_the_data_once_phi_does(
    loss, unit, X, make_problem, make_start, iterates
):
    """φ is in units of X to the power beta; then the same components are kept."""
    beta = 2 if loss == "frobenius" else 1
    plain = make_problem(X, loss=loss)
    init = make_start(plain, 6)
    expected = iterates(Ard(phi=0.05), plain, init, 200)[-1]
    problem = make_problem(X * unit, loss=loss)
    solver = Ard(phi=0.05 * unit**beta)
    got = iterates(solver, problem, start_in(problem, init, unit), 200)[-1]
    np.testing.assert_allclose(got.W @ got.H / unit, expected.W @ expected.H, atol=1e-9)


@pytest.mark.parametrize("solver", [*SQUARED, Ard(phi=0.02)], ids=str)
def test_an_order_of_rows_and_columns_means_nothing(
    solver, make_problem, make_start, iterates
):
    """Permuted data from the permuted start give the permuted factors."""
    rng = np.random.default_rng(3)
    X = rng.random((14, 11)) * (rng.random((14, 11)) < 0.7)
    rows, columns = rng.permutation(14), rng.permutation(11)
    problem = make_problem(X)
    init = make_start(problem, 3)
    expected = iterates(solver, problem, init, 6)[-1]
    turned = make_problem(np.ascontiguousarray(X[rows][:, columns]))
    start = Factors(init.W[rows], np.ascontiguousarray(init.H[:, columns]))
    got = iterates(solver, turned, start, 6)[-1]
    np.testing.assert_allclose(got.W, expected.W[rows], atol=1e-9)
    np.testing.assert_allclose(got.H, expected.H[:, columns], atol=1e-9)


@pytest.mark.parametrize("solver", [*SQUARED, Ard(phi=0.02)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_csr_gives_what_a_dense_matrix_gives(
    solver, dtype, X, make_problem, make_start, iterates
):
    """Only the order of sums differs."""
    dense = make_problem(X, dtype=dtype)
    init = make_start(dense, 3)
    a = iterates(solver, dense, init, 5)[-1]
    b = iterates(solver, make_problem(csr_array(X), dtype=dtype), init, 5)[-1]
    tolerance = 1e-10 if dtype == "float64" else 1e-3
    np.testing.assert_allclose(a.W @ a.H, b.W @ b.H, atol=tolerance)


@pytest.mark.parametrize("solver", [*SQUARED, Ard()], ids=str)
def test_data_that_are_zero_are_fitted_exactly(solver, make_problem, iterates):
    """W H is 0 after a step, from a start that is not."""
    problem = make_problem(np.zeros((6, 5)))
    rng = np.random.default_rng(0)
    init = Factors(rng.random((6, 2)), rng.random((2, 5)))
    got = iterates(solver, problem, init, 3)[-1]
    assert not (got.W @ got.H).any()


@pytest.mark.parametrize(
    "solver", [one for one in SQUARED if isinstance(one, Hoyer | MinVol)], ids=str
)
@pytest.mark.parametrize("unit", [1.0, 1e20])
def test_an_own_objective_is_in_units_of_the_data_squared(
    solver, unit, X, make_problem, make_start
):
    """It grows by the square of the unit."""
    values = []
    for scale in (1.0, unit):
        problem = make_problem(X * scale)
        init = start_in(problem, make_start(make_problem(X), 3), scale)
        steps = solver.iterate(problem, init, np.random.default_rng(0))
        values.append([step.objective for step in islice(steps, 5)])
    np.testing.assert_allclose(np.array(values[1]) / unit**2, values[0], rtol=1e-9)
