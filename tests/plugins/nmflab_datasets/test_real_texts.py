"""Sets of documents, read from the files their authors published."""

from __future__ import annotations

import os
import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets import ap, basehock, bbc, classic4, newsgroups, reuters
from nmflab_datasets.ap import Ap
from nmflab_datasets.basehock import Basehock
from nmflab_datasets.bbc import Bbc
from nmflab_datasets.classic4 import Classic4
from nmflab_datasets.newsgroups import Newsgroups
from nmflab_datasets.reuters import Reuters

from nmflab.contracts import Dataset
from nmflab.materialise import materialise, open_dataset

pytestmark = pytest.mark.data

Load = Callable[[Any], Dataset]
RNG = np.random.default_rng(0)
MODULES = {
    Ap: ap,
    Basehock: basehock,
    Bbc: bbc,
    Classic4: classic4,
    Newsgroups: newsgroups,
    Reuters: reuters,
}


@pytest.fixture(scope="module")
def load() -> Load:
    """Return a function that loads a configured set once, or skips the test."""
    loaded: dict[Any, Dataset] = {}

    def load(dataset: Any) -> Dataset:
        (spec,) = MODULES[type(dataset)].nmflab_datasets()
        mirror = spec.origin_of(dataset).files[0].mirror
        root = os.environ.get("NMFLAB_DATA")
        if root is None or not (Path(root) / mirror).is_file():
            pytest.skip(f"NMFLAB_DATA holds no {mirror}")
        if dataset not in loaded:
            loaded[dataset] = dataset.load(RNG)
        return loaded[dataset]

    return load


def sizes(dataset: Dataset) -> dict[str, int]:
    """Return how many rows each class has."""
    assert dataset.row_labels is not None
    return dict(Counter(dataset.row_labels.tolist()))


def column(dataset: Dataset, term: str) -> int:
    """Return where a term stands."""
    assert dataset.column_names is not None
    return list(dataset.column_names).index(term)


def bag(dataset: Dataset, row: int) -> Counter[str]:
    """Return the counts of one row, by term."""
    X: Any = dataset.X
    assert dataset.column_names is not None
    cut = slice(X.indptr[row], X.indptr[row + 1])
    names = [dataset.column_names[j] for j in X.indices[cut]]
    return Counter(dict(zip(names, X.data[cut].astype(int).tolist(), strict=True)))


@pytest.mark.parametrize(
    ("dataset", "shape", "n_stored", "largest"),
    [
        (Bbc(), (2225, 9635), 286_774, 81),
        (Ap(), (2246, 10_473), 302_031, 36),
        (Classic4(), (7094, 41_681), 223_839, 26),
        (Basehock(), (1993, 4862), 134_253, 113),
    ],
    ids=lambda value: type(value).__name__.lower(),
)
def test_published_counts_have_the_published_shape(
    load: Load, dataset: Any, shape: tuple[int, int], n_stored: int, largest: int
) -> None:
    """Documents by terms, in canonical sparse rows, as many cells as published."""
    data = load(dataset)
    X: Any = data.X
    assert (X.shape, X.nnz, X.max()) == (shape, n_stored, largest)
    assert X.format == "csr"
    assert X.has_canonical_format
    assert data.missing == "none"


def test_bbc_has_five_sections_by_name(load: Load) -> None:
    """The sizes are the published ones, and names of documents agree with labels."""
    data = load(Bbc())
    assert sizes(data) == {
        "business": 510,
        "entertainment": 386,
        "politics": 417,
        "sport": 511,
        "tech": 401,
    }
    assert data.row_names is not None
    assert data.row_labels is not None
    assert [name.partition(".")[0] for name in data.row_names] == list(data.row_labels)


def test_bbc_terms_are_those_of_their_section(load: Load) -> None:
    """The stem of "film" occurs most in entertainment: rows and columns agree."""
    data = load(Bbc())
    X: Any = data.X
    counts = X[:, [column(data, "film")]].toarray().ravel()
    sums = {
        section: counts[data.row_labels == section].sum() for section in sizes(data)
    }
    assert max(sums, key=lambda section: sums[section]) == "entertainment"
    assert sums["entertainment"] > 5 * sums["sport"]


def test_terms_can_be_the_samples(load: Load) -> None:
    """With terms as samples X is turned round, and the sections go to the columns."""
    turned, data = load(Bbc(samples="terms")), load(Bbc())  # type: ignore[arg-type]
    assert (turned.X != data.X.T).nnz == 0
    assert turned.row_names == data.column_names
    assert turned.row_labels is None
    assert np.array_equal(turned.extras["column_labels"], data.row_labels)


def test_rare_terms_are_left_out_and_said(load: Load) -> None:
    """Each term left is in 50 documents at least; ``preparation`` counts the others."""
    data = load(Bbc(min_column_count=50))
    n_documents = np.bincount(data.X.indices, minlength=data.X.shape[1])
    assert n_documents.min() >= 50
    left = 9635 - data.X.shape[1]
    assert f"{left:,} of 9,635 columns" in str(data.extras["preparation"])


def test_ap_tokens_in_order_are_the_published_counts(load: Load) -> None:
    """The words of each article, counted, are exactly its row."""
    data = load(Ap())
    tokens = data.extras["tokens"]
    assert len(tokens) == 2246
    assert all(Counter(text.split()) == bag(data, i) for i, text in enumerate(tokens))


def test_ap_tokens_stand_in_the_order_of_the_article(load: Load) -> None:
    """The first article begins "A 16-year-old student at a private Baptist school"."""
    data = load(Ap())
    assert data.row_names is not None
    assert data.row_names[0] == "AP881218-0003"
    first = data.extras["tokens"][0].split()[:4]
    assert first == ["yearold", "student", "private", "baptist"]


def test_ap_can_be_counted_from_its_text(load: Load) -> None:
    """Counted anew, an article keeps its name, and entities are no words."""
    data = load(Ap(from_text=True, min_df=5))
    X: Any = data.X
    assert data.row_names == load(Ap()).row_names
    assert np.bincount(X.indices, minlength=X.shape[1]).min() >= 5
    assert "lsqb" not in (data.column_names or [])


def test_classic4_classes_have_the_sizes_of_the_collections(load: Load) -> None:
    """1398, 1033, 3203 and 1460 abstracts, each under the collection of that size."""
    expected = {"cranfield": 1398, "medline": 1033, "cacm": 3203, "cisi": 1460}
    assert sizes(load(Classic4())) == expected


def test_basehock_has_the_two_groups(load: Load) -> None:
    """994 posts on baseball, 999 on hockey."""
    expected = {"rec.sport.baseball": 994, "rec.sport.hockey": 999}
    assert sizes(load(Basehock())) == expected


@pytest.mark.parametrize(
    ("dataset", "dense_bytes"),
    [(Classic4(), 7094 * 41_681 * 8), (Bbc(), 2225 * 9635 * 8)],
    ids=["classic4", "bbc"],
)
def test_no_set_of_documents_is_ever_full(
    load: Load, dataset: Any, dense_bytes: int
) -> None:
    """Loading takes less than a quarter of what the full array would."""
    load(dataset)  # imports and the like count for nothing
    tracemalloc.start()
    try:
        dataset.load(RNG)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < dense_bytes / 4


@pytest.mark.parametrize(
    ("subset", "n_stories"),
    [("modapte_train", 9603), ("modapte_test", 3299), ("single_topic", 9494)],
)
def test_reuters_subsets_have_the_published_sizes(
    load: Load, subset: Any, n_stories: int
) -> None:
    """The sizes are those of the collection's README, and of what has one topic."""
    data = load(Reuters(subset=subset))
    assert data.X.shape[0] == n_stories


def test_reuters_with_one_topic_is_labelled_by_it(load: Load) -> None:
    """Labels are the topics; earn and acq are the largest."""
    data = load(Reuters(subset="single_topic"))  # type: ignore[arg-type]
    assert data.row_labels is not None
    assert data.row_labels.tolist() == data.extras["row_metadata"]
    largest = [topic for topic, _ in Counter(sizes(data)).most_common(2)]
    assert largest == ["earn", "acq"]


def test_reuters_filler_is_not_counted(load: Load) -> None:
    """Stories without body say "Blah blah blah": no such word, and it is said."""
    data = load(Reuters(subset="modapte_test"))  # type: ignore[arg-type]
    assert "blah" not in (data.column_names or [])
    assert "of which the title is counted: 276" in str(data.extras["preparation"])


def test_reuters_topics_of_several_are_joined(load: Load) -> None:
    """Story 1 is on cocoa alone, story 5 on grain and five of its kinds."""
    data = load(Reuters(subset="modapte_train"))  # type: ignore[arg-type]
    topics = dict(zip(data.row_names or [], data.extras["row_metadata"], strict=True))
    assert topics["1"] == "cocoa"
    assert topics["5"] == "grain|wheat|corn|barley|oat|sorghum"


def test_mini_newsgroups_have_a_hundred_posts_each(load: Load) -> None:
    """20 groups of 100 while nothing is removed, in the order of group and number."""
    data = load(
        Newsgroups(remove_headers=False, remove_footers=False, remove_quotes=False)
    )
    assert data.X.shape[0] == 2000
    assert set(sizes(data).values()) == {100}
    groups = data.row_labels
    assert groups is not None
    assert all(a <= b for a, b in pairwise(groups.tolist()))


def test_mini_newsgroups_lose_the_posts_that_hold_quotes_only(load: Load) -> None:
    """By default 60 posts have no word of their own; labels and names follow."""
    data = load(Newsgroups())
    assert data.X.shape[0] == 1940
    said = "left out 60 of 2,000 documents: no term"
    assert data.extras["preparation"] == said
    groups = [name.partition("/")[0] for name in data.row_names or []]
    assert groups == list(data.row_labels if data.row_labels is not None else [])


def test_what_is_removed_is_what_scikit_learn_removes() -> None:
    """Posts stripped here and there agree, over all 2000."""
    from nmflab_datasets._text_posts import (
        without_footer,
        without_header,
        without_quotes,
    )
    from sklearn.datasets import _twenty_newsgroups as theirs

    from nmflab.fetching import members

    root = os.environ.get("NMFLAB_DATA", "")
    path = Path(root) / "20news-mini/mini_newsgroups.tar.gz"
    if not path.is_file():
        pytest.skip("NMFLAB_DATA holds no mini_newsgroups")
    for name, content in members(path):
        post = content.decode("latin-1")
        body = theirs.strip_newsgroup_header(post)
        assert without_header(post) == body, name
        assert without_footer(body) == theirs.strip_newsgroup_footer(body), name
        assert without_quotes(body) == theirs.strip_newsgroup_quoting(body), name


def test_words_and_names_survive_the_folder_of_a_dataset(
    load: Load, tmp_path: Path
) -> None:
    """Tokens, names and labels come back from where every run maps them."""
    data = load(Newsgroups())
    materialise(data, tmp_path / "data")
    back = open_dataset(tmp_path / "data")
    assert back.extras["tokens"] == data.extras["tokens"]
    assert list(back.column_names or []) == list(data.column_names or [])
    assert np.array_equal(np.asarray(back.row_labels), np.asarray(data.row_labels))
