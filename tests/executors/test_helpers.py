"""The small parts an executor is made of."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nmflab.executors import failed_fit, launch
from nmflab.executors.memory import TreeMemory, descendants, private_mb
from nmflab.executors.output import last_words
from nmflab.executors.process import describe_exit
from nmflab.run.record import blank_record

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_synthesised_record_has_the_fields_of_a_real_one():
    """The store finds the same keys, whoever made the record."""
    assert failed_fit("k", "crash", "why").keys() == blank_record("k").keys()


def test_a_synthesised_record_does_not_pretend_to_know():
    """Seconds and steps of a killed run are unknown, not 0."""
    record = failed_fit("k", "timeout", "killed", peak_memory_mb=3.0)
    assert record["seconds"] is None
    assert record["n_steps"] is None
    assert record["peak_memory_mb"] == 3.0


@linux
def test_memory_counts_what_is_allocated():
    """64 MB of ones raise it by 64 MB; half of that is the tolerance for the rest."""
    before = private_mb(os.getpid())
    held = np.ones(64 * 2**17)
    assert 32 < private_mb(os.getpid()) - before < 96
    assert held.size


@linux
def test_memory_does_not_count_mapped_data(tmp_path):
    """The dataset all children map costs none of them its size."""
    np.save(tmp_path / "X.npy", np.ones(64 * 2**17))
    before = private_mb(os.getpid())
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert X.sum() == X.size
    assert private_mb(os.getpid()) - before < 16


def test_a_process_that_is_gone_holds_no_memory():
    """A child may end between two looks."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert private_mb(process.pid) == 0


def test_memory_of_a_tree_counts_the_processes_it_started():
    """Descendants of descendants are found, and counted once each."""
    script = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c',"
        " 'import time; print(1, flush=True); time.sleep(60)']); p.wait()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        parent.stdout.readline()
        (child,) = descendants([parent.pid])[parent.pid]
        assert child in descendants([os.getpid()])[os.getpid()]
        total = TreeMemory().sample([parent.pid], now=0.0)[parent.pid]
        assert total > max(private_mb(parent.pid), private_mb(child)) > 0
    finally:
        for pid in (child, parent.pid):
            os.kill(pid, 9)
        parent.wait()
        parent.stdout.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended itself with exit code 0"),
        (3, "ended itself with exit code 3"),
        (-11, "ended by signal 11 (SIGSEGV)"),
        (-9, "signal 9 (SIGKILL) (the system may have run out of memory)"),
        (-200, "ended by signal 200"),
        (0xC0000005, "exit code 3221225477 (access violation)"),
        (None, "closed its pipe and went on running"),
    ],
)
def test_an_exit_code_is_told_in_words(code, words):
    """Signals by name, Windows' codes by what they mean."""
    assert words in describe_exit(code)


def test_last_words_are_the_exceptions_message():
    """The last line of a traceback says most."""
    tail = "Traceback (most recent call last):\n  File x\nImportError: no numpy\n\n"
    assert last_words(tail) == "ImportError: no numpy"


def test_last_words_of_a_crash_are_the_line_it_happened_in():
    """Of the thread that crashed, not of those that only waited."""
    tail = """Fatal Python error: Segmentation fault

Thread 0x01 (most recent call first):
  File "threading.py", line 1 in wait

Current thread 0x02 (most recent call first):
  File "solver.py", line 7 in iterate
  File "run.py", line 9 in execute

Extension modules: numpy._core (total: 1)
"""
    assert last_words(tail) == 'File "solver.py", line 7 in iterate'


def test_silence_has_no_last_words():
    """Nothing is made up."""
    assert last_words(" \n\n") == ""


def test_every_thread_variable_is_set_before_python_starts():
    """Pools read their own variable when their library is imported."""
    child = launch.child_environment(3, {"OMP_NUM_THREADS": "8", "HOME": "/home/me"})
    assert {child[name] for name in launch._THREAD_VARIABLES} == {"3"}
    assert child["HOME"] == "/home/me"


def test_without_a_number_the_users_threads_stand():
    """limits.threads=null leaves the environment alone."""
    assert launch.child_environment(None, {"OMP_NUM_THREADS": "8"}) == {
        "OMP_NUM_THREADS": "8",
        "PYTHONHASHSEED": "0",
    }


def test_empty_entries_leave_pythonpath():
    """They would put the working folder on the path."""
    given = os.pathsep.join(["", "here", ""])
    assert launch.child_environment(1, {"PYTHONPATH": given})["PYTHONPATH"] == "here"


@pytest.mark.parametrize("executable", ["", "/opt/host/application", None])
def test_an_interpreter_is_found_where_python_is_embedded(monkeypatch, executable):
    """Where sys.executable is empty or another program, the installation's is used."""
    monkeypatch.setattr(sys, "executable", executable)
    found = launch.python_executable()
    answer = subprocess.run([found, "-c", "print(7)"], capture_output=True, check=True)
    assert answer.stdout.strip() == b"7"
