"""Works under keys: each once, the fullest citation of it, the same keys again."""

from __future__ import annotations

from nmflab.citing import Entry, bibliography, entries_of, given_entries
from nmflab.citing.given import given_entries as read

GIVEN = """
@article{tan2013automatic,
  author = {Tan, Vincent Y. F. and F{\\'e}votte, C{\\'e}dric},
  title = "Automatic Relevance Determination with the {$\\beta$}-Divergence",
  year = 2013,
  pages = {1--9}
}
@misc{other, title = {Another, with a comma}}
"""
TOLD = (
    'V. Y. F. Tan, C. Févotte, "Automatic Relevance Determination with the'
    ' β-Divergence", IEEE TPAMI 35(7), 2013.'
)


def test_bibtex_of_a_data_set_is_read_field_by_field() -> None:
    """Braces, quotes and bare numbers; commas inside values part nothing."""
    first, second = given_entries(GIVEN)
    assert first.key == "tan2013automatic"
    assert first.fields["year"] == "2013"
    assert first.fields["pages"] == "1--9"
    assert second.fields == {"title": "Another, with a comma"}


def test_a_citation_that_is_no_bibtex_becomes_a_note() -> None:
    """Authors may ask in words."""
    (entry,) = given_entries("Please cite our\n paper & data.")
    assert entry == Entry("misc", {"note": r"Please cite our paper \& data."})


def test_a_work_cited_twice_stands_once_as_its_authors_give_it() -> None:
    """A sentence and an entry of the same work are one; whoever cites it names it."""
    works = bibliography(
        [("solver ard", entries_of(TOLD)), ("dataset x", given_entries(GIVEN)[:1])]
    )
    assert list(works.entries) == ["tan2013automatic"]
    assert works.entries["tan2013automatic"].fields["pages"] == "1--9"
    assert works.keys == {
        "solver ard": ["tan2013automatic"],
        "dataset x": ["tan2013automatic"],
    }


def test_a_title_without_its_subtitle_is_the_same_work() -> None:
    """Where the author and the year agree, too."""
    long = 'T. R. Golub, "Molecular classification of cancer: a try", S 1(1), 1999.'
    short = 'T. R. Golub et al., "Molecular classification of cancer", S 1(1), 1999.'
    other = 'T. R. Golub, "Molecular classification of cancer", S 2(1), 2001.'
    works = bibliography([("x", [*entries_of(long), *entries_of(short)])])
    assert len(works.entries) == 1
    works = bibliography([("x", [*entries_of(long), *entries_of(other)])])
    assert len(works.entries) == 2


def test_two_works_that_would_share_a_key_get_two() -> None:
    """A letter is added, the same one whoever cites first."""
    one = entries_of('A. Author, "Matrix one", KDD 2011.')
    two = entries_of('A. Author, "Matrix two", KDD 2011.')
    works = bibliography([("a", one), ("b", two)])
    again = bibliography([("b", two), ("a", one)])
    assert list(works.entries) == ["author2011matrix", "author2011matrixb"]
    assert works.text() == again.text()
    assert works.keys == again.keys


def test_what_is_written_can_be_read_back() -> None:
    """The file is BibTeX: reading it gives the entries."""
    works = bibliography([("a", entries_of(TOLD)), ("b", given_entries(GIVEN))])
    back = {entry.key: dict(entry.fields) for entry in read(works.text())}
    assert back == {key: dict(entry.fields) for key, entry in works.entries.items()}


def test_the_file_is_plain_ascii() -> None:
    """Every LaTeX engine reads it."""
    assert bibliography([("a", entries_of(TOLD))]).text().isascii()
