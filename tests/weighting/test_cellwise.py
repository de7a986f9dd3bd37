"""Tests of `nmflab.weighting.cellwise`."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from nmflab.contracts import Dataset
from nmflab.weighting import Log1p


def test_log1p_is_the_logarithm_of_one_more(counts, storage, full):
    """Cell by cell, 0 stays 0."""
    found = full(Log1p().apply(Dataset(X=storage(counts))))
    np.testing.assert_array_equal(found, np.log1p(counts))


def test_log1p_takes_missing_cells(counts, full):
    """It looks at one cell at a time."""
    data = Dataset(X=csr_array(counts), missing="unstored")
    found = Log1p().apply(data)
    assert found.missing == "unstored"
    np.testing.assert_array_equal(full(found), np.log1p(counts))
