"""Tests of tables that look like something else: row names among data, and lists."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pandas as pd
import pytest

ASKS = r"the first column, 'NAME', holds .*dataset\.index=true.*dataset\.index=false"
COUNTING = range(1001, 1021)
DISTINCT = (7, 3, 12, 5)


def table(name: str, first: Sequence[object]) -> str:
    """Return a table with a header: a first column, then 2, 5 and 3, 1 by turns."""
    lines = [f"{value},{('2,5', '3,1')[at % 2]}" for at, value in enumerate(first)]
    return "\n".join([f"{name},a,b", *lines]) + "\n"


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("customer_id", COUNTING),
        ("id", range(20)),
        ("year", range(2001, 2004)),
        ("id", DISTINCT),
        ("ID", DISTINCT),
        ("userId", DISTINCT),
        ("CustomerID", DISTINCT),
        ("customer id", DISTINCT),
        ("Index", DISTINCT),
        ("idx", DISTINCT),
        ("user", DISTINCT),
        ("Item", DISTINCT),
        ("user_id", (1,)),
    ],
)
def test_a_first_column_of_identifiers_is_asked_about(read, name, first):
    """Whole numbers that count the rows, or distinct ones below a name for them."""
    with pytest.raises(ValueError, match=ASKS.replace("NAME", name)):
        read("x.csv", table(name, first))


def test_the_question_shows_the_first_values(read):
    """So that one sees what is meant without opening the file."""
    with pytest.raises(ValueError, match=r"holds 1001, 1002, 1003, \.\.\., which may"):
        read("x.csv", table("customer_id", COUNTING))


def test_either_answer_is_taken(read):
    """As names of the rows, or as one more column of data."""
    text = table("customer_id", COUNTING)
    named = read("x.csv", text, index=True)
    assert (named.X.shape, named.row_names[0]) == ((20, 2), "1001")
    assert named.column_names == ["a", "b"]
    data = read("x.csv", text, index=False)
    assert (data.X.shape, data.row_names) == ((20, 3), None)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("age", (31, 25, 31, 40)),
        ("age", DISTINCT),
        ("age", (40, 39, 38, 37)),
        ("n", (1, 2)),
        ("id", (1, 1, 2, 3)),
        ("id", (1.5, 2.5, 3.5)),
        ("paid", DISTINCT),
        ("solid", DISTINCT),
        ("body_mass_index", DISTINCT),
    ],
)
def test_other_first_columns_are_data(read, name, first):
    """Repeated, unordered or fractional numbers, and names that only end alike."""
    data = read("x.csv", table(name, first))
    assert data.row_names is None
    assert data.X[:, 0].tolist() == list(first)


def test_numbers_without_a_header_are_data(read):
    """A matrix may well count up in its first column."""
    text = table("id", COUNTING).split("\n", 1)[1]
    assert read("x.csv", text).X.shape == (20, 3)


def test_a_single_column_that_counts_is_data(read):
    """Nothing would be left beside the names."""
    assert read("x.csv", "id\n1\n2\n3\n").X.shape == (3, 1)


def test_a_parquet_is_asked_about_too(read):
    """Its columns always have names."""
    pytest.importorskip("pyarrow")
    buffer = io.BytesIO()
    pd.DataFrame({"customer_id": [7, 3], "a": [1, 2]}).to_parquet(buffer)
    with pytest.raises(ValueError, match=ASKS.replace("NAME", "customer_id")):
        read("x.parquet", buffer.getvalue())
    assert read("x.parquet", buffer.getvalue(), index=True).row_names == ["7", "3"]
    assert read("x.parquet", buffer.getvalue(), index=False).X.shape == (2, 2)


LIST = "user,item,rating\nann,milk,5\nbob,tea,3\nann,tea,\n"


@pytest.mark.parametrize(
    "text", [LIST, LIST.split("\n", 1)[1], LIST.replace("ann", "1").replace("bob", "2")]
)
@pytest.mark.parametrize("header", [None, True])
def test_a_list_read_as_a_table_is_recognised(read, text, header):
    """With a header or without, users by name or by number."""
    with pytest.raises(
        ValueError, match=r"line \d, column 2: .* give dataset\.layout=long; else"
    ):
        read("x.csv", text, header=header)


def test_a_list_in_another_order_is_told_how_to_name_its_columns(read):
    """The advice, followed, reads the file."""
    text = "rating,user,item\n5,ann,milk\n3,bob,tea\n"
    with pytest.raises(ValueError, match=r"layout=long and name .* dataset\.value;"):
        read("x.csv", text)
    columns = {"user": "user", "item": "item", "value": "rating"}
    data = read("x.csv", text, layout="long", **columns)
    assert data.X.toarray().tolist() == [[5, 0], [0, 3]]


def test_one_bad_cell_does_not_make_a_table_a_list(read):
    """The cell is what is named then."""
    with pytest.raises(ValueError, match=r"line 3, column 2 \('a'\): 'x'.*mend the"):
        read("x.csv", "gene,a,b\nr,1,2\ns,x,3\n")
