"""References as docstrings write them, made into entries."""

from __future__ import annotations

import pytest

from nmflab.citing import entries_of, references_in
from nmflab.citing.entries import Entry
from nmflab.citing.latex import latex, plain

SECTION = """\
A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms
Using Extrapolation", IEEE Trans. Signal
Processing 31(2), 2019.
C.-J. Hsieh, I. S. Dhillon, "Fast Coordinate Descent", KDD 2011 (algorithm 2; the
defaults are those of the authors' code).
"""


def one(reference: str) -> Entry:
    """Return the entry of a reference that has one."""
    (entry,) = entries_of(reference)
    return entry


def test_a_section_is_split_where_a_line_begins_with_initials() -> None:
    """An abbreviation at the end of a line ends no reference."""
    first, second = references_in(SECTION)
    assert first.startswith("A. M. S. Ang")
    assert first.endswith("IEEE Trans. Signal Processing 31(2), 2019.")
    assert second.startswith("C.-J. Hsieh")


def test_an_empty_section_holds_no_reference() -> None:
    """Nothing in, nothing out."""
    assert references_in("") == []


def test_a_journal_article_has_volume_number_pages_and_year() -> None:
    """The commonest form, read whole."""
    entry = one(
        'D. D. Lee, H. S. Seung, "Learning the parts of objects", Nature 401(3),'
        " 788-791, 1999 (the data)."
    )
    assert entry.kind == "article"
    assert dict(entry.fields) == {
        "author": "Lee, D. D. and Seung, H. S.",
        "title": "{Learning the parts of objects}",
        "journal": "Nature",
        "volume": "401",
        "number": "3",
        "pages": "788--791",
        "year": "1999",
    }


@pytest.mark.parametrize(
    ("venue", "kind", "field", "value"),
    [
        ("KDD 2011", "inproceedings", "booktitle", "KDD"),
        ("NeurIPS 13, 2000", "inproceedings", "volume", "13"),
        ("IEEE WASPAA, 2011", "inproceedings", "booktitle", "IEEE WASPAA"),
        ("arXiv:0810.4225, 2008", "misc", "eprint", "0810.4225"),
        ("arXiv 1708.05125, 2017", "misc", "eprint", "1708.05125"),
        ("PhD thesis, Université de Louvain, 2008", "phdthesis", "year", "2008"),
        (
            "in Communication Theory, 1953",
            "incollection",
            "booktitle",
            "Communication Theory",
        ),
        ("SIAM, 2020, ch. 4", "book", "publisher", "SIAM"),
        ("PNAS 113(16), 2016, eq. 3", "article", "journal", "PNAS"),
        ("IEEE TPAMI 32(1), 2010, equations 10 and 11", "article", "volume", "32"),
        ("quuxlabs, 2010", "misc", "howpublished", "quuxlabs"),
    ],
)
def test_the_venue_decides_the_kind(
    venue: str, kind: str, field: str, value: str
) -> None:
    """Journals, proceedings, archives, theses, books, and what is none of these."""
    entry = one(f'A. Author, "A Title", {venue}.')
    assert entry.kind == kind
    assert entry.fields[field] == value


def test_a_doi_is_a_field_and_no_part_of_the_venue() -> None:
    """Written after the year, with a blank or a colon."""
    entry = one('A. Author, "A Title", ACM TiiS 5(4), 2015, doi 10.1145/2827872.')
    assert entry.fields["doi"] == "10.1145/2827872"
    assert entry.fields["journal"] == "ACM TiiS"


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("A. Au Yeung", "Au Yeung, A."),
        ("C.-I Chang", "Chang, C.-I"),
        ("J.-P. Brunet et al.", "Brunet, J.-P. and others"),
        ("C. Févotte", r"F{\'e}votte, C."),
        ("M. Mørup", r"M{\o}rup, M."),
        ("10x Genomics", "{10x Genomics}"),
    ],
)
def test_authors_are_surname_first(written: str, author: str) -> None:
    """So that a surname of two words stays one, and an organisation is not inverted."""
    assert one(f'{written}, "A Title", PNAS 1(1), 2000.').fields["author"] == author


def test_a_second_work_of_the_same_authors_follows_a_semicolon() -> None:
    """Both become entries with these authors."""
    first, second = entries_of(
        'A. Author, "One", KDD 2006; "Two", arXiv:1407.7299, 2014.'
    )
    assert first.fields["title"] == "{One}"
    assert second.fields["title"] == "{Two}"
    assert second.fields["author"] == "Author, A."
    assert second.fields["year"] == "2014"


def test_what_has_not_the_usual_form_is_kept_as_a_note() -> None:
    """Nothing that was to be cited is lost."""
    entry = one("10x Genomics, https://www.example.org/data_sets.")
    assert entry.kind == "misc"
    assert entry.fields["note"] == "10x Genomics"
    assert entry.fields["url"] == "https://www.example.org/data_sets"


def test_special_characters_are_escaped() -> None:
    """LaTeX prints them and does not obey them."""
    title = one(r'A. B, "50% of R&D_x #1 \input{y} {z} β", PNAS 1(1), 2000.')
    assert title.fields["title"] == (
        r"{50\% of R\&D\_x \#1 \textbackslash{}input\{y\} \{z\} $\beta$}"
    )


@pytest.mark.parametrize(
    "text",
    ["Févotte, Mørup, Ž. Şahin & Łukasz", "50 % of R&D_x #1 {z} β ½ – 3", "Örebro ß"],
)
def test_latex_is_read_back_as_it_was(text: str) -> None:
    """What was escaped for LaTeX is told to readers without it."""
    assert latex(text).isascii()
    assert plain(latex(text)) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"P{\'a}draig", "Pádraig"),
        (r"J{\"o}rg N\"urnberger", "Jörg Nürnberger"),
        (r"{CBCL} Face \#1", "CBCL Face #1"),
        (r"Iv\'{a}n {\v S}v{\'\i}tek", "Iván Švítek"),
    ],
)
def test_latex_of_authors_is_read(written: str, read: str) -> None:
    """The ways in which accents are written."""
    assert plain(written) == read
