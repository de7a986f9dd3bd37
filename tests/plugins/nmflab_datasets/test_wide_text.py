"""Tests of tables in text files: names, numbers, delimiters, and what is refused."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nmflab_datasets.file import File

X = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("name", "text", "rows", "columns"),
    [
        ("x.csv", "1,2\n3,4\n", None, None),
        ("x.csv", "1,2\n3,4", None, None),
        ("x.csv", "1,2\r\n3,4\r\n", None, None),
        ("x.csv", "1,2\r3,4\r", None, None),
        ("x.csv", "\ufeff1,2\n3,4\n", None, None),
        ("x.csv", "# a note, with a comma\n\n1,2\n\n3,4\n\n", None, None),
        ("x.csv", "1;2\n3;4\n", None, None),
        ("x.csv", "1|2\n3|4\n", None, None),
        ("x.csv", " 1 , 2\n3 ,4 \n", None, None),
        ("x.csv", "1,2,\n3,4,\n", None, None),
        ("x.csv", "+1,2e0\n3.,.4e1\n", None, None),
        ("x.tsv", "1\t2\n3\t4\n", None, None),
        ("x.tab", "1\t2\t\n3\t4\t\n", None, None),
        ("x.txt", "  1   2\n 3\t4  \n", None, None),
        ("x.dat", "1::2\n3::4\n", None, None),
        ("x.data", "1\t2\n3\t4\n", None, None),
        ("x.csv", "a,b\n1,2\n3,4\n", None, ["a", "b"]),
        ("x.csv", "a,b\n1,2,\n3,4,\n", None, ["a", "b"]),
        ("x.csv", "id,a,b\nr,1,2\ns,3,4\n", ["r", "s"], ["a", "b"]),
        ("x.csv", ",a,b\n7,1,2\n8,3,4\n", ["7", "8"], ["a", "b"]),
        ("x.csv", ",0,1\n0,1,2\n1,3,4\n", ["0", "1"], ["0", "1"]),
        ("x.csv", "a,b\nr,1,2\ns,3,4\n", ["r", "s"], ["a", "b"]),
        (
            "x.csv",
            '"","a, b","c ""d"""\n"r\n1",1,"2"\n"s",3,4\n',
            ["r\n1", "s"],
            ["a, b", 'c "d"'],
        ),
        ("x.txt", '"a" "b c"\n"r s" 1 2\n"t" 3 4\n', ["r s", "t"], ["a", "b c"]),
        ("x.csv", "gene,a,b\nNA,1,2\nnan,3,4\n", None, None),
    ],
)
def test_a_table_is_found_out(read, name, text, rows, columns):
    """Delimiter, header and row names are told from the words and numbers there."""
    given = {"index": True} if "gene" in text else {}
    data = read(name, text, **given)
    np.testing.assert_array_equal(data.X, X)
    assert data.missing == "none"
    if "gene" in text:
        assert data.row_names == ["NA", "nan"]  # a name, though it means "no value"
    else:
        assert data.row_names == rows
        assert data.column_names == columns


def test_row_names_without_a_header_are_found_out(read):
    """Unless the numbers of the first line count up, as years do."""
    data = read("x.csv", "r,2,1\ns,3,4\n")
    assert (data.row_names, data.column_names) == (["r", "s"], None)
    assert data.X.tolist() == [[2, 1], [3, 4]]


def test_names_can_be_said(read):
    """Options overrule what the words and numbers look like."""
    years = "name,2001,2002\nx,1,2\ny,3,4\n"
    assert read("x.csv", years, header=True).column_names == ["2001", "2002"]
    numbers = "1,2\n3,4\n"
    data = read("x.csv", numbers, header=True, index=True)
    assert (data.row_names, data.column_names) == (["3"], ["2"])
    assert data.X.tolist() == [[4.0]]


def test_a_delimiter_can_be_said(read):
    """One character, several, or a word."""
    assert read("x.csv", "1~2\n3~4\n", delimiter="~").X.tolist() == X
    assert read("x.csv", "1<>2\n3<>4\n", delimiter="<>").X.tolist() == X
    assert read("x.csv", "1\t2\n3\t4\n", delimiter="tab").X.tolist() == X
    assert read("x.csv", "1  2\n3 4\n", delimiter="space").X.tolist() == X


def test_an_encoding_can_be_said(read):
    """Names in Latin-1 and UTF-16 are read as they were meant."""
    text = "é,b\n1,2\n3,4\n"
    for encoding in ("latin-1", "utf-16"):
        data = read("x.csv", text.encode(encoding), encoding=encoding)
        assert data.column_names == ["é", "b"]


def test_text_may_be_compressed(read):
    """A .csv.gz is a .csv."""
    assert read("x.csv.gz", gzip.compress(b"1,2\n3,4\n")).X.tolist() == X


def test_a_table_may_be_transposed(read):
    """Names and mask go with it."""
    data = read("x.csv", "id,a,b\nr,1,\ns,3,4\n", transpose=True, nan="missing")
    assert data.X.tolist() == [[1, 3], [0, 4]]
    assert data.mask.tolist() == [[True, True], [False, True]]
    assert (data.row_names, data.column_names) == (["a", "b"], ["r", "s"])


@pytest.mark.parametrize("blank", ["", "NA", "NaN", "nan", "null", "None", "-"])
def test_a_blank_is_refused_by_row_and_column(read, blank):
    """The message names both and says how to mark it as missing."""
    text = f"id,a,b\nr,1,2\ns,{blank},4\n"
    message = r"row 2 \('s'\), column 1 \('a'\) is NaN or blank.*dataset\.nan=missing"
    with pytest.raises(ValueError, match=message):
        read("x.csv", text)
    data = read("x.csv", text, nan="missing")
    assert data.mask.tolist() == [[True, True], [False, True]]
    assert data.X.tolist() == [[1, 2], [0, 4]]


def test_zeros_of_a_table_may_mean_missing(read):
    """A 0 is unknown then, dense or sparse; a blank stays an error."""
    dense = read("x.csv", "1,0\n3,4\n", zeros="missing")
    assert dense.mask.tolist() == [[True, False], [True, True]]
    sparse = read("x.csv", "1,0\n3,4\n", zeros="missing", storage="csr")
    assert (sparse.missing, sparse.X.nnz) == ("unstored", 3)
    with pytest.raises(ValueError, match="NaN or blank"):
        read("x.csv", "1,0\n3,\n", zeros="missing")


def test_a_sparse_table_stores_observed_zeros_where_blanks_are_missing(read):
    """Only the blank is unknown."""
    data = read("x.csv", "1,0\n3,\n", nan="missing", storage="csr")
    assert (data.missing, data.X.nnz) == ("unstored", 3)
    assert read("x.csv", "1,0\n3,4\n", storage="csr").X.nnz == 3


def test_a_table_without_missing_cells_is_complete(read):
    """Options for missing cells do not make a mask of all True."""
    assert read("x.csv", "1,2\n3,4\n", zeros="missing", nan="missing").mask is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3\n", "line 2 has 1 field"),
        ("1,2\n\n3,4\n5,6,7\n", "line 4 has 3 field.*where most lines have 2"),
        ("1,2\n3,4,5\n6,7,8\n", "line 1 has 2 field.*lines below it have 3"),
        ("a,b,c,d\ne,f\ng\nh\n", "line 1 has 4 field"),
        ("a,b\n1,2\n3,x\n", r"line 3, column 2 \('b'\): 'x' is not a number"),
        ("1,2\n3,4,\n5,6\n", "line 2 has 3 field"),
        ("r,1\ns,2\nt,u\n", "line 3, column 2: 'u' is not a number"),
        ("1,2\n3,1.2.3\n", "line 2, column 2: '1.2.3' is not a number"),
        ("1,x\n3,4\n", "line 1 holds '1' and 'x'.*dataset.header"),
        ("n,2001,2002\nx,1,2\n", "line 1 holds 'n' and '2001'.*dataset.header"),
        ("5,1\nx,2\n", r"a word \('x', line 2\) and a number \('5', line 1\)"),
        ("a,b\n", "a line of names and no data below it"),
        ("id,b\n", "a line of names and no data below it"),
        ("a\nb\n", "is not a number; if the first column holds names"),
        ('1,2\n3,"4\n5,6\n', "line 2 opens a quotation mark that no line closes"),
        ("1 2\n3 4\n", "'1 2' is not a number|'3 4' is not a number"),
        ("", "the file is empty"),
        ("\n \n", "holds no data"),
        ("# nothing\n", "holds no data"),
        ("1,2\n3,4\x00\n", "line 2 holds NUL bytes"),
        ("<!DOCTYPE html>\n<html>", "it is a web page; fetch the file itself"),
    ],
)
def test_a_bad_table_is_a_sentence(read, text, message):
    """What is wrong, where, and how to mend it; never a parser's traceback."""
    with pytest.raises(ValueError, match=message) as error:
        read("x.csv", text)
    assert str(error.value).startswith("dataset.path=")
    assert "\n" not in str(error.value)


def test_a_decimal_comma_is_named(read):
    """A common cause of cells that are no numbers."""
    with pytest.raises(ValueError, match=r"'4,5' is not a number; write decimals"):
        read("x.csv", "1;2\n3;4,5\n", delimiter=";")


def test_bytes_that_are_not_utf_8_are_located(read):
    """The line is named, and other encodings."""
    with pytest.raises(ValueError, match=r"line 2 is not utf-8.*latin-1"):
        read("x.csv", b"a,b\n1,\xe9\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"1,2\n" * 99)[:-12], "truncated or damaged"),
        (b"\x1f\x8b" + b"nonsense" * 9, "truncated or damaged"),
        (b"1,2\n", "not compressed; drop the .gz"),
        (gzip.compress(b""), "the compressed file is empty"),
        (gzip.compress(b"PK\x03\x04"), "it is a zip archive"),
    ],
)
def test_a_bad_gz_is_a_sentence(read, content, message):
    """Truncated, not compressed, empty, or something else inside."""
    with pytest.raises(ValueError, match=message):
        read("x.csv.gz", content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 rest", "it is a zip archive; rename it to end in .npz"),
        (gzip.compress(b"1,2\n"), "add .gz to its name"),
        (b"%PDF-1.7", "it is a PDF document"),
        (b"PAR1", "it is a Parquet file; rename it to end in .parquet"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(read, content, message):
    """What it is instead, by its first bytes."""
    with pytest.raises(ValueError, match=message):
        read("x.csv", content)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(
                st.floats(allow_nan=False, allow_infinity=False),
                min_size=width,
                max_size=width,
            ),
            min_size=1,
            max_size=5,
        )
    )
)
def test_numbers_are_read_to_the_last_digit(read, table):
    """What Python writes is what is read back, bit by bit."""
    text = "\n".join(",".join(map(repr, row)) for row in table)
    np.testing.assert_array_equal(read("x.csv", text).X, np.array(table))


def test_a_path_may_begin_with_the_home_folder(tmp_path, monkeypatch):
    """``~`` is expanded, and relative paths start at the working folder."""
    (tmp_path / "x.csv").write_text("1,2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for path in ("~/x.csv", "x.csv"):
        assert File(path=path).load(np.random.default_rng(0)).X.tolist() == [[1, 2]]
