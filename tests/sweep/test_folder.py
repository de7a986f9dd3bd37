from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from nmflab.config import AXES, PER_RUN
from nmflab.registry import load
from nmflab.store import StoreError
from nmflab.sweep.expand import Space
from nmflab.sweep.folder import asked_again, study_folder, write_summary


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("movies", Path("studies/movies")),
        ("runs/movies", Path("runs/movies")),
        ("./movies", Path("movies")),
        ("../movies", Path("../movies")),
        ("/data/movies", Path("/data/movies")),
        ("~/movies", Path.home() / "movies"),
    ],
)
def test_a_name_lies_under_studies_and_a_path_is_kept(name: str, folder: Path) -> None:
    """`study=movies` needs no thought, `study=./movies` says where."""
    assert study_folder(name) == folder


def test_a_summary_holds_what_it_was_given(tmp_path: Path) -> None:
    """In plain YAML, letters as they are."""
    write_summary(
        tmp_path,
        base={"seed": 0},
        provenance={"host": "h"},
        data={"Études": "0f"},
        plugin_failures=[],
    )
    text = (tmp_path / "study.yaml").read_text(encoding="utf-8")
    assert "Études" in text
    assert yaml.safe_load(text) == {
        "config": {"seed": 0},
        "data": {"Études": "0f"},
        "plugin_failures": [],
        "provenance": {"host": "h"},
    }
    assert [file.name for file in tmp_path.iterdir()] == ["study.yaml"]


def test_a_summary_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """And that no run is lost."""
    with pytest.raises(StoreError, match=r"cannot write .*finished runs are kept"):
        write_summary(
            tmp_path / "no", base={}, provenance={}, data={}, plugin_failures=[]
        )


def test_a_summary_says_what_varies_and_no_more() -> None:
    """With the base, every space can be made again from it."""
    node = {"name": "mu"}
    base = {**dict.fromkeys(AXES, node), **dict.fromkeys(PER_RUN, 1), "metrics": []}
    settings = {name: base[name] for name in (*PER_RUN, "metrics")}
    axes = {axis: [node] for axis in AXES}
    spaces = [
        Space(axes=axes | {"seed": [0, 1]}, settings=settings),
        Space(axes=axes, settings=settings | {"restarts": 4}, case="four"),
    ]
    found = asked_again(spaces, base, [(node, "0f")], load())
    assert found["spaces"] == [
        {"axes": {"seed": [0, 1]}},
        {"case": "four", "settings": {"restarts": 4}},
    ]
    assert found["data"] == [{"dataset": node, "fingerprint": "0f"}]
    assert set(found["plugins"]) == {"solver mu"}
