"""Errors by row and column: against the whole residual, in every storage."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from nmflab_metrics import _line_errors
from nmflab_metrics.error_quantiles import ErrorQuantiles, HeldOutErrorQuantiles
from scipy.sparse import csr_array, random_array

from nmflab.contracts import Factors, NotApplicable
from nmflab.testing.strategies import problem_of

PERCENTAGES = (5, 25, 50, 75, 95)


@pytest.fixture
def parts():
    """Return X, W, H and which cells are observed, X with an empty row and column."""
    rng = np.random.default_rng(5)
    X = rng.poisson(1.0, (40, 30)).astype(float)
    X[3], X[:, 7] = 0.0, 0.0
    return X, rng.random((40, 3)), rng.random((3, 30)), rng.random(X.shape) < 0.6


def expected(X, Y, observed, axis):
    """Return the quantiles from the whole residual."""
    R, X = np.where(observed, X - Y, 0), np.where(observed, X, 0)
    norm = np.linalg.norm(X, axis=axis)
    ratios = np.linalg.norm(R, axis=axis)[norm > 0] / norm[norm > 0]
    return np.percentile(ratios, PERCENTAGES)


def quantiles(found, line):
    """Return the values of one line in order."""
    return [found[f"{line}_q{percent}"] for percent in PERCENTAGES]


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("small", [True, False])
def test_quantiles_are_those_of_the_whole_residual(
    make_run, parts, monkeypatch, sparse, masked, small
):
    """Dense and sparse, complete and masked, in one block and in many."""
    X, W, H, observed = parts
    if not small:
        monkeypatch.setattr("nmflab.numerics.cells.SMALL", 0)
        monkeypatch.setattr("nmflab.numerics.cells.BLOCK_CELLS", 70)
    seen = observed if masked else None
    problem = problem_of(X, observed=seen, sparse=sparse)
    run = replace(make_run(X, W, H), problem=problem)
    found = ErrorQuantiles().compute(run)
    cells = observed if masked else np.ones(X.shape, bool)
    for line, axis in (("row", 1), ("column", 0)):
        wanted = expected(X, W @ H, cells, axis)
        np.testing.assert_allclose(quantiles(found, line), wanted, rtol=1e-12)
    assert (found["zero_rows"], found["zero_columns"]) == (1, 1)


def test_offsets_belong_to_the_model(make_run, parts):
    """As in `Factors.reconstruct`."""
    X, W, H, observed = parts
    rng = np.random.default_rng(6)
    factors = Factors(W, H, rng.random(40), rng.random(30))
    run = replace(make_run(X, W, H, observed=observed), factors=factors)
    wanted = expected(X, factors.reconstruct(), observed, 1)
    found = quantiles(ErrorQuantiles().compute(run), "row")
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_large_sparse_data_are_measured_by_gram_matrices(make_run, parts, monkeypatch):
    """The same quantiles without any cell that is not stored."""
    X, W, H, _ = parts
    monkeypatch.setattr(_line_errors, "MOST_DENSE_CELLS", 0)
    monkeypatch.setattr("nmflab.numerics.cells.fitted_blocks", None)
    monkeypatch.setattr(_line_errors, "fitted_blocks", None)
    run = replace(make_run(X, W, H), problem=problem_of(X, sparse=True))
    found = ErrorQuantiles().compute(run)
    for line, axis in (("row", 1), ("column", 0)):
        wanted = expected(X, W @ H, np.ones(X.shape, bool), axis)
        np.testing.assert_allclose(quantiles(found, line), wanted, rtol=1e-12)


def test_an_exact_model_of_sparse_data_has_no_negative_squares(make_run, monkeypatch):
    """Rounding leaves at most 1e-7 of each row, never NaN."""
    monkeypatch.setattr(_line_errors, "MOST_DENSE_CELLS", 0)
    rng = np.random.default_rng(7)
    W, H = rng.random((20, 2)), rng.random((2, 15))
    run = replace(make_run(W @ H, W, H), problem=problem_of(W @ H, sparse=True))
    found = ErrorQuantiles().compute(run)
    assert 0 <= found["row_q5"] <= found["row_q95"] < 1e-7


@pytest.mark.parametrize("n_rows", [3_000, 30_000])
def test_sparse_data_are_never_made_dense(make_run, n_rows):
    """W H would take 24 and 240 MB; a third of the former is enough for both."""
    rng = np.random.default_rng(8)
    X = csr_array(random_array((n_rows, 1000), density=0.001, rng=rng, format="csr"))
    problem = replace(problem_of(np.ones((1, 1))), X=X)
    factors = Factors(rng.random((n_rows, 2)), rng.random((2, 1000)))
    run = replace(make_run([[1.0]], [[1.0]], [[1.0]]), problem=problem, factors=factors)
    tracemalloc.start()
    found = ErrorQuantiles().compute(run)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["row_q50"] > 0
    assert peak < 8e6


def test_held_out_quantiles_are_over_lines_with_test_cells(make_run):
    """Rows are wrong by √(17/2) and 2, columns by 4, 1 and 2."""
    X = np.array([[7.0, 2.0, 3.0], [3.0, 3.0, 5.0], [3.0, 3.0, 3.0]])
    test = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
    run = make_run(X, np.ones((3, 1)), np.full((1, 3), 3.0), observed=~test, test=test)
    found = HeldOutErrorQuantiles().compute(run)
    rows = np.percentile([np.sqrt(8.5), 2], PERCENTAGES)
    columns = np.percentile([4, 1, 2], PERCENTAGES)
    np.testing.assert_allclose(quantiles(found, "row"), rows, rtol=1e-14)
    np.testing.assert_allclose(quantiles(found, "column"), columns, rtol=1e-14)


def test_held_out_quantiles_need_held_out_cells(make_run):
    """The message says so."""
    run = make_run([[1.0]], [[1.0]], [[1.0]])
    with pytest.raises(NotApplicable, match="needs heldout"):
        HeldOutErrorQuantiles().compute(run)


def test_a_ratio_to_zero_data_is_refused(make_run):
    """The message says what is 0 and what to check."""
    run = make_run(np.zeros((2, 2)), [[1.0], [1.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match="X is 0 in every fitted cell"):
        ErrorQuantiles().compute(run)
