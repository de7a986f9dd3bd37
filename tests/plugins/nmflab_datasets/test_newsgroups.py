"""20 Newsgroups by date, on a small archive of the format made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets import newsgroups
from nmflab_datasets._text_posts import without_footer, without_header, without_quotes
from nmflab_datasets.newsgroups import ORIGINS, Newsgroups, Version

from nmflab.contracts import DataFile, Dataset

POST = """\
From: someone@somewhere
Subject: Re: orbits

In article <1@x> another wrote:
> quoted line
| quoted too
An orbit is caf\xe9 round.

--
Some One, Some Where
"""
POSTS = {
    "20news-bydate-test/sci.space/60": POST.replace("orbit is", "orbit was"),
    "20news-bydate-train/sci.space/59": POST,
    "20news-bydate-train/rec.autos/101": "Subject: cars\n\nWheels turn.\n\n-- \nX",
    "20news-bydate-train/rec.autos/102": "Subject: nothing else\n",
    "20news-bydate-train/.listing": "not a post",
    "20news-bydate-train/sci.space/index": "not one either",
}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that loads the small archive as the full version."""
    path = tmp_path / "20news-bydate.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, post in POSTS.items():
            content = post.encode("latin-1")
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    content = path.read_bytes()
    file = DataFile(
        name=path.name,
        mirror=path.name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    small = replace(ORIGINS[Version.full], files=(file,))
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path))
    monkeypatch.setitem(ORIGINS, Version.full, small)

    def load(**options: Any) -> Dataset:
        loader = Newsgroups(**{"version": "full", **options})
        return loader.load(np.random.default_rng(0))

    return load


def test_posts_are_named_and_labelled_by_their_group(load: Any) -> None:
    """In the order of group and number, both halves together; other files are none."""
    data = load(drop_empty=False)
    names = ["rec.autos/101", "rec.autos/102", "sci.space/59", "sci.space/60"]
    assert data.row_names == names
    groups = ["rec.autos", "rec.autos", "sci.space", "sci.space"]
    assert data.row_labels.tolist() == groups


def test_own_words_are_left_by_default(load: Any) -> None:
    """Headers, quotes and signatures go; a post of a header alone is left out."""
    data = load()
    expected = ["wheels turn", "an orbit is café round", "an orbit was café round"]
    assert data.extras["tokens"] == expected
    assert data.extras["preparation"] == "left out 1 of 4 documents: no term"


@pytest.mark.parametrize(
    ("kept", "word"),
    [
        ("remove_headers", "subject"),
        ("remove_quotes", "quoted"),
        ("remove_footers", "where"),
    ],
)
def test_each_part_stays_where_its_switch_is_off(
    load: Any, kept: str, word: str
) -> None:
    """Exactly the switch of a part brings its words back."""
    switches = {"remove_headers": True, "remove_footers": True, "remove_quotes": True}
    assert word not in load(**switches).column_names
    assert word in load(**{**switches, kept: False}).column_names


@pytest.mark.parametrize(
    ("subset", "names"),
    [("train", ["rec.autos/101", "sci.space/59"]), ("test", ["sci.space/60"])],
)
def test_halves_go_by_folder(load: Any, subset: str, names: list[str]) -> None:
    """The earlier posts are in one folder, the later in another."""
    assert load(subset=subset).row_names == names


def test_the_mini_version_has_no_halves() -> None:
    """A subset of it is refused, with the version to give."""
    with pytest.raises(ValueError, match=r"dataset\.subset=test.*version=full"):
        Newsgroups(subset="test")  # type: ignore[arg-type]


def test_each_version_has_its_origin() -> None:
    """The spec tells the two archives apart."""
    (spec,) = newsgroups.nmflab_datasets()
    names = {}
    for version in Version:
        origin = spec.origin_of(Newsgroups(version=version))
        assert origin is not None
        names[version.value] = origin.files[0].name
    expected = {"mini": "mini_newsgroups.tar.gz", "full": "20news-bydate.tar.gz"}
    assert names == expected


def test_a_header_ends_at_the_first_blank_line() -> None:
    """Later blank lines stay; without one all is header."""
    assert without_header("A: b\n\none\n\ntwo") == "one\n\ntwo"
    assert without_header("A: b\nno blank line") == ""


def test_a_footer_begins_at_the_last_line_of_blanks_or_hyphens() -> None:
    """Blank lines at the end do not count, nor does a first line of hyphens."""
    assert without_footer("one\n\ntwo\n-- \nname\n\n") == "one\n\ntwo"
    assert without_footer("one\ntwo") == "one\ntwo"
    assert without_footer("----\none") == "----\none"


@pytest.mark.parametrize(
    "line",
    [
        "> a",
        "| a",
        "In article x",
        "Quoted from y",
        "Z wrote:",
        "he writes in",
        "said:",
    ],
)
def test_lines_that_quote_go(line: str) -> None:
    """Each mark of a quotation takes its line, and no other."""
    assert without_quotes(f"one\n{line}\ntwo > three") == "one\ntwo > three"
