"""Tests of `nmflab.weighting.unit_rows`."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import normalize

from nmflab.contracts import Dataset
from nmflab.weighting import UnitRows


def test_unit_rows_are_those_of_scikit_learn(counts, storage, full):
    """Rows have length 1; a row of 0 stays."""
    found = full(UnitRows().apply(Dataset(X=storage(counts))))
    # Some rounded operations a cell, in another order than the reference's.
    np.testing.assert_allclose(found, normalize(counts), rtol=1e-14, atol=0)
