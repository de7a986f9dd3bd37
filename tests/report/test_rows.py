"""Rows of tables: the filters they answer to, and long tables made small."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nmflab.report.content import Cell, Column, Filter, Table
from nmflab.report.formats.figures import embedded
from nmflab.report.formats.names import isolating, turns
from nmflab.report.formats.rows import packed, positions, width

FILTERS = [
    Filter("dataset", "Dataset", ["mail", "faces"], ("Dataset", "Data")),
    Filter("solver", "Solver", ["mu", "hals"], ("Solver", "Solver and init")),
    Filter("init", "Init", ["random", "nndsvd"], ("Init", "Solver and init")),
    Filter("n_components", "n_components", ["2", "3"], ("n_components",)),
]


def table(columns: str, *rows: str, **more: Any) -> Table:
    """Return a table; columns and cells are told apart by bars."""
    cells = [[Cell(text) for text in row.split("|")] for row in rows]
    return Table("t", "T", [Column(c) for c in columns.split("|")], cells, **more)


@pytest.mark.parametrize(
    ("columns", "row", "place"),
    [
        ("Dataset|Solver|Init|n_components", "faces|mu|nndsvd|3", "1,0,1,1"),
        ("Data|Value", "mail|hals", "0,,,"),
        ("Solver and init|Rank", "hals from random|2", ",1,0,"),
        ("Comparison|Solver", "faces · frobenius · n_components 3|mu", "1,0,,1"),
        ("Dataset|Solver", "unknown|neither", ""),
        ("What|Else", "mail|mu", ""),
    ],
)
def test_a_rows_labels_are_read_from_columns_that_hold_them(
    columns: str, row: str, place: str
) -> None:
    """By the title of the column; a row with no known label answers to no filter."""
    assert positions(table(columns, row), FILTERS) == [place]


def test_what_a_row_is_said_to_be_about_comes_first() -> None:
    """Labels that are the same in every row have no column, but are told."""
    given = table("Solver", "mu", "hals", about=[{"dataset": "faces"}] * 2)
    assert positions(given, FILTERS) == ["1,0,,", "1,1,,"]
    over = table("Solver", "mu", about=[{"solver": "hals"}])
    assert positions(over, FILTERS) == [",1,,"]


def unpacked(column: Any, at: int) -> Any:
    """Return a cell as the page's script reads it."""
    return column["v"][column["i"][at]] if "i" in column else column["v"][at]


def test_a_packed_table_holds_every_cell() -> None:
    """Repeated cells once; each row's are found by their index."""
    rows = [
        [
            Cell(f"key{at}"),
            Cell("ok" if at % 3 else "error", tone=""),
            Cell("1", "s", 2),
        ]
        for at in range(30)
    ]
    told = packed(Table("t", "T", [Column("a"), Column("b"), Column("c")], rows), [])
    assert [unpacked(told["columns"][0], at) for at in range(30)] == [
        row[0].text for row in rows
    ]
    assert told["columns"][1]["v"] == ["error", "ok"]
    assert unpacked(told["columns"][2], 7) == ["1", "s", 2, ""]


def test_infinite_sort_values_are_json() -> None:
    """A cell that sorts last says so in words, as JSON has no infinity."""
    rows = [[Cell("–", sort=float("inf"))]]
    told = embedded(packed(Table("t", "T", [Column("a", True)], rows), []))
    assert json.loads(told)["columns"][0]["v"] == [["–", "", "inf", ""]]


def test_ten_thousand_runs_take_half_a_megabyte() -> None:
    """Keys and two numbers are spelled out; everything else is an index."""
    rows = [
        [
            Cell(f"{at * 7919:012x}"),
            *(Cell(f"{name}{at % n}") for name, n in (("set", 9), ("case", 40))),
            Cell(str(at % 25)),
            Cell("the residual fell to stop.kkt=0.0001"),
            Cell(f"{1 / (at + 1):.5g}"),
            Cell(f"{at / 7:.3g}"),
        ]
        for at in range(10_000)
    ]
    made = Table("t", "T", [Column(str(at)) for at in range(7)], rows)
    assert len(embedded(packed(made, []))) < 500_000


def test_the_width_of_a_table_is_that_of_what_cannot_be_broken() -> None:
    """Numbers count whole, text by its longest word, second lines for less."""
    one = Table("t", "T", [Column("long title", True)], [[Cell("1 ± 2")]])
    assert width(one) == pytest.approx(0.64 * 5 + 0.7, abs=0.05)
    words = Table("t", "T", [Column("a")], [[Cell("some words", "and more")]])
    assert width(words) == pytest.approx(0.64 * 5 + 0.7, abs=0.05)
    both = Table("t", "T", [Column("a"), Column("b")], [[Cell("xy"), Cell("z")]])
    assert width(both) == pytest.approx(0.64 * 3 + 1.4, abs=0.05)


@pytest.mark.parametrize("name", ["מטריצה", "بيانات", "a\u202eb", "a\u2067b"])
def test_names_that_turn_a_line_are_isolated(name: str) -> None:
    """Right-to-left letters and direction marks, wherever the name stands."""
    assert turns(name)
    said = isolating([name, "plain"])(f"On {name} & plain: {name}.")
    assert said == f"On <bdi>{name}</bdi> &amp; plain: <bdi>{name}</bdi>."


@pytest.mark.parametrize("name", ["hals", "Größe", "矩阵", "😀", "a\u0301"])
def test_other_names_are_left_to_the_template(name: str) -> None:
    """Nothing is escaped twice: text without such names is returned as it is."""
    assert not turns(name)
    text = f"On {name} <b>"
    assert isolating([name])(text) is text


def test_an_isolated_name_is_escaped() -> None:
    """It may be markup as well."""
    said = isolating(["א<b>"])("x < א<b>")
    assert said == "x &lt; <bdi>א&lt;b&gt;</bdi>"
