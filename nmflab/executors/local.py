"""Runs in child processes on this machine, one for each slot, within limits."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from nmflab.executors.inbox import Ended, Received, make_inbox
from nmflab.executors.launch import child_command
from nmflab.executors.memory import TreeMemory
from nmflab.executors.outcomes import Progress
from nmflab.executors.output import forget
from nmflab.executors.process import Child
from nmflab.executors.seam import (
    Done,
    Event,
    ExecutorError,
    Limits,
    Log,
    Running,
)
from nmflab.executors.slot import Slot
from nmflab.executors.task import Task
from nmflab.wire import Arrays, Message

_LOOK_S = 0.25  # how soon a child is missed whose pipe a grandchild holds open
_MEMORY_LOOK_S = 0.1
_CLOSE_GRACE_S = 2.0


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Local:
    """Supervised child processes, `n_jobs` side by side; see `Executor`.

    A child is started when its slot is first used, and used again for as long as the
    number of threads stays the same; after a kill the next job gets a fresh one.

    Parameters
    ----------
    n_jobs : int, optional
        Slots; by default as many as there are cores.
    log : callable, optional
        Gets what jobs print; see `Log`.
    command : sequence of str, optional
        What starts a child, in place of nmflab's own.

    Raises
    ------
    ValueError
        If n_jobs is below 1.
    """

    def __init__(
        self,
        n_jobs: int | None = None,
        *,
        log: Log | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        n_slots = available_cores() if n_jobs is None else n_jobs
        if n_slots < 1:
            raise ValueError(f"executor.n_jobs must be at least 1, got {n_jobs}.")
        self._inbox = make_inbox()
        self._log = log or forget
        self._log_lock = threading.Lock()
        self._command = list(command or child_command())
        self._slots = [Slot(self._launch) for _ in range(n_slots)]
        self._memory = TreeMemory()
        self._pending: list[Event] = []
        self._error: ExecutorError | None = None
        self._next_look = math.inf
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def capacity(self) -> int:
        """How many jobs can run side by side."""
        return len(self._slots)

    @property
    def n_free(self) -> int:
        """How many more jobs `submit` takes now."""
        if not self._is_open:
            return 0
        return sum(slot.task is None for slot in self._slots)

    def submit(
        self, job: Message, limits: Limits, arrays: Arrays | None = None
    ) -> None:
        """Start a job in a free slot; see `Executor.submit`."""
        if not self._is_open:
            raise RuntimeError("the executor was cancelled or closed; make another")
        free = [slot for slot in self._slots if slot.task is None]
        if not free:
            raise RuntimeError(f"all {self.capacity} slots are busy; wait for a Done")
        progress = Progress(job, limits.memory_mb)
        slot = min(free, key=lambda slot: _unsuitability(slot, limits))
        try:
            self._pending.extend(slot.begin(Task(progress, limits, arrays or {})))
        except ExecutorError:
            slot.task = None
            raise
        self._look_by(slot.due(time.monotonic()))

    def events(self, timeout: float | None = None) -> list[Event]:
        """Wait for events and return them, oldest first; see `Executor.events`."""
        until = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            now = time.monotonic()
            if now >= self._next_look:
                self._look(now)
            if self._pending:
                pending, self._pending = self._pending, []
                return pending
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if now >= until or not self._busy():
                return []
            wait = min(until, self._next_look) - time.monotonic()
            for item in self._inbox.get(max(wait, 0.0)):
                self._handle(item)

    def running(self) -> list[Running]:
        """Return the jobs under way, the oldest first."""
        now = time.monotonic()
        tasks = [slot.task for slot in self._slots if slot.task is not None]
        found = [Running(task.progress.key, now - task.submitted) for task in tasks]
        # A job is under way until its end was told.
        ends = [event for event in self._pending if isinstance(event, Done)]
        found += [Running(event.key, 0.0) for event in ends]
        return sorted(found, key=lambda running: -running.seconds)

    def cancel(self, now: bool = False) -> None:
        """Take no more jobs; with `now` end those under way: they yield only `Done`."""
        self._is_open = False
        if now:
            for slot in self._slots:
                self._pending.extend(slot.cancel())

    def close(self) -> None:
        """End every child; those at rest are given two seconds to go by themselves."""
        self.cancel(now=True)
        for slot in self._slots:
            if slot.child is not None:
                slot.child.hang_up()  # all at once, so that they go side by side
        for slot in self._slots:
            slot.drop(_CLOSE_GRACE_S)
        self._inbox.close()

    def _launch(self, threads: int | None) -> Child:
        return Child(self._command, threads, self._inbox, self._log_text)

    def _log_text(self, key: str, text: str) -> None:
        with self._log_lock:
            self._log(key, text)

    def _busy(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.task is not None]

    def _handle(self, item: Received | Ended) -> None:
        for slot in self._slots:
            if slot.child is item.child:
                if isinstance(item, Received):
                    self._collect(slot, slot.receive(item.message, item.arrays))
                else:
                    self._collect(slot, slot.ended(item.problem))
                self._look_by(slot.due(time.monotonic()))
                return

    def _look(self, now: float) -> None:
        """Hold the limits of all slots, and set when to do so again."""
        busy = self._busy()
        limited = [
            slot.child.pid
            for slot in busy
            if slot.child and slot.task and slot.task.limits.memory_mb is not None
        ]
        memory = self._memory.sample(limited, now) if limited else {}
        for slot in busy:
            pid = slot.child.pid if slot.child else -1
            self._collect(slot, slot.look(now, memory.get(pid)))
        self._next_look = now + (_MEMORY_LOOK_S if limited else _LOOK_S)
        for slot in self._busy():
            self._look_by(slot.due(now))

    def _look_by(self, at: float) -> None:
        self._next_look = min(self._next_look, at, time.monotonic() + _LOOK_S)

    def _collect(self, slot: Slot, events: Iterable[Event]) -> None:
        """Keep the events; a slot that cannot start a child gives its job back."""
        try:
            for event in events:
                self._pending.append(event)
        except ExecutorError as error:
            self._error = error
            if slot.task is not None:
                self._pending.append(Done(slot.task.progress.key, cancelled=True))
            slot.task = slot.child = None


def _unsuitability(slot: Slot, limits: Limits) -> int:
    """Return 0 for a slot whose child can be used, 1 for an empty one, 2 otherwise."""
    if slot.child is None:
        return 1
    return 0 if slot.child.threads == limits.threads else 2
