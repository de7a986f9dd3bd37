"""Raw texts made into counts, against scikit-learn's CountVectorizer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from nmflab_datasets._text_options import DocumentOptions, TextOptions
from nmflab_datasets._vectorise import counted
from sklearn.feature_extraction.text import CountVectorizer

TEXTS = [
    "The cat sat on the mat; the cat slept.",
    "A dog and a cat: CAT, dog!",
    "Señor Ñandú visited the café",
    "1 2 3",
    "the the the",
]


def options(**given: Any) -> TextOptions:
    """Return options, enumerations given by word."""
    return TextOptions(**given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"lowercase": False},
        {"strip_accents": "ascii"},
        {"strip_accents": "unicode", "lowercase": False},
        {"stop_words": "english"},
        {"token_pattern": r"[a-z]+"},
        {"token_pattern": r"(c\w+)t"},
        {"ngram_max": 2},
        {"ngram_min": 2, "ngram_max": 3, "stop_words": "english"},
        {"min_df": 2},
        {"min_df": 0.5},
        {"max_df": 0.5},
        {"max_df": 2},
        {"max_features": 3},
        {"binary": True},
    ],
    ids=str,
)
def test_counts_are_those_of_scikit_learn(given: dict[str, Any]) -> None:
    """Each option means what it means in CountVectorizer, fed with all of the texts."""
    theirs = {"strip_accents": None, "stop_words": None} | given
    low, high = theirs.pop("ngram_min", 1), theirs.pop("ngram_max", 1)
    vectorizer = CountVectorizer(ngram_range=(low, high), **theirs)
    expected = vectorizer.fit_transform(TEXTS).toarray()
    data = counted(TEXTS, options(drop_empty=False, **given))
    assert list(data.column_names or []) == list(vectorizer.get_feature_names_out())
    assert np.array_equal(data.X.toarray(), expected)
    assert data.X.dtype == np.float64


def test_tokens_keep_order_and_repetition() -> None:
    """The words stand as in the text, without what is no word."""
    tokens = counted(TEXTS, options()).extras["tokens"]
    assert tokens[0] == "the cat sat on the mat the cat slept"


def test_tokens_lose_stop_words_and_keep_rare_ones() -> None:
    """A window is as wide as in the text: min_df acts on the columns alone."""
    data = counted(TEXTS, options(stop_words="english", min_df=2))
    assert data.extras["tokens"][0] == "cat sat mat cat slept"
    assert list(data.column_names or []) == ["cat"]


def test_tokens_counted_are_the_rows() -> None:
    """Where nothing is left out of the columns, tokens and counts say the same."""
    data = counted(TEXTS, options(drop_empty=False))
    names = list(data.column_names or [])
    for row, text in zip(data.X.toarray(), data.extras["tokens"], strict=True):
        there = {name: int(n) for name, n in zip(names, row, strict=True) if n}
        assert Counter(text.split()) == there


def test_a_token_with_blanks_stays_one_token() -> None:
    """A pattern that matches across blanks gives words joined by underscores."""
    data = counted(["new york is new"], options(token_pattern="new york|is|new"))
    assert data.extras["tokens"] == ["new_york is new"]


def test_documents_without_a_term_are_left_out_and_counted() -> None:
    """The row of "1 2 3" goes with its name, label and tokens, and it is said."""
    data = counted(
        TEXTS,
        options(),
        row_names=list("abcde"),
        row_labels=np.arange(5),
        extras={"row_metadata": list("vwxyz")},
    )
    assert list(data.row_names or []) == list("abce")
    assert np.array_equal(data.row_labels, [0, 1, 2, 4])
    assert data.extras["row_metadata"] == list("vwxz")
    assert len(data.extras["tokens"]) == 4
    assert data.extras["preparation"] == "left out 1 of 5 documents: no term"


def test_documents_without_a_term_can_stay() -> None:
    """With drop_empty=False they are rows of zeros."""
    data = counted(TEXTS, options(drop_empty=False))
    assert data.X.shape[0] == 5
    assert data.X[[3]].nnz == 0
    assert "preparation" not in data.extras


def test_terms_as_samples_have_the_tokens_of_their_columns() -> None:
    """Turned round, the documents are columns, and no row has tokens."""
    data = counted(TEXTS, options(samples="terms"), row_names=list("abcde"))
    assert list(data.column_names or []) == list("abce")
    assert "tokens" not in data.extras


def test_smallest_counts_act_after_the_vectoriser() -> None:
    """Rows of fewer than four different words go, as DocumentOptions says."""
    data = counted(TEXTS, options(min_row_count=4), row_names=list("abcde"))
    assert list(data.row_names or []) == ["a", "c"]


def test_no_word_at_all_names_pattern_and_stop_words() -> None:
    """Texts of stop words only say which options take them all."""
    with pytest.raises(ValueError, match=r"token_pattern=.*stop_words=english"):
        counted(["the", "and the"], options(stop_words="english"))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            {"min_df": 9},
            r"^dataset\.min_df=9 leaves no term of 5 texts; give a smaller",
        ),
        ({"ngram_min": 20, "ngram_max": 20}, r"^dataset\.ngram_min=20 with .*shorter"),
        ({"min_df": 3, "max_df": 2}, r"^dataset\.min_df=3 with dataset\.max_df=2 "),
    ],
    ids=str,
)
def test_no_term_left_names_the_options_to_change(
    given: dict[str, Any], named: str
) -> None:
    """Options that no term passes are named with their values, and no others."""
    with pytest.raises(ValueError, match=named):
        counted(TEXTS, options(**given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_df": 1.5}, r"dataset\.min_df must be a share .* got 1\.5"),
        ({"min_df": -1}, r"dataset\.min_df"),
        ({"max_df": float("nan")}, r"dataset\.max_df .* got nan"),
        ({"max_df": 2.5}, r"dataset\.max_df"),
        ({"max_df": float("inf")}, r"dataset\.max_df .* got inf"),
        ({"max_features": 0}, r"dataset\.max_features must be at least 1"),
        ({"ngram_min": 0}, r"dataset\.ngram_min=0"),
        ({"ngram_min": 2}, r"dataset\.ngram_max=1"),
        ({"token_pattern": "["}, r"token_pattern=\[ is no regular expression"),
        ({"token_pattern": "(a)(b)"}, r"has 2 groups"),
        ({"stop_words": "german"}, r"dataset\.stop_words must be one of none, english"),
        ({"samples": "users"}, r"dataset\.samples must be one of documents, terms"),
        ({"min_row_count": -1}, r"dataset\.min_row_count"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_an_option_out_of_range_is_refused_at_once(
    given: dict[str, Any], message: str
) -> None:
    """Key, value and what would do are in the message."""
    with pytest.raises(ValueError, match=message):
        options(**given)


def test_shared_options_are_documented_in_each_class() -> None:
    """A class that takes the options has their text after its own parameters."""

    class Letters(DocumentOptions):
        """Letters of the alphabet.

        Parameters
        ----------
        case : str
            Upper or lower.

        Notes
        -----
        None.
        """

    doc = str(Letters.__doc__)
    assert doc.index("case : str") < doc.index("samples : {documents, terms}")
    assert doc.index("min_row_count, min_column_count : int") < doc.index("Notes")
    assert doc.count("Parameters\n----------") == 1


def test_a_class_without_parameters_of_its_own_gets_the_section() -> None:
    """The section is made where there is none, after the summary."""

    class Plain(DocumentOptions):
        """Plain documents.

        Notes
        -----
        None.
        """

    doc = str(Plain.__doc__)
    assert doc.index("Parameters\n----------\nsamples") < doc.index("Notes\n-----")
