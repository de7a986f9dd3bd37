"""Names from a file of their own."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from nmflab_datasets.file import File, files

RNG = np.random.default_rng(0)


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Write a 2 x 3 matrix without names."""
    path = tmp_path / "X.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    return path


def test_names_are_taken_line_by_line(numbers: Path, tmp_path: Path) -> None:
    """Line ends of either kind, and NUL bytes after the last, are no part of a name."""
    terms = tmp_path / "X.terms"
    terms.write_bytes("ball\r\ngoal \r\nnaïve\r\n\0\0".encode())
    loaded = File(path=str(numbers), column_names=str(terms)).load(RNG)
    assert loaded.column_names == ["ball", "goal", "naïve"]
    assert loaded.row_names is None


def test_names_belong_to_the_matrix_after_transposing(
    numbers: Path, tmp_path: Path
) -> None:
    """What was a column of the file is a row of X, and is named as one."""
    terms = tmp_path / "X.terms.gz"
    terms.write_bytes(gzip.compress(b"a\nb\nc\n"))
    loaded = File(path=str(numbers), transpose=True, row_names=str(terms)).load(RNG)
    assert loaded.X.shape == (3, 2)
    assert loaded.row_names == ["a", "b", "c"]


def test_too_few_names_are_refused(numbers: Path, tmp_path: Path) -> None:
    """The message tells both counts and the key."""
    terms = tmp_path / "X.terms"
    terms.write_text("a\nb\n")
    with pytest.raises(
        ValueError, match=r"column_names=.* has 2 lines, X has 3 columns"
    ):
        File(path=str(numbers), column_names=str(terms)).load(RNG)


def test_a_missing_file_of_names_is_named(numbers: Path) -> None:
    """The key stands in the message."""
    with pytest.raises(FileNotFoundError, match=r"dataset\.row_names=nowhere\.txt"):
        File(path=str(numbers), row_names="nowhere.txt").load(RNG)


def test_files_of_names_count_as_files_read() -> None:
    """A change of names loads the data anew."""
    file = File(path="X.npy", column_names="X.terms")
    assert list(files(file)) == [Path("X.npy"), Path("X.terms")]
