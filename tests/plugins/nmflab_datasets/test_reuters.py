"""Reuters-21578's format, on a small archive of it made here."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets import reuters
from nmflab_datasets._text_sgml import stories_of
from nmflab_datasets.reuters import Reuters

from nmflab.contracts import DataFile, Dataset

HEAD = '<!DOCTYPE lewis SYSTEM "lewis.dtd">\n'


def story(
    number: int,
    text: str,
    topics: tuple[str, ...] = (),
    split: str = "TRAIN",
    has_topics: str = "YES",
    kind: str = "",
) -> str:
    """Return a story as the collection writes it."""
    listed = "".join(f"<D>{topic}</D>" for topic in topics)
    of_kind = f' TYPE="{kind}"' if kind else ""
    return (
        f'<REUTERS TOPICS="{has_topics}" LEWISSPLIT="{split}" CGISPLIT="TRAINING-SET"'
        f' OLDID="{number + 5000}" NEWID="{number}">\n<DATE>26-FEB-1987</DATE>\n'
        f"<TOPICS>{listed}</TOPICS>\n<PLACES><D>usa</D></PLACES>\n"
        f"<UNKNOWN>\n&#5;&#5;&#5;C T\nreute</UNKNOWN>\n"
        f"<TEXT{of_kind}>&#2;\n{text}\n&#3;</TEXT>\n</REUTERS>\n"
    )


def full(title: str, body: str) -> str:
    """Return the inside of a story with all its parts."""
    return (
        f"<TITLE>{title}</TITLE>\n<AUTHOR>    By A Writer</AUTHOR>\n"
        f"<DATELINE>    LIMA, Feb 26 - </DATELINE><BODY>{body}\n Reuter\n&#3;</BODY>"
    )


FIRST = HEAD + story(1, full("COCOA UP", "Cocoa rose\nagain"), ("cocoa",))
SECOND = HEAD + "".join(
    [
        story(2, full("GRAIN &lt;ABC>", "Wheat &amp; corn\xfc"), ("grain", "wheat")),
        story(3, "******<TITLE>COPPER</TITLE>Blah blah blah.", kind="BRIEF"),
        story(4, "Loose  words\nonly", ("copper",), split="TEST", kind="UNPROC"),
        story(5, full("UNSEEN", "Never used"), ("gold",), split="NOT-USED"),
        story(6, full("OTHER", "No topics"), split="TEST", has_topics="NO"),
        story(7, "", ("tin",), kind="BRIEF"),
    ]
)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that loads the small collection."""
    path = tmp_path / "small.tar.gz"
    # Not in the order of the collection, and under a folder, as some copies are.
    with tarfile.open(path, "w:gz") as tar:
        for name, text in (("x/reut2-001.sgm", SECOND), ("x/reut2-000.sgm", FIRST)):
            content = text.encode("latin-1")
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    content = path.read_bytes()
    file = DataFile(
        name="small.tar.gz",
        mirror="small.tar.gz",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path))
    monkeypatch.setattr(reuters, "ORIGIN", replace(reuters.ORIGIN, files=(file,)))

    def load(**options: Any) -> Dataset:
        return Reuters(**options).load(np.random.default_rng(0))

    return load


def test_stories_come_in_the_order_of_the_collection(load: Any) -> None:
    """Whatever the order of the archive; a story without any text goes."""
    data = load()
    assert data.row_names == ["1", "2", "3", "4", "5", "6"]
    assert "left out 1 of 7 documents" in data.extras["preparation"]


def test_title_and_body_are_counted_and_nothing_else(load: Any) -> None:
    """Dateline, author, date and places are left out."""
    data = load()
    assert data.extras["tokens"][0] == "cocoa up cocoa rose again reuter"
    assert not {"lima", "writer", "feb", "usa", "reute"} & set(data.column_names)


def test_entities_are_resolved_and_latin_letters_kept(load: Any) -> None:
    """``&lt;`` parts words, ``&amp;`` is none, and ``ü`` is a letter."""
    tokens = load().extras["tokens"]
    assert tokens[1] == "grain abc wheat cornü reuter"


def test_a_story_without_body_is_its_title(load: Any) -> None:
    """The filler beside the title is left out, and how often that was is said."""
    data = load()
    assert data.extras["tokens"][2] == "copper"
    said = "stories without a body, of which the title is counted: 2"
    assert said in data.extras["preparation"]


def test_a_story_without_marked_parts_is_all_it_holds(load: Any) -> None:
    """An unprocessed text counts in full, and that is said."""
    data = load()
    assert data.extras["tokens"][3] == "loose words only"
    assert (
        "stories without marked parts, counted in full: 1" in data.extras["preparation"]
    )


@pytest.mark.parametrize(
    ("subset", "numbers"),
    [
        ("modapte_train", ["1", "2", "3"]),
        ("modapte_test", ["4"]),
        ("single_topic", ["1", "4", "5"]),
    ],
)
def test_subsets_go_by_split_and_topics(
    load: Any, subset: str, numbers: list[str]
) -> None:
    """A story counts for the ModApte split where TOPICS is YES only."""
    assert load(subset=subset).row_names == numbers


def test_topics_of_a_story_are_its_metadata(load: Any) -> None:
    """Several are joined by '|', none is an empty text; there are no labels then."""
    data = load()
    expected = ["cocoa", "grain|wheat", "", "copper", "gold", ""]
    assert data.extras["row_metadata"] == expected
    assert data.row_labels is None


def test_one_topic_is_the_label(load: Any) -> None:
    """Of stories with exactly one the label is that."""
    data = load(subset="single_topic")
    assert data.row_labels.tolist() == ["cocoa", "copper", "gold"]


def test_a_story_without_text_is_an_empty_one() -> None:
    """A story that lacks the element itself is read all the same."""
    (found,) = stories_of('<REUTERS TOPICS="NO" NEWID="9"><DATE>x</DATE></REUTERS>')
    assert (found.number, found.text, found.topics) == ("9", "", ())


def test_an_unknown_subset_is_refused() -> None:
    """The choices are named."""
    with pytest.raises(
        ValueError, match=r"dataset\.subset must be one of all, modapte"
    ):
        Reuters(subset="lewis")  # type: ignore[arg-type]
