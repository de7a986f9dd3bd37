from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.sparse import csr_array

from nmflab.contracts import TRACE_COLUMNS, Dataset
from nmflab.store import Store, StoreError, StudyWriter

Begin = Callable[..., int]
Arrays = dict[str, npt.NDArray[Any]]


def facts(X: Any, **more: Any) -> dict[str, Any]:
    """Return the facts of a dataset that the store looks at."""
    storage = "dense" if isinstance(X, np.ndarray) else "csr"
    return {"fingerprint": "print", "storage": storage, "n_stored": X.size, **more}


def stored(writer: StudyWriter, dataset: Dataset, **more: Any) -> Any:
    """Return a dataset as the store gives it back."""
    writer.add_dataset("a label", {"name": "x"}, facts(dataset.X, **more), dataset)
    return writer.reader.dataset("print")


def to_file(folder: Path, name: str, arrays: Arrays) -> dict[str, str]:
    """Write factors to a file as a child does, and return what its record says."""
    (folder / "factors").mkdir(exist_ok=True)
    path = folder / "factors" / name
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return {
        "path": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def test_a_run_comes_back_as_it_was_written(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Numbers as numbers, sentences as text, what is not there as NaN or None."""
    number = sweep("a", dataset="cbcl", n_components=7, seed=3, case="textbook")
    record = {
        "status": "ok",
        "reason": "kappa fell below 1e-4",
        "stop": "kkt",
        "n_steps": 12,
        "seconds": 0.25,
        "objective_value": 1.5,
    }
    writer.add_fit("a", number, record, arrays)
    [row] = writer.reader.runs().to_dict("records")
    assert {name: row[name] for name in record} == record
    assert (row["dataset"], row["n_components"], row["seed"]) == ("cbcl", 7, 3)
    assert (row["case"], row["reused"], row["sweep"]) == ("textbook", False, number)
    assert np.isnan(row["kappa"])
    assert pd.isna(row["fingerprint"])


def test_a_run_that_is_not_made_yet_is_left(writer: StudyWriter, sweep: Begin) -> None:
    """Every planned run is a row, made or not."""
    sweep("a", "b")
    runs = writer.reader.runs()
    assert list(runs["status"]) == ["left", "left"]
    assert runs["seconds"].dtype == np.float64


def test_runs_are_those_of_the_last_sweep(writer: StudyWriter, sweep: Begin) -> None:
    """A run made by an earlier one is said to be reused."""
    first = sweep("a", "b")
    writer.add_fit("a", first, {"status": "ok"}, {})
    second = sweep("a", "c")
    writer.add_fit("c", second, {"status": "ok"}, {})
    runs = writer.reader.runs()
    assert list(runs["key"]) == ["a", "c"]
    assert list(runs["reused"]) == [True, False]
    assert list(writer.reader.runs(first)["key"]) == ["a", "b"]


def test_all_sweeps_give_each_run_once(writer: StudyWriter, sweep: Begin) -> None:
    """Labelled as its last sweep did."""
    sweep("a", "b", solver="hals")
    sweep("a", solver="hals(inner=2)")
    runs = writer.reader.runs(all_sweeps=True)
    assert dict(runs[["key", "solver"]].to_numpy()) == {
        "a": "hals(inner=2)",
        "b": "hals",
    }


def test_a_sweep_tells_what_was_asked_and_where(writer: StudyWriter) -> None:
    """It is finished when every run has its row."""
    number = writer.begin_sweep(
        command=["solver=hals,mu"],
        base={"seed": 0},
        provenance={"host": "h"},
        plugin_failures=[{"entry_point": "broken"}],
    )
    writer.set_notes(number, ["one seed is enough"])
    [asked] = writer.reader.sweeps()
    assert asked.finished is None
    writer.finish_sweep(number)
    [asked] = writer.reader.sweeps()
    assert asked.command == ["solver=hals,mu"]
    assert (asked.base, asked.provenance) == ({"seed": 0}, {"host": "h"})
    assert asked.notes == ["one seed is enough"]
    assert asked.plugin_failures == [{"entry_point": "broken"}]
    assert asked.finished is not None


def test_a_trace_comes_back_to_the_last_bit(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """In the columns of the loop, one row an evaluation."""
    writer.add_fit("a", sweep("a", "b"), {"status": "ok"}, arrays)
    traces = writer.reader.traces()
    assert list(traces.columns) == ["key", *TRACE_COLUMNS]
    assert np.array_equal(traces[list(TRACE_COLUMNS)].to_numpy(), arrays["trace"])
    assert writer.reader.traces(["b"]).empty


def test_traces_are_read_one_at_a_time(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """As many as are asked for, more than one query takes; others are left out."""
    keys = [f"{number:04}" for number in range(600)]
    number = sweep(*keys)
    for key in keys[::60]:
        writer.add_fit(key, number, {"status": "ok"}, arrays)
    read = writer.reader.each_trace(keys[60:])
    found = dict(read)
    assert sorted(found) == keys[60::60]
    assert all(np.array_equal(one, arrays["trace"]) for one in found.values())
    assert len(dict(writer.reader.each_trace())) == 10


def test_small_factors_come_back_to_the_last_bit_in_float64(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Whatever they were computed in."""
    writer.add_fit("a", sweep("a"), {"status": "ok"}, arrays)
    factors = writer.reader.factors("a")
    assert factors is not None
    assert np.array_equal(factors.W, arrays["W"])
    assert np.array_equal(factors.H, arrays["H"].astype(np.float64))
    assert factors.W.dtype == np.float64
    assert factors.H.dtype == np.float64
    assert factors.row_offset is None


def test_offsets_are_kept(writer: StudyWriter, sweep: Begin, arrays: Arrays) -> None:
    """A model with offsets is more than W and H."""
    offsets = {"row_offset": np.arange(5.0), "column_offset": np.arange(4.0)}
    writer.add_fit("a", sweep("a"), {"status": "ok"}, {**arrays, **offsets})
    factors = writer.reader.factors("a")
    assert factors is not None
    assert np.array_equal(factors.row_offset, offsets["row_offset"])  # type: ignore[arg-type]
    assert np.array_equal(factors.column_offset, offsets["column_offset"])  # type: ignore[arg-type]


def test_a_run_without_factors_has_none(writer: StudyWriter, sweep: Begin) -> None:
    """It failed, or they were not to be kept."""
    writer.add_fit("a", sweep("a"), {"status": "ok"}, {})
    assert writer.reader.factors("a") is None
    assert writer.reader.factors("unknown") is None


def test_large_factors_are_read_from_their_file(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """The record holds the path and the checksum."""
    named = {name: arrays[name] for name in ("W", "H")}
    record = {"status": "ok", "factors": to_file(writer.folder, "a.npz", named)}
    writer.add_fit("a", sweep("a"), record, {"trace": arrays["trace"]})
    factors = writer.reader.factors("a")
    assert factors is not None
    assert np.array_equal(factors.W, arrays["W"])


def test_a_study_can_be_moved_with_its_files(
    folder: Path, writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Files are found beside the study, wherever they were written."""
    named = {name: arrays[name] for name in ("W", "H")}
    record = {"status": "ok", "factors": to_file(writer.folder, "a.npz", named)}
    writer.add_fit("a", sweep("a"), record, {})
    writer.close()
    moved = folder.rename(folder.parent / "moved")
    with Store.open(moved) as store:
        assert store.name == "moved"
        assert store.factors("a") is not None


def test_a_changed_file_of_factors_is_refused(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """No number of a report may come from what was not recorded."""
    named = {name: arrays[name] for name in ("W", "H")}
    record = {"status": "ok", "factors": to_file(writer.folder, "a.npz", named)}
    writer.add_fit("a", sweep("a"), record, {})
    to_file(writer.folder, "a.npz", {name: 2 * a for name, a in named.items()})
    with pytest.raises(StoreError) as caught:
        writer.reader.factors("a")
    assert "are not the ones that were recorded (sha256 differs)" in str(caught.value)
    assert "restore the file, or run the sweep again with retry=ok" in str(caught.value)


def test_a_lost_file_of_factors_is_said(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """With the way to get it back."""
    named = {name: arrays[name] for name in ("W", "H")}
    record = {"status": "ok", "factors": to_file(writer.folder, "a.npz", named)}
    writer.add_fit("a", sweep("a"), record, {})
    (writer.folder / "factors" / "a.npz").unlink()
    with pytest.raises(StoreError, match=r"a\.npz are gone .* with retry=ok"):
        writer.reader.factors("a")


def test_metrics_come_back_as_numbers_texts_and_problems(
    writer: StudyWriter, sweep: Begin
) -> None:
    """In long form, and the numbers as a table."""
    sweep("a", "b")
    writer.add_metrics(
        "a", {"rmse": 0.5, "top": "x, y"}, {"kl": "not applicable"}, {"rmse": "d"}
    )
    writer.add_metrics("b", {"rmse": 0.25}, {}, {"rmse": "d"})
    long = writer.reader.metrics(["a"]).set_index("name")
    assert long.loc["rmse", "value"] == 0.5
    assert long.loc["top", "text"] == "x, y"
    assert long.loc["kl", "problem"] == "not applicable"
    assert writer.reader.metric_table()["rmse"].to_dict() == {"a": 0.5, "b": 0.25}


def test_a_metric_measured_again_replaces_its_value(
    writer: StudyWriter, sweep: Begin
) -> None:
    """With other parameters, say."""
    sweep("a")
    writer.add_metrics("a", {"rmse": 0.5}, {}, {"rmse": "old"})
    writer.add_metrics("a", {"rmse": 0.25}, {}, {"rmse": "new"})
    assert list(writer.reader.metrics()["value"]) == [0.25]


def test_what_metrics_mean_is_kept(writer: StudyWriter) -> None:
    """A report needs no plugin."""
    info = {"direction": "lower", "range": [0, None], "unit": "dimensionless"}
    writer.add_metric_info({"rmse": info})
    assert writer.reader.metric_info() == {"rmse": info}


def test_the_configuration_of_a_run_is_the_base_with_its_changes(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Of the sweep that made it: a later one may have another base."""
    first = sweep("a", changes='{"seed": 4}')
    writer.add_fit("a", first, {"status": "ok"}, {})
    again = writer.begin_sweep(command=[], base={"seed": 4}, provenance={})
    writer.add_plan(again, [("a", ["x"] * 6 + [1, 0, "x", ""], "{}")])
    assert writer.reader.config("a") == {"n_components": 2, "seed": 4}


def test_an_unknown_run_is_said(folder: Path, writer: StudyWriter) -> None:
    """The study is named."""
    with pytest.raises(StoreError, match=f"no run nokey in {folder}"):
        writer.reader.config("nokey")


def test_a_study_of_an_earlier_nmflab_lacks_a_column_and_is_read(
    folder: Path, writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """What it never wrote is not known; a writer adds the column and keeps rows."""
    writer.add_fit("a", sweep("a"), {"status": "ok", "n_steps": 5}, arrays)
    writer.close()
    with sqlite3.connect(folder / "runs.sqlite") as db:
        db.execute("ALTER TABLE runs DROP COLUMN objective_median")
    with Store.open(folder) as store:
        [row] = store.runs().to_dict("records")
    assert (row["n_steps"], np.isnan(row["objective_median"])) == (5, True)
    again = StudyWriter(folder)
    again.add_fit("b", 1, {"status": "ok", "objective_median": 2.5}, arrays)
    assert again.reader.runs()["n_steps"].tolist() == [5]
    again.close()


def test_starts_warnings_and_traceback_come_back(
    writer: StudyWriter, sweep: Begin
) -> None:
    """As lists and text; empty where there is none."""
    number = sweep("a", "b")
    record = {
        "status": "error",
        "starts": [{"start": 0, "objective": 1.0}],
        "warnings": ["X has an empty row"],
        "traceback": "Traceback",
    }
    writer.add_fit("a", number, record, {})
    writer.add_fit("b", number, {"status": "ok"}, {})
    reader = writer.reader
    assert reader.starts("a") == [{"start": 0, "objective": 1.0}]
    assert reader.warnings("a") == ["X has an empty row"]
    assert reader.traceback("a") == "Traceback"
    assert (reader.starts("b"), reader.warnings("b")) == ([], [])
    assert reader.traceback("b") is None


def test_a_dense_dataset_comes_back_whole(writer: StudyWriter) -> None:
    """Names, labels, mask, extras: a report needs no plugin and no file."""
    X = np.array([[1.0, 0.0], [2.5, 3.0], [0.0, 4.0]])
    mask = X != 0
    dataset = Dataset(
        X=X,
        missing="mask",
        mask=mask,
        row_names=("a", "b", "c"),
        column_names=["x", "y"],
        row_labels=np.array([0, 1, 1]),
        extras={
            "licence": "CC0",
            "citation": "Someone",
            "image_shape": np.array([1, 2]),
        },
    )
    back = stored(writer, dataset)
    assert np.array_equal(back.X, X)
    assert np.array_equal(back.mask, mask)
    assert (back.row_names, back.column_names) == (["a", "b", "c"], ["x", "y"])
    assert list(back.row_labels) == [0, 1, 1]
    assert (back.licence, back.citation) == ("CC0", "Someone")
    assert back.extras["image_shape"] == [1, 2]
    assert (back.label, back.config) == ("a label", {"name": "x"})


def test_a_sparse_dataset_comes_back_with_its_explicit_zeros(
    writer: StudyWriter,
) -> None:
    """What is stored is observed, a zero too."""
    data, indices, indptr = np.array([1.0, 0.0, 2.0]), [0, 1, 1], [0, 2, 2, 3]
    X = csr_array((data, indices, indptr), shape=(3, 2))
    back = stored(writer, Dataset(X=X, missing="unstored"))
    assert back.X.shape == (3, 2)
    assert list(back.X.data) == [1.0, 0.0, 2.0]
    assert list(back.X.indices) == indices
    assert list(back.X.indptr) == indptr


@pytest.mark.parametrize("n_stored", [100_000, 100_001])
def test_a_large_dataset_is_known_by_its_facts_only(
    writer: StudyWriter, n_stored: int
) -> None:
    """X is kept up to 100,000 cells."""
    back = stored(writer, Dataset(X=np.ones((2, 2))), n_stored=n_stored)
    assert (back.X is None) == (n_stored > 100_000)
    assert back.facts["n_stored"] == n_stored


def test_an_extra_that_is_large_is_left_out(writer: StudyWriter) -> None:
    """A time for each of a million cells is no summary."""
    extras = {"timestamps": np.zeros(10_001), "rating_scale": np.array([1.0, 5.0])}
    back = stored(writer, Dataset(X=np.ones((2, 2)), extras=extras))
    assert back.extras == {"rating_scale": [1.0, 5.0]}


def test_every_dataset_is_listed_in_the_order_written(writer: StudyWriter) -> None:
    """The order of the report."""
    for name in ("z", "a"):
        X = np.ones((2, 2))
        writer.add_dataset(name, {}, facts(X, fingerprint=name), Dataset(X=X))
    assert [one.label for one in writer.reader.datasets()] == ["z", "a"]
    with pytest.raises(StoreError, match="no dataset nothing in"):
        writer.reader.dataset("nothing")


def test_a_folder_without_a_study_is_said(tmp_path: Path) -> None:
    """With an example of what to name."""
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path)
    assert str(caught.value) == (
        f"no study at {tmp_path}: there is no runs.sqlite in it; name a folder that a"
        " sweep wrote, such as studies/movie_ratings"
    )


def test_the_limits_of_made_runs_are_told(writer: StudyWriter, sweep: Begin) -> None:
    """For a dry run that says which would be made again."""
    number = sweep("a", "b")
    record = {"status": "timeout", "limits": {"timeout_s": 1.0}}
    writer.add_fit("a", number, record, {})
    writer.add_records(number, [("b", {"status": "skipped"})])
    assert sorted(writer.reader.made()) == [
        ("a", "timeout", {"timeout_s": 1.0}),
        ("b", "skipped", {}),
    ]


def test_no_pickle_is_written(
    folder: Path, writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Arrays of objects are refused, whatever asks for them."""
    odd = {**arrays, "trace": np.array([{"a": 1}], dtype=object)}
    number = sweep("a")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        writer.add_fit("a", number, {"status": "ok"}, odd)
    assert list(writer.reader.runs()["status"]) == ["left"]


def test_numbers_in_json_come_back_as_they_were(writer: StudyWriter) -> None:
    """Floats are written with all their digits."""
    writer.begin_sweep(command=[], base={"kkt": 0.1 + 0.2}, provenance={})
    assert writer.reader.sweeps()[0].base["kkt"] == 0.1 + 0.2
