from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from nmflab_runlog import nmflab_run_end

from nmflab.registry import load


def log_of(study: Path) -> list[str]:
    """Return the lines of the log."""
    return (study / "runs.jsonl").read_text(encoding="utf-8").splitlines()


def test_each_run_is_one_line_of_json(tmp_path: Path) -> None:
    """Rows are appended in the order of their ends, text as it is."""
    rows: list[dict[str, object]] = [
        {"key": "a", "reason": "erreur à l’étape 2\n"},
        {"key": "b", "seconds": 0.5},
    ]
    for row in rows:
        nmflab_run_end(tmp_path, row)
    assert [json.loads(line) for line in log_of(tmp_path)] == rows


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (np.float64(0.5), 0.5),
        (np.int64(3), "3"),
        (np.array([1, 2]), "[1 2]"),
        (Path("a"), "a"),
        ({1: (True, None)}, {"1": [True, None]}),
        ("\ud800", "?"),
    ],
)
def test_odd_values_are_logged_as_text(
    tmp_path: Path, value: object, logged: object
) -> None:
    """No value makes the log invalid JSON, or raises."""
    nmflab_run_end(tmp_path, {"value": value})
    assert json.loads(log_of(tmp_path)[0]) == {"value": logged}


def test_a_value_that_holds_itself_is_cut(tmp_path: Path) -> None:
    """A cycle ends at a fixed depth."""
    row: dict[str, object] = {}
    row["row"] = row
    nmflab_run_end(tmp_path, row)
    assert json.loads(log_of(tmp_path)[0])["row"]["row"]


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    """After a killed process left half a line, the next run has a line of its own."""
    (tmp_path / "runs.jsonl").write_text('{"key": "to', encoding="utf-8")
    nmflab_run_end(tmp_path, {"key": "next"})
    assert log_of(tmp_path) == ['{"key": "to', '{"key": "next"}']


def test_the_registry_tells_the_log_of_a_run(tmp_path: Path) -> None:
    """The entry point ``run_log`` is what a study calls."""
    load(only=["run_log"], strict=True).run_end(tmp_path, {"key": "a"})
    assert log_of(tmp_path) == ['{"key": "a"}']
