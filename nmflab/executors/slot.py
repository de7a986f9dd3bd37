"""One slot of the local executor: a child process and the job it is at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from nmflab.executors.memory import private_mb
from nmflab.executors.outcomes import End
from nmflab.executors.process import Child
from nmflab.executors.seam import Done, Event, ExecutorError, Limits
from nmflab.executors.task import Phase, Task
from nmflab.wire import Arrays, Message

_SECOND_LOOK_S = 0.02
_EXIT_GRACE_S = 0.25  # for what a process wrote before it ended to be read
_ATTEMPTS = 2


class Slot:
    """A child, kept from job to job, and at most one task.

    Parameters
    ----------
    launch : callable
        Starts a child for a number of threads.
    """

    def __init__(self, launch: Callable[[int | None], Child]) -> None:
        self._launch = launch
        self.child: Child | None = None
        self.task: Task | None = None
        self._gone_since: float | None = None

    def begin(self, task: Task) -> Iterator[Event]:
        """Give the child a job; start another child where this one does not suit."""
        if self.child is not None and not self._suits(self.child, task.limits):
            self.drop(grace_s=0.0)
        yield from self._assign(task)

    def receive(self, message: Message, arrays: Arrays) -> Iterator[Event]:
        """Yield the events of a message."""
        task, child, kind = self.task, self.child, message["type"]
        if task is None or child is None:
            return
        if kind == "ready":
            yield from self._send(task, child)
        elif kind == "started":
            child.loaded.add(task.plugins)
            yield from task.start()
        elif kind == "idle":
            self.task = None
            yield from task.progress.done()
        else:
            yield from task.progress.message(message, arrays)
            if kind == "fit":
                task.enter(Phase.MEASURING)

    def ended(self, problem: str | None) -> Iterator[Event]:
        """Yield what follows from the end of the child's messages."""
        task, child = self.task, self.child
        if child is None:
            return
        if problem is not None:
            child.kill()
        sentence, tail = child.epitaph()
        self.child = self._gone_since = None
        if problem is not None:
            sentence = f"the child process sent what is no message: {problem}"
        if task is not None and task.is_at_fault:
            yield from self._close(task, End("crash", sentence, tail or None))
        elif task is not None:
            yield from self._retry(task, sentence, tail)

    def look(self, now: float, memory_mb: float | None) -> Iterator[Event]:
        """Hold the limits: yield what follows where one is exceeded."""
        task, child = self.task, self.child
        if task is None or child is None:
            return
        name, limit = task.limit
        if memory_mb is not None:
            task.peak_mb = max(task.peak_mb, memory_mb)
        if task.limits.memory_mb is not None and task.peak_mb > task.limits.memory_mb:
            reason = f"exceeded limits.memory_mb={task.limits.memory_mb:g}"
            reason += f" (peak {task.peak_mb:.0f} MB seen)"
            yield from self._kill(task, End("oom", reason))
        elif now - task.since >= limit:
            if not task.is_overdue:
                # This process may itself have stood still (Ctrl-Z): a result that waits
                # in the pipe is read before the second look.
                task.is_overdue = True
                return
            reason = f"killed after {now - task.since:.1f} s: {name}={limit:g}"
            yield from self._kill(task, End("timeout", reason))
        elif child.has_exited:
            self._gone_since = self._gone_since or now
            if now - self._gone_since >= _EXIT_GRACE_S:
                yield from self.ended(None)  # something else holds its pipe open

    def due(self, now: float) -> float:
        """Return when `look` must be called at the latest."""
        if self.task is None:
            return math.inf
        if self.task.is_overdue:
            return now + _SECOND_LOOK_S
        return self.task.since + self.task.limit[1]

    def cancel(self) -> Iterator[Event]:
        """End the job under way, if any; it yields nothing but `Done`."""
        if self.task is not None:
            key, self.task = self.task.progress.key, None
            self.drop(grace_s=0.0)
            yield Done(key, cancelled=True)

    def drop(self, grace_s: float) -> None:
        """End the child, if there is one; an idle one may take `grace_s` to go."""
        child, self.child = self.child, None
        self._gone_since = None
        if child is not None and self.task is None and grace_s:
            child.close(grace_s)
        elif child is not None:
            child.kill()

    def _assign(self, task: Task) -> Iterator[Event]:
        self.task = task
        task.enter(Phase.STARTING)
        if self.child is None:
            self.child = self._launch(task.limits.threads)
        else:
            yield from self._send(task, self.child)

    def _send(self, task: Task, child: Child) -> Iterator[Event]:
        if task.limits.memory_mb is not None and not child.idle_mb:
            child.idle_mb = private_mb(child.pid)
        is_loaded = task.on_used_child = task.plugins in child.loaded
        envelope = {
            "job": task.progress.job,
            "memory_mb": task.limits.memory_mb,
            "announce": not is_loaded,
        }
        task.enter(Phase.LOADING)
        if not child.send(envelope, task.arrays, task.progress.key):
            yield from self.ended(None)
        elif is_loaded:  # what would be announced is known: one message less to read
            yield from task.start()

    @staticmethod
    def _suits(child: Child, limits: Limits) -> bool:
        """Whether a child may be used again.

        One that earlier jobs left swollen would charge them to the next, whose outcome
        would then depend on the order of the jobs.
        """
        if child.has_exited or child.threads != limits.threads:
            return False
        if limits.memory_mb is None or not child.idle_mb:
            return True
        spare = limits.memory_mb - child.idle_mb
        return private_mb(child.pid) <= child.idle_mb + spare / 2

    def _retry(self, task: Task, sentence: str, tail: str) -> Iterator[Event]:
        """Try once more on a fresh child: the job had not begun when it ended."""
        task.attempts += 1
        if task.attempts < _ATTEMPTS:
            yield from self._assign(task)
        elif task.phase is Phase.LOADING:
            reason = f"{sentence} (while the plugins of the job were loaded)"
            yield from self._close(task, End("crash", reason, tail or None))
        else:
            raise ExecutorError(
                f"the child process cannot start: {sentence}. Its last output:\n{tail}"
            )

    def _kill(self, task: Task, end: End) -> Iterator[Event]:
        child = self.child
        tail = ""
        if child is not None:
            child.kill()
            _, tail = child.epitaph()
            self.child = self._gone_since = None
        if task.phase is Phase.STARTING:
            yield from self._retry(task, end.reason, tail)
        else:
            yield from self._close(task, replace(end, traceback=tail or None))

    def _close(self, task: Task, end: End) -> Iterator[Event]:
        self.task = None
        end = replace(end, peak_memory_mb=task.peak_mb or None)
        yield from task.progress.end(end)
        yield Done(task.progress.key)
