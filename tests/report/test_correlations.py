"""Correlations of the columns of WH."""

import numpy as np
import pytest

from nmflab.report.sections.factors.correlations import correlations


@pytest.mark.parametrize("shape", [(40, 3, 6), (3, 5, 8), (200, 2, 2)])
def test_correlations_agree_with_numpy(shape: tuple[int, int, int]) -> None:
    """They are numpy's of the reconstruction; 1e-10 leaves room for two roundings."""
    n, k, p = shape
    rng = np.random.default_rng(0)
    W, H = rng.random((n, k)), rng.random((k, p))
    expected = np.corrcoef(W @ H, rowvar=False)
    np.testing.assert_allclose(correlations(W, H), expected, atol=1e-10)


def test_constant_columns_have_no_correlation() -> None:
    """A column that does not vary gets NaN with every other and with itself."""
    rng = np.random.default_rng(0)
    W = np.column_stack([rng.random(20), np.full(20, 0.3)])
    H = np.array([[1.0, 0.0, 2.0, 0.0], [0.5, 0.7, 0.0, 0.0]])
    values = correlations(W, H)
    flat = np.isnan(values)
    assert flat[1].all()
    assert flat[:, 3].all()
    assert not flat[np.ix_([0, 2], [0, 2])].any()
