from __future__ import annotations

import os
import signal
import threading

import pytest

from nmflab.sweep.interrupt import Interrupts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def send(number: int = signal.SIGINT) -> None:
    """Send this process a signal; Python handles it before the next line."""
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_counted_and_end_nothing(number: int) -> None:
    """Ctrl-C, and what a queueing system sends."""
    with Interrupts(lambda: None) as interrupts:
        send(number)
        send(number)
    assert interrupts.count == 2


def test_the_first_is_told_once_and_only_when_asked() -> None:
    """Whoever counts may be in the midst of anything."""
    told: list[str] = []
    with Interrupts(lambda: told.append("stop")) as interrupts:
        interrupts.tell()
        assert told == []
        send()
        assert told == []
        interrupts.tell()
        send()
        interrupts.tell()
    assert told == ["stop"]


def test_within_a_job_the_first_is_told_at_once() -> None:
    """The job may take an hour yet."""
    told: list[str] = []
    with Interrupts(lambda: told.append("stop")) as interrupts:
        with interrupts.in_job():
            send()
            assert told == ["stop"]
        interrupts.tell()
    assert told == ["stop"]


def test_within_a_job_the_second_ends_the_job() -> None:
    """And nothing else: the sweep ends in good order."""
    reached = False
    with Interrupts(lambda: None) as interrupts:
        with interrupts.in_job():
            send()
            send()
            reached = True
        assert interrupts.count == 2
    assert not reached


def test_a_job_that_prints_while_it_is_interrupted_is_no_trap() -> None:
    """Writing within a write is refused by Python."""

    def reentrant() -> None:
        raise RuntimeError("reentrant call")

    with Interrupts(reentrant) as interrupts, interrupts.in_job():
        send()
    assert interrupts.count == 1


def test_the_handlers_from_before_are_put_back() -> None:
    """The shell's Ctrl-C is itself again after a sweep."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts(lambda: None):
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_another_thread_leaves_the_handlers_alone() -> None:
    """Only the main one may set them."""
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with Interrupts(lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
