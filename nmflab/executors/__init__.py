"""Where jobs run: one small seam (`Executor`), and what stands behind it.

    with make("local", n_jobs=4) as executor:
        executor.submit(job, Limits(timeout_s=60))
        for event in executor.events():
            ...

`Local` runs each job in a supervised child process, within limits; `Serial` in this
process, without. Heavy imports wait: the run itself is imported where it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmflab.executors.local import Local
from nmflab.executors.outcomes import failed_fit
from nmflab.executors.seam import (
    Done,
    Event,
    Executor,
    ExecutorError,
    Failed,
    Fitted,
    Limits,
    Log,
    Materialised,
    Measured,
    Running,
    Started,
    key_of,
)
from nmflab.executors.serial import Serial

if TYPE_CHECKING:
    from nmflab.registry import Registry

NAMES = ("local", "serial")

__all__ = [
    "NAMES",
    "Done",
    "Event",
    "Executor",
    "ExecutorError",
    "Failed",
    "Fitted",
    "Limits",
    "Local",
    "Log",
    "Materialised",
    "Measured",
    "Running",
    "Serial",
    "Started",
    "failed_fit",
    "key_of",
    "make",
]


def make(
    name: str,
    *,
    n_jobs: int | None = None,
    registry: Registry | None = None,
    log: Log | None = None,
) -> Executor:
    """Return the executor of that name (config key ``executor.name``).

    Parameters
    ----------
    name : {"local", "serial"}
    n_jobs : int, optional
        Jobs side by side; by default one a core. "serial" runs one, whatever is asked.
    registry : Registry, optional
        What "serial" takes its plugins from; by default all that is installed. The
        children of "local" load their own.
    log : callable, optional
        Gets what children print (`Log`).

    Raises
    ------
    ValueError
        If there is no such executor, or n_jobs is below 1.
    """
    if name == "local":
        return Local(n_jobs, log=log)
    if name == "serial":
        if registry is None:
            from nmflab.registry import load

            registry = load()
        return Serial(registry)
    raise ValueError(
        f"no executor named {name!r} (config key 'executor.name'); there are:"
        f" {', '.join(NAMES)}."
    )
