"""What all sets of documents can be asked for; what all raw texts can be, besides."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nmflab.contracts import Dataset
from nmflab_datasets.choices import settle
from nmflab_datasets.views import check_min_counts, transposed, with_min_counts


class Samples(Enum):
    """Which side is the sample: documents by terms, or terms by documents."""

    documents = "documents"
    terms = "terms"


class Accents(Enum):
    """What becomes of accented letters."""

    none = "none"
    ascii = "ascii"
    unicode = "unicode"


class StopWords(Enum):
    """Which words are left out for being too common to tell anything."""

    none = "none"
    english = "english"


def _with_parameters(doc: str | None, base: str | None) -> str | None:
    """Return a docstring with the parameters of another after its own."""
    if doc is None or base is None:  # python -OO
        return doc
    heading = "Parameters\n----------\n"
    shared = inspect.cleandoc(base).partition(heading)[2].strip("\n")
    own = inspect.cleandoc(doc)
    if heading not in own:
        first, _, rest = own.partition("\n\n")
        return f"{first}\n\n{heading}{shared}\n\n{rest}".strip("\n")
    before, _, after = own.partition(heading)
    section = re.search(r"\n\n(?=\w[^\n]*\n-{3,}\n)", after)
    end = section.start() if section else len(after)
    return f"{before}{heading}{after[:end].rstrip()}\n{shared}{after[end:]}"


@dataclass(frozen=True, kw_only=True)
class DocumentOptions:
    """Options of every set of documents.

    Parameters
    ----------
    samples : {documents, terms}, default documents
        What the rows of X are.
    min_row_count, min_column_count : int, default 0
        Rows and columns of X with fewer cells that are not 0 are left out, until both
        hold; what went is said in ``preparation``.
    """

    samples: Samples = Samples.documents
    min_row_count: int = 0
    min_column_count: int = 0

    def __init_subclass__(cls, **options: Any) -> None:
        # One text for options that many classes share, in each one's documentation.
        super().__init_subclass__(**options)
        base = next(b for b in cls.__mro__[1:] if issubclass(b, DocumentOptions))
        cls.__doc__ = _with_parameters(cls.__doc__, base.__doc__)

    def __post_init__(self) -> None:
        settle(self, "samples", Samples)
        check_min_counts(self)


@dataclass(frozen=True, kw_only=True)
class TextOptions(DocumentOptions):
    r"""Options of every set of raw texts: those of scikit-learn's CountVectorizer.

    Parameters
    ----------
    lowercase : bool, default True
        "The" and "the" are one word.
    strip_accents : {none, ascii, unicode}, default none
        ``ascii`` is quicker and knows fewer letters.
    stop_words : {none, english}, default none
        ``english`` leaves out the 318 words of scikit-learn's list.
    token_pattern : str
        A regular expression of what counts as a word, with one group at most; by
        default ``(?u)\b\w\w+\b``, two letters or digits or more.
    ngram_min, ngram_max : int, default 1
        Shortest and longest run of words that makes a term.
    min_df : float, default 1
        Terms in fewer documents are left out: from 1 on a number of documents, below
        1 a share of them.
    max_df : float, default 1
        Terms in more documents are left out: up to 1 a share of the documents, above
        1 a number of them.
    max_features : int, optional
        Keep so many of the most frequent terms.
    binary : bool, default False
        Whether a term is in a document, in place of how often.
    drop_empty : bool, default True
        Leave out documents without any term; False keeps them as rows of zeros.
    """

    lowercase: bool = True
    strip_accents: Accents = Accents.none
    stop_words: StopWords = StopWords.none
    token_pattern: str = r"(?u)\b\w\w+\b"
    ngram_min: int = 1
    ngram_max: int = 1
    min_df: float = 1.0
    max_df: float = 1.0
    max_features: int | None = None
    binary: bool = False
    drop_empty: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        settle(self, "strip_accents", Accents)
        settle(self, "stop_words", StopWords)
        self._check_pattern()
        if not 1 <= self.ngram_min <= self.ngram_max:
            raise ValueError(
                f"dataset.ngram_min={self.ngram_min} and"
                f" dataset.ngram_max={self.ngram_max}: give 1 <= ngram_min <= ngram_max"
            )
        for key in ("min_df", "max_df"):
            document_frequency(key, getattr(self, key))
        if self.max_features is not None and self.max_features < 1:
            raise ValueError(
                f"dataset.max_features must be at least 1, got {self.max_features};"
                " null keeps all terms"
            )

    def _check_pattern(self) -> None:
        given = f"dataset.token_pattern={self.token_pattern}"
        try:
            groups = re.compile(self.token_pattern).groups
        except re.error as error:
            raise ValueError(
                f"{given} is no regular expression ({error}); the default is"
                r" (?u)\b\w\w+\b"
            ) from None
        if groups > 1:
            raise ValueError(
                f"{given} has {groups} groups, and one can be the word; write (?:...)"
                " for the others"
            )


def document_frequency(key: str, limit: float) -> int | float:
    """Return ``min_df`` or ``max_df`` as scikit-learn wants it: an int is a number.

    Raises
    ------
    ValueError
        For a limit that is neither a number of documents nor a share of them.
    """
    is_number = limit >= 1 if key == "min_df" else limit > 1
    if is_number and float(limit).is_integer():
        return int(limit)
    if is_number or not 0 <= limit <= 1:
        raise ValueError(
            f"dataset.{key} must be a share of the documents, 0 to 1, or a whole number"
            f" of them, got {limit}"
        )
    return float(limit)


def changed_options(options: TextOptions) -> list[str]:
    """Return the names of the options of raw text that differ from their defaults."""
    shared = DocumentOptions.__dataclass_fields__
    return [
        name
        for name, field in TextOptions.__dataclass_fields__.items()
        if name not in shared and getattr(options, name) != field.default
    ]


def arranged(dataset: Dataset, options: DocumentOptions) -> Dataset:
    """Return documents by terms as the options ask: turned round, without rare rows.

    Raises
    ------
    ValueError
        If the smallest counts leave nothing.
    """
    if options.samples is Samples.terms:
        dataset = transposed(dataset)
    return with_min_counts(dataset, options.min_row_count, options.min_column_count)
