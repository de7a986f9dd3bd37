from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from nmflab_inits._sketch import Decomposition
from nmflab_inits._svd import leading_triplets
from nmflab_inits.nnsvd_lrc import NnsvdLrc, nmflab_initializations

BARE = NnsvdLrc(max_steps=0, scale=False)


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


def pairs_of(X, rank):
    """Return Y = U √S and Z = √S V' of the leading singular pairs."""
    U, s, Vt = leading_triplets(X, rank)
    return U * np.sqrt(s), np.sqrt(s)[:, None] * Vt


@pytest.mark.parametrize("n_components", [1, 3, 5])
def test_each_pair_gives_two_components(n_components, X, make_problem):
    """|y_1|, |z_1|; then the positive and the negative parts of each other pair.

    All are multiplied by one number: the one that fits their product best to YZ.
    """
    got = BARE.start(make_problem(X), n_components, rng())
    Y, Z = pairs_of(X, (n_components + 1) // 2)
    W, H = [abs(Y[:, 0])], [abs(Z[0])]
    for y, z in zip(Y.T[1:], Z[1:], strict=True):
        W += [np.maximum(y, 0), np.maximum(-y, 0)]
        H += [np.maximum(z, 0), np.maximum(-z, 0)]
    W, H = np.array(W).T, np.array(H)
    a = ((Y @ Z) * (W @ H)).sum() / ((W @ H) ** 2).sum()
    np.testing.assert_allclose(got.W, W * np.sqrt(a), atol=1e-13)
    np.testing.assert_allclose(got.H, H * np.sqrt(a), atol=1e-13)


def test_an_even_size_takes_the_larger_half_of_the_last_pair(make_problem):
    """Whichever sign the decomposition gives: sign-free data of both kinds agree."""
    for seed in range(6):
        X = rng(seed).random((9, 8))
        got = BARE.start(make_problem(X), 4, rng())
        y, z = (part[2] for part in (pairs_of(X, 3)[0].T, pairs_of(X, 3)[1]))
        halves = [
            (np.maximum(sign * y, 0), np.maximum(sign * z, 0)) for sign in (1, -1)
        ]
        y, z = max(halves, key=lambda h: np.linalg.norm(h[0]) * np.linalg.norm(h[1]))
        cosine = got.W[:, 3] @ y / np.linalg.norm(got.W[:, 3]) / np.linalg.norm(y)
        assert cosine == pytest.approx(1, rel=1e-12)


def test_the_correction_brings_the_low_rank_matrix_nearer(X, make_problem):
    """More steps, a smaller ``‖YZ − WH‖``: each is a descent on that."""
    Y, Z = pairs_of(X, 3)
    errors = []
    for max_steps in (0, 1, 2, 5, 20):
        start = NnsvdLrc(max_steps=max_steps, tol=0.0, scale=False)
        got = start.start(make_problem(X), 5, rng())
        errors.append(np.linalg.norm(Y @ Z - got.W @ got.H))
    assert all(a > b for a, b in pairwise(errors))


def test_the_correction_ends_when_it_gains_little(X, make_problem):
    """With tol=0.05 the start is that after the first step that gains less than 5 %."""
    Y, Z = pairs_of(X, 3)
    path = [
        NnsvdLrc(max_steps=n, tol=0.0, scale=False).start(make_problem(X), 5, rng())
        for n in range(20)
    ]
    errors = np.array([np.linalg.norm(Y @ Z - one.W @ one.H) for one in path])
    gains = (errors[:-1] - errors[1:]) / errors[0]
    last = int(np.argmax(gains < 0.05)) + 1
    got = NnsvdLrc(scale=False).start(make_problem(X), 5, rng())
    assert 1 < last < 19
    np.testing.assert_array_equal(got.W, path[last].W)


def test_a_rank_one_matrix_is_fitted_by_one_component(make_problem):
    """The others are 0: rounding never becomes a component."""
    X = np.outer(rng(1).random(9), rng(2).random(7))
    got = NnsvdLrc().start(make_problem(X), 4, rng())
    np.testing.assert_allclose(got.W @ got.H, X, atol=1e-14)
    assert not got.W[:, 1:].any()


def test_only_a_randomized_decomposition_is_random():
    """It is limited by min(X.shape) and takes no missing entries."""
    (spec,) = nmflab_initializations()
    assert not spec.is_random(NnsvdLrc())
    assert spec.is_random(NnsvdLrc(svd=Decomposition.randomized))
    assert spec.limit == "min_shape"
    assert not spec.takes.missing


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tol": -0.1}, r"init\.tol must be >= 0 and < 1, got -0\.1"),
        ({"tol": float("nan")}, r"init\.tol must be .* got nan"),
        ({"max_steps": -1}, r"init\.max_steps must be >= 0, got -1"),
        ({"svd": "full"}, r"init\.svd must be one of exact, randomized, got 'full'"),
    ],
)
def test_impossible_parameters_are_refused(options, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        NnsvdLrc(**options)
