"""Texts of the user's own: folders, lines, tables, and what may be wrong with them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets.texts import EXAMPLES, Texts, files

from nmflab.contracts import Dataset

Read = Callable[..., Dataset]


def load(path: Path | str, **options: Any) -> Dataset:
    """Return the texts at a path, counted."""
    return Texts(path=str(path), **options).load(np.random.default_rng(0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with texts in two sub-folders, and something else."""
    root = tmp_path / "letters"
    for name, text in {
        "home/b.txt": "bread and butter",
        "home/old/a.txt": "old bread",
        "work/c.TXT": "paper and ink",
        "work/notes.pdf": "%PDF",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes a file and loads it."""

    def read(name: str, content: str | bytes, **options: Any) -> Dataset:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(path, **options)

    return read


def test_each_text_file_below_a_folder_is_a_document(folder: Path) -> None:
    """They are named by their paths in it, sorted; other files are passed over."""
    data = load(folder)
    assert data.row_names == ["home/b.txt", "home/old/a.txt", "work/c.TXT"]
    assert data.extras["tokens"] == ["bread and butter", "old bread", "paper and ink"]
    assert data.row_labels is None


def test_sub_folders_are_labels_on_request(folder: Path) -> None:
    """The first folder on the way is the class."""
    labels = load(folder, folder_labels=True).row_labels
    assert labels is not None
    assert labels.tolist() == ["home", "home", "work"]


def test_a_loose_text_has_no_label(folder: Path) -> None:
    """It is named where labels are asked for."""
    (folder / "loose.txt").write_text("x")
    with pytest.raises(ValueError, match=r"loose\.txt lies in no sub-folder.*labels"):
        load(folder, folder_labels=True)


def test_a_folder_without_texts_says_what_it_holds(tmp_path: Path) -> None:
    """What is there is named, for it may be the wrong folder."""
    (tmp_path / "scan.pdf").write_bytes(b"%PDF")
    with pytest.raises(ValueError, match=r"no \.txt file .* it holds scan\.pdf"):
        load(tmp_path)


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    """Nothing at all is another message."""
    with pytest.raises(ValueError, match="it is empty"):
        load(tmp_path)


def test_a_byte_that_is_no_text_is_named(folder: Path) -> None:
    """File, byte and the key to change are in the message."""
    (folder / "work/c.TXT").write_bytes("caf\xe9".encode("latin-1"))
    message = r"c\.TXT: byte 3 is not utf-8 text; .*dataset\.encoding=latin-1"
    with pytest.raises(ValueError, match=message):
        load(folder)
    assert load(folder, encoding="latin-1").extras["tokens"][2] == "café"


def test_a_text_full_of_nul_is_refused(read: Read) -> None:
    """UTF-16 read as Latin-1 would give words of single letters."""
    with pytest.raises(ValueError, match=r"is NUL.*dataset\.encoding=utf-16"):
        read("a.txt", "some words".encode("utf-16-le"), encoding="latin-1")


def test_each_line_is_a_document(read: Read) -> None:
    """Named by its number; blank lines are left out, and their number is said."""
    data = read("a.txt", "one two\r\n\r\ntwo three\r\n")
    assert data.row_names == ["line 1", "line 3"]
    assert data.column_names == ["one", "three", "two"]
    assert data.extras["preparation"] == "blank lines left out: 1"


def test_a_mark_at_the_start_of_a_file_is_no_letter(read: Read) -> None:
    """A byte order mark is not part of the first word."""
    assert read("a.txt", "\ufeffone two\n", token_pattern=r"\S+").column_names == [
        "one",
        "two",
    ]


def test_a_file_of_blank_lines_holds_no_text(read: Read) -> None:
    """It is refused before anything is counted."""
    with pytest.raises(ValueError, match="it holds no text"):
        read("a.txt", "\n \n\n")


def test_a_column_of_a_table_holds_the_texts(read: Read) -> None:
    """Quoted commas and line breaks belong to the text; "NA" is a word."""
    content = 'id,body,kind\n1,"bread, and\nbutter",home\n2,NA,work\n'
    data = read("a.csv", content, column="body", label_column="kind")
    assert data.extras["tokens"] == ["bread and butter", "na"]
    assert data.row_labels is not None
    assert data.row_labels.tolist() == ["home", "work"]
    assert data.row_names == ["row 1", "row 2"]


def test_tabs_part_the_columns_of_a_tsv(read: Read) -> None:
    """A comma is no separator there."""
    data = read("a.tsv", "body\tkind\none, two\tx\n", column="body")
    assert data.extras["tokens"] == ["one two"]


def test_the_only_column_needs_no_name(read: Read) -> None:
    """A table of texts alone is read as it is."""
    assert read("a.csv", "body\none two\n").extras["tokens"] == ["one two"]


def test_several_columns_are_named_in_the_question(read: Read) -> None:
    """Which one to give is for the user to say."""
    with pytest.raises(
        ValueError, match=r"It has id, body; give one as dataset\.column"
    ):
        read("a.csv", "id,body\n1,one\n")


@pytest.mark.parametrize("key", ["column", "label_column"])
def test_an_absent_column_is_named_with_those_there(read: Read, key: str) -> None:
    """Key, value and what there is."""
    options = {"column": "body", key: "text"}
    with pytest.raises(ValueError, match=rf"dataset\.{key}=text: .* it has id, body"):
        read("a.csv", "id,body\n1,one\n", **options)


def test_json_lines_hold_a_text_each(read: Read) -> None:
    """Fields by name; null is an empty text; blank lines are passed over."""
    content = '{"t": "one two", "k": 1}\n\n{"t": null, "k": 2, "u": 0}\n{"t": "x1"}\n'
    data = read("a.jsonl", content, column="t", drop_empty=False)
    assert data.extras["tokens"] == ["one two", "", "x1"]


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "line 2 is no JSON "), ("[1]", "line 2 is no JSON object")],
)
def test_a_line_that_is_no_json_is_named(read: Read, line: str, message: str) -> None:
    """By its number."""
    with pytest.raises(ValueError, match=message):
        read("a.jsonl", f'{{"t": "one"}}\n{line}\n')


def test_a_table_without_a_header_is_refused(read: Read) -> None:
    """A ragged table names the line it breaks at."""
    with pytest.raises(ValueError, match=r"no table with a header .*line 3"):
        read("a.csv", "body\none\n1,2,3\n", column="body")


def test_compressed_files_are_read(read: Read) -> None:
    """The ending before .gz tells the form."""
    content = gzip.compress(b"body,kind\none two,x\n")
    assert read("a.csv.gz", content, column="body").extras["tokens"] == ["one two"]


def test_a_cut_compressed_file_is_refused(read: Read) -> None:
    """It is not read in part."""
    with pytest.raises(ValueError, match="cut short or damaged"):
        read("a.txt.gz", gzip.compress(b"one two\n" * 99)[:-9])


def test_a_missing_path_names_one_alike(tmp_path: Path) -> None:
    """A slip of the pen is found."""
    (tmp_path / "letters").mkdir()
    with pytest.raises(FileNotFoundError, match=r"did you mean '.*letters'"):
        load(tmp_path / "leters")
    with pytest.raises(FileNotFoundError, match=r"did you mean '.*letters'"):
        load(tmp_path / "leters", form="folder")


def test_a_file_read_as_a_folder_is_refused(tmp_path: Path) -> None:
    """The form to give is named."""
    (tmp_path / "a.txt").write_text("one")
    with pytest.raises(NotADirectoryError, match=r"dataset\.form=lines"):
        load(tmp_path / "a.txt", form="folder")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folder_labels": True}, r"dataset\.folder_labels is for a folder of texts"),
        ({"column": "x"}, r"dataset\.column is for a table.*read as lines"),
        ({"label_column": "x"}, r"dataset\.label_column is for a table"),
    ],
)
def test_an_option_without_effect_is_refused(
    read: Read, options: dict[str, Any], message: str
) -> None:
    """Else it would stand in the record as if it had had one."""
    with pytest.raises(ValueError, match=message):
        read("a.txt", "one two\n", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": " "}, r"dataset\.path is empty"),
        ({"path": "a", "encoding": "utf-9"}, r"dataset\.encoding=utf-9: no such"),
        ({"path": "a", "encoding": "hex"}, r"dataset\.encoding=hex: no such"),
        ({"path": "a", "form": "pdf"}, r"dataset\.form must be one of auto, folder"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(
    options: dict[str, Any], message: str
) -> None:
    """Before any file is touched."""
    with pytest.raises(ValueError, match=message):
        Texts(**options)


def test_a_new_text_in_a_folder_is_seen(folder: Path) -> None:
    """The folder comes first, as the data are called after it, then every text."""
    texts = Texts(path=str(folder))
    before = list(files(texts))
    assert before[0] == folder
    (folder / "work" / "d.txt").write_text("more")
    assert set(files(texts)) - set(before) == {folder / "work" / "d.txt"}


def test_the_example_counts_soup_and_trains() -> None:
    """What is shipped as an example is a corpus of two themes."""
    data = load(EXAMPLES / "remarks.txt", stop_words="english", min_df=2)
    assert {"soup", "bread", "train", "bus"} <= set(data.column_names or [])
    assert data.X.shape[0] == 6
