from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits._partner import best_partner
from nmflab_inits.averages import (
    Averaged,
    RandomAcol,
    RandomC,
    nmflab_initializations,
)
from scipy.optimize import nnls
from scipy.sparse import csr_array, random_array


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


def direction(x):
    """Return vectors divided by their lengths."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_components_are_means_of_drawn_rows(X, make_problem):
    """Rows drawn without replacement, anew for each component, up to length."""
    got = RandomAcol(n_averaged=4).start(make_problem(X), 3, rng(5))
    draw = rng(5)
    lengths = np.linalg.norm(X, axis=1)
    order = np.argsort(-lengths, kind="stable")
    means = [X[draw.choice(order, 4, False)].mean(axis=0) for _ in range(3)]
    np.testing.assert_allclose(direction(got.H), direction(np.array(means)), atol=1e-14)


def test_averages_of_columns_make_w(X, make_problem):
    """What samples are to H, features are to W: the start of X' transposed."""
    start, turned = (
        RandomAcol(n_averaged=4, of=of) for of in (Averaged.samples, Averaged.features)
    )
    a = start.start(make_problem(X), 3, rng(5))
    b = turned.start(make_problem(np.ascontiguousarray(X.T)), 3, rng(5))
    np.testing.assert_allclose(b.W, a.H.T, atol=1e-13)
    np.testing.assert_allclose(b.H, a.W.T, atol=1e-13)


def test_long_rows_are_averaged_only(make_problem):
    """Of 40 rows the 10 longest are a quarter: theirs is the one nonzero column."""
    X = 0.1 * np.ones((40, 6))
    X[::4] = [0, 9, 0, 0, 0, 0]
    got = RandomC(longest=0.25, n_averaged=3).start(make_problem(X), 2, rng())
    np.testing.assert_array_equal(got.H != 0, [[False, True] + 4 * [False]] * 2)


def test_empty_rows_are_not_averaged(make_problem):
    """One row in ten is filled; single rows drawn are never empty."""
    X = np.zeros((50, 4))
    X[::10] = rng(1).random((5, 4)) + 0.1
    got = RandomAcol(n_averaged=1).start(make_problem(csr_array(X)), 6, rng())
    assert (got.H > 0).all()


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_the_partner_solves_each_row_exactly(storage, X):
    """Against SciPy's active-set solver, row by row."""
    H = rng(2).random((4, 11))
    W = best_partner(X if storage == "dense" else csr_array(X), H)
    want = np.array([nnls(H.T, x)[0] for x in X])
    np.testing.assert_allclose(W, want, atol=1e-12)


def test_a_large_sparse_matrix_is_never_made_dense(make_problem):
    """A CSR whose dense form would take 64 GB; its transpose too."""
    X = csr_array(random_array((200_000, 40_000), density=2e-6, rng=rng(3)))
    for of in Averaged:
        got = RandomC(of=of).start(make_problem(X), 2, rng())
        assert got.W.any()


def test_both_are_random_and_without_limit():
    """Missing entries are not taken: they would be averaged as zeros."""
    specs = list(nmflab_initializations())
    assert [spec.name for spec in specs] == ["random_acol", "random_c"]
    assert all(spec.random is True and spec.limit == "none" for spec in specs)
    assert not any(spec.takes.missing for spec in specs)


@pytest.mark.parametrize("start", [RandomAcol, RandomC])
def test_impossible_parameters_are_refused(start):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=r"init\.n_averaged must be >= 1, got 0"):
        start(n_averaged=0)
    with pytest.raises(
        ValueError, match=r"init\.of must be one of samples, features, got 'rows'"
    ):
        start(of="rows")


@pytest.mark.parametrize("longest", [0, -0.5, 1.5, float("nan")])
def test_an_impossible_share_is_refused(longest):
    """It must leave at least some rows."""
    with pytest.raises(ValueError, match=r"init\.longest must be > 0 and <= 1, got"):
        RandomC(longest=longest)
