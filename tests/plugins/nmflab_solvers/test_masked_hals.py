from __future__ import annotations

import io
import os
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from nmflab_solvers._extrapolation import Extrapolation
from nmflab_solvers.masked_hals import MaskedHals, Offsets, nmflab_solvers
from scipy.optimize import nnls
from scipy.sparse import csr_array

from nmflab.contracts import Factors, Objective, Problem, Step

MOVIES = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]], float
)
PLAIN = MaskedHals(extrapolation=Extrapolation.none)


@pytest.fixture
def mask(X):
    """Return observed cells; row 5 and column 2 have none."""
    mask = np.random.default_rng(4).random(X.shape) < 0.7
    mask[5], mask[:, 2] = False, False
    return mask


def as_csr(X, mask):
    """Return X and the mask as CSR whose stored entries are the observed cells."""
    starts = np.concatenate([[0], np.cumsum(mask.sum(axis=1))])
    columns = np.nonzero(mask)[1]
    stored = csr_array((X[mask], columns, starts), shape=X.shape)
    ones = np.ones(stored.nnz, dtype=bool)
    return stored, csr_array((ones, stored.indices, stored.indptr), shape=X.shape)


def full_value(problem, factors):
    """Return the objective by its definition, offsets and counts included."""
    X, mask, goal = problem.X, problem.observed, problem.objective
    W, H = factors.W.astype(float), factors.H.astype(float)
    value = 0.5 * ((X - factors.reconstruct().astype(float))[mask] ** 2).sum()
    n, m = (mask.sum(axis=1), mask.sum(axis=0)) if goal.l2_per_count else (1, 1)
    value += goal.l1_W * W.sum() + goal.l1_H * H.sum()
    value += 0.5 * goal.l2_W * (n * (W**2).sum(axis=1)).sum()
    value += 0.5 * goal.l2_H * (m * (H**2).sum(axis=0)).sum()
    if factors.row_offset is not None:
        away = factors.row_offset - X[mask].mean()
        value += 0.5 * goal.l2_row_offset * (away**2).sum()
        value += 0.5 * goal.l2_column_offset * (factors.column_offset**2).sum()
    return value


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_movies_unrated_but_identified_are_predicted(
    seed, dtype, make_problem, make_start, iterates
):
    """Rank 2 reproduces the 13 ratings; three others follow: 29/12, 11/12 and 8/7."""
    problem = make_problem(MOVIES, MOVIES > 0, dtype=dtype)
    got = iterates(MaskedHals(), problem, make_start(problem, 2, seed), 1500)[-1]
    Y = got.reconstruct()
    assert Y[1, 1] == pytest.approx(29 / 12, abs=1e-4)
    assert Y[3, 1] == pytest.approx(11 / 12, abs=1e-4)
    assert Y[4, 0] == pytest.approx(8 / 7, abs=1e-4)


@pytest.mark.parametrize("solver", [MaskedHals(), PLAIN], ids=["tuned", "plain"])
@pytest.mark.parametrize(("weight", "twice"), [(0.1, 3.854849), (1.0, 34.721986)])
def test_the_penalised_movies_have_one_minimum(
    weight, twice, solver, make_problem, make_start, iterates, value
):
    """Its value, without the halves, is known from 20 runs of another method."""
    problem = make_problem(MOVIES, MOVIES > 0, l2_W=weight, l2_H=weight)
    for seed in range(3):
        got = iterates(solver, problem, make_start(problem, 2, seed), 3000)[-1]
        assert 2 * value(problem, got) == pytest.approx(twice, abs=1e-5)


def test_a_step_solves_for_columns_and_then_for_rows(
    X, mask, make_problem, make_start, iterates
):
    """After many sweeps each is the non-negative least squares fit of its cells."""
    problem = make_problem(X * mask, mask)
    init = make_start(problem)
    solver = MaskedHals(inner=3000, extrapolation=Extrapolation.none)
    (got,) = iterates(solver, problem, init, 1)
    for j in np.flatnonzero(mask.sum(axis=0) > 3):
        seen = mask[:, j]
        exact, _ = nnls(init.W[seen], X[seen, j])
        # cyclic descent stops where rounding hides the slope
        np.testing.assert_allclose(got.H[:, j], exact, atol=1e-7)
    for i in np.flatnonzero(mask.sum(axis=1) > 3):
        seen = mask[i]
        exact, _ = nnls(got.H[:, seen].T, X[i, seen])
        np.testing.assert_allclose(got.W[i], exact, atol=1e-7)


@pytest.mark.parametrize("solver", [MaskedHals(), MaskedHals(offsets=Offsets.signed)])
def test_stored_entries_of_a_csr_are_the_observed_cells(
    solver, X, mask, make_problem, make_start, iterates
):
    """Explicit zeros are observed zeros; steps are those of the dense mask, exactly."""
    dense = make_problem(X * mask, mask, l2_W=0.1, l2_H=0.1)
    stored, observed = as_csr(X, mask)
    assert (stored.data == 0).any()
    sparse = make_problem(stored, observed, l2_W=0.1, l2_H=0.1)
    init = make_start(dense)
    a = iterates(solver, dense, init, 8)[-1]
    b = iterates(solver, sparse, init, 8)[-1]
    assert (a.reconstruct() == b.reconstruct()).all()


@pytest.mark.parametrize("offsets", list(Offsets))
@pytest.mark.parametrize(
    "penalty",
    [
        {},
        {"l1_W": 0.1, "l1_H": 0.05},
        {"l2_W": 0.1, "l2_H": 0.2, "l2_row_offset": 2.0, "l2_column_offset": 1.0},
        {"l2_W": 0.02, "l2_H": 0.01, "l2_per_count": True, "l2_row_offset": 0.5},
    ],
    ids=str,
)
def test_the_objective_never_rises_without_extrapolation(
    penalty, offsets, X, mask, make_problem, make_start, iterates
):
    """Sixty steps descend, offsets and every penalty included."""
    problem = make_problem(X * mask, mask, **penalty)
    solver = MaskedHals(offsets=offsets, extrapolation=Extrapolation.none, inner=2)
    run = iterates(solver, problem, make_start(problem, 4), 60)
    values = np.array([full_value(problem, factors) for factors in run])
    # summing some 90 cells rounds by less than 1e-13 of the sum
    assert (np.diff(values) <= 1e-13 * values[:-1] + 1e-15).all()
    assert values[-1] < 0.9 * values[0]


def test_weights_for_each_observed_cell_are_weights_times_counts(
    make_problem, make_start, iterates
):
    """With the same count in each row, and in each column, they are plain weights."""
    rng = np.random.default_rng(0)
    shift = (np.arange(6)[:, None] + np.arange(6)) % 6 < 4
    X = rng.random((6, 6)) * shift
    counted = make_problem(X, shift, l2_W=0.1, l2_H=0.2, l2_per_count=True)
    plain = make_problem(X, shift, l2_W=0.4, l2_H=0.8)
    init = make_start(plain, 2)
    a, b = (iterates(MaskedHals(), one, init, 9)[-1] for one in (counted, plain))
    np.testing.assert_allclose(a.W, b.W, rtol=1e-12)


@pytest.mark.parametrize("offsets", [Offsets.signed, Offsets.nonneg])
def test_offsets_end_where_their_slope_is_zero(
    offsets, X, mask, make_problem, make_start, iterates
):
    """Or, bound to be at least 0, at 0 where the objective rises from there."""
    problem = make_problem(
        X * mask, mask, l2_W=0.3, l2_H=0.3, l2_row_offset=2.0, l2_column_offset=1.0
    )
    solver = MaskedHals(offsets=offsets)
    got = iterates(solver, problem, make_start(problem, 2), 400)[-1]
    R = (X - got.reconstruct()) * mask
    mean = X[mask].mean()
    slopes = [
        (got.row_offset, 2.0 * (got.row_offset - mean) - R.sum(axis=1)),
        (got.column_offset, 1.0 * got.column_offset - R.sum(axis=0)),
    ]
    for offset, slope in slopes:
        if offsets == Offsets.nonneg:
            assert (offset >= 0).all()
            assert np.minimum(offset, slope) == pytest.approx(0, abs=1e-8)
        else:
            assert slope == pytest.approx(0, abs=1e-8)
    assert got.row_offset[5] == pytest.approx(mean, rel=1e-12)
    assert got.column_offset[2] == 0
    assert (got.column_offset < 0).any() == (offsets == Offsets.signed)
    assert got.W.min() >= 0
    assert got.H.min() >= 0


def test_offsets_alone_are_those_of_two_way_means(make_problem, iterates):
    """With W and H at 0 and held there, ridge-free offsets fit an additive table."""
    rows, columns = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.0, -0.5, 1.5])
    X = rows[:, None] + columns
    mask = np.ones(X.shape, bool)
    mask[0, 1] = mask[2, 2] = False
    problem = make_problem(X * mask, mask, l1_W=1e3, l1_H=1e3)
    init = Factors(np.ones((4, 1)), np.ones((1, 3)))
    got = iterates(MaskedHals(offsets=Offsets.signed), problem, init, 300)[-1]
    assert not got.W.any()
    np.testing.assert_allclose(got.reconstruct(), X, atol=1e-9)


def test_a_penalised_row_without_observed_cells_goes_to_zero(
    X, mask, make_problem, make_start, iterates
):
    """The penalty is least there."""
    problem = make_problem(X * mask, mask, l2_W=0.1, l2_H=0.1)
    got = iterates(PLAIN, problem, make_start(problem), 5)[-1]
    # Each sweep leaves what the one before has lost to rounding.
    assert max(got.W[5].max(), got.H[:, 2].max()) < 1e-15


def test_a_dead_component_is_revived_and_counted(mask, make_problem):
    """Dead on both sides it would never move again."""
    rng = np.random.default_rng(1)
    X = rng.random((mask.shape[0], 3)) @ rng.random((3, mask.shape[1]))
    problem = make_problem(X * mask, mask)
    W, H = rng.random((X.shape[0], 3)), rng.random((3, X.shape[1]))
    W[:, 1], H[1] = 0, 0
    steps = list(islice(MaskedHals().iterate(problem, Factors(W, H), rng), 60))
    assert all(isinstance(step, Step) for step in steps)
    assert sum(step.n_reseeded for step in steps) == 1
    last = steps[-1].factors()
    assert last.H[1].any()
    assert np.abs((X - last.reconstruct())[mask]).max() < 0.05


@pytest.mark.parametrize("offsets", list(Offsets))
@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_data_in_extreme_units_are_fitted_as_well(
    unit, offsets, X, mask, make_problem, make_start, iterates
):
    """Thirty steps on X times a unit are those on X, but for rounding of the unit."""
    one = make_problem(X * mask, mask, l2_row_offset=0.5)
    other = make_problem(X * mask * unit, mask, l2_row_offset=0.5)
    solver = MaskedHals(offsets=offsets)
    expected = iterates(solver, one, make_start(one), 30)[-1].reconstruct()
    got = iterates(solver, other, make_start(other), 30)[-1].reconstruct()
    # thirty steps let the rounding of the unit grow by a few orders of magnitude
    np.testing.assert_allclose(got / unit, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("offsets", list(Offsets))
def test_the_order_of_rows_and_columns_does_not_matter(
    offsets, X, mask, make_problem, make_start, iterates
):
    """Shuffled data give shuffled factors, to rounding."""
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(X.shape[0]), rng.permutation(X.shape[1])
    problem = make_problem(X * mask, mask)
    shuffled = make_problem(
        (X * mask)[np.ix_(rows, columns)], mask[np.ix_(rows, columns)]
    )
    init = make_start(problem)
    start = Factors(init.W[rows], init.H[:, columns])
    solver = MaskedHals(offsets=offsets)
    a = iterates(solver, problem, init, 20)[-1].reconstruct()
    b = iterates(solver, shuffled, start, 20)[-1].reconstruct()
    np.testing.assert_allclose(b, a[np.ix_(rows, columns)], rtol=1e-7, atol=1e-9)


def test_an_exact_factorization_of_the_observed_cells_stays_exact(
    mask, X, make_problem, iterates
):
    """So does the prediction of unobserved cells whose row and column have others."""
    rng = np.random.default_rng(1)
    W, H = rng.random((X.shape[0], 3)) + 0.1, rng.random((3, X.shape[1])) + 0.1
    problem = make_problem((W @ H) * mask, mask)
    for offsets in Offsets:
        solver = MaskedHals(offsets=offsets)
        got = iterates(solver, problem, Factors(W, H), 20)[-1]
        seen = np.ix_(mask.any(axis=1), mask.any(axis=0))
        np.testing.assert_allclose(got.reconstruct()[seen], (W @ H)[seen], rtol=1e-9)


def test_the_numpy_kernel_takes_the_same_steps(
    X, mask, make_problem, make_start, iterates, monkeypatch
):
    """The environment chooses it."""
    problem = make_problem(X * mask, mask, l1_W=0.01, l2_H=0.1)
    init = make_start(problem, 4)
    compiled = iterates(MaskedHals(), problem, init, 10)[-1]
    monkeypatch.setenv("NMFLAB_KERNELS", "numpy")
    plain = iterates(MaskedHals(), problem, init, 10)[-1]
    np.testing.assert_allclose(plain.W, compiled.W, rtol=1e-9, atol=1e-12)


def test_a_large_sparse_matrix_is_never_made_dense(make_problem, make_start, iterates):
    """A step on a CSR whose dense form would take 240 GB runs in a few MB."""
    rng = np.random.default_rng(3)
    at = rng.integers(0, 200_000, 3000), rng.integers(0, 150_000, 3000)
    X = csr_array((rng.random(3000), at), shape=(200_000, 150_000))
    X.sum_duplicates()
    problem = make_problem(X, X.astype(bool), l2_W=1.0, l2_H=1.0)
    got = iterates(MaskedHals(), problem, make_start(problem, 2, like=1), 1)[-1]
    assert np.isfinite(got.W).all()


@pytest.mark.data
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_twenty_steps_on_movielens_come_within_a_percent(
    dtype, make_problem, iterates, value
):
    """Of the least objective found by longer runs, 46,751 with 20 components.

    Textbook descent with one sweep takes some ninety.
    """
    folder = os.environ.get("NMFLAB_DATA")
    if not folder:
        pytest.skip("NMFLAB_DATA does not name the folder of real test data")
    path = Path(folder, "movielens-100k", "ml-100k.zip")
    if not path.exists():
        pytest.skip(f"no {path.name} in movielens-100k of NMFLAB_DATA")
    with zipfile.ZipFile(path) as archive:
        rows = np.loadtxt(io.BytesIO(archive.read("ml-100k/u.data")), dtype=int)
    X = csr_array((rows[:, 2].astype(float), (rows[:, 0] - 1, rows[:, 1] - 1)))
    X.sort_indices()
    problem = make_problem(X, X.astype(bool), dtype=dtype, l2_W=5.0, l2_H=5.0)
    rng = np.random.default_rng(0)
    size = np.sqrt(X.data.mean() / 20)
    W = size * np.abs(rng.standard_normal((X.shape[0], 20)))
    H = size * np.abs(rng.standard_normal((20, X.shape[1])))
    y = Factors(W, H).predict(rows[:, 0] - 1, rows[:, 1] - 1)
    scale = np.sqrt(rows[:, 2] @ y / (y @ y))
    init = Factors((scale * W).astype(dtype), (scale * H).astype(dtype))
    got = iterates(MaskedHals(), problem, init, 20)[-1]
    assert value(problem, got) < 1.01 * 46_751


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inner": 0}, r"solver\.inner must be >= 1, got 0"),
        ({"offsets": "free"}, r"solver\.offsets must be one of none, signed, nonneg"),
        ({"extrapolation": "yes"}, r"solver\.extrapolation must be one of none"),
    ],
)
def test_options_that_cannot_work_are_refused(options, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        MaskedHals(**options)


def test_it_declares_what_it_takes_and_promises():
    """Data with unobserved cells only; descent where nothing is extrapolated."""
    (spec,) = nmflab_solvers()
    assert spec.name == "masked_hals"
    assert spec.takes.missing
    assert not spec.takes.complete
    assert spec.takes.penalties == {"l1", "l2", "l2_per_count"}
    assert spec.is_monotone(PLAIN)
    assert not spec.is_monotone(MaskedHals())


def test_what_rounding_leaves_of_a_component_is_not_blown_up(
    make_problem, iterates, value
):
    """At an exact fit in float32, a nearly vanished component once rose to 1e11."""
    X = np.array(
        [[0.0, 0.76551515], [0.6050047, 0.0], [0.0, 0.15343593], [0.0, 0.5168097]]
    )
    observed = np.array([[1, 1], [1, 0], [0, 1], [1, 1]], dtype=bool)
    problem = make_problem(X, observed, dtype="float32")
    W = np.array(
        [
            [0.38541228, 0.38127896, 0.28408235, 0.3438952],
            [0.40891048, 0.21122311, 0.4392115, 0.23390658],
            [0.22114488, 0.30453172, 0.4079458, 0.3483675],
            [0.17230754, 0.35555407, 0.20766899, 0.17790757],
        ]
    )
    H = np.array(
        [
            [0.3957049, 0.17097372],
            [0.25833616, 0.30207402],
            [0.22002412, 0.30958453],
            [0.3627316, 0.16734439],
        ]
    )
    start = Factors(W.astype(np.float32), H.astype(np.float32))
    run = iterates(PLAIN, problem, start, 12)
    # float32 leaves 1e-7 of each cell, so 1e-14 of squares near 1
    assert max(value(problem, factors) for factors in run) < 1e-12


@pytest.mark.parametrize("offsets", ["none", "signed"])
@pytest.mark.parametrize("goal", [{}, {"l2_W": 0.1, "l2_H": 0.1, "l2_per_count": True}])
def test_what_nothing_decides_is_the_mean_of_what_was_seen(offsets, goal):
    """A user and an item without a rating are predicted as the average ones."""
    rng = np.random.default_rng(5)
    X = rng.uniform(1, 5, (9, 7))
    observed = rng.random((9, 7)) < 0.8
    observed[4], observed[:, 2] = False, False
    problem = Problem(
        X=np.where(observed, X, 0.0),
        observed=observed,
        objective=Objective(**goal),
        dtype=np.dtype(np.float64),
    )
    init = Factors(rng.uniform(0.1, 1, (9, 3)), rng.uniform(0.1, 1, (3, 7)))
    steps = MaskedHals(offsets=offsets).iterate(problem, init, rng)
    for _ in range(5):
        step = next(steps)
    found = step.factors()
    users, items = np.arange(9) != 4, np.arange(7) != 2
    np.testing.assert_allclose(found.W[4], found.W[users].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        found.H[:, 2], found.H[:, items].mean(axis=1), rtol=1e-12
    )
    if offsets == "signed":
        mean = found.row_offset[users].mean()
        assert found.row_offset[4] == pytest.approx(mean, rel=1e-12)


def test_an_unseen_line_goes_where_its_penalty_is_lowest():
    """Weights of 0 and an offset at the mean: nothing is left to be chosen."""
    rng = np.random.default_rng(6)
    X = rng.uniform(1, 5, (9, 7))
    observed = rng.random((9, 7)) < 0.8
    observed[4] = False
    goal = Objective(l2_W=0.1, l2_H=0.1, l2_row_offset=1.0, l2_column_offset=1.0)
    problem = Problem(
        X=np.where(observed, X, 0.0),
        observed=observed,
        objective=goal,
        dtype=np.dtype(np.float64),
    )
    init = Factors(rng.uniform(0.1, 1, (9, 3)), rng.uniform(0.1, 1, (3, 7)))
    steps = MaskedHals(offsets="signed").iterate(problem, init, rng)
    for _ in range(60):
        step = next(steps)
    found = step.factors()
    np.testing.assert_array_equal(found.W[4], 0)
    assert found.row_offset[4] == pytest.approx(X[observed].mean(), rel=1e-9)
