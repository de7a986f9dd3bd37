from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from nmflab import session
from nmflab.executors import Limits, make
from nmflab.sweep.materials import data_folder, materialise_all
from nmflab.sweep.nodes import node_text
from nmflab.sweep.plan import Data


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an empty cache and an empty folder."""
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def from_file(path: str = "X.csv", **more: Any) -> dict[str, Any]:
    """Return the node of a dataset read from a file."""
    return {"name": "file", "seed": 0, "path": path, **more}


def write(text: str, path: str = "X.csv") -> None:
    """Write a table, a second later than the last one."""
    file = Path(path)
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))


def loaded(*nodes: dict[str, Any]) -> list[Data]:
    """Return what becomes of some datasets."""
    with make("serial", registry=session.registry()) as executor:
        data = materialise_all(nodes, session.registry(), executor, Limits())
    return [data[node_text(node)] for node in nodes]


def test_a_dataset_is_made_ready_in_the_cache() -> None:
    """With its facts; complete or absent."""
    [data] = loaded({"name": "movie_ratings", "seed": 0, "zeros": "values"})
    assert data.error is None
    assert data.folder is not None
    assert data.folder.parent == Path(os.environ["NMFLAB_CACHE"]) / "data"
    assert (data.facts["n_samples"], data.facts["n_features"]) == (5, 4)


def test_what_is_ready_is_not_loaded_again() -> None:
    """The file may be gone by then; the same facts come from the cache."""
    write("1,2\n3,4\n")
    [first] = loaded(from_file(header=False))
    folder = first.folder
    assert folder is not None
    stamp = (folder / "meta.json").stat().st_mtime_ns
    [again] = loaded(from_file(header=False))
    assert again == first
    assert (folder / "meta.json").stat().st_mtime_ns == stamp


def test_a_changed_file_is_loaded_again() -> None:
    """Size and time of the file are part of the name of its folder."""
    write("1,2\n3,4\n")
    [before] = loaded(from_file(header=False))
    write("1,2\n3,5\n")
    [after] = loaded(from_file(header=False))
    assert before.facts["fingerprint"] != after.facts["fingerprint"]


def test_the_same_numbers_written_anew_have_the_same_fingerprint() -> None:
    """Results are keyed by what was read, not by when."""
    write("1,2\n3,4\n")
    [before] = loaded(from_file(header=False))
    write("1.0,2.0\n3.0,4.0\n")
    [after] = loaded(from_file(header=False))
    assert before.folder != after.folder
    assert before.facts["fingerprint"] == after.facts["fingerprint"]


def test_parameters_are_part_of_the_name_of_a_folder() -> None:
    """The same file read in two ways is two datasets."""
    registry = session.registry()
    one, other = (
        data_folder(registry, from_file(header=header)) for header in (True, False)
    )
    assert one != other
    assert one.name.startswith("file-")


def test_a_dataset_that_fails_is_told_and_the_others_are_loaded() -> None:
    """Its `Data` holds a sentence and the traceback."""
    good = {"name": "movie_ratings", "seed": 0}
    bad, fine = loaded(from_file("nothing.csv"), good)
    assert bad.folder is None
    assert bad.error is not None
    assert "dataset.path=nothing.csv: no such file" in bad.error
    assert fine.error is None


def test_a_dataset_asked_for_twice_is_loaded_once() -> None:
    """By two solvers, say."""
    node = {"name": "movie_ratings", "seed": 0}
    one, other = loaded(node, dict(node))
    assert one is other
