"""Reading many runs costs one query, and gives what reading each by itself gives."""

from __future__ import annotations

import io
import sqlite3
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nmflab.store import StoreError, StudyWriter
from nmflab.store.schema import pack, unpack

Begin = Callable[..., int]

DONE = {"status": "ok", "objective_value": 1.0}


def test_configurations_of_all_runs_are_those_of_each(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Of a run planned twice, as the sweep that made it did; else as the last did."""
    first = sweep("a", "b", changes='{"seed": 1}')
    writer.add_fit("a", first, DONE, {})
    sweep("a", "b", "c", changes='{"seed": 2}')
    found = dict(writer.reader.configs())
    assert {key: config["seed"] for key, config in found.items()} == {
        "a": 1,
        "b": 2,
        "c": 2,
    }
    assert found == {key: writer.reader.config(key) for key in "abc"}


def test_configurations_of_a_sweep_are_as_it_planned_them(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Whichever sweep made the runs."""
    first = sweep("a", changes='{"seed": 1}')
    sweep("a", "b", changes='{"seed": 2}')
    writer.add_fit("a", first, DONE, {})
    seeds = {key: config["seed"] for key, config in writer.reader.configs(first + 1)}
    assert seeds == {"a": 2, "b": 2}


def test_warnings_of_all_runs_are_of_those_that_warned(
    writer: StudyWriter, sweep: Begin
) -> None:
    """By key; the others are not there."""
    number = sweep("a", "b")
    writer.add_fit("a", number, {**DONE, "warnings": ["one", "two"]}, {})
    writer.add_fit("b", number, DONE, {})
    assert writer.reader.all_warnings() == {"a": ["one", "two"]}


def plan_of(db: sqlite3.Connection, query: str) -> str:
    """Return how SQLite would go about a query."""
    return " ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))


def test_one_run_is_found_without_reading_the_plan(
    writer: StudyWriter, sweep: Begin
) -> None:
    """By the index, so that reading each of many runs does not grow as its square."""
    sweep("a")
    asked: list[str] = []
    writer.reader._db.set_trace_callback(asked.append)
    writer.reader.config("a")
    writer.reader._db.set_trace_callback(None)
    assert "SCAN p" not in plan_of(writer.reader._db, asked[-1])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 8)),
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3.0),
        np.array(["a", "é" * 200]),
        np.ones((3, 4), dtype=bool),
        np.arange(4, dtype=">i4"),
    ],
    ids=["empty", "rows", "columns", "scalar", "text", "bool", "swapped"],
)
def test_an_array_comes_back_as_it_was(array: npt.NDArray[Any]) -> None:
    """Its values, type, shape and order; and it can be written to."""
    found = unpack(pack(array))
    assert found is not None
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.f_contiguous == array.flags.f_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, array)


def test_another_version_of_the_format_is_refused() -> None:
    """Its header is longer; nmflab's arrays never need one."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ones(2), version=(2, 0))
    with pytest.raises(StoreError, match="format that nmflab does not write"):
        unpack(zlib.compress(buffer.getvalue()))


def test_objects_are_not_unpickled() -> None:
    """An array of Python objects is refused before its bytes are looked at."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="Python objects"):
        unpack(zlib.compress(buffer.getvalue()))
