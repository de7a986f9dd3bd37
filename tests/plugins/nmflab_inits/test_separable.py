from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.separable import SnpaStart, SpaStart, nmflab_initializations
from scipy.sparse import csr_array

BOTH = [SpaStart(), SnpaStart()]


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


@pytest.fixture(name="separable")
def _separable():
    """Return 40 mixtures of four rows, which stand among them, at 3, 11, 20 and 39."""
    H = rng(1).random((4, 9)) ** 3
    W = rng(2).dirichlet(np.ones(4), 40)
    W[[3, 11, 20, 39]] = np.eye(4)
    return W @ H, H


@pytest.mark.parametrize("start", BOTH)
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_separable_data_are_factorized_exactly(storage, start, separable, make_problem):
    """H holds the pure rows, up to length, and WH is X."""
    X, H = separable
    problem = make_problem(X if storage == "dense" else csr_array(X))
    got = start.start(problem, 4, rng())
    np.testing.assert_allclose(got.W @ got.H, X, atol=1e-12)
    cosines = (got.H / np.linalg.norm(got.H, axis=1, keepdims=True)) @ (
        H / np.linalg.norm(H, axis=1, keepdims=True)
    ).T
    np.testing.assert_allclose(cosines.max(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("start", BOTH)
def test_rows_of_x_are_taken_as_they_are(start, X, make_problem):
    """Each component of H is a row of X up to length, whatever picked it."""
    got = start.start(make_problem(X), 5, rng())
    rows = X / np.linalg.norm(X, axis=1, keepdims=True)
    cosines = got.H @ rows.T / np.linalg.norm(got.H, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines.max(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("kind", [SpaStart, SnpaStart])
def test_a_long_mixture_is_picked_only_where_rows_keep_their_lengths(
    kind, make_problem
):
    """Of two pure rows and ten times their mean, the mean comes last or first."""
    X = np.array([[1.0, 0, 1], [0, 1, 1], [5, 5, 10]])
    by_sum, by_length = (
        kind(sum_to_one=choice).start(make_problem(X), 2, rng())
        for choice in (True, False)
    )
    assert (by_sum.H[:, :2].min(axis=1) == 0).all()
    assert by_length.H[0, 0] == by_length.H[0, 1] > 0


@pytest.mark.parametrize("start", BOTH)
def test_rows_beyond_the_rank_are_not_invented(start, make_problem):
    """Of a matrix of rank one, one row is picked; nothing is left for the others."""
    X = np.outer(rng(1).random(8) + 0.1, rng(2).random(6) + 0.1)
    got = start.start(make_problem(X), 3, rng())
    np.testing.assert_allclose(got.W @ got.H, X, atol=1e-13)
    assert not got.W[:, 1:].any()


def test_what_the_picked_rows_cannot_mix_gets_components_of_its_own(make_problem):
    """The corners of a square: rank three, but four corners.

    Three rows span all of X and SPA ends, yet no mixture of them is the fourth. The
    rank-one fit of what is left adds to the fit; SNPA picks the fourth corner.
    """
    X = np.array([[1.0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]])
    errors = [
        np.linalg.norm(X - got.W @ got.H)
        for start, size in ((SpaStart(), 3), (SpaStart(), 4), (SnpaStart(), 4))
        for got in [start.start(make_problem(X), size, rng())]
    ]
    assert errors[1] < 0.8 * errors[0]
    assert errors[2] < 1e-12


def test_both_are_fixed_and_limited_by_the_shape():
    """Missing entries are not taken: they would count as zeros."""
    specs = list(nmflab_initializations())
    assert [spec.name for spec in specs] == ["spa", "snpa"]
    assert all(spec.random is False for spec in specs)
    assert all(spec.limit == "min_shape" for spec in specs)
    assert not any(spec.takes.missing for spec in specs)
