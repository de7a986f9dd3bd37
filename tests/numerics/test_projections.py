from __future__ import annotations

import numpy as np
import pytest

from nmflab.numerics.projections import project_to_norms, sparseness_l1


def sparseness(x):
    """Return Hoyer's measure of a vector."""
    root = np.sqrt(x.size)
    return (root - np.abs(x).sum() / np.linalg.norm(x)) / (root - 1)


@pytest.mark.parametrize("wanted", [0.0, 0.1, 0.5, 0.77, 0.99, 1.0])
@pytest.mark.parametrize("length", [2, 3, 17, 500])
def test_a_projection_has_the_sparseness_to_twelve_digits(length, wanted):
    """For signed, offset, tied and nearly constant vectors of any size."""
    rng = np.random.default_rng(length)
    x = rng.standard_normal(length)
    for vector in (x, x + 1e3, 1e-12 * x, 1e20 * x, np.round(x), np.ones(length)):
        got = project_to_norms(vector, sparseness_l1(length, wanted, 2.0), 2.0)
        assert (got >= 0).all()
        assert np.linalg.norm(got) == pytest.approx(2, rel=1e-12)
        assert sparseness(got) == pytest.approx(wanted, abs=1e-12)


def test_no_other_vector_of_the_sparseness_is_nearer():
    """Against random ones and against small moves within the set."""
    rng = np.random.default_rng(0)
    l1 = sparseness_l1(8, 0.6)
    for _ in range(20):
        x = rng.standard_normal(8)
        best = np.linalg.norm(x - project_to_norms(x, l1, 1.0))
        for spread in (3.0, 0.1, 0.001):
            for _ in range(20):
                near = project_to_norms(x, l1, 1.0) + spread * rng.standard_normal(8)
                other = project_to_norms(near, l1, 1.0)
                assert np.linalg.norm(x - other) >= best - 1e-14


def test_alternating_steps_of_the_paper_arrive_there():
    """Hoyer's loop over the two norms and the sign, on vectors it settles for."""
    rng = np.random.default_rng(1)
    l1 = sparseness_l1(12, 0.55)
    for _ in range(10):
        x = rng.random(12)
        s, zero = x + (l1 - x.sum()) / 12, np.zeros(12, bool)
        while True:
            middle = np.where(zero, 0, l1 / (12 - zero.sum()))
            d = s - middle
            a, b, c = d @ d, 2 * middle @ d, middle @ middle - 1
            s = middle + (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a) * d
            if (s >= 0).all():
                break
            zero |= s < 0
            s[zero] = 0
            s[~zero] += (l1 - s.sum()) / (~zero).sum()
        np.testing.assert_allclose(project_to_norms(x, l1, 1.0), s, atol=1e-10)


def test_a_vector_of_the_sparseness_stays():
    """Projecting twice changes nothing but the last digits."""
    x = project_to_norms(np.random.default_rng(2).random(30), sparseness_l1(30, 0.7), 1)
    again = project_to_norms(x, sparseness_l1(30, 0.7), 1.0)
    np.testing.assert_allclose(again, x, atol=1e-14)


def test_norms_that_no_vector_has_are_refused():
    """The message names the bounds."""
    with pytest.raises(ValueError, match="no vector of length 4 has L1 norm 3"):
        project_to_norms(np.ones(4), 3.0, 1.0)
