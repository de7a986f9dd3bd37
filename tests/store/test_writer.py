from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nmflab.store import Store, StoreError, StudyWriter

Begin = Callable[..., int]
Arrays = dict[str, npt.NDArray[Any]]

OK = {"status": "ok", "reason": "kappa fell below 1e-4", "limits": {"timeout_s": 5.0}}


def fill_disk(writer: StudyWriter) -> None:
    """Let the study's file grow no further: SQLite then says that the disk is full."""
    [pages] = writer._db.execute("PRAGMA page_count").fetchone()
    writer._db.execute(f"PRAGMA max_page_count={pages}")


def hold(folder: Path) -> subprocess.Popen[str]:
    """Start a process that writes a study until it is killed."""
    program = (
        "import sys, time; from pathlib import Path\n"
        "from nmflab.store import StudyWriter\n"
        f"writer = StudyWriter(Path({str(folder)!r}))\n"
        "writer.begin_sweep(command=['x'], base={}, provenance={})\n"
        "print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_what_is_planned_and_not_yet_made_is_pending_in_order(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Each run is fed to the executor once."""
    number = sweep(*[f"key{n}" for n in range(500)], changes='{"seed": 1}')
    writer.add_fit("key3", number, OK, {})
    pending = [(key, changes) for _, key, changes in writer.pending(number)]
    expected = [f"key{n}" for n in range(500) if n != 3]
    assert pending == [(key, '{"seed": 1}') for key in expected]


def test_a_run_finished_by_an_earlier_sweep_is_not_pending(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Resume is skipping keys."""
    writer.add_fit("a", sweep("a", "b"), OK, {})
    again = sweep("a", "b", "c")
    assert [key for _, key, _ in writer.pending(again)] == ["b", "c"]
    assert writer.counts(again) == {"ok": 1, "left": 2}


def test_a_key_planned_twice_is_one_run(writer: StudyWriter, sweep: Begin) -> None:
    """A plan has each key once."""
    assert writer.counts(sweep("a", "a", "b")) == {"left": 2}


def test_forgotten_runs_are_pending_again(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Nothing of them is left: no metric, no trace, no factors."""
    number = sweep("a")
    writer.add_fit("a", number, OK, arrays)
    writer.add_metrics("a", {"rmse": 1.0}, {}, {"rmse": "d"})
    writer.forget_runs(["a"])
    assert writer.counts(number) == {"left": 1}
    assert writer.reader.factors("a") is None
    assert writer.reader.metrics().empty
    assert writer.reader.traces().empty


def test_existing_rows_tell_the_limits_they_were_made_within(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Whether a limit was raised since decides on a timeout."""
    number = sweep("a", "b")
    writer.add_fit("a", number, {**OK, "status": "timeout"}, {})
    assert list(writer.existing(number)) == [("a", "timeout", {"timeout_s": 5.0})]


def test_failures_are_counted_by_reason_commonest_first(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Runs that are fine, or were skipped, are no failures."""
    number = sweep(*"abcde")
    for key, status, reason in [
        ("a", "error", "once"),
        ("b", "crash", "twice"),
        ("c", "crash", "twice"),
        ("d", "ok", "converged"),
        ("e", "skipped", "unfit"),
    ]:
        writer.add_fit(key, number, {"status": status, "reason": reason}, {})
    assert writer.failures(number) == [("crash: twice", 2), ("error: once", 1)]


def test_a_metric_not_yet_measured_is_found_with_its_runs(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """Only finished runs whose factors are kept can be measured later."""
    number = sweep(*"abcd", changes='{"seed": 7}')
    writer.add_fit("a", number, OK, arrays)
    writer.add_fit("b", number, OK, arrays)
    writer.add_fit("c", number, OK, {})
    writer.add_fit("d", number, {**OK, "status": "invalid"}, arrays)
    writer.add_metrics("a", {"rmse": 1.0}, {}, {"rmse": "new", "mse": "old"})
    asked = {"rmse": "new", "mse": "new"}
    assert list(writer.unmeasured(number, asked)) == [
        ("a", '{"seed": 7}', ["mse"]),
        ("b", '{"seed": 7}', ["rmse", "mse"]),
    ]
    assert writer.unmeasurable(number, asked) == {"rmse": 1, "mse": 1}


def test_the_room_factors_take_is_known(
    writer: StudyWriter, sweep: Begin, arrays: Arrays
) -> None:
    """What save.max_gb is compared with: rows and files."""
    assert writer.factor_bytes() == 0
    writer.add_fit("a", sweep("a"), OK, arrays)
    inline = writer.factor_bytes()
    assert inline > 0
    (writer.folder / "factors").mkdir()
    (writer.folder / "factors" / "b.npz").write_bytes(bytes(1000))
    assert writer.factor_bytes() == inline + 1000


def test_a_sweep_that_came_to_nothing_can_be_taken_back(
    writer: StudyWriter, sweep: Begin
) -> None:
    """Its plan goes with it."""
    sweep("a")
    writer.forget_sweep(sweep("b"))
    assert [one.id for one in writer.reader.sweeps()] == [1]
    assert set(writer.reader.runs()["key"]) == {"a"}


def test_origins_are_those_last_seen_in_any_sweep(writer: StudyWriter) -> None:
    """A sweep without a solver does not forget what its source was."""
    for origins in ({"numpy": "1", "solver hals": "x"}, {"numpy": "2"}):
        writer.begin_sweep(command=[], base={}, provenance={"origins": origins})
    assert writer.last_origins() == {"numpy": "2", "solver hals": "x"}


def test_an_interrupted_transaction_leaves_nothing(
    writer: StudyWriter, sweep: Begin
) -> None:
    """A plan that fails half-way is no plan."""

    def rows() -> Any:
        yield ("a", ["x"] * 6 + [1, 0, "x", ""], "{}")
        raise KeyboardInterrupt

    number = sweep()
    with pytest.raises(KeyboardInterrupt):
        writer.add_plan(number, rows())
    assert writer.counts(number) == {}


def test_a_second_writer_is_refused_with_the_holder_s_pid_and_host(
    folder: Path,
) -> None:
    """One study, one writer."""
    holder = hold(folder)
    try:
        with pytest.raises(StoreError) as caught:
            StudyWriter(folder)
    finally:
        holder.kill()
        holder.communicate()
    message = str(caught.value)
    assert f"being written by process {holder.pid} on {socket.gethostname()}" in message
    assert "wait for it, or choose another folder with study=<name>" in message


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_lock_dies_with_its_holder(folder: Path) -> None:
    """After kill -9 the study can be written at once, and what was written is there."""
    holder = hold(folder)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    writer = StudyWriter(folder)
    assert [one.command for one in writer.reader.sweeps()] == [["x"]]
    writer.close()


def test_a_closed_study_can_be_written_by_the_next(folder: Path) -> None:
    """Closing gives the lock back."""
    StudyWriter(folder).close()
    StudyWriter(folder).close()
    assert not (folder / ".holder.json").exists()


def test_a_study_can_be_read_while_it_is_written(
    folder: Path, writer: StudyWriter, sweep: Begin
) -> None:
    """A report, or `du`, needs no permission."""
    writer.add_fit("a", sweep("a"), OK, {})
    with Store.open(folder) as store:
        assert list(store.runs()["status"]) == ["ok"]


def test_a_file_in_the_folder_s_place_is_said(tmp_path: Path) -> None:
    """The folder cannot be made; the way out is named."""
    place = tmp_path / "taken"
    place.write_text("", encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        StudyWriter(place)
    message = str(caught.value)
    assert message.startswith(f"cannot write the study's folder {place}: ")
    assert message.endswith("give one you can write with study=<folder>")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="the superuser may write anywhere",
)
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    """The same, for a folder of somebody else's."""
    place = tmp_path / "theirs"
    place.mkdir(mode=0o555)
    with pytest.raises(StoreError, match="cannot write the study's folder"):
        StudyWriter(place / "study")


def test_a_file_that_is_no_study_is_refused(folder: Path) -> None:
    """Another program's SQLite file is left as it is."""
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / "runs.sqlite")
    db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(StoreError, match="is an SQLite file, but not a study"):
        StudyWriter(folder)
    with pytest.raises(StoreError, match="is an SQLite file, but not a study"):
        Store.open(folder)


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    """A torn copy, or any other file."""
    folder.mkdir(parents=True)
    (folder / "runs.sqlite").write_bytes(b"no database at all, but long enough" * 99)
    with pytest.raises(StoreError, match=r"cannot write .*runs\.sqlite: file is not a"):
        StudyWriter(folder)
    with pytest.raises(StoreError, match=r"cannot read .*if it was copied while a"):
        Store.open(folder)


def test_a_study_of_a_newer_nmflab_is_refused(folder: Path) -> None:
    """Nothing is guessed; both versions are named."""
    StudyWriter(folder).close()
    db = sqlite3.connect(folder / "runs.sqlite")
    db.execute("UPDATE meta SET value='99' WHERE name='schema_version'")
    db.commit()
    db.close()
    for open_it in (StudyWriter, Store.open):
        with pytest.raises(StoreError) as caught:
            open_it(folder)
        message = str(caught.value)
        assert "was written by a newer nmflab (schema 99, this one reads up to 1)" in (
            message
        )
        assert "upgrade nmflab, or set study=<another folder>" in message


def test_a_refused_study_is_not_left_locked(folder: Path) -> None:
    """Who mends it can go on at once."""
    folder.mkdir(parents=True)
    (folder / "runs.sqlite").write_bytes(b"no database" * 999)
    with pytest.raises(StoreError):
        StudyWriter(folder)
    (folder / "runs.sqlite").unlink()
    StudyWriter(folder).close()


@pytest.mark.parametrize(
    "write",
    [
        lambda w, a: w.add_fit("b", 1, OK, a),
        lambda w, a: w.add_metrics("a", {"note": "x" * 10**6}, {}, {"note": "d"}),
        lambda w, a: w.set_notes(1, ["x" * 10**6]),
        lambda w, a: w.begin_sweep(command=["x" * 10**6], base={}, provenance={}),
        lambda w, a: w.add_metric_info({"m": {"doc": "x" * 10**6}}),
        lambda w, a: w.add_records(1, [("b", {**OK, "reason": "x" * 10**6})]),
        lambda w, a: w.add_plan(2, [("b", ["x" * 10**6] * 10, "{}")]),
    ],
    ids=["fit", "metrics", "notes", "sweep", "metric info", "records", "plan"],
)
def test_a_full_disk_is_said_and_loses_nothing(
    folder: Path, writer: StudyWriter, sweep: Begin, arrays: Arrays, write: Any
) -> None:
    """Every kind of record; earlier rows stay, later ones fit once there is room."""
    writer.add_fit("a", sweep("a", "b"), OK, arrays)
    fill_disk(writer)
    large = {**arrays, "trace": np.random.default_rng(1).random((9999, 8))}
    with pytest.raises(StoreError) as caught:
        write(writer, large)
    message = str(caught.value)
    assert "runs.sqlite: database or disk is full; what was written before" in message
    assert "free some space, and give the same command again" in message
    with Store.open(folder) as store:
        assert dict(store.runs(1)[["key", "status"]].to_numpy()) == {
            "a": "ok",
            "b": "left",
        }
        assert store.factors("a") is not None
    writer._db.execute("PRAGMA max_page_count=1000000")
    write(writer, large)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file sizes")
def test_a_file_that_may_not_grow_is_said_as_a_full_disk(folder: Path) -> None:
    """The system's own refusal, in a process of its own."""
    program = (
        "import resource, sys; from pathlib import Path\n"
        "import numpy as np\n"
        "from nmflab.store import StoreError, StudyWriter\n"
        f"writer = StudyWriter(Path({str(folder)!r}))\n"
        "sweep = writer.begin_sweep(command=[], base={}, provenance={})\n"
        "row = ['x'] * 6 + [1, 0, 'x', '']\n"
        "writer.add_plan(sweep, [(f'{n:03}', row, '{}') for n in range(200)])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "rng, written = np.random.default_rng(0), 0\n"
        "try:\n"
        "    for n in range(200):\n"
        "        trace = rng.random((100, 8))\n"
        "        writer.add_fit(f'{n:03}', sweep, {'status': 'ok'}, {'trace': trace})\n"
        "        written += 1\n"
        "except StoreError as error:\n"
        "    print(written, error, sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    written, message = done.stdout.splitlines()
    assert message.startswith(f"cannot write {folder / 'runs.sqlite'}: ")
    with Store.open(folder) as store:
        runs = store.runs()
        assert runs["status"].eq("ok").sum() == int(written) > 0
        assert len(store.traces()) == 100 * int(written)


def test_the_folder_s_record_of_the_holder_is_plain_json(
    folder: Path, writer: StudyWriter
) -> None:
    """Whoever looks for a lost lock can read it."""
    holder = json.loads((folder / ".holder.json").read_text(encoding="utf-8"))
    assert holder["pid"] == os.getpid()
    assert holder.keys() == {"pid", "host", "since"}
