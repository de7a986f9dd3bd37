"""What the executors' tests share."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from nmflab.executors import Limits, Local

FAULTY = [sys.executable, "-P", str(Path(__file__).with_name("faulty_child.py"))]


def run_job(key, **more):
    """Return a run job; ``do`` names a fault of `faulty_child`."""
    return {"type": "run", "key": key, "metrics": {"m": {}}} | more


def drive(executor, jobs, limits=None):
    """Run all jobs and return all events; `limits` may depend on the job."""
    waiting, seen = list(jobs), []
    while True:
        while waiting and executor.n_free:
            job = waiting.pop(0)
            given = limits(job) if callable(limits) else limits
            executor.submit(job, given or Limits())
        events = executor.events(timeout=60)
        if not events and not executor.running():
            return seen
        assert events, f"nothing happened for a minute: {executor.running()}"
        seen += events


def is_alive(pid):
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, seconds=20):
    """Return whether a condition came true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def local():
    """Return a function that makes a local executor over faulty children."""
    made = []

    def make(n_jobs=1, **options):
        made.append(Local(n_jobs, **({"command": FAULTY} | options)))
        return made[-1]

    yield make
    for executor in made:
        executor.close()


@pytest.fixture(scope="module")
def shared():
    """Return one executor for the tests of a file that ask nothing special of it."""
    with Local(1, command=FAULTY) as executor:
        yield executor


@pytest.fixture(scope="session")
def lab():
    """Return the helpers of this file."""
    return sys.modules[__name__]
