"""Raw texts made into counts of terms, by scikit-learn's CountVectorizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Extra
from nmflab_datasets._text_options import (
    Accents,
    StopWords,
    TextOptions,
    arranged,
    document_frequency,
)
from nmflab_datasets.views import prepared, selected

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def counted(
    texts: Sequence[str],
    options: TextOptions,
    *,
    row_names: Sequence[str] | None = None,
    row_labels: npt.NDArray[Any] | None = None,
    extras: Mapping[str, Extra] | None = None,
) -> Dataset:
    """Return documents by terms, with the words of each document in order.

    The extra ``tokens`` holds all words the terms are made of: after lowercasing,
    accents and stop words, but with those that ``min_df``, ``max_df`` and
    ``max_features`` leave out of X, so that a window is as wide as in the text.

    Raises
    ------
    ValueError
        If no term is left, naming the option to change.
    """
    X, terms, tokens = _counts(texts, options)
    dataset = Dataset(
        X=X,
        row_names=row_names,
        column_names=terms,
        row_labels=row_labels,
        extras={**(extras or {}), "tokens": tokens},
    )
    if options.drop_empty:
        dataset = _without_empty(dataset)
    return arranged(dataset, options)


def _counts(
    texts: Sequence[str], options: TextOptions
) -> tuple[csr_array, list[str], list[str]]:
    """Return the counts, their terms, and the words of each text, by blanks."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    tokens: list[str] = []
    find = _words_of(options)

    def words(text: str) -> list[str]:
        found = find(text)
        # Words are what blanks separate; a pattern of the user's may match blanks.
        tokens.append(" ".join("_".join(word.split()) for word in found))
        return found

    accents = options.strip_accents
    vectorizer = CountVectorizer(
        lowercase=options.lowercase,
        strip_accents=None if accents is Accents.none else accents.value,
        tokenizer=words,
        token_pattern=None,
        ngram_range=(options.ngram_min, options.ngram_max),
        min_df=document_frequency("min_df", options.min_df),
        max_df=document_frequency("max_df", options.max_df),
        max_features=options.max_features,
        binary=options.binary,
        dtype=np.float64,
    )
    try:
        X = csr_array(vectorizer.fit_transform(texts))
    except ValueError as error:
        raise ValueError(_why_empty(texts, tokens, options)) from error
    X.sort_indices()
    return X, [str(term) for term in vectorizer.get_feature_names_out()], tokens


def _words_of(options: TextOptions) -> Callable[[str], list[str]]:
    """Return the function that finds the words of a text, without stop words."""
    import re

    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    find = re.compile(options.token_pattern).findall
    if options.stop_words is StopWords.none:
        return find
    return lambda text: [word for word in find(text) if word not in ENGLISH_STOP_WORDS]


def _why_empty(
    texts: Sequence[str], tokens: Sequence[str], options: TextOptions
) -> str:
    """Return the sentence for texts that leave no term, with what would help."""
    if not any(tokens):
        return (
            f"dataset: {len(texts):,} texts hold no word that"
            f" dataset.token_pattern={options.token_pattern} finds with"
            f" dataset.stop_words={options.stop_words.value}; change one of them"
        )
    limits = [
        f"dataset.{key}={getattr(options, key):g}"
        for key in ("min_df", "max_df", "ngram_min", "ngram_max")
        if getattr(options, key) != 1
    ]
    return (
        f"{' with '.join(limits)} leaves no term of {len(texts):,} texts; give"
        " a smaller min_df, a larger max_df or shorter ngrams"
    )


def _without_empty(dataset: Dataset) -> Dataset:
    X: Any = dataset.X
    kept = np.flatnonzero(np.diff(X.indptr))
    n_empty = X.shape[0] - kept.size
    if not n_empty:
        return dataset
    left = selected(dataset, kept, np.arange(X.shape[1]))
    return prepared(left, f"left out {n_empty:,} of {X.shape[0]:,} documents: no term")
