"""The certificate of non-uniqueness: models whose freedom is known, and a reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from nmflab.contracts import Factors
from nmflab.numerics import free_directions
from nmflab.numerics.uniqueness import DEFICIENT, UNIQUE


def sparse(rng: np.random.Generator, shape: tuple[int, int], zeros: float):
    """Return a random matrix with about this share of zeros."""
    return rng.uniform(0.1, 1, shape) * (rng.random(shape) >= zeros)


def separable() -> Factors:
    """Return H with a feature of its own for each component, and a sparse W."""
    rng = np.random.default_rng(1)
    H = np.hstack([np.eye(4), rng.random((4, 20)) + 0.1])
    return Factors(sparse(rng, (60, 4), 0.5), H)


def by_every_entry(W, H) -> np.ndarray:
    """Return which entries move, by two programmes each with every condition."""
    r = W.shape[1]
    rows = []
    for i, j in zip(*np.nonzero(W == 0), strict=True):
        G = np.zeros((r, r))
        G[:, j] = -W[i]
        rows.append(G.ravel())
    for k, j in zip(*np.nonzero(H == 0), strict=True):
        G = np.zeros((r, r))
        G[k] = H[:, j]
        rows.append(G.ravel())
    free = np.zeros((r, r), bool)
    bounds = [(0, 0) if k == j else (-1, 1) for k in range(r) for j in range(r)]
    for at in range(r * r):
        for sign in (1, -1):
            c = np.zeros(r * r)
            c[at] = sign
            A = np.array(rows) if rows else None
            found = linprog(
                c, A, None if A is None else np.zeros(len(A)), None, None, bounds
            )
            free.flat[at] |= found.fun < -1e-6
    return free


def test_dense_factors_have_every_direction_free():
    """No entry is 0, so a small change in any direction keeps both nonnegative."""
    rng = np.random.default_rng(0)
    found = free_directions(Factors(rng.random((9, 4)) + 0.1, rng.random((4, 7)) + 0.1))
    assert found.verdict == "free: 12 of 12 directions"
    assert found.share == 1.0
    assert found.per_component.tolist() == [6, 6, 6, 6]


def test_a_separable_h_with_a_sparse_w_has_none():
    """The pure features forbid one sign of each entry, the zeros of W the other."""
    found = free_directions(separable())
    assert found.verdict == UNIQUE
    assert found.n_free == 0
    assert set(found.verdicts) == {UNIQUE}


def test_one_dense_column_leaves_one_direction_free():
    """H = I; column 1 of W has a 0 where column 2 has none, column 2 is dense.

    Column 2 may give off a multiple of column 1, row 1 of H takes up row 2; the
    opposite would make the 0 negative.
    """
    found = free_directions(Factors(np.array([[0, 1.0], [1, 1], [2, 1]]), np.eye(2)))
    np.testing.assert_array_equal(found.free, [[False, True], [False, False]])
    assert found.verdict == "free: 1 of 2 directions"
    assert found.verdicts == ("H may mix with 2", "W may mix with 1")
    assert found.witness[0, 1] < 0


@pytest.mark.parametrize("seed", range(12))
def test_the_free_entries_are_those_of_one_programme_an_entry(seed):
    """Every condition at once, each entry made as large and as small as it can be."""
    rng = np.random.default_rng(seed)
    zeros = rng.uniform(0.05, 0.5)
    W, H = sparse(rng, (9, 4), zeros), sparse(rng, (4, 8), zeros)
    W[0], H[:, 0] = 1, 1  # no component is 0
    np.testing.assert_array_equal(
        free_directions(Factors(W, H)).free, by_every_entry(W, H)
    )


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_scale_and_order_of_components_change_nothing(seed):
    """The free entries move with their components, whatever their units."""
    rng = np.random.default_rng(seed)
    W, H = sparse(rng, (12, 4), 0.3), sparse(rng, (4, 10), 0.3)
    W[0], H[:, 0] = 1, 1
    D, order = 10.0 ** rng.uniform(-30, 30, 4), rng.permutation(4)
    one = free_directions(Factors(W, H))
    other = free_directions(Factors((W * D)[:, order], (H / D[:, None])[order]))
    np.testing.assert_array_equal(other.free, one.free[np.ix_(order, order)])
    swapped = free_directions(Factors(H.T, W.T))
    np.testing.assert_array_equal(swapped.free, one.free.T)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_the_witness_makes_another_factorization_to_first_order(seed):
    """W (I + tE) and (I − tE) H are at least 0 to rounding, t small, in any scale."""
    rng = np.random.default_rng(seed)
    W, H = sparse(rng, (8, 3), 0.3), sparse(rng, (3, 8), 0.3)
    W[0], H[:, 0] = 1, 1
    D = 10.0 ** rng.uniform(-2, 2, 3)
    W, H = W * D, H / D[:, None]
    found = free_directions(Factors(W, H))
    np.testing.assert_array_equal(found.witness != 0, found.free)
    in_W, in_H = W @ found.witness / D, -(found.witness @ H) * D[:, None]
    assert in_W[W == 0].min(initial=0) > -1e-4
    assert in_H[H == 0].min(initial=0) > -1e-4


def test_small_entries_count_as_zero():
    """A floor of 1e-9 leaves the verdict, one of 1e-3 makes every direction free."""
    exact = separable()
    for floor, n_free in ((1e-9, 0), (1e-3, 12)):
        floored = Factors(np.maximum(exact.W, floor), np.maximum(exact.H, floor))
        assert free_directions(floored).n_free == n_free


def test_a_zero_component_has_no_directions():
    """It is left out of the count, and said to be 0."""
    exact = separable()
    W = np.insert(exact.W, 1, 0.0, axis=1)
    found = free_directions(Factors(W, np.insert(exact.H, 1, 0.5, axis=0)))
    assert (found.n_free, found.n_directions) == (0, 12)
    assert found.verdicts[1] == "0 everywhere"


def test_factors_short_of_full_rank_are_not_called_unique():
    """Thomas's matrix has rank 3: of W = I and H = X no direction is free.

    With a fourth component H does not determine all factors of the same X, so that
    those which are no W T are not excluded.
    """
    X = np.array([[1.0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 1]])
    found = free_directions(Factors(np.eye(4), X))
    assert (found.n_free, found.is_full_rank) == (0, False)
    assert found.verdict == DEFICIENT
    assert free_directions(separable()).is_full_rank


def test_one_component_is_unique():
    """There is no other to mix with."""
    found = free_directions(Factors(np.ones((3, 1)), np.ones((1, 3))))
    assert (found.verdict, found.share) == (UNIQUE, 0.0)


def test_many_zeros_are_looked_at_in_part():
    """20 components, 100,000 conditions: a few thousand of them decide."""
    rng = np.random.default_rng(5)
    W, H = sparse(rng, (800, 20), 0.4), sparse(rng, (20, 3000), 0.6)
    assert free_directions(Factors(W, H)).verdict == UNIQUE


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        (Factors(np.ones((3, 21)), np.ones((21, 3))), "21 components; at most 20"),
        (Factors(-np.ones((3, 2)), np.ones((2, 3))), "must be at least 0"),
    ],
)
def test_what_it_is_not_for_is_refused(factors, said):
    """The message says what the limit is."""
    with pytest.raises(ValueError, match=said):
        free_directions(factors)
