"""Tests of `nmflab.weighting.text` against scikit-learn and by hand."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from nmflab.contracts import Dataset
from nmflab.weighting import NormalisedCut, Tfidf

# Some rounded operations a cell, in another order than the reference's.
CLOSE = {"rtol": 1e-14, "atol": 0}


@pytest.mark.parametrize("smooth_idf", [True, False])
@pytest.mark.parametrize("sublinear_tf", [True, False])
@pytest.mark.parametrize("unit_rows", [True, False])
def test_tfidf_is_that_of_scikit_learn(
    counts, storage, full, smooth_idf, sublinear_tf, unit_rows
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


def test_tfidf_of_unseen_documents_is_that_of_scikit_learn(counts, storage, full):
    """Frequencies of terms are those of what was seen; rows keep their own words."""
    training = np.delete(counts, 2, axis=1)
    training[0, 0] = 0
    fitted = TfidfTransformer(norm=None).fit(csr_array(training))
    everything = np.delete(counts, 2, axis=1)
    everything[0, 0] = 3
    found = Tfidf(unit_rows=False).apply(
        Dataset(X=storage(everything)), seen=Dataset(X=storage(training))
    )
    expected = fitted.transform(csr_array(everything)).toarray()
    np.testing.assert_allclose(full(found), expected, **CLOSE)


@pytest.mark.parametrize("smooth_idf", [True, False])
def test_a_term_in_no_document_stays_0(counts, storage, full, smooth_idf):
    """It divides by nothing."""
    found = full(Tfidf(smooth_idf=smooth_idf).apply(Dataset(X=storage(counts))))
    assert (found[:, 2] == 0).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("weighting", [Tfidf(), NormalisedCut()], ids=repr)
def test_zeros_that_are_stored_count_as_zeros(counts, full, weighting):
    """A term that is stored with the value 0 is not in the document."""
    X = csr_array(counts + 1)
    X.data -= 1
    assert X.nnz == counts.size
    found = full(weighting.apply(Dataset(X=X)))
    expected = full(weighting.apply(Dataset(X=counts)))
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_the_normalised_cut_by_hand(storage, full):
    """Three documents worked out on paper.

    Rows (3, 4, 0), (0, 0, 2), (0, 5, 0) have the unit rows (.6, .8, 0), (0, 0, 1),
    (0, 1, 0) and the similarities 1, 0, .8; 0, 1, 0; .8, 0, 1: degrees 1.8, 1, 1.8.
    """
    X = np.array([[3.0, 4, 0], [0, 0, 2], [0, 5, 0]])
    found = full(NormalisedCut(tfidf=False).apply(Dataset(X=storage(X))))
    root = np.sqrt(1.8)
    expected = [[0.6 / root, 0.8 / root, 0], [0, 0, 1], [0, 1 / root, 0]]
    np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.parametrize("tfidf", [True, False])
@pytest.mark.parametrize("unit_rows", [True, False])
def test_the_normalised_cut_is_the_papers_formula(
    counts, storage, full, tfidf, unit_rows
):
    """``X D^-½`` with ``D = diag(Xᵀ X e)`` and documents in columns, formed in full."""
    n_documents = len(counts)
    df = np.maximum(np.count_nonzero(counts, axis=0), 1)
    X = counts * np.log(n_documents / df) if tfidf else counts
    X = (normalize(X) if unit_rows else X).T
    degrees = X.T @ X @ np.ones(n_documents)
    expected = X @ np.diag(np.where(degrees > 0, degrees, 1) ** -0.5)
    weighting = NormalisedCut(tfidf=tfidf, unit_rows=unit_rows)
    found = full(weighting.apply(Dataset(X=storage(counts))))
    np.testing.assert_allclose(found, expected.T, **CLOSE)


def test_a_term_in_every_document_counts_for_nothing(full):
    """The paper's idf is log(n/df), without scikit-learn's one more."""
    X = np.array([[1.0, 2, 0], [4.0, 0, 1]])
    found = full(NormalisedCut().apply(Dataset(X=X)))
    assert (found[:, 0] == 0).all()
    np.testing.assert_array_equal(found[:, 1:] > 0, X[:, 1:] > 0)


def test_the_normalised_cut_makes_every_cluster_weigh_the_same():
    """Planted clusters of 200, 40 and 10 documents without a common word.

    With ``y = D^½ 1`` the weighted similarities ``D^-½ S D^-½`` have the eigenvalue 1
    for y, on each cluster by itself: large clusters win no larger eigenvalue. Without
    weighting the largest cluster's is the largest by far.
    """
    rng = np.random.default_rng(0)
    X = np.zeros((250, 60))
    sizes = ((0, 200), (200, 240), (240, 250))
    for k, (start, stop) in enumerate(sizes):
        words = rng.poisson(2.0, size=(stop - start, 20))
        X[start:stop, 20 * k : 20 * k + 20] = words + (words.sum(1) == 0)[:, None]
    weighted = NormalisedCut().apply(Dataset(X=X)).X
    leading = np.linalg.svd(weighted, compute_uv=False)[:4] ** 2
    np.testing.assert_allclose(leading[:3], 1.0, rtol=1e-12)
    assert leading[3] < 0.5
    plain = np.linalg.svd(normalize(X), compute_uv=False)[:3] ** 2
    assert plain[0] > 4 * plain[1]


def test_the_similarities_are_never_formed():
    """20,000 documents have 400 million of them, 3.2 GB; X has 1.6 MB."""
    X = random_array((20_000, 500), density=0.01, format="csr", rng=0)
    data = Dataset(X=csr_array(X))
    tracemalloc.start()
    NormalisedCut().apply(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * X.data.nbytes
