"""A parent may be any kind of Python, and may die in any way."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

# Named here and not imported: each script runs in a fresh interpreter.
SCRIPT = """
import sys
from nmflab.executors import Limits, Local, Fitted, Started
command = {command!r}
def log(key, text):
    if "grandchild" in text:
        print(text, flush=True)
executor = Local(1, command=command, log=log)
executor.submit({{"type": "run", "key": "k", "do": {do!r}}}, Limits(timeout_s=600))
seen = []
while executor.running():
    seen += executor.events(60)
    for event in seen:
        if isinstance(event, Started):
            pids = [slot.child.pid for slot in executor._slots]
            {then}
            print(f"children={{pids[0]}}", flush=True)
    seen = [event for event in seen if isinstance(event, Fitted)]
print("status", seen[0].record["status"])
"""


@pytest.fixture
def script(lab):
    """Return a function that gives a script without a main guard."""

    def make(do, then="pass"):
        return SCRIPT.format(command=lab.FAULTY, do=do, then=then)

    return make


def test_a_script_from_stdin_without_a_main_guard_runs(script):
    """As ``python - < script`` does; what else stands in stdin is not the child's."""
    done = subprocess.run(
        [sys.executable, "-"],
        input=script("print"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.endswith("status ok\n")


def test_a_parent_that_exits_without_closing_leaves_no_child(script, lab):
    """The interpreter's end closes the pipes, and an idle child goes by itself."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script("nothing")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pid = int(done.stdout.split("children=")[1].split()[0])
    assert lab.wait_until(lambda: not lab.is_alive(pid))


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("do", ["sleep", "hold_lock", "program"])
def test_no_child_survives_a_parent_that_is_killed(script, lab, do):
    """Not one that sleeps, holds the interpreter lock, or has started a program."""
    if do == "hold_lock" and sys.platform != "linux":
        pytest.skip("only Linux ends a process that holds the interpreter lock")
    parent = subprocess.Popen(
        [sys.executable, "-c", script(do)], stdout=subprocess.PIPE, text=True
    )
    found = []
    while len(found) < (2 if do == "program" else 1):
        line = parent.stdout.readline()
        assert line, "the parent ended by itself"
        if "=" in line:
            found.append(int(line.split("=")[1]))
    assert all(lab.is_alive(pid) for pid in found)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert lab.wait_until(lambda: not any(lab.is_alive(pid) for pid in found))


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
def test_a_child_dies_although_a_fork_of_the_parent_holds_the_pipe(script, lab):
    """A fork inherits our ends of the pipes; the child sees that its parent changed."""
    text = "import os, time\n" + script("sleep", then="os.fork() or time.sleep(60)")
    parent = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True
    )
    pid = int(parent.stdout.readline().split("=")[1])
    fork = next(
        process
        for process in psutil.Process(parent.pid).children()
        if process.pid != pid
    )
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert lab.wait_until(lambda: not lab.is_alive(pid))
        assert lab.is_alive(fork.pid)
    finally:
        fork.kill()
