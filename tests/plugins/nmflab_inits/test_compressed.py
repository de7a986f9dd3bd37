from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.compressed import CompressedStart, nmflab_initializations
from nmflab_inits.random import RandomStart
from scipy.sparse import csr_array, random_array


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


@pytest.fixture(name="low_rank")
def _low_rank():
    """Return 120 x 90 numbers: rank six and 1 % noise."""
    X = rng(1).random((120, 6)) @ rng(2).random((6, 90))
    return X * (1 + 0.01 * rng(3).standard_normal(X.shape))


def relative_error(X, factors):
    """Return ``‖X − WH‖ / ‖X‖``."""
    return np.linalg.norm(X - factors.W @ factors.H) / np.linalg.norm(X)


def test_a_compressed_start_is_near_the_end_already(low_rank, make_problem):
    """Within a third of the best rank-six fit's error above it; random is far off."""
    problem = make_problem(low_rank)
    s = np.linalg.svd(low_rank, compute_uv=False)
    bound = np.sqrt((s[6:] ** 2).sum() / (s**2).sum())
    got = CompressedStart(n_steps=200).start(problem, 6, rng())
    assert bound < relative_error(low_rank, got) < 1.5 * bound
    drawn = RandomStart().start(problem, 6, rng())
    assert relative_error(low_rank, drawn) > 10 * bound


def test_steps_improve_the_start(low_rank, make_problem):
    """From the random start at none, to a smaller error with every five steps."""
    errors = [
        relative_error(
            low_rank, CompressedStart(n_steps=n).start(make_problem(low_rank), 6, rng())
        )
        for n in (0, 5, 10, 20)
    ]
    assert errors == sorted(errors, reverse=True)


def test_a_full_basis_is_plain_hals(X, make_problem):
    """With a basis of all of a square X, W and its compressed form agree.

    The update is then the textbook's: W ends where
    ``w = max(0, w + ((XH')_k − W(HH')_k)/(HH')_kk)``.
    """
    square = X[:11]
    start = CompressedStart(oversampling=11, n_steps=1000, scale=False)
    got = start.start(make_problem(square), 3, rng())
    G = got.H @ got.H.T
    step = (square @ got.H.T - got.W @ G) / G.diagonal()
    np.testing.assert_allclose(np.maximum(got.W + step, 0), got.W, atol=1e-6)


def test_no_steps_are_the_drawn_start(X, make_problem):
    """|N(0, 1)|, W before H, after the basis; halves balanced, scaled best."""
    got = CompressedStart(n_steps=0, oversampling=2).start(make_problem(X), 3, rng(4))
    draw = rng(4)
    draw.standard_normal((11, 5))
    W, H = abs(draw.standard_normal((14, 3))), abs(draw.standard_normal((3, 11)))
    Y = W @ H
    np.testing.assert_allclose(got.W @ got.H, Y * ((X * Y).sum() / (Y * Y).sum()))


def test_a_large_sparse_matrix_is_never_made_dense(make_problem):
    """A CSR whose dense form would take 64 GB."""
    X = csr_array(random_array((200_000, 40_000), density=2e-6, rng=rng(3)))
    start = CompressedStart(oversampling=2, power_iterations=0, n_steps=1)
    assert start.start(make_problem(X), 2, rng()).W.any()


def test_it_is_random_and_without_limit():
    """Missing entries are not taken: they would be compressed as zeros."""
    (spec,) = nmflab_initializations()
    assert spec.random is True
    assert spec.limit == "none"
    assert not spec.takes.missing


@pytest.mark.parametrize("name", ["n_steps", "oversampling", "power_iterations"])
def test_impossible_parameters_are_refused(name):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=rf"init\.{name} must be >= 0, got -1"):
        CompressedStart(**{name: -1})
