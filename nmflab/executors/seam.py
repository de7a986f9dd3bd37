"""What an executor is: the small seam between the coordinator and where runs happen.

An executor takes one job for each free slot and no more: nothing is fetched ahead of
capacity, so that stopping, "what is running" and an optimiser that asks for one trial
at a time need no special case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from nmflab.wire import Arrays, Message


class ExecutorError(RuntimeError):
    """Nothing can be run at all: no child process can be started, or none is left."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one job may use; None is no limit. The clock starts when the job does.

    Parameters
    ----------
    timeout_s : float, optional
        Wall seconds for a run up to its fit, or for loading a dataset.
    memory_mb : float, optional
        Private memory of the process and of those it starts, in units of 2**20 bytes.
        Pages of the mapped dataset do not count where the system tells them apart.
    threads : int, optional
        Threads of BLAS, OpenMP and numba.
    metrics_timeout_s : float, optional
        Wall seconds for all metrics of a run, after its fit was delivered.
    """

    timeout_s: float | None = None
    memory_mb: float | None = None
    threads: int | None = None
    metrics_timeout_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("timeout_s", "memory_mb", "threads", "metrics_timeout_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:  # NaN is refused too
                raise ValueError(
                    f"limits.{name} must be > 0, got {value}. Use null for no limit."
                )


@dataclass(frozen=True)
class Started:
    """The job's plugins are loaded and its clock runs."""

    key: str


@dataclass(frozen=True)
class Fitted:
    """A run's record; exactly one for each run submitted, unless it was cancelled.

    Parameters
    ----------
    key : str
    record : dict
        The message "fit" (see docs/architecture.md). Its ``status`` may also be one a
        child cannot report of itself: "timeout", "oom" or "crash".
    arrays : dict of ndarray
        ``trace``; ``W``, ``H``, ``row_offset``, ``column_offset`` when inline.
    """

    key: str
    record: Message
    arrays: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """The message "metrics": of a run, after its `Fitted` or alone, or over seeds."""

    key: str
    record: Message


@dataclass(frozen=True)
class Materialised:
    """A dataset was written; its facts, and the warnings given on the way."""

    key: str
    facts: Message
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failed:
    """A dataset could not be written: a sentence; a traceback or the last output."""

    key: str
    reason: str
    traceback: str | None = None


@dataclass(frozen=True)
class Done:
    """The last event of every job: its slot is free."""

    key: str
    cancelled: bool = False


Event: TypeAlias = Started | Fitted | Measured | Materialised | Failed | Done


@dataclass(frozen=True)
class Running:
    """A job under way, and the wall seconds since it was submitted."""

    key: str
    seconds: float


Log: TypeAlias = Callable[[str, str], None]
"""Gets a job's key ("" before the first) and what was printed; from other threads, but
never two calls at once."""


class Executor(Protocol):
    """Where jobs run."""

    @property
    def capacity(self) -> int:
        """How many jobs can run side by side."""
        ...

    @property
    def n_free(self) -> int:
        """How many more jobs `submit` takes now."""
        ...

    def submit(
        self, job: Message, limits: Limits, arrays: Arrays | None = None
    ) -> None:
        """Start a job of one of the types that docs/architecture.md describes.

        Raises
        ------
        RuntimeError
            If no slot is free, or the executor was cancelled or closed.
        ExecutorError
            If no process can be started.
        """
        ...

    def events(self, timeout: float | None = None) -> list[Event]:
        """Wait for events and return them, oldest first.

        Returns an empty list after `timeout` seconds without any, and at once when
        nothing runs. Limits are held while this waits: call it again and again.

        Raises
        ------
        ExecutorError
            If no process can be started; the jobs concerned were cancelled.
        """
        ...

    def running(self) -> list[Running]:
        """Return the jobs under way, the oldest first."""
        ...

    def cancel(self, now: bool = False) -> None:
        """Take no more jobs; with `now` end those under way: they yield only `Done`."""
        ...

    def close(self) -> None:
        """End every process; what is under way is lost. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def key_of(job: Message) -> str:
    """Return what events call a job: its key, or the folder it materialises into."""
    return str(job["into"] if job["type"] == "materialise" else job["key"])
