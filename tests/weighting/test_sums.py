"""Tests of `nmflab.weighting.sums` against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from nmflab.contracts import Dataset
from nmflab.weighting import ColumnSums, RowSums

# Some rounded operations a cell, in another order than the reference's.
CLOSE = {"rtol": 1e-14, "atol": 0}


def test_row_sums_are_those_of_scikit_learn(counts, storage, full):
    """Each row sums to 1, as with the norm "l1"."""
    found = full(RowSums().apply(Dataset(X=storage(counts))))
    np.testing.assert_allclose(found, normalize(counts, norm="l1"), **CLOSE)


def test_column_sums_are_those_of_scikit_learn(counts, storage, full):
    """Each column sums to 1."""
    found = full(ColumnSums().apply(Dataset(X=storage(counts))))
    expected = normalize(counts, norm="l1", axis=0)
    np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.parametrize(("weighting", "axis"), [(RowSums, 1), (ColumnSums, 0)])
def test_sums_reach_the_target(counts, storage, full, weighting, axis):
    """Those that are not 0, to rounding of at most 12 terms."""
    found = full(weighting(target=1e4).apply(Dataset(X=storage(counts))))
    sums = found.sum(axis=axis)
    np.testing.assert_allclose(sums[sums > 0], 1e4, rtol=1e-14)


@pytest.mark.parametrize("weighting", [RowSums, ColumnSums])
def test_without_a_target_the_median_of_the_sums_is_kept(storage, full, weighting):
    """Sums are 4, 2, 0 and 10: the median of those above 0 is 4."""
    X = np.diag([4.0, 2.0, 0.0, 10.0])
    found = full(weighting(target=None).apply(Dataset(X=storage(X))))
    np.testing.assert_array_equal(found, np.diag([4.0, 4.0, 0.0, 4.0]))


@pytest.mark.parametrize("weighting", [RowSums, ColumnSums])
def test_the_logarithm_comes_last(counts, storage, full, weighting):
    """Of the sums' target, not of X."""
    data = Dataset(X=storage(counts))
    plain = full(weighting(target=None).apply(data))
    found = full(weighting(target=None, log=True).apply(data))
    np.testing.assert_array_equal(found, np.log1p(plain))


def test_sums_of_single_precision_are_taken_in_double(storage, full):
    """In single precision 2²⁴ ones and one more would be lost."""
    X = np.array([[2.0**24, 1.0, 1.0]], dtype=np.float32)
    found = full(RowSums(target=2.0**24 + 2).apply(Dataset(X=storage(X))))
    np.testing.assert_array_equal(found, X)


@pytest.mark.parametrize("weighting", [RowSums, ColumnSums])
@pytest.mark.parametrize("target", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bad_target_is_named(weighting, target):
    """It is refused where it is made."""
    with pytest.raises(
        ValueError, match=rf"weighting\.target must be > 0 .*got {target}"
    ):
        weighting(target=target)
