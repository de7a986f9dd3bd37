"""Metrics over seeds in the store: by group, replaced and taken back as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.store import Store, StudyWriter

Begin = Callable[..., int]
DIGESTS = {"consensus": "c1", "amari": "a1"}


@pytest.fixture
def two(writer: StudyWriter, sweep: Begin) -> StudyWriter:
    """Return a study of two runs that differ by seed, measured."""
    sweep("a", "b", solver="hals")
    values = {"consensus_cophenetic": 0.9, "consensus_note": "a text"}
    problems = {"amari": "metric amari failed: it did"}
    writer.add_group_metrics("g", ["a", "b"], values, problems, DIGESTS)
    return writer


def test_group_metrics_come_back_in_long_form_with_their_labels(
    two: StudyWriter,
) -> None:
    """One row a value, text or problem; every label but the seed."""
    found = two.reader.group_metrics().set_index("name")
    assert set(found.index) == {"amari", "consensus_cophenetic", "consensus_note"}
    assert found.loc["consensus_cophenetic", "value"] == 0.9
    assert found.loc["consensus_note", "text"] == "a text"
    assert found.loc["amari", "problem"] == "metric amari failed: it did"
    assert set(found["solver"]) == {"hals"}
    assert "seed" not in found.columns
    assert set(found["n_runs"]) == {2}
    assert list(found["keys"]) == [["a", "b"]] * 3
    assert two.group_digests("g") == DIGESTS


def test_a_metric_measured_again_leaves_no_value_behind(two: StudyWriter) -> None:
    """Suffixes it no longer gives are gone; other metrics stay."""
    two.add_group_metrics("g", ["a"], {"consensus": 1.0}, {}, {"consensus": "c2"})
    found = two.reader.group_metrics().set_index("name")
    assert set(found.index) == {"amari", "consensus"}
    assert found["keys"].to_dict() == {"amari": ["a", "b"], "consensus": ["a"]}
    assert two.group_digests("g") == {"consensus": "c2", "amari": "a1"}


def test_a_metric_whose_name_begins_another_s_keeps_its_own(
    writer: StudyWriter, sweep: Begin
) -> None:
    """``top_terms`` is no suffix of ``top``."""
    sweep("a", "b")
    digests = {"top": "1", "top_terms": "1"}
    values = {"top_x": 1.0, "top_terms": 2.0, "top_terms_x": 3.0}
    writer.add_group_metrics("g", ["a", "b"], values, {}, digests)
    writer.add_group_metrics("g", ["a", "b"], {"top_y": 4.0}, {}, {"top": "2"})
    found = writer.reader.group_metrics().set_index("name")["value"].to_dict()
    assert found == {"top_y": 4.0, "top_terms": 2.0, "top_terms_x": 3.0}


def test_runs_that_are_taken_back_take_their_groups_along(two: StudyWriter) -> None:
    """Groups without them stay."""
    two.add_group_metrics("h", ["b"], {"amari": 0.5}, {}, {"amari": "a"})
    two.forget_runs(["a"])
    found = two.reader.group_metrics()
    assert list(found["group"]) == ["h"]
    assert two.group_digests("g") == {}


def test_finished_runs_come_by_seed_and_say_where_their_factors_are(
    writer: StudyWriter, sweep: Begin, arrays: dict[str, Any]
) -> None:
    """Inline, in a file that is there, in one that is gone, and not kept."""
    folder = writer.folder / "factors"
    folder.mkdir()
    (folder / "c.npz").write_bytes(b"held")
    number = sweep("a", "b", "c", "d", "failed")
    inline = {name: arrays[name] for name in ("W", "H")}
    for key, file in (("b", None), ("c", "c.npz"), ("d", "d.npz"), ("a", None)):
        factors = file and {"path": f"factors/{file}", "sha256": "0"}
        record = {"status": "ok", "fingerprint": "f", "factors": factors}
        writer.add_fit(key, number, record, inline if key == "b" else {})
    writer.add_fit("failed", number, {"status": "error"}, {})
    found = {run.key: run for run in writer.finished(number)}
    assert list(found) == ["a", "b", "c", "d"]
    has = {key: run.has_factors for key, run in found.items()}
    assert has == {"a": False, "b": True, "c": True, "d": False}
    assert found["b"].file is None
    assert found["c"].file == {"path": "factors/c.npz", "sha256": "0"}


def test_a_study_of_an_earlier_nmflab_has_none_and_can_get_them(folder: Path) -> None:
    """Its file lacks the tables: reading gives no rows, writing makes them."""
    StudyWriter(folder).close()
    db = sqlite3.connect(folder / "runs.sqlite")
    with db:
        db.execute("DROP TABLE seed_groups")
        db.execute("DROP TABLE seed_metrics")
    db.close()
    with Store.open(folder) as store:
        found = store.group_metrics()
        assert found.empty
        assert {"group", "solver", "name", "value", "n_runs", "keys"} <= {*found}
    writer = StudyWriter(folder)
    writer.add_group_metrics("g", ["a"], {"amari": np.float64(0.5)}, {}, {"amari": "d"})
    assert writer.group_digests("g") == {"amari": "d"}
    writer.close()
