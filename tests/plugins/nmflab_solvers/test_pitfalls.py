from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from nmflab_solvers.hals import Hals
from nmflab_solvers.mu import MultiplicativeUpdates
from nmflab_solvers.sklearn_nmf import Method, ScikitLearnNMF, Stepping
from scipy.io import mmread
from scipy.sparse import csr_array

from nmflab.contracts import Factors
from nmflab.numerics import objective_value

FROBENIUS = [
    Hals(),
    Hals(inner=1),
    MultiplicativeUpdates(),
    MultiplicativeUpdates(inner=None),
    MultiplicativeUpdates(extrapolation="geometric"),
    ScikitLearnNMF(),
    ScikitLearnNMF(shuffle=True),
    ScikitLearnNMF(method=Method.mu),
    ScikitLearnNMF(stepping=Stepping.native),
]
DIVERGENCES = [
    MultiplicativeUpdates(),
    MultiplicativeUpdates(extrapolation="ang_gillis"),
    ScikitLearnNMF(method=Method.mu),
]
PAIRS = [
    *((solver, {}) for solver in FROBENIUS),
    *((solver, {"loss": "kullback_leibler"}) for solver in DIVERGENCES),
    *((solver, {"loss": "beta", "beta": 0.5}) for solver in DIVERGENCES),
]


def cases():
    """Return matrices that broke other libraries, by name."""
    rng = np.random.default_rng(11)
    X = rng.random((12, 9)) * (rng.random((12, 9)) < 0.6)
    holes = X.copy()
    holes[3], holes[:, 4] = 0, 0
    return {
        "zero rows and columns": holes,
        "zero everywhere": np.zeros((6, 5)),
        "tiny": X * 1e-25,
        "huge": X * 1e25,
        "integers": np.round(5 * X),
        "one row": X[:1],
        "one column": X[:, :1],
        "one cell": np.array([[3.0]]),
    }


@pytest.mark.parametrize("storage", ["dense", "csr", "explicit zeros"])
@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize(("solver", "objective"), PAIRS, ids=str)
def test_iterates_are_feasible(
    solver, objective, name, storage, make_problem, make_start, iterates
):
    """Finite, nonnegative, of the dtype and shape of the start; more components too."""
    X = cases()[name]
    matrix = X if storage == "dense" else csr_array(X)
    if storage == "explicit zeros":
        matrix = csr_array(X + X.max() + 1)
        matrix.data = X.ravel().copy()
    for dtype in ("float64", "float32"):
        problem = make_problem(matrix, dtype=dtype, **objective)
        for n_components in (1, 11):
            init = make_start(problem, n_components)
            for factors in iterates(solver, problem, init, 3):
                for factor, start in ((factors.W, init.W), (factors.H, init.H)):
                    assert factor.shape == start.shape
                    assert factor.dtype == np.dtype(dtype)
                    assert np.isfinite(factor).all()
                    assert (factor >= 0).all()


@pytest.mark.parametrize("solver", FROBENIUS, ids=str)
def test_data_that_are_zero_are_fitted_exactly(solver, make_problem, iterates):
    """W H is 0 after a step, from a start that is not."""
    problem = make_problem(np.zeros((6, 5)))
    rng = np.random.default_rng(0)
    init = Factors(rng.random((6, 2)), rng.random((2, 5)))
    got = iterates(solver, problem, init, 3)[-1]
    assert not (got.W @ got.H).any()


@pytest.mark.parametrize("solver", FROBENIUS, ids=str)
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_data_in_extreme_units_are_fitted_as_well(
    solver, unit, X, make_problem, make_start, iterates
):
    """The relative error after thirty steps is that of the same data around 1."""

    def error(scale, dtype):
        problem = make_problem(X * scale, dtype=dtype)
        init = make_start(problem, 3)
        last = iterates(solver, problem, init, 30)[-1]
        Y = last.W.astype(np.float64) @ last.H.astype(np.float64)
        return np.linalg.norm(X - Y / scale) / np.linalg.norm(X)

    for dtype in ("float64", "float32"):
        # thirty steps let the rounding of the unit grow by a few orders of magnitude
        tolerance = 1e-9 if dtype == "float64" else 1e-2
        assert error(unit, dtype) == pytest.approx(error(1.0, dtype), rel=tolerance)


@pytest.mark.parametrize("solver", FROBENIUS, ids=str)
def test_one_seed_gives_one_result(solver, X, make_problem, make_start, iterates):
    """Two runs agree to the last bit."""
    problem = make_problem(X)
    init = make_start(problem, 4)
    a = iterates(solver, problem, init, 5, seed=3)[-1]
    b = iterates(solver, problem, init, 5, seed=3)[-1]
    assert (a.W == b.W).all()
    assert (a.H == b.H).all()


@pytest.mark.data
@pytest.mark.parametrize(
    ("solver", "loss"),
    [
        (Hals(), "frobenius"),
        (MultiplicativeUpdates(), "frobenius"),
        (MultiplicativeUpdates(), "kullback_leibler"),
        (ScikitLearnNMF(method=Method.mu), "kullback_leibler"),
    ],
    ids=str,
)
def test_single_cell_counts_with_empty_genes_are_fitted(
    solver, loss, make_problem, make_start, iterates
):
    """306 of 507 rows are 0: they end at 0, the rest descends."""
    folder = os.environ.get("NMFLAB_DATA")
    if not folder:
        pytest.skip("NMFLAB_DATA does not name the folder of real test data")
    path = Path(folder, "tenx-small", "filtered_feature_bc_matrix", "matrix.mtx.gz")
    if not path.exists():
        pytest.skip(f"no {path.name} in tenx-small of NMFLAB_DATA")
    X = csr_array(mmread(path))
    empty = np.diff(X.indptr) == 0
    assert empty.sum() == 306
    problem = make_problem(X, loss=loss)
    init = make_start(problem, 5)
    run = [init, *iterates(solver, problem, init, 8)]
    values = np.array([objective_value(problem, factors) for factors in run])
    assert (np.diff(values) <= 0).all()
    assert values[-1] < 0.5 * values[0]
    # at most the floor: 1e-16 of an entry's size, which is below 1 here
    assert run[-1].W[empty].max() <= 1e-16
