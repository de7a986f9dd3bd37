"""Runs in this very process, one after another: no child, no limits."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nmflab.child import Duties, describe_exception, nmflab_duties
from nmflab.executors.outcomes import Progress
from nmflab.executors.seam import Done, Event, Fitted, Limits, Running, Started
from nmflab.wire import Arrays, Message

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from nmflab.registry import Registry


@dataclass
class _Task:
    """A job, and the stages it still has to go through."""

    progress: Progress
    limits: Limits
    arrays: Arrays
    registry: Registry
    duties: Duties
    submitted: float = field(default_factory=time.monotonic)

    def stages(self) -> Iterator[list[Event]]:
        """Yield the events of one stage after another; work is done in between.

        A run's metrics are a stage of their own, so that its fit is safe before them.
        """
        job = self.progress.job
        yield [Started(self.progress.key)]
        metrics = job.get("metrics")
        # Without a folder, large factors are kept nowhere: no stage of their own then.
        if job["type"] == "run" and metrics and job.get("factors_folder"):
            events = self._do(job | {"metrics": {}}, self.arrays)
            yield events
            fits = [event for event in events if isinstance(event, Fitted)]
            yield [*self._measure(fits[0] if fits else None), *self.progress.done()]
        else:
            yield [*self._do(job, self.arrays), *self.progress.done()]

    def _measure(self, fit: Fitted | None) -> list[Event]:
        if fit is None or fit.record["status"] != "ok":
            return []
        factors = fit.record.get("factors")
        job = self.progress.job | {"type": "metrics", "factors": factors}
        return self._do(job, fit.arrays)

    def _do(self, job: Message, arrays: Arrays) -> list[Event]:
        """Let the handler do one job; return the events of what it reported."""
        events: list[Event] = []

        def send(message: Message, arrays: Arrays | None = None, /) -> None:
            if message["type"] == "metrics" and not job["metrics"]:
                return  # their own stage is still to come
            events.extend(self.progress.message(self._noted(message), arrays or {}))

        try:
            with _threads(self.limits.threads):
                self.duties.handlers[job["type"]](job, self.registry, send, arrays)
        except (Exception, SystemExit) as error:
            send(describe_exception(error))
        return events

    def _noted(self, message: Message) -> Message:
        """Return the message; a fit's warnings name the limits that were not held."""
        unheld = [
            f"limits.{name}={value:g}"
            for name in ("timeout_s", "memory_mb")
            if (value := getattr(self.limits, name)) is not None
        ]
        if message["type"] != "fit" or not unheld:
            return message
        note = f"executor serial: {' and '.join(unheld)} could not be held"
        return message | {"warnings": [*message.get("warnings", ()), note]}


class Serial:
    """Jobs in this process; for functions that cannot cross a pipe, and for debugging.

    A solver that hangs or crashes takes this process with it. Ctrl-C ends the job under
    way: `events` raises KeyboardInterrupt, and gives its `Done` at the next call.

    Parameters
    ----------
    registry : Registry
        The plugins to use; those the job names are not loaded again.
    duties : Duties, optional
        What to do by the job's type, in place of nmflab's own.
    """

    def __init__(self, registry: Registry, *, duties: Duties | None = None) -> None:
        self._registry = registry
        self._duties = duties
        self._task: _Task | None = None
        self._stages: Iterator[list[Event]] = iter(())
        self._pending: list[Event] = []
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
        """One job at a time."""
        return 1

    @property
    def n_free(self) -> int:
        """1 if `submit` takes a job now, 0 otherwise."""
        return int(self._is_open and self._task is None)

    def submit(
        self, job: Message, limits: Limits, arrays: Arrays | None = None
    ) -> None:
        """Take a job; `events` does it."""
        if not self._is_open:
            raise RuntimeError("the executor was cancelled or closed; make another")
        if self._task is not None:
            raise RuntimeError("the slot is busy; wait for a Done")
        duties = self._duties = self._duties or nmflab_duties()
        progress = Progress(job)
        self._task = _Task(progress, limits, arrays or {}, self._registry, duties)
        self._stages = self._task.stages()

    def events(self, timeout: float | None = None) -> list[Event]:
        """Do the next stage of the job and return its events; `timeout` is not held."""
        pending, self._pending = self._pending, []
        if pending or self._task is None:
            return pending
        try:
            events = next(self._stages)
        except BaseException:
            self.cancel_job()
            raise
        if isinstance(events[-1] if events else None, Done):
            self._task = None
        return events

    def running(self) -> list[Running]:
        """Return the job under way, if there is one."""
        if self._task is None:
            return [Running(event.key, 0.0) for event in self._pending]
        seconds = time.monotonic() - self._task.submitted
        return [Running(self._task.progress.key, seconds)]

    def cancel(self, now: bool = False) -> None:
        """Take no more jobs; with `now` the job's remaining stages are left out."""
        self._is_open = False
        if now:
            self.cancel_job()

    def close(self) -> None:
        """Take no more jobs and forget the one under way."""
        self.cancel(now=True)

    def cancel_job(self) -> None:
        """Leave out what remains of the job under way; it yields nothing but `Done`."""
        if self._task is not None:
            self._pending.append(Done(self._task.progress.key, cancelled=True))
            self._task = None


def _threads(n_threads: int | None) -> contextlib.AbstractContextManager[object]:
    """Return a context in which the loaded thread pools use so many threads."""
    if n_threads is None:
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[object]
    limits = _pools(len(sys.modules)).limit(limits=n_threads)
    return limits


@lru_cache(maxsize=1)
def _pools(_n_modules: int) -> ThreadpoolController:
    """Return the thread pools there are; looking for them takes milliseconds.

    A pool comes with a library, a library with a module: as long as no module is added
    there is nothing new to find.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
