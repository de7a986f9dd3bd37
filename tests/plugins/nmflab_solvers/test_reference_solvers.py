"""What anls_bpp, apg, ao_admm and gcd have in common."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from nmflab_solvers import anls_bpp, ao_admm, apg, gcd
from nmflab_solvers._extrapolation import Extrapolation
from nmflab_solvers.anls_bpp import AnlsBpp
from nmflab_solvers.ao_admm import AoAdmm
from nmflab_solvers.apg import AcceleratedProjectedGradient
from nmflab_solvers.gcd import GreedyCoordinateDescent
from nmflab_solvers.sklearn_nmf import ScikitLearnNMF
from scipy.io import loadmat
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors
from nmflab.numerics import kappa, objective_value

SOLVERS = [
    AnlsBpp(),
    AnlsBpp(extrapolation=Extrapolation.ang_gillis),
    AcceleratedProjectedGradient(),
    AoAdmm(),
    GreedyCoordinateDescent(),
]
each_solver = pytest.mark.parametrize("solver", SOLVERS, ids=str)


@each_solver
@pytest.mark.parametrize(
    "penalties",
    [{}, {"l1_W": 0.05, "l1_H": 0.1}, {"l2_W": 0.1, "l2_H": 0.2}],
    ids=["none", "l1", "l2"],
)
def test_it_ends_at_a_stationary_point(
    solver, penalties, X, make_problem, make_start, iterates
):
    """Of the penalised objective, each of its penalties in the right units."""
    problem = make_problem(X, **penalties)
    got = iterates(solver, problem, make_start(problem, 2), 600)[-1]
    assert kappa(problem, got) < 1e-6


@each_solver
def test_the_l1_penalties_of_the_two_sides_balance(
    solver, X, make_problem, make_start, iterates
):
    """At an optimum l1_W ‖w_k‖₁ = l1_H ‖h_k‖₁, however unequal the weights."""
    problem = make_problem(X, l1_W=0.02, l1_H=0.2)
    got = iterates(solver, problem, make_start(problem, 2), 500)[-1]
    W, H = 0.02 * got.W.sum(axis=0), 0.2 * got.H.sum(axis=1)
    np.testing.assert_allclose(W, H, rtol=1e-3)


@each_solver
def test_sparse_data_give_the_iterates_of_dense_data(
    solver, X, stored, make_problem, make_start, iterates
):
    """Storage changes rounding only."""
    dense, sparse = make_problem(X), make_problem(stored)
    init = make_start(dense)
    a = iterates(solver, dense, init, 10)[-1]
    b = iterates(solver, sparse, init, 10)[-1]
    np.testing.assert_allclose(b.W, a.W, rtol=1e-8, atol=1e-11)


@each_solver
def test_a_large_sparse_matrix_is_never_made_dense(
    solver, make_problem, make_start, iterates
):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    X = csr_array(
        random_array((200_000, 150_000), density=1e-7, rng=np.random.default_rng(3))
    )
    problem = make_problem(X)
    got = iterates(solver, problem, make_start(problem, 2, like=1), 1)[-1]
    assert np.isfinite(got.W).all()


@each_solver
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("exponent", [-84, 84])
def test_a_change_of_unit_changes_no_digit(
    solver, exponent, dtype, X, make_problem, make_start, iterates
):
    """X times a power of four gives factors times its root, also in float32."""
    problem = make_problem(X, dtype=dtype)
    scaled = make_problem(np.ldexp(X, exponent), dtype=dtype)
    init = make_start(problem)
    moved = Factors(np.ldexp(init.W, exponent // 2), np.ldexp(init.H, exponent // 2))
    a = iterates(solver, problem, init, 10)[-1]
    b = iterates(solver, scaled, moved, 10)[-1]
    assert np.array_equal(b.W, np.ldexp(a.W, exponent // 2))


@each_solver
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_data_in_extreme_units_are_fitted_as_well(
    solver, unit, X, make_problem, make_start, iterates
):
    """The error after ten steps is that of the same data around 1."""

    def error(scale):
        problem = make_problem(X * scale)
        last = iterates(solver, problem, make_start(problem), 10)[-1]
        return np.linalg.norm(X - last.W @ last.H / scale)

    assert error(unit) == pytest.approx(error(1.0), rel=1e-9)


@each_solver
def test_the_order_of_rows_columns_and_components_does_not_matter(
    solver, X, make_problem, make_start, iterates
):
    """Permuted data and start give permuted factors, to rounding."""
    rng = np.random.default_rng(5)
    rows, columns, components = (rng.permutation(n) for n in (*X.shape, 3))
    problem, permuted = make_problem(X), make_problem(X[np.ix_(rows, columns)])
    init = make_start(problem)
    W, H = init.W[np.ix_(rows, components)], init.H[np.ix_(components, columns)]
    a = iterates(solver, problem, init, 6)[-1]
    b = iterates(solver, permuted, Factors(W, H), 6)[-1]
    expected = a.W[np.ix_(rows, components)]
    np.testing.assert_allclose(b.W, expected, rtol=1e-8, atol=1e-11)


@each_solver
def test_a_dead_component_is_given_new_entries_and_counted(
    solver, X, make_problem, make_start
):
    """One that is 0 in both factors comes back at the first step, once."""
    problem = make_problem(X)
    init = make_start(problem)
    W, H = init.W.copy(), init.H.copy()
    W[:, 1], H[1] = 0, 0
    steps = solver.iterate(problem, Factors(W, H), np.random.default_rng(0))
    first, *rest = islice(steps, 4)
    assert first.n_reseeded == 1
    assert first.factors.W[:, 1].any()
    assert first.factors.H[1].any()
    assert not any(step.n_reseeded for step in rest)


def test_they_take_complete_frobenius_problems_with_both_penalties():
    """Masked and signed data are for others."""
    for module in (anls_bpp, apg, ao_admm, gcd):
        (spec,) = module.nmflab_solvers()
        takes = spec.takes_of(spec.solver())
        assert takes.losses == {"frobenius"}
        assert takes.penalties == {"l1", "l2"}
        assert not takes.missing
        assert not takes.signed
        assert takes.sparse
        assert takes.dense


@pytest.mark.data
def test_all_end_at_one_objective_on_real_faces(make_problem, make_start, iterates):
    """120 CBCL faces, three components, one start: within 1e-3, with scikit-learn's."""
    path = Path(os.environ.get("NMFLAB_DATA", ""), "cbcl", "CBCL.mat")
    if "NMFLAB_DATA" not in os.environ or not path.is_file():
        pytest.skip("NMFLAB_DATA holds no cbcl/CBCL.mat")
    faces = loadmat(path)["X"].T[:120].astype(np.float64)
    problem = make_problem(np.ascontiguousarray(faces / faces.max()))
    init = make_start(problem, 3)
    ends = [
        objective_value(problem, iterates(solver, problem, init, 300)[-1])
        for solver in (*SOLVERS, ScikitLearnNMF())
    ]
    assert max(ends) <= 1.001 * min(ends)
