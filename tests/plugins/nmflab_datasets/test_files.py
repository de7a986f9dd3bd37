"""Tests of finding files, of long lists, arrays, sparse matrices and Parquet."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
from nmflab_datasets.file import File, nmflab_datasets
from scipy.sparse import coo_array, csc_array, csr_array, save_npz

RNG = np.random.default_rng(0)
LONG = "user,film,stars\nb,x,5\na,y,3\nb,y,0\n"
MTX = "%%MatrixMarket matrix coordinate real general\n2 3 3\n1 1 2\n2 3 4\n1 2 0\n"


def saved(function, *arrays, **named) -> bytes:
    """Return what a function writes to a file."""
    buffer = io.BytesIO()
    function(buffer, *arrays, **named)
    return buffer.getvalue()


def load(path):
    """Load a file by its path."""
    return File(path=str(path)).load(RNG)


# Finding the file


def test_a_missing_file_names_one_with_a_similar_name(tmp_path):
    """The neighbours are looked at."""
    (tmp_path / "ratings.csv").write_text("1,2\n")
    with pytest.raises(
        FileNotFoundError, match=r"no such file; did you mean '.*ratings\.csv'"
    ):
        load(tmp_path / "rating.csv")


def test_a_missing_folder_is_told_with_the_working_folder(tmp_path, monkeypatch):
    """A relative path says from where."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=r"no folder deep \(the working folder is"
    ):
        load("deep/x.csv")


def test_the_working_folder_is_no_file(tmp_path, monkeypatch):
    """A bare point is a folder too, here without a file to suggest."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError, match=r"^dataset\.path=\.: this is a folder; name a file in it$"
    ):
        load(".")


def test_a_folder_names_files_in_it(tmp_path):
    """It suggests what could be read there."""
    (tmp_path / "a.csv").write_text("1,2\n")
    (tmp_path / "b.doc").write_text("")
    with pytest.raises(ValueError, match=r"this is a folder.*such as a\.csv$"):
        load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    """Reading it could block for ever."""
    os.mkfifo(tmp_path / "x.csv")
    with pytest.raises(ValueError, match="a device or a pipe"):
        load(tmp_path / "x.csv")


def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path, monkeypatch):
    """The system's refusal becomes a sentence with the path."""
    (tmp_path / "x.csv").write_text("1,2\n")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError, match=r"dataset\.path=.*make it readable"):
        load(tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.csv.zip", "x.gz"])
def test_an_unknown_ending_lists_the_known(tmp_path, name):
    """And says what to do with a spreadsheet."""
    (tmp_path / name).write_text("1,2\n")
    with pytest.raises(ValueError, match=r"is not one of \.csv.*\.parquet; export"):
        load(tmp_path / name)


def test_a_compressed_mat_is_to_be_unpacked(tmp_path):
    """Only text, .npy and .mtx are read while compressed."""
    (tmp_path / "x.mat.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(ValueError, match=r"\.mat is not read while compressed"):
        load(tmp_path / "x.mat.gz")


def test_the_spec_names_the_file(tmp_path):
    """A change of the file is seen, wherever its path began."""
    (spec,) = nmflab_datasets()
    assert list(spec.files(File(path="~/x.csv"))) == [Path("~/x.csv").expanduser()]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"path": " "}, "dataset.path is empty"),
        ({"path": "x", "encoding": "klingon"}, "dataset.encoding=klingon: no such"),
        ({"path": "x", "delimiter": ""}, "dataset.delimiter is empty"),
        ({"path": "x", "user": "id"}, "dataset.user names a column.*layout=long"),
        ({"path": "x", "layout": "tall"}, "dataset.layout must be one of wide, long"),
        ({"path": "x", "zeros": "none"}, "zeros must be one of values, missing"),
        ({"path": "x", "nan": "drop"}, "dataset.nan must be one of refuse, missing"),
    ],
)
def test_bad_parameters_are_named(fields, message):
    """Each is refused where it is made."""
    with pytest.raises(ValueError, match=message):
        File(**fields)


# Long lists


def test_a_long_list_becomes_users_by_items(read):
    """Sorted by name; what is not listed was not rated, so it is unknown."""
    data = read("x.csv", LONG, layout="long")
    assert (data.row_names, data.column_names) == (["a", "b"], ["x", "y"])
    assert data.X.toarray().tolist() == [[0, 3], [5, 0]]
    assert (data.missing, data.X.nnz) == ("unstored", 3)


def test_what_a_list_leaves_out_may_be_said_to_be_0(read):
    """Sparse or dense, X is complete then."""
    options = {"layout": "long", "zeros": "values"}
    assert read("x.csv", LONG, **options).missing == "none"
    dense = read("x.csv", LONG, storage="dense", **options)
    assert dense.mask is None
    assert dense.X.tolist() == [[0, 3], [5, 0]]


def test_a_listed_zero_was_observed(read):
    """What is not listed is unknown, a listed 0 is a rating."""
    data = read("x.csv", LONG, layout="long", zeros="missing")
    assert (data.missing, data.X.nnz) == ("unstored", 3)
    dense = read("x.csv", LONG, layout="long", zeros="missing", storage="dense")
    assert dense.mask.tolist() == [[False, True], [True, True]]
    assert dense.X.tolist() == [[0, 3], [5, 0]]


def test_the_order_of_a_list_does_not_matter(read):
    """Ids that are numbers are sorted as numbers."""
    one = read("x.csv", "10,1,1\n9,2,2\n-1,1,3\n", layout="long")
    other = read("x.csv", "-1,1,3\n10,1,1\n9,2,2\n", layout="long")
    assert one.row_names == other.row_names == ["-1", "9", "10"]
    assert one.X.toarray().tolist() == other.X.toarray().tolist()


def test_columns_of_a_list_are_taken_by_name_or_position(read):
    """Other columns are left alone."""
    text = "time,stars,film,user\nnoon,5,x,b\nnight,3,y,a\n"
    columns = {"user": "user", "item": "film", "value": "stars"}
    named = read("x.csv", text, layout="long", **columns)
    placed = read(
        "x.csv",
        text.split("\n", 1)[1],
        layout="long",
        **{"user": "4", "item": "3", "value": "2"},
    )
    assert named.X.toarray().tolist() == placed.X.toarray().tolist() == [[0, 3], [5, 0]]


def test_a_list_of_pairs_counts_1_each(read):
    """As the edges of a graph come."""
    data = read("x.txt", "0 1\n2 1\n", layout="long")
    assert data.X.toarray().tolist() == [[1], [1]]
    assert read("x.csv", "from,to\n0,1\n", layout="long").row_names == ["0"]


@pytest.mark.parametrize(("word", "value"), [("mean", 3), ("sum", 6), ("last", 1)])
def test_duplicates_become_what_is_said(read, word, value):
    """Two entries for one cell, in the order of the file."""
    data = read("x.csv", LONG + "b,x,1\n", layout="long", duplicates=word)
    assert data.X.toarray().tolist() == [[0, 3], [value, 0]]
    assert data.X.nnz == 3


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            LONG + "a,y,1\nb,x,1\n",
            {},
            "line 3 and line 5 both hold user 'a' and item 'y', and 1 more",
        ),
        (LONG + "b,,1\n", {}, "line 5 names no item"),
        (
            LONG + "b,z,good\n",
            {},
            r"line 5, column 3 \('stars'\): 'good' is not a number",
        ),
        (LONG + "b,z,\n", {}, r"row 2 \('b'\), column 3 \('z'\) is NaN or blank"),
        (LONG + "b,z\n", {}, "line 5 has 2 field"),
        ("1\n2\n", {}, "a list of cells needs 2 or 3 fields a line"),
        ("1,2,x\n1,3,4\n", {}, "line 1 has 'x' where its value should be"),
        ("a,b,c\n", {"header": True}, "no data below it"),
        (
            LONG,
            {"item": "films"},
            "no such column; there are user, film, stars; did you mean 'film'",
        ),
        (LONG, {"user": "stars"}, "are the same column"),
        ("1,2,3\n", {"user": "7"}, r"there are positions 1 to 3 \(it has no header\)"),
    ],
)
def test_a_bad_list_is_a_sentence(read, text, options, message):
    """With the line and the column."""
    with pytest.raises(ValueError, match=message):
        read("x.csv", text, layout="long", **options)


def test_a_blank_value_may_be_missing(read):
    """The cell is unknown; among zeros that are values only a dense X can say so."""
    text = LONG + "a,x,\n"
    options = {"layout": "long", "nan": "missing"}
    assert read("x.csv", text, **options).X.nnz == 3
    options["zeros"] = "values"
    dense = read("x.csv", text, storage="dense", **options)
    assert dense.mask.tolist() == [[False, True], [True, True]]
    with pytest.raises(ValueError, match=r"dataset\.storage=dense, or dataset\.zeros="):
        read("x.csv", text, **options)


# Arrays


@pytest.mark.parametrize("name", ["x.npy", "x.npy.gz"])
def test_an_npy_is_read_as_it_is(read, name):
    """Type and values are kept; materialising converts them."""
    import gzip

    X = np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3))
    content = saved(np.save, X)
    data = read(name, gzip.compress(content) if name.endswith("gz") else content)
    np.testing.assert_array_equal(data.X, X)
    assert data.X.dtype == np.int16


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            saved(np.save, np.ones((30, 40)))[:-8],
            "not a readable .npy, it may be truncated",
        ),
        (
            saved(np.save, np.ones((3, 4)))[:20],
            "not a readable .npy, it may be truncated",
        ),
        (saved(np.save, np.ones(3)), r"an array of shape \(3,\)"),
        (saved(np.save, np.ones((2, 2), complex)), "complex128, not real numbers"),
        (saved(np.save, np.array([["a"]])), "not real numbers"),
        (saved(np.save, np.array([[1, None]])), "Python objects"),
        (saved(np.savez, a=np.ones((2, 2))), "it is a zip archive; rename it"),
        (b"1,2\n3,4\n", "does not begin like one"),
    ],
)
def test_a_bad_npy_is_a_sentence(read, content, message):
    """Truncated, of another shape or type, pickled, or something else."""
    with pytest.raises(ValueError, match=message):
        read("x.npy", content)


def test_the_only_matrix_of_an_npz_is_taken(read):
    """Vectors beside it do not confuse; of two, one is to be named."""
    one = saved(np.savez, X=np.ones((2, 3)), labels=np.arange(2))
    assert read("x.npz", one).X.shape == (2, 3)
    two = saved(np.savez, X=np.ones((2, 3)), Y=np.ones((4, 5)))
    assert read("x.npz", two, variable="Y").X.shape == (4, 5)
    with pytest.raises(ValueError, match=r"holds 2 matrices.*out of X, Y"):
        read("x.npz", two)
    with pytest.raises(ValueError, match="no such array; there are X, Y"):
        read("x.npz", two, variable="Z")


@pytest.mark.parametrize(
    "content",
    [saved(np.savez, X=np.ones((2, 3)))[:-30], saved(np.savez, X=np.array([[None]]))],
)
def test_a_damaged_or_pickled_npz_is_a_sentence(read, content):
    """Nothing of it is loaded."""
    with pytest.raises(ValueError, match=r"not a readable \.npz"):
        read("x.npz", content)


@pytest.mark.parametrize("kind", [csr_array, csc_array, coo_array])
def test_a_sparse_npz_stays_sparse_and_keeps_its_zeros(read, kind):
    """What it stores was observed, where the rest is unknown."""
    X = kind(coo_array((np.array([1.0, 2, 0]), ([0, 1, 1], [1, 0, 2])), shape=(2, 3)))
    data = read("x.npz", saved(save_npz, X), zeros="missing")
    assert (data.missing, data.X.nnz, data.X.format) == ("unstored", 3, "csr")
    assert data.X.toarray().tolist() == [[0, 1, 0], [2, 0, 0]]
    assert read("x.npz", saved(save_npz, X)).missing == "none"


def test_a_mat_gives_its_matrix_dense_or_sparse(read):
    """Scalars, vectors, text and complex arrays beside it do not confuse."""
    beside = {
        "n": 3.0,
        "classid": np.ones((2, 1)),
        "note": "text",
        "Z": np.ones((2, 3)) * 1j,
    }
    for X in (np.arange(6.0).reshape(2, 3), csc_array(np.eye(2, 3))):
        data = read("x.mat", saved(scipy.io.savemat, {"X": X, **beside}))
        found = data.X if isinstance(data.X, np.ndarray) else data.X.toarray()
        np.testing.assert_array_equal(
            found, X if isinstance(X, np.ndarray) else X.toarray()
        )
        assert isinstance(data.X, np.ndarray) == isinstance(X, np.ndarray)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            saved(scipy.io.savemat, {"X": np.ones((20, 30))})[:300],
            r"not a readable \.mat",
        ),
        (b"\x89HDF\r\n\x1a\n" + b"0" * 99, "save it from MATLAB with -v7"),
        (b"MATLAB 7.3 MAT-file" + b" " * 99, "save it from MATLAB with -v7"),
        (b"garbage" * 30, r"not a readable \.mat"),
    ],
)
def test_a_bad_mat_is_a_sentence(read, content, message):
    """Truncated, of a newer kind, or no .mat at all."""
    with pytest.raises(ValueError, match=message):
        read("x.mat", content)


def test_an_mtx_stays_sparse_and_keeps_its_zeros(read):
    """A listed 0 was observed where the rest is unknown."""
    data = read("x.mtx", MTX, zeros="missing", transpose=True)
    assert (data.missing, data.X.nnz, data.X.shape) == ("unstored", 3, (3, 2))
    assert data.X.toarray().tolist() == [[2, 0], [0, 0], [0, 4]]


def test_a_symmetric_pattern_is_filled_in(read):
    """Both halves, each entry 1."""
    text = "%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 1\n2 1\n"
    assert read("x.mtx", text).X.toarray().tolist() == [[1, 1], [1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MTX[:-6], "not a readable .mtx"),
        (MTX.replace("2 3 4", "2 9 4"), "Line 4: Column index out of bounds"),
        (MTX.replace("2 3 4", "1 1 4"), "entries 1 and 2 are both for row 1, column 1"),
        (
            MTX.replace("real", "complex")
            .replace("0\n", "0 1\n")
            .replace("2\n2", "2 1\n2")
            .replace("4\n", "4 1\n"),
            "complex128",
        ),
        ("1 2 3\n", "does not begin like one"),
    ],
)
def test_a_bad_mtx_is_a_sentence(read, text, message):
    """Truncated, out of bounds, duplicated, complex, or no .mtx at all."""
    with pytest.raises(ValueError, match=message):
        read("x.mtx", text)


def test_a_list_layout_of_an_array_is_refused(read):
    """Arrays are tables."""
    with pytest.raises(ValueError, match="layout=long goes with a text"):
        read("x.npy", saved(np.save, np.ones((2, 2))), layout="long")


# Parquet


def frame() -> pd.DataFrame:
    """Return two rows with a name, a count and a blank."""
    return pd.DataFrame({"g": ["r", "s"], "a": [1, 2], "b": [0.5, None]})


def test_a_parquet_table_is_read_with_its_names(read):
    """A first column of words, or the frame's own index, names the rows."""
    pytest.importorskip("pyarrow")
    for content in (
        saved(frame().to_parquet),
        saved(frame().set_index("g").to_parquet),
    ):
        data = read("x.parquet", content, nan="missing")
        assert (data.row_names, data.column_names) == (["r", "s"], ["a", "b"])
        assert data.X.tolist() == [[1, 0.5], [2, 0]]
        assert data.mask.tolist() == [[True, True], [True, False]]


def test_a_parquet_list_is_read_as_a_text_is(read):
    """Users, items and values by name."""
    pytest.importorskip("pyarrow")
    content = saved(
        pd.DataFrame({"v": [2.0, 1], "u": ["b", "a"], "i": [7, 8]}).to_parquet
    )
    columns = {"user": "u", "item": "i", "value": "v"}
    data = read("x.parquet", content, layout="long", **columns)
    assert data.X.toarray().tolist() == [[0, 1], [2, 0]]
    assert data.column_names == ["7", "8"]


def test_bad_parquet_files_are_sentences(read):
    """A column of words among the numbers, a truncated file, another format."""
    pytest.importorskip("pyarrow")
    words = saved(frame()[["a", "g"]].to_parquet)
    with pytest.raises(ValueError, match="column 'g' holds"):
        read("x.parquet", words)
    with pytest.raises(ValueError, match=r"not a readable \.parquet"):
        read("x.parquet", words[:-9])
    with pytest.raises(ValueError, match="does not begin like one"):
        read("x.parquet", b"a,b\n1,2\n")


def test_parquet_without_pyarrow_says_how_to_install_it(read, monkeypatch):
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"pip install 'nmflab\[parquet\]'"):
        read("x.parquet", b"PAR1")
