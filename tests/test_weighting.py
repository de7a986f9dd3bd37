"""Tests of `nmflab.weighting` against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from nmflab.contracts import Dataset, Factors
from nmflab.weighting import WEIGHTINGS, Log1p, NoWeighting, Tfidf, UnitRows

STORAGES = [np.asarray, csr_array]
# A handful of rounded operations a cell, in another order than the reference's.
CLOSE = {"rtol": 1e-14, "atol": 0}


@pytest.fixture
def counts() -> np.ndarray:
    """Return counts of 12 documents and 7 terms, one of each 0 everywhere."""
    X = np.random.default_rng(0).poisson(0.8, size=(12, 7)).astype(float)
    X[4] = 0
    X[:, 2] = 0
    return X


def full(data: Dataset) -> np.ndarray:
    """Return X as a full array."""
    return data.X if isinstance(data.X, np.ndarray) else data.X.toarray()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("smooth_idf", [True, False])
@pytest.mark.parametrize("sublinear_tf", [True, False])
@pytest.mark.parametrize("unit_rows", [True, False])
def test_tfidf_is_that_of_scikit_learn(
    counts, storage, smooth_idf, sublinear_tf, unit_rows
):
    """Every option gives the numbers of TfidfTransformer, dense and sparse."""
    used = np.delete(counts, 2, axis=1)  # the reference divides by 0 for unused terms
    reference = TfidfTransformer(
        norm="l2" if unit_rows else None,
        smooth_idf=smooth_idf,
        sublinear_tf=sublinear_tf,
    ).fit_transform(csr_array(used))
    weighting = Tfidf(
        smooth_idf=smooth_idf, sublinear_tf=sublinear_tf, unit_rows=unit_rows
    )
    found = full(weighting.apply(Dataset(X=storage(used))))
    np.testing.assert_allclose(found, reference.toarray(), **CLOSE)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("smooth_idf", [True, False])
def test_a_term_in_no_document_stays_0(counts, storage, smooth_idf):
    """It divides by nothing."""
    found = full(Tfidf(smooth_idf=smooth_idf).apply(Dataset(X=storage(counts))))
    assert (found[:, 2] == 0).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("storage", STORAGES)
def test_unit_rows_are_those_of_scikit_learn(counts, storage):
    """Rows have length 1; a row of 0 stays."""
    found = full(UnitRows().apply(Dataset(X=storage(counts))))
    np.testing.assert_allclose(found, normalize(counts), **CLOSE)
    assert (found[4] == 0).all()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_unit_rows_do_not_depend_on_the_scale(counts, storage, scale):
    """Squares of tiny and huge values would leave the range of floats."""
    found = full(UnitRows().apply(Dataset(X=storage(counts * scale))))
    np.testing.assert_allclose(found, normalize(counts), **CLOSE)


def test_unit_rows_keep_the_truth_true(counts):
    """The factors that made X make the reweighted X."""
    W, H = counts[:, :3] + 1, np.arange(12.0).reshape(3, 4)
    found = UnitRows().apply(Dataset(X=W @ H, truth=Factors(W, H)))
    np.testing.assert_allclose(found.truth.reconstruct(), found.X, rtol=1e-14)


@pytest.mark.parametrize("storage", STORAGES)
def test_log1p_is_the_logarithm_of_one_more(counts, storage):
    """Cell by cell, 0 stays 0."""
    found = full(Log1p().apply(Dataset(X=storage(counts))))
    np.testing.assert_array_equal(found, np.log1p(counts))


@pytest.mark.parametrize("name", sorted(WEIGHTINGS))
def test_sparse_stays_sparse_and_single_stays_single(counts, name):
    """Storage, pattern and precision of X are kept, and X itself is not changed."""
    X = csr_array(counts.astype(np.float32))
    before = X.copy()
    found = WEIGHTINGS[name]().apply(Dataset(X=X)).X
    np.testing.assert_array_equal(found.indices, X.indices)
    assert found.dtype == np.float32
    assert (before != X).nnz == 0


def test_no_weighting_is_the_dataset_itself(counts):
    """Nothing is copied."""
    data = Dataset(X=counts)
    assert NoWeighting().apply(data) is data


@pytest.mark.parametrize("weighting", [UnitRows(), Tfidf()])
def test_missing_cells_are_refused_where_they_would_count(counts, weighting):
    """A length or a number of documents needs every cell."""
    data = Dataset(X=counts, missing="mask", mask=counts > 0)
    with pytest.raises(ValueError, match="cannot be used on data with missing cells"):
        weighting.apply(data)


def test_log1p_takes_missing_cells(counts):
    """It looks at one cell at a time."""
    data = Dataset(X=csr_array(counts), missing="unstored")
    found = Log1p().apply(data)
    assert found.missing == "unstored"
    np.testing.assert_array_equal(full(found), np.log1p(counts))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("name", ["log1p", "tfidf"])
def test_negative_values_are_refused(counts, storage, name):
    """The message names the weighting and the smallest value."""
    with pytest.raises(ValueError, match=f"weighting={name} needs X >= 0, .*-0.5"):
        WEIGHTINGS[name]().apply(Dataset(X=storage(counts - 0.5)))


def test_a_rating_scale_is_forgotten_and_other_extras_stay(counts):
    """The scale would be that of another X."""
    extras = {"rating_scale": np.array([1.0, 5.0]), "licence": "CC0"}
    found = Log1p().apply(Dataset(X=counts, extras=extras))
    assert dict(found.extras) == {"licence": "CC0"}
