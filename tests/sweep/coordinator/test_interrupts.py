from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nmflab import cli
from nmflab.store import Store, StoreError

Lab = Any  # the class is in conftest.py, which cannot be imported

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

N_RUNS = 20


class Sweep:
    """A command under way in a process of its own.

    Parameters
    ----------
    lab : Lab
    seconds : float
        What each run takes.
    executor : {"serial", "local"}
    """

    def __init__(self, lab: Lab, seconds: float, executor: str) -> None:
        self.lab = lab
        self.arguments = [
            "dataset=movie_ratings",
            "solver=tried",
            f"solver.number=range({N_RUNS})",
            f"solver.seconds={seconds}",
            "metrics=[relative_error]",
            "study=./study",
            "report=false",
            f"executor.name={executor}",
            "executor.n_jobs=1",
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nmflab", *self.arguments],
            cwd=lab.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Return as soon as something holds; fail if the process ends before it."""
        deadline = time.monotonic() + 60
        while not holds():
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline, "the sweep does not get on"
            time.sleep(0.01)

    def has_rows(self, n: int) -> bool:
        """Whether the study has n finished runs."""
        try:
            with Store.open(self.lab.study) as store:
                return len(list(store.made())) >= n
        except StoreError:  # there is no study yet
            return False

    def began(self, n: int) -> bool:
        """Whether n runs were begun."""
        log = self.lab.folder / "done.txt"
        return log.exists() and len(log.read_text().splitlines()) >= n

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was printed."""
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


@pytest.fixture
def start(lab: Lab) -> Iterator[Callable[..., Sweep]]:
    """Return a function that starts sweeps; what still runs is ended."""
    started: list[Sweep] = []

    def begin(seconds: float, executor: str) -> Sweep:
        started.append(Sweep(lab, seconds, executor))
        return started[-1]

    yield begin
    for sweep in started:
        if sweep.process.poll() is None:
            sweep.process.kill()
            sweep.process.communicate()


def numbers(lab: Lab) -> list[int]:
    """Return the numbers of the runs made since last asked."""
    return [int(line.split()[1]) for line in lab.done()]


def made(folder: Path) -> set[int]:
    """Return the numbers of the runs that have a row."""
    with Store.open(folder) as store:
        runs = store.runs(1)
        keys = runs[runs["status"] == "ok"]["key"]
        return {store.config(key)["solver"]["number"] for key in keys}


@pytest.mark.usefixtures("fresh_session")
def test_after_kill_9_the_same_command_makes_exactly_the_missing_runs(
    lab: Lab, start: Callable[..., Sweep], capsys: pytest.CaptureFixture[str]
) -> None:
    """And while it runs, a second command on the study is refused."""
    sweep = start(0.05, "local")
    sweep.wait_for(lambda: sweep.has_rows(5))
    # Stopped, it holds the study however long the second command takes to start.
    sweep.process.send_signal(signal.SIGSTOP)

    assert cli.main(sweep.arguments) == 2
    refused = capsys.readouterr().err
    who = f"process {sweep.process.pid} on {socket.gethostname()}"
    assert f"study study is being written by {who}" in refused
    assert "Traceback" not in refused

    sweep.process.kill()
    sweep.end()
    before = made(lab.study)
    assert 5 <= len(before) < N_RUNS
    # What was begun has its row, but for the one that was under way.
    begun = set(numbers(lab))
    assert before <= begun
    assert len(begun - before) <= 1

    code, output = start(0.05, "local").end()
    assert code == 0, output
    assert f"note: {len(before)} runs were already done and are reused" in output
    assert f"{N_RUNS} ok" in output
    assert sorted(numbers(lab)) == sorted(set(range(N_RUNS)) - before)


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_ctrl_c_finishes_what_runs_and_says_how_to_go_on(
    lab: Lab, start: Callable[..., Sweep], executor: str
) -> None:
    """Everything begun is kept; the exit code is that of an interrupt."""
    sweep = start(0.1, executor)
    sweep.wait_for(lambda: sweep.has_rows(2))
    sweep.process.send_signal(signal.SIGINT)
    code, output = sweep.end()
    assert code == 130
    assert output.startswith("interrupted: ")
    assert " is kept" in output
    assert "to go on where this stopped: nmflab dataset=movie_ratings" in output
    assert "'solver.number=range(20)'" in output
    assert "Traceback" not in output
    finished = made(lab.study)
    assert 2 <= len(finished) < N_RUNS
    assert finished == set(numbers(lab))


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_ctrl_c_twice_stops_at_once(
    lab: Lab, start: Callable[..., Sweep], executor: str
) -> None:
    """The run under way is given up, however long it would take."""
    sweep = start(600, executor)
    sweep.wait_for(lambda: sweep.began(1))
    sweep.process.send_signal(signal.SIGINT)
    assert sweep.process.stdout is not None
    line = sweep.process.stdout.readline()
    assert line.startswith("interrupted: 1 run(s) are being finished")
    sweep.process.send_signal(signal.SIGINT)
    code, output = sweep.end()
    assert code == 130
    assert f"{N_RUNS} left" in output
    assert "to go on where this stopped:" in output
    assert "Traceback" not in output
    assert made(lab.study) == set()
