"""Tests of the circulant whose non-negative rank exceeds its rank."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets.thomas import Thomas


@pytest.fixture
def circulant() -> np.ndarray:
    """Return the circulant."""
    return np.asarray(Thomas().load(np.random.default_rng(0)).X)


def test_each_row_is_the_one_above_shifted(circulant):
    """It is the circulant of (1, 1, 0, 0)."""
    X = circulant
    assert X[0].tolist() == [1, 1, 0, 0]
    for i in range(3):
        np.testing.assert_array_equal(X[i + 1], np.roll(X[i], 1))


def test_the_rank_is_three(circulant):
    """Singular values of a circulant are those of its Fourier transform."""
    X = circulant
    expected = np.abs(np.fft.fft(X[0]))
    singular = np.linalg.svd(X, compute_uv=False)
    np.testing.assert_allclose(singular, np.sort(expected)[::-1], atol=1e-15)
    assert np.linalg.matrix_rank(X) == 3


def test_the_diagonal_is_a_fooling_set_of_four(circulant):
    """Of any two diagonal cells one opposite corner is 0: four components at least."""
    X = circulant
    assert (np.diag(X) > 0).all()
    opposite = X * X.T
    np.testing.assert_array_equal(opposite, np.eye(4))


def test_three_components_reach_the_error_the_docstring_states(circulant):
    """Best of thirty runs of multiplicative updates: ``√((2 − √2) / 8)``."""
    X = circulant
    rng = np.random.default_rng(0)
    W, H = rng.random((30, 4, 3)), rng.random((30, 3, 4))
    for _ in range(3000):
        W_turned = W.swapaxes(1, 2)
        H *= (W_turned @ X) / (W_turned @ W @ H + 1e-12)
        H_turned = H.swapaxes(1, 2)
        W *= (X @ H_turned) / (W @ (H @ H_turned) + 1e-12)
    errors = np.linalg.norm(X - W @ H, axis=(1, 2)) / np.linalg.norm(X)
    assert errors.min() == pytest.approx(np.sqrt((2 - np.sqrt(2)) / 8), abs=1e-4)
