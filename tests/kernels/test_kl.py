from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.sparse import csr_array

from nmflab.kernels.compiled import _kl_cells
from nmflab.kernels.compiled import kl as compiled
from nmflab.kernels.plain import kl as plain

SHAPES = [(7, 5, 3), (41, 90, 20), (6, 300, 33), (5, 5, 1)]
MODULES = pytest.mark.parametrize(
    "module", [plain, compiled], ids=["plain", "compiled"]
)


def arguments(shape, dtype, penalty=0.2):
    """Return rows with many cells, with few and with none; one stored cell is 0."""
    n_rows, n_columns, used = shape
    rng = np.random.default_rng(n_rows)
    share = np.linspace(0, 1, n_rows)[:, None]
    X = csr_array(
        rng.poisson(3.0, (n_rows, n_columns))
        * (rng.random((n_rows, n_columns)) < share)
    )
    X.data = X.data.astype(dtype)
    X.data[-1] = 0
    for array in (X.indptr, X.indices, X.data):
        array.flags.writeable = False
    lanes = 64 // np.dtype(dtype).itemsize
    width = (used // lanes + 1) * lanes
    other, start = np.zeros((n_columns, width), dtype), np.zeros((n_rows, width), dtype)
    other[:, :used] = rng.random((n_columns, used))
    start[:, :used] = rng.random((n_rows, used))
    terms = np.zeros((5, width), dtype)
    terms[:, :used] = np.array([penalty, penalty, 0, 1e-8, 1])[:, None]
    given = X.indptr, X.indices, X.data, other, start, other.sum(axis=0), terms
    return given, used


def updated(module, kind, given, used, **options):
    """Return the loss and the rows after one update."""
    new = np.zeros_like(given[4])
    options = {"masked": False, "measure": True, "n_threads": 1} | options
    if kind == "newton":
        options = {"sweeps": 3} | options
    update = getattr(module, f"{kind}_rows")
    return update(*given, used=used, smallest=1e-16, new=new, **options), new


def loss(given, used, row, w, masked=False):
    """Return a row's loss with its penalties by the definition."""
    starts, columns, values, other, _, sums, terms = given
    here = slice(starts[row], starts[row + 1])
    A, x = other[columns[here], :used], values[here]
    rise = A.sum(axis=0) if masked else sums[:used]
    penalties = terms[0, :used] @ w + 0.5 * terms[1, :used] @ w**2
    return rise @ w - x @ np.log(A @ w) + penalties


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["multiply", "newton"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_compiled_kernel_computes_what_its_twin_does(kind, shape, dtype, masked):
    """Rows and loss agree, for widths of one vector and of several."""
    given, used = arguments(shape, dtype)
    value, new = updated(compiled, kind, given, used, masked=masked)
    expected, rows = updated(plain, kind, given, used, masked=masked)
    # sums of up to 300 terms; a line search may stop next to y = 0, where digits cancel
    tolerance = (1e3 if kind == "multiply" else 1e5) * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(new, rows, rtol=tolerance, atol=tolerance)
    assert value == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("kind", ["multiply", "newton"])
def test_two_threads_give_what_one_does(kind):
    """Rows are independent, and losses are summed in their order."""
    given, used = arguments((400, 90, 20), "float64")
    one, two = (updated(compiled, kind, given, used, n_threads=n) for n in (1, 2))
    assert one[0] == two[0]
    assert (one[1] == two[1]).all()


@MODULES
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("penalty", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["multiply", "newton"])
def test_no_row_ends_with_a_larger_loss(module, kind, penalty, masked):
    """However far from its optimum a row begins: at 1e-6, 1 or 1e3 times a good one."""
    given, used = arguments((41, 90, 20), "float64", penalty)
    for size in (1e-6, 1.0, 1e3):
        start = np.where(given[4] > 0, given[4] * size, 0)
        from_there = (*given[:4], start, *given[5:])
        _, new = updated(module, kind, from_there, used, masked=masked)
        for row in range(1, 41):
            before = loss(given, used, row, start[row, :used], masked)
            after = loss(given, used, row, new[row, :used], masked)
            # the floor may lift entries by 1e-8, at slopes of up to 50
            assert after <= before + 1e-12 * abs(before) + 2e-5


@MODULES
def test_repeated_newton_steps_reach_the_optimum(module):
    """Each row's loss is that of a general solver with bounds."""
    given, used = arguments((7, 30, 4), "float64")
    new = given[4]
    for _ in range(40):
        _, new = updated(module, "newton", (*given[:4], new, *given[5:]), used)
    for row in range(2, 7):
        best = minimize(
            lambda w, row=row: loss(given, used, row, w),
            given[4][row, :used],
            bounds=[(1e-8, None)] * used,
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10_000},
        )
        assert loss(given, used, row, new[row, :used]) == pytest.approx(
            best.fun, rel=1e-9
        )


@MODULES
def test_the_loss_is_that_before_a_multiplicative_and_after_a_newton_step(module):
    """It leaves the penalties out."""
    given, used = arguments((9, 30, 4), "float64", penalty=0.0)
    for kind in ("multiply", "newton"):
        value, new = updated(module, kind, given, used)
        rows = given[4] if kind == "multiply" else new
        total = sum(loss(given, used, row, rows[row, :used]) for row in range(9))
        assert value == pytest.approx(total, rel=1e-12)


def test_the_logarithm_is_that_of_the_library():
    """From the smallest scales to the largest, around 1 and around √½."""
    root = np.sqrt(0.5)
    near = [np.nextafter(root, 0), root, np.nextafter(1, 0), 1.0, 1 + 1e-9, 2 * root]
    y = np.array([1e-300, 1e-30, *near, 3.0, 1e30, 1e300])
    got = [
        -_kl_cells.log_loss(
            np.ones(1), 0, 1, y[i : i + 1].copy(), np.zeros(1, np.int64)
        )
        for i in range(y.size)
    ]
    np.testing.assert_allclose(got, np.log(y), rtol=1e-15, atol=1e-15)
