"""Tests of generated text against its documented model."""

from __future__ import annotations

import numpy as np
import pytest
from nmflab_datasets import zipf_text
from nmflab_datasets.zipf_text import ZipfText

SMALL = {"n_documents": 400, "n_terms": 300, "n_topics": 4, "mean_length": 50.0}


def load(*, seed=0, **fields):
    """Load generated text, small where nothing else is said."""
    return ZipfText(**{**SMALL, **fields}).load(np.random.default_rng(seed))


def test_counts_are_whole_numbers_in_canonical_csr():
    """Stored entries are positive counts, sorted, each cell once."""
    X = load().X
    assert X.format == "csr"
    assert (X.data == np.rint(X.data)).all()
    assert X.data.min() >= 1
    assert X.has_canonical_format
    assert X.indices.dtype == X.indptr.dtype == np.int32


def test_rows_of_the_truth_sum_to_the_length_of_the_document():
    """W holds expected counts: rows of H sum to 1, rows of W to those of X."""
    data = load()
    np.testing.assert_allclose(data.truth.H.sum(axis=1), 1, rtol=1e-12)
    lengths = np.asarray(data.X.sum(axis=1)).ravel()
    np.testing.assert_allclose(data.truth.W.sum(axis=1), lengths, rtol=1e-12)


def test_the_truth_is_the_mean_of_the_counts():
    """Pearson's statistic over all cells is its number of degrees of freedom.

    A document of length n over p words adds (p − 1) to the mean and about 2p + Σ 1/y/n
    to the variance; cells with a mean below 0.2 are pooled, so that the latter is tame:
    within 5 standard deviations of sqrt(2 · cells).
    """
    data = load(mean_length=2000.0, length_spread=0.0)
    Y, X = data.truth.reconstruct(), data.X.toarray()
    common = Y >= 0.2
    pooled_x = np.where(common, 0, X).sum(axis=1)
    pooled_y = np.where(common, 0, Y).sum(axis=1)
    kept = pooled_y > 0.2
    statistic = ((X - Y)[common] ** 2 / Y[common]).sum()
    statistic += ((pooled_x - pooled_y)[kept] ** 2 / pooled_y[kept]).sum()
    freedom = common.sum() + kept.sum() - len(X)
    # counts of mean 0.2 or more: variance at most 2 + 1/0.2 a cell
    assert abs(statistic - freedom) < 5 * np.sqrt(7 * freedom)


def test_word_frequencies_follow_the_law_of_zipf():
    """Over many equal topics, frequencies fall as (rank + shift)^-exponent."""
    fields = {"n_topics": 1, "exponent": 1.2, "shift": 3.0}
    H = load(**fields).truth.H
    law = (np.arange(300) + 3.0) ** -1.2
    np.testing.assert_allclose(H[0], law / law.sum(), rtol=1e-12)
    topics = load(n_topics=6, topics_per_word=1000.0, exponent=1.2, shift=3.0).truth.H
    # shares scatter by sqrt(5 / 6000) = 3 % about 1/6; five of these in 1800 draws
    np.testing.assert_allclose(topics.mean(axis=0), law / law.sum(), rtol=0.15)


def test_a_small_concentration_gives_a_word_to_one_topic():
    """Topics then differ; with a large one they are alike."""
    apart = load(topics_per_word=1e-3).truth.H
    alike = load(topics_per_word=1e3).truth.H
    assert ((apart > 1e-3 * apart.max(axis=0)).sum(axis=0) == 1).mean() > 0.95
    np.testing.assert_allclose(alike / alike.mean(axis=0), 1, atol=0.3)


def test_labels_are_the_largest_topic():
    """One label a document, every topic among them."""
    data = load()
    np.testing.assert_array_equal(data.row_labels, data.truth.W.argmax(axis=1))
    assert set(data.row_labels) == {0, 1, 2, 3}


def test_mean_length_is_that_of_documents():
    """Lognormal with the mean asked for, within 5 standard errors; at least 1 word."""
    lengths = load(n_documents=5000).truth.W.sum(axis=1)
    spread = 50 * np.sqrt((np.exp(0.7**2) - 1) / 5000)
    assert lengths.mean() == pytest.approx(50, abs=5 * spread)
    shortest = load(mean_length=1.0, length_spread=2.0).X.sum(axis=1).min()
    assert shortest == 1


def test_no_topic_is_empty_however_few_words_there_are():
    """A topic that got no word of its own uses all of them."""
    H = load(n_terms=2, n_topics=8, topics_per_word=1e-3).truth.H
    np.testing.assert_allclose(H.sum(axis=1), 1, rtol=1e-12)


def test_blocks_are_joined_in_order(monkeypatch):
    """Many blocks hold the documents that the truth tells of, row by row."""
    monkeypatch.setattr(zipf_text, "BLOCK_TOKENS", 1000)
    data = load()
    lengths = np.asarray(data.X.sum(axis=1)).ravel()
    np.testing.assert_allclose(data.truth.W.sum(axis=1), lengths, rtol=1e-12)
    assert data.X.shape == (400, 300)


def test_the_defaults_give_a_million_cells():
    """Within a few per cent, as the documentation says; a tenth of it is drawn here."""
    data = ZipfText(n_documents=2000).load(np.random.default_rng(0))
    # the lengths of 2000 documents make their number scatter by 2 %
    assert data.X.nnz == pytest.approx(100_000, rel=0.06)


def test_one_seed_gives_one_dataset():
    """The generator decides, to the last bit."""
    one, same, other = load(seed=3).X, load(seed=3).X, load(seed=4).X
    np.testing.assert_array_equal(one.data, same.data)
    np.testing.assert_array_equal(one.indices, same.indices)
    assert one.nnz != other.nnz


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n_documents": 0}, "dataset.n_documents must be >= 1 and finite, got 0"),
        ({"mean_length": 0.5}, "dataset.mean_length must be >= 1 and finite, got 0.5"),
        ({"length_spread": -1.0}, "dataset.length_spread must be >= 0.*got -1.0"),
        ({"exponent": float("nan")}, "dataset.exponent must be >= 0.*got nan"),
        ({"shift": 0.0}, "dataset.shift must be > 0 and finite, got 0.0"),
        ({"topics_per_word": 0.0}, "dataset.topics_per_word must be > 0.*got 0.0"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made, with its key and value."""
    with pytest.raises(ValueError, match=message):
        ZipfText(**fields)
