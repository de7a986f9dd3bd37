from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.kernels.compiled import masked as compiled
from nmflab.kernels.plain import masked as plain

SHAPES = [(7, 5, 3), (41, 90, 20), (6, 300, 33), (5, 5, 1)]


def table(rng, n_rows, used, width, dtype):
    """Return a table as the kernels take it: zeros behind the numbers that count."""
    made = np.zeros((n_rows, width), dtype)
    made[:, :used] = rng.random((n_rows, used))
    return made


def arguments(shape, dtype, index="int32"):
    """Return rows with many cells, with few and with none, and every penalty."""
    n_rows, n_columns, used = shape
    rng = np.random.default_rng(n_rows)
    share = np.linspace(0, 1, n_rows)[:, None]
    X = csr_array(
        rng.random((n_rows, n_columns)) * (rng.random((n_rows, n_columns)) < share)
    )
    lanes = 64 // np.dtype(dtype).itemsize
    width = (used // lanes + 1) * lanes
    terms = np.zeros((5, width), dtype)
    terms[:3, :used] = [[0.1], [0.2], [0.05]]
    terms[3, : used // 2], terms[4, :used] = -np.inf, 1
    terms[4, used - 1] = 0 if used > 3 else 1
    other = table(rng, n_columns, used, width, dtype)
    start = table(rng, n_rows, used, width, dtype)
    cells = X.indptr.astype(index), X.indices.astype(index), X.data.astype(dtype)
    for array in cells:
        array.flags.writeable = False
    return (*cells, other, start, terms), used


def solved(module, given, used, **options):
    """Return the error and the rows after sweeps."""
    new = np.zeros_like(given[4])
    options = {"sweeps": 4, "measure": True, "n_threads": 1} | options
    return module.solve_rows(*given, used=used, new=new, **options), new


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_compiled_kernel_computes_what_its_twin_does(shape, dtype):
    """Rows and error agree, for widths of one vector and of several."""
    given, used = arguments(shape, dtype)
    error, new = solved(compiled, given, used)
    expected, rows = solved(plain, given, used)
    # sums of up to 300 products, and four sweeps that pass their rounding on
    tolerance = 1e3 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(new, rows, rtol=tolerance, atol=tolerance)
    assert error == pytest.approx(expected, rel=tolerance)


def test_indices_may_have_64_bits():
    """The result is that of 32 bits, to the last bit."""
    given, used = arguments((7, 5, 3), "float64", "int64")
    wide = solved(compiled, given, used)[1]
    assert (wide == solved(compiled, arguments((7, 5, 3), "float64")[0], used)[1]).all()


def test_two_threads_give_what_one_does():
    """Rows are independent, and errors are summed in their order."""
    given, used = arguments((400, 90, 20), "float64")
    one, two = (solved(compiled, given, used, n_threads=n) for n in (1, 2))
    assert one[0] == two[0]
    assert (one[1] == two[1]).all()


@pytest.mark.parametrize("module", [plain, compiled], ids=["plain", "compiled"])
def test_many_sweeps_solve_the_least_squares_problem(module):
    """Without penalties and bounds the rows are those of NumPy's solver."""
    given, used = arguments((12, 30, 4), "float64")
    starts, columns, values, other, _, terms = given
    terms = np.zeros_like(terms)
    terms[3, :used], terms[4, :used] = -np.inf, 1
    _, new = solved(module, (*given[:5], terms), used, sweeps=4000)
    for row in range(8, 12):
        here = slice(starts[row], starts[row + 1])
        exact = np.linalg.lstsq(other[columns[here], :used], values[here], rcond=None)[
            0
        ]
        # cyclic descent ends where rounding in the gradient, 1e-15, hides the slope
        np.testing.assert_allclose(new[row, :used], exact, atol=1e-10)


@pytest.mark.parametrize("module", [plain, compiled], ids=["plain", "compiled"])
def test_a_row_without_cells_stays_or_goes_to_zero(module):
    """It stays where nothing acts on it, and goes to 0 where a penalty does."""
    given, used = arguments((7, 5, 3), "float64")
    assert given[0][1] == 0
    for first in (0.0, 0.1):
        terms = np.zeros_like(given[5])
        terms[0, :used], terms[4, :used] = first, 1
        _, new = solved(module, (*given[:5], terms), used)
        expected = 0 if first else given[4][0, :used]
        assert (new[0, :used] == expected).all()


@pytest.mark.parametrize("module", [plain, compiled], ids=["plain", "compiled"])
def test_an_entry_that_is_not_to_move_stays(module):
    """Its value is part of the model all the same."""
    given, used = arguments((41, 90, 20), "float64")
    _, new = solved(module, given, used)
    assert (new[:, used - 1] == given[4][:, used - 1]).all()
