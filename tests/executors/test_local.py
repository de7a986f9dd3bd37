"""Whatever a run does, it ends as one rightly labelled record; nothing else ends."""

import os
import select
import signal
import sys

import numpy as np
import psutil
import pytest

from nmflab.executors import (
    Done,
    ExecutorError,
    Failed,
    Fitted,
    Limits,
    Materialised,
    Measured,
    Running,
    Started,
    make,
)
from nmflab.executors import task as task_module
from nmflab.executors.inbox import SelectInbox, ThreadInbox

posix = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_DATA, /proc")

SHORT = Limits(timeout_s=0.3, metrics_timeout_s=0.3)
LONG = Limits(timeout_s=60, metrics_timeout_s=60)
SMALL = Limits(timeout_s=60, memory_mb=300)

OUTCOMES = {
    "raise": (LONG, "error", "ValueError: a fault of two lines"),
    "unprintable": (LONG, "error", "UnprintableError: its message could not be read"),
    "sys_exit": (LONG, "error", "SystemExit: 0"),
    "interrupt": (LONG, "error", "KeyboardInterrupt"),
    "recursion": (LONG, "error", "RecursionError: maximum recursion depth exceeded"),
    "os_exit": (LONG, "crash", "the child process ended itself with exit code 5"),
    "say_and_exit": (LONG, "crash", "ended itself with exit code 5: famous last words"),
    "segfault": (LONG, "crash", "was ended by signal 11 (SIGSEGV): File "),
    "scribble": (LONG, "crash", "the child process sent what is no message"),
    "sleep": (SHORT, "timeout", "s: limits.timeout_s=0.3"),
    "hold_lock": (SHORT, "timeout", "killed after 0."),
    "allocate_at_once": (SMALL, "oom", "exceeded limits.memory_mb=300: MemoryError"),
    "allocate_and_stay": (SMALL, "oom", "exceeded limits.memory_mb=300 (peak 3"),
}


def of(events, kind):
    """Return the events of a kind."""
    return [event for event in events if isinstance(event, kind)]


@posix
@pytest.mark.parametrize("do", OUTCOMES)
def test_a_faulty_run_is_labelled_rightly(shared, lab, do):
    """One record, with status and reason, and the next run of the slot is well."""
    if do.startswith("allocate") and sys.platform != "linux":
        pytest.skip("memory is held differently here")
    limits, status, reason = OUTCOMES[do]
    events = lab.drive(shared, [lab.run_job("k", do=do)], limits)
    assert [type(event) for event in events] == [Started, Fitted, Done]
    assert events[1].record["status"] == status
    assert reason in events[1].record["reason"]
    assert events[1].record["key"] == "k"
    after = lab.drive(shared, [lab.run_job("next")], LONG)
    assert [type(event) for event in after] == [Started, Fitted, Measured, Done]
    assert after[1].record["status"] == "ok"


@posix
@pytest.mark.parametrize("inbox", [SelectInbox, ThreadInbox])
def test_among_200_runs_exactly_the_faulty_ones_fail(local, lab, monkeypatch, inbox):
    """Seven faults in two slots: 193 runs are ok, seven carry the right status."""
    monkeypatch.setattr("nmflab.executors.local.make_inbox", inbox)
    faults = dict.fromkeys([f"{i:03d}" for i in range(200)], "nothing")
    at = ["007", "031", "032", "090", "133", "170", "199"]
    doing = ["raise", "os_exit", "segfault", "sleep", "allocate_at_once"]
    faults |= dict(zip(at, [*doing, "print", "sys_exit"], strict=True))
    jobs = [lab.run_job(key, do=do) for key, do in faults.items()]
    by_fault = {"sleep": SHORT, "allocate_at_once": SMALL}
    events = lab.drive(local(2), jobs, lambda job: by_fault.get(job["do"], LONG))
    statuses = {event.key: event.record["status"] for event in of(events, Fitted)}
    assert len(of(events, Fitted)) == len(of(events, Done)) == 200
    assert statuses == dict.fromkeys(faults, "ok") | {
        "007": "error",
        "031": "crash",
        "032": "crash",
        "090": "timeout",
        "133": "oom",
        "199": "error",  # 170 only prints, and is well
    }
    measured = {event.key for event in of(events, Measured)}
    assert measured == {key for key, status in statuses.items() if status == "ok"}


def test_a_fit_and_its_arrays_arrive_before_its_metrics(shared, lab):
    """The record and the factors are there, then the values, then the slot is free."""
    started, fitted, measured, done = lab.drive(shared, [lab.run_job("k")])
    assert started == Started("k")
    assert fitted.record["status"] == "ok"
    assert np.array_equal(fitted.arrays["W"], np.full((3, 2), 0.5))
    assert fitted.arrays["trace"].shape == (0, 8)
    assert measured.record["values"] == {"m": 1.0}
    assert done == Done("k")


@posix
@pytest.mark.parametrize(
    ("do", "limits", "problem"),
    [
        ("sleep", SHORT, "s: limits.metrics_timeout_s=0.3"),
        ("segfault", LONG, "was ended by signal 11 (SIGSEGV)"),
        ("raise", LONG, "ValueError: a fault of two lines"),
        ("sys_exit", LONG, "SystemExit: 0"),
    ],
)
def test_what_goes_wrong_in_metrics_leaves_the_status_alone(
    shared, lab, do, limits, problem
):
    """The fit stays ok, and every metric asked for has a problem in its place."""
    job = lab.run_job("k", do_in_metrics=do)
    _, fitted, measured, done = lab.drive(shared, [job], limits)
    assert fitted.record["status"] == "ok"
    assert measured.record["values"] == {}
    assert problem in measured.record["problems"]["m"]
    assert done == Done("k")


@posix
def test_metrics_added_later_have_the_metrics_limit(shared, lab):
    """A job of metrics alone yields no fit, only what came of the metrics."""
    job = {"type": "metrics", "key": "k", "metrics": {"m": {}}}
    events = lab.drive(shared, [job, job | {"do_in_metrics": "sleep"}], SHORT)
    good, late = of(events, Measured)
    assert good.record["values"] == {"m": 1.0}
    assert "limits.metrics_timeout_s=0.3" in late.record["problems"]["m"]
    assert of(events, Fitted) == []


@posix
@pytest.mark.parametrize("do", ["raise", "os_exit", "sleep"])
def test_a_dataset_that_cannot_be_loaded_is_a_failure_of_its_own(shared, lab, do):
    """A loader that raises, dies or hangs yields one sentence, under its folder."""
    job = {"type": "materialise", "into": "folder", "dataset": {}, "do": do}
    events = lab.drive(shared, [job], SHORT)
    assert [type(event) for event in events] == [Started, Failed, Done]
    words = {"raise": "ValueError", "os_exit": "exit code 5", "sleep": "timeout_s=0.3"}
    assert words[do] in events[1].reason
    assert {event.key for event in events} == {"folder"}


def test_arrays_go_to_the_child(shared, lab):
    """A matrix handed over in Python reaches the loader, also a large one."""
    job = {"type": "materialise", "into": "folder", "dataset": {}}
    shared.submit(job, LONG, {"X": np.ones((1000, 300))})
    facts = of(lab.drive(shared, []), Materialised)[0].facts
    assert facts["names"] == ["X"]
    assert facts["sum"] == 300_000


def test_a_run_that_reports_nothing_still_has_a_record(shared, lab):
    """A handler that forgets its result gives an error, not a missing row."""
    events = lab.drive(shared, [lab.run_job("k", silent=True)])
    assert "ended without a result" in of(events, Fitted)[0].record["reason"]


@posix
@pytest.mark.parametrize("do", ["grandchild", "stranger"])
def test_a_grandchild_that_holds_the_pipes_does_not_hold_the_sweep(shared, lab, do):
    """The child's end is seen although its pipes stay open, and the slot goes on."""
    jobs = [lab.run_job("k", do=do), lab.run_job("next")]
    first, second = of(lab.drive(shared, jobs, LONG), Fitted)
    assert "ended itself with exit code 3" in first.record["reason"]
    assert second.record["status"] == "ok"


@posix
def test_a_fork_that_comes_back_does_not_speak_for_its_parent(shared, lab):
    """A plugin that forks and lets both return leaves one record, not two."""
    events = lab.drive(shared, [lab.run_job("k", do="fork"), lab.run_job("next")])
    assert [event.key for event in of(events, Fitted)] == ["k", "next"]
    assert {event.record["status"] for event in of(events, Fitted)} == {"ok"}


@posix
def test_a_killed_run_leaves_no_program_behind(local, lab):
    """A solver that calls another program, which holds on for ten minutes."""
    printed = []
    executor = local(log=lambda key, text: printed.append(text))
    executor.submit(lab.run_job("k", do="program"), LONG)
    while "grandchild=" not in "".join(printed):
        executor.events(0.05)
    executor.cancel(now=True)
    pid = int("".join(printed).split("grandchild=")[1].split()[0])
    assert lab.wait_until(lambda: not lab.is_alive(pid))


@posix
def test_a_child_that_dies_while_plugins_load_is_tried_once_more(local, lab):
    """Then the run is a crash that says when; the clock of its limits never ran."""
    events = lab.drive(local(), [lab.run_job("k", do_in_prepare="os_exit")], SHORT)
    assert [type(event) for event in events] == [Fitted, Done]
    assert events[0].record["status"] == "crash"
    assert "while the plugins of the job were loaded" in events[0].record["reason"]


def test_a_child_that_cannot_start_is_an_error_with_its_last_words(local, lab):
    """No hang, and no row for each of a thousand runs: the job is given back."""
    command = [sys.executable, "-c", "raise ImportError('no numpy here')"]
    executor = local(command=command)
    executor.submit(lab.run_job("k"), LONG)
    assert executor.events(60) == [Done("k", cancelled=True)]
    with pytest.raises(ExecutorError, match="ImportError: no numpy here"):
        executor.events(60)
    assert executor.events(0) == []


def test_a_command_that_does_not_exist_is_an_error_at_once(local, lab):
    """The error names the command and the way out; the slot is free again."""
    executor = local(command=["/nowhere/python"])
    with pytest.raises(ExecutorError, match=r"/nowhere/python.*executor\.name=serial"):
        executor.submit(lab.run_job("k"), LONG)
    assert executor.n_free == 1


def test_a_child_that_never_gets_ready_is_an_error(local, lab, monkeypatch):
    """Start-up has a limit of its own, also where runs have none."""
    monkeypatch.setattr(task_module, "START_LIMIT_S", 0.1)
    executor = local(command=[sys.executable, "-c", "import time; time.sleep(60)"])
    executor.submit(lab.run_job("k"), Limits())
    assert executor.events(60) == [Done("k", cancelled=True)]
    with pytest.raises(ExecutorError, match=r"start-up limit=0\.1"):
        executor.events(60)


def facts_of(executor, lab, **limits):
    """Return what a job saw in its child."""
    job = {"type": "materialise", "into": "folder", "dataset": {}}
    return of(lab.drive(executor, [job], Limits(**limits)), Materialised)[0].facts


def test_a_child_is_kept_while_the_number_of_threads_stays_equal(local, lab):
    """Thread pools read their number at the start: another number, another child."""
    executor = local()
    first, again = (facts_of(executor, lab, threads=1) for _ in range(2))
    other = facts_of(executor, lab, threads=2)
    assert (first["threads"], other["threads"]) == ("1", "2")
    assert first["pid"] == again["pid"] != other["pid"]


@linux
def test_a_child_swollen_by_earlier_runs_is_not_used_again(local, lab):
    """What an earlier run left in memory is not charged to the next."""
    executor = local()
    before = facts_of(executor, lab, memory_mb=250)["pid"]
    limits = Limits(memory_mb=250)
    events = lab.drive(executor, [lab.run_job("k", do="leak") for _ in "abc"], limits)
    assert [event.record["status"] for event in of(events, Fitted)] == ["ok"] * 3
    assert facts_of(executor, lab, memory_mb=250)["pid"] != before


@posix
def test_a_child_that_dies_at_rest_costs_no_run(shared, lab):
    """The next job gets a fresh child, and knows nothing of it."""
    os.kill(facts_of(shared, lab)["pid"], signal.SIGKILL)
    events = lab.drive(shared, [lab.run_job("k")])
    assert of(events, Fitted)[0].record["status"] == "ok"


@posix
def test_an_interrupt_is_left_to_the_parent(shared, lab):
    """Ctrl-C reaches no run: a child leads its own group and ignores SIGINT."""
    pid = facts_of(shared, lab)["pid"]
    assert os.getpgid(pid) == pid != os.getpgrp()
    os.kill(pid, signal.SIGINT)
    assert facts_of(shared, lab)["pid"] == pid


def test_the_working_folder_is_not_on_the_path_of_a_child(
    local, lab, tmp_path, monkeypatch
):
    """Neither by the way Python is started nor by an empty entry of PYTHONPATH."""
    other = tmp_path / "other"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(other)]))
    path = facts_of(local(), lab)["path"]
    assert str(other) in path
    assert not {"", ".", str(tmp_path)} & set(path)


def test_what_a_job_prints_is_logged_under_its_key(local, lab):
    """Standard output and standard error of a run, wherever it writes them."""
    printed = []
    executor = local(log=lambda key, text: printed.append((key, text)))
    lab.drive(executor, [lab.run_job("k", do="print")])
    executor.close()
    assert lab.wait_until(lambda: "raw garbage" in "".join(t for _, t in printed))
    assert {key for key, text in printed if "garbage" in text} == {"k"}


def test_a_run_that_floods_its_output_is_cut_short_in_the_log(local, lab):
    """About 1 MB of 3 is kept, with a line that says so; the run is well."""
    printed = []
    executor = local(log=lambda key, text: printed.append(text))
    events = lab.drive(executor, [lab.run_job("k", do="flood")])
    executor.close()
    assert of(events, Fitted)[0].record["status"] == "ok"
    text = "".join(printed)
    assert "[the rest, beyond 1 MB, is left out]" in text
    assert len(text) < 2**20 + 10_000


def test_a_log_that_fails_does_not_stop_the_run(local, lab):
    """A full disk costs the log, not the sweep: the pipe is emptied all the same."""

    def full(_key, _text):
        raise OSError("no space left on device")

    events = lab.drive(local(log=full), [lab.run_job("k", do="flood")], LONG)
    assert of(events, Fitted)[0].record["status"] == "ok"


def test_running_names_the_jobs_under_way(local, lab):
    """In the order they were begun, with their seconds; nothing when all is done."""
    executor = local(2)
    assert (executor.capacity, executor.n_free) == (2, 2)
    executor.submit(lab.run_job("a", do="sleep"), LONG)
    executor.submit(lab.run_job("b", do="sleep"), LONG)
    assert [running.key for running in executor.running()] == ["a", "b"]
    assert all(isinstance(running, Running) for running in executor.running())
    assert executor.n_free == 0
    with pytest.raises(RuntimeError, match="all 2 slots are busy"):
        executor.submit(lab.run_job("c"), LONG)


def test_events_returns_nothing_in_the_time_given(local, lab):
    """Whoever waits can do other things while a run goes on."""
    executor = local()
    assert executor.events() == []
    executor.submit(lab.run_job("k", do="sleep"), LONG)
    assert lab.wait_until(lambda: Started("k") in executor.events(0.1))
    assert executor.events(0.01) == []
    assert [running.key for running in executor.running()] == ["k"]


@posix
def test_a_result_that_waits_is_read_before_its_run_is_killed(shared, lab):
    """A parent that stood still (Ctrl-Z) past a limit does not take it out on a run."""
    lab.drive(
        shared, [lab.run_job("first")], LONG
    )  # what comes next is in a used child
    shared.submit(lab.run_job("k"), LONG)
    assert shared.events(0) == [Started("k")]
    (slot,) = shared._slots
    stdout = slot.child._process.stdout
    assert lab.wait_until(lambda: select.select([stdout], [], [], 0)[0])
    slot.task.since -= 1000
    shared._next_look = 0.0
    assert of(lab.drive(shared, []), Fitted)[0].record["status"] == "ok"


def test_metrics_that_give_nothing_yet_are_told_of(shared, lab):
    """Metrics over seeds were asked for and came to nothing: that is an answer."""
    events = lab.drive(shared, [lab.run_job("k", over_seeds=True)])
    assert of(events, Measured)[0].record["values"] == {}


def test_a_failed_run_is_told_of_no_metrics(shared, lab):
    """The empty answer that follows its record is dropped."""
    events = lab.drive(shared, [lab.run_job("k", status="invalid", over_seeds=True)])
    assert [type(event) for event in events][-2:] == [Fitted, Done]


def test_cancel_lets_the_runs_under_way_finish(local, lab):
    """Nothing more is taken; what was begun is reported as ever."""
    executor = local()
    executor.submit(lab.run_job("k"), LONG)
    executor.cancel()
    with pytest.raises(RuntimeError, match="cancelled or closed"):
        executor.submit(lab.run_job("c"), LONG)
    assert executor.n_free == 0
    assert of(lab.drive(executor, []), Fitted)[0].record["status"] == "ok"


def test_cancel_now_gives_back_the_runs_under_way(local, lab):
    """A run that was stopped has no record: it is still to be done."""
    executor = local(2)
    executor.submit(lab.run_job("a", do="sleep"), LONG)
    executor.submit(lab.run_job("b", do="sleep"), LONG)
    executor.cancel(now=True)
    ends = [
        event for event in lab.drive(executor, []) if not isinstance(event, Started)
    ]
    assert ends == [Done("a", cancelled=True), Done("b", cancelled=True)]


def test_close_leaves_no_process_behind(local, lab):
    """Neither idle children nor busy ones, nor any that waits to be reaped."""
    others = {process.pid for process in psutil.Process().children()}
    executor = local(2)
    pid = facts_of(executor, lab)["pid"]
    executor.submit(lab.run_job("a", do="sleep"), LONG)
    executor.submit(lab.run_job("b", do="sleep"), LONG)
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    before -= others
    assert pid in before
    executor.close()
    executor.close()
    after = {process.pid for process in psutil.Process().children(recursive=True)}
    assert not before & after


def test_a_limit_that_is_not_positive_is_refused():
    """The error names the key; NaN is refused too."""
    with pytest.raises(ValueError, match=r"limits\.memory_mb must be > 0, got 0"):
        Limits(memory_mb=0)
    with pytest.raises(ValueError, match=r"limits\.timeout_s must be > 0, got nan"):
        Limits(timeout_s=float("nan"))


def test_no_slots_are_refused():
    """The error names the key."""
    with pytest.raises(ValueError, match=r"executor\.n_jobs must be at least 1"):
        make("local", n_jobs=0)


def test_an_unknown_executor_is_refused():
    """The error names the key and what there is."""
    with pytest.raises(ValueError, match=r"'dask'.*executor\.name.*local, serial"):
        make("dask")
