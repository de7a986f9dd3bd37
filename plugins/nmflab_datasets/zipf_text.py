"""Word counts with Zipfian frequencies and planted topics, of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, DatasetSpec, Factors, Matrix
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

BLOCK_TOKENS = 2_000_000
"""About how many words are drawn together. Part of the recipe: another number gives
other data."""

Integers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class ZipfText:
    """Counts of words in documents: ``x_d ~ Multinomial(length_d, theta_d H)``.

    Word v, by rank from 0, has the overall frequency ``p_v ∝ (v + shift)^(−exponent)``
    (Zipf and Mandelbrot). Topic k uses it with probability ``h_kv ∝ p_v a_kv``, where
    the shares ``a_·v`` of the topics are drawn from a Dirichlet distribution: a word of
    small concentration belongs to few topics. Each document draws its topic proportions
    ``theta_d`` from a Dirichlet distribution and its length from a lognormal one.

    The truth is ``W = length_d theta_d`` and H: the mean of X given both. Counts are
    not weighted; ``weighting=tfidf`` does that.

    Parameters
    ----------
    n_documents, n_terms, n_topics : int, default 20000, 10000 and 20
        With the other defaults about a million cells are not 0; 1000000, 50000 and 20
        with a mean length of 62 give about 50 million.
    mean_length : float, default 68
        Mean number of words of a document, repetitions included.
    length_spread : float, default 0.7
        Standard deviation of the logarithm of the length; 0 gives equal lengths.
    exponent : float, default 1
    shift : float, default 2.7
        Of the law of frequencies, both dimensionless; shift > 0.
    topics_per_word : float, default 0.05
        Concentration of the shares of a word among topics (dimensionless): near 0 a
        word has one topic, above 1 all topics use it alike.
    topics_per_document : float, default 0.1
        Concentration of the topic proportions of a document, likewise.

    Notes
    -----
    Row labels are the largest topic of each document, column names the ranks: w00000 is
    the most frequent word. Words are drawn some documents at a time, so that memory
    holds the result (12 bytes for each cell that is not 0, and as much again while the
    blocks are joined), the truth, and a block. Some terms may not occur at all.

    References
    ----------
    B. Mandelbrot, "An Informational Theory of the Statistical Structure of Languages",
    in Communication Theory, 1953 (the law of frequencies).
    D. M. Blei, A. Y. Ng, M. I. Jordan, "Latent Dirichlet Allocation", JMLR 3, 2003 (the
    model of a document).
    """

    n_documents: int = 20_000
    n_terms: int = 10_000
    n_topics: int = 20
    mean_length: float = 68.0
    length_spread: float = 0.7
    exponent: float = 1.0
    shift: float = 2.7
    topics_per_word: float = 0.05
    topics_per_document: float = 0.1

    def __post_init__(self) -> None:
        for key in ("n_documents", "n_terms", "n_topics", "mean_length"):
            if not 1 <= getattr(self, key) < np.inf:
                raise ValueError(
                    f"dataset.{key} must be >= 1 and finite, got {getattr(self, key)}"
                )
        for key in ("length_spread", "exponent"):
            if not 0 <= getattr(self, key) < np.inf:
                raise ValueError(
                    f"dataset.{key} must be >= 0 and finite, got {getattr(self, key)}"
                )
        for key in ("shift", "topics_per_word", "topics_per_document"):
            if not 0 < getattr(self, key) < np.inf:
                raise ValueError(
                    f"dataset.{key} must be > 0 and finite, got {getattr(self, key)}"
                )

    def load(self, rng: np.random.Generator) -> Dataset:
        """Draw topics, then documents, some at a time."""
        from scipy.sparse import csr_array

        H = self._topics(rng)
        theta = _dirichlet(
            rng, self.topics_per_document, (self.n_documents, self.n_topics)
        )
        lengths = self._lengths(rng)
        counts, words, starts = _joined(
            self._blocks(rng, theta, lengths, np.cumsum(H, axis=1)), self.n_documents
        )
        shape = (self.n_documents, self.n_terms)
        X = csr_array((counts, words, starts), shape=shape)
        width = len(str(self.n_terms - 1))
        return Dataset(
            X=X,
            truth=Factors(lengths[:, None] * theta, H),
            row_labels=theta.argmax(axis=1),
            column_names=[f"w{rank:0{width}d}" for rank in range(self.n_terms)],
        )

    def _topics(self, rng: np.random.Generator) -> Matrix:
        """Return the word probabilities of each topic; rows sum to 1."""
        ranks = np.arange(self.n_terms, dtype=np.float64)
        frequencies = (ranks + self.shift) ** -self.exponent
        shares = _dirichlet(rng, self.topics_per_word, (self.n_terms, self.n_topics))
        H = np.ascontiguousarray((shares * frequencies[:, None]).T)
        # With few terms a topic may have got next to none of them: it then uses all.
        sums = H.sum(axis=1, keepdims=True)
        H = np.where(sums > 1e-12 * frequencies.sum(), H, frequencies)
        H /= H.sum(axis=1, keepdims=True)
        return H

    def _lengths(self, rng: np.random.Generator) -> Integers:
        """Return the number of words of each document, at least 1."""
        spread = self.length_spread
        center = np.log(self.mean_length) - spread**2 / 2
        drawn = np.exp(center + spread * rng.standard_normal(self.n_documents))
        lengths: Integers = np.maximum(np.rint(drawn), 1).astype(np.int64)
        return lengths

    def _blocks(
        self,
        rng: np.random.Generator,
        theta: Matrix,
        lengths: Integers,
        cumulated: Matrix,
    ) -> Iterator[tuple[Integers, Integers, Integers]]:
        """Yield counts, words and the number of different words of some documents."""
        height = max(1, int(BLOCK_TOKENS // self.mean_length))
        for start in range(0, self.n_documents, height):
            cut = slice(start, start + height)
            of_topics = rng.multinomial(lengths[cut], theta[cut])
            documents, words = _draw_words(rng, of_topics, cumulated)
            # A cell is one number, so that equal cells are found by one sort.
            cells, counts = np.unique(
                documents * self.n_terms + words, return_counts=True
            )
            documents, words = np.divmod(cells, self.n_terms)
            different = np.bincount(documents, minlength=len(of_topics))
            yield counts, words, different


def _dirichlet(
    rng: np.random.Generator, concentration: float, shape: tuple[int, int]
) -> Matrix:
    """Return rows drawn from a symmetric Dirichlet distribution.

    By logarithms, since all gamma variates of a row may be too small for a float: if
    ``g ~ Gamma(a + 1)`` and ``u ~ U(0, 1)``, then ``g u^(1/a) ~ Gamma(a)``.
    """
    logs = np.log(rng.standard_gamma(concentration + 1, shape))
    logs += np.log1p(-rng.random(shape)) / concentration
    logs -= logs.max(axis=1, keepdims=True)
    np.exp(logs, out=logs)
    logs /= logs.sum(axis=1, keepdims=True)
    return logs


def _draw_words(
    rng: np.random.Generator, of_topics: Integers, cumulated: Matrix
) -> tuple[Integers, Integers]:
    """Return document and word of each token, given how many a topic has in each."""
    documents, words = [], []
    for k, sums in enumerate(cumulated):
        n_tokens = of_topics[:, k]
        documents.append(np.repeat(np.arange(len(of_topics)), n_tokens))
        at = rng.random(int(n_tokens.sum())) * sums[-1]
        found = np.searchsorted(sums, at, side="right")
        # `at` may be rounded up to the last sum.
        words.append(np.minimum(found, sums.size - 1))
    return np.concatenate(documents), np.concatenate(words)


def _joined(
    blocks: Iterable[tuple[Integers, Integers, Integers]], n_documents: int
) -> tuple[Matrix, Integers, Integers]:
    """Return the data, indices and indptr of a CSR; short types until all is known."""
    counts, words, different = [], [], []
    for of_cells, of_words, of_documents in blocks:
        counts.append(of_cells.astype(np.uint32))
        words.append(of_words.astype(np.int32))
        different.append(of_documents)
    starts = np.zeros(n_documents + 1, dtype=np.int64)
    np.cumsum(np.concatenate(different), out=starts[1:])
    if starts[-1] <= np.iinfo(np.int32).max:
        starts = starts.astype(np.int32)
    return np.concatenate(counts, dtype=np.float64), np.concatenate(words), starts


@hookimpl
def nmflab_datasets() -> Iterable[DatasetSpec]:
    """Declare generated text."""
    yield DatasetSpec(
        name="zipf_text",
        dataset=ZipfText,
        examples=(ZipfText(n_documents=40, n_terms=60, n_topics=3, mean_length=20),),
    )
