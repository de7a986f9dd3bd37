from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits._matrix import square_lengths
from nmflab_inits._residual import residual_component
from nmflab_inits.warm import WarmStart, nmflab_initializations
from scipy.sparse import csr_array, random_array


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


def test_one_component_is_the_best_rank_one_fit(X, make_problem):
    """Ten rounds of a power iteration: the first singular pair, to its ratio^20."""
    U, s, Vt = np.linalg.svd(X)
    got = WarmStart().start(make_problem(X), 1, rng())
    gap = (s[1] / s[0]) ** 20
    np.testing.assert_allclose(
        got.W @ got.H, s[0] * np.outer(U[:, 0], Vt[0]), atol=10 * gap * s[0]
    )


@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_each_half_of_a_new_component_is_best_for_the_residual(storage, X):
    """Given w, h is ``max(0, R'w)/‖w‖²``, of a residual that is never formed."""
    W, H = 0.3 * rng(1).random((14, 2)), rng(2).random((2, 11))
    stored = X if storage == "dense" else csr_array(X)
    w, h = residual_component(stored, square_lengths(stored), W.T.copy(), H)
    R = X - W @ H
    assert w.any()
    np.testing.assert_allclose(h, np.maximum(R.T @ w, 0) / (w @ w), atol=1e-13)
    assert np.linalg.norm(R - np.outer(w, h)) < np.linalg.norm(R)


def test_nothing_is_added_to_an_exact_fit():
    """Rounding is no residual."""
    W, H = rng(1).random((14, 3)), rng(2).random((3, 11))
    X = W @ H
    w, h = residual_component(X, square_lengths(X), W.T.copy(), H)
    assert not w.any()
    assert not h.any()


@pytest.mark.parametrize("from_size", [1, 3])
def test_a_larger_size_begins_with_the_smaller_ones_path(from_size, X, make_problem):
    """Without HALS in between, components stay as they were added."""
    start = WarmStart(from_size=from_size, n_steps=0, scale=False)
    small, large = (start.start(make_problem(X), n, rng()) for n in (3, 5))
    np.testing.assert_array_equal(large.H[:3], small.H)
    np.testing.assert_array_equal(large.W[:, :3], small.W)


def test_a_path_fits_better_the_longer_it_is(X, make_problem):
    """Errors fall with the size, and with steps on the way."""
    errors = {
        (n_steps, size): np.linalg.norm(X - got.W @ got.H)
        for n_steps in (0, 5)
        for size in (1, 3, 5, 7)
        for got in [WarmStart(n_steps=n_steps).start(make_problem(X), size, rng())]
    }
    for n_steps in (0, 5):
        path = [errors[n_steps, size] for size in (1, 3, 5, 7)]
        assert path == sorted(path, reverse=True)
    assert errors[5, 5] < errors[0, 5]


def test_neither_small_sizes_nor_the_last_are_improved(X, make_problem):
    """From n_components on, nothing is: components are added only."""
    a = WarmStart(from_size=4).start(make_problem(X), 4, rng())
    b = WarmStart(n_steps=0).start(make_problem(X), 4, rng())
    assert a.W.tobytes() == b.W.tobytes()


def test_a_large_sparse_matrix_is_never_made_dense(make_problem):
    """A CSR whose dense form would take 64 GB."""
    X = csr_array(random_array((200_000, 40_000), density=2e-6, rng=rng(3)))
    assert WarmStart(n_steps=1).start(make_problem(X), 2, rng()).W.any()


def test_it_is_fixed_and_without_limit():
    """Missing entries are not taken: they would be fitted as zeros."""
    (spec,) = nmflab_initializations()
    assert spec.random is False
    assert spec.limit == "none"
    assert not spec.takes.missing


def test_impossible_parameters_are_refused():
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=r"init\.from_size must be >= 1, got 0"):
        WarmStart(from_size=0)
    with pytest.raises(ValueError, match=r"init\.n_steps must be >= 0, got -1"):
        WarmStart(n_steps=-1)
