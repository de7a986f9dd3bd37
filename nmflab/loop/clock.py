"""A stopwatch for solvers that stands still while somebody else works."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Wall and cpu seconds spent between `resume` and `pause`; starts paused at 0.

    Parameters
    ----------
    wall, cpu : callable
        Give the present reading in seconds. The cpu reading counts all threads of the
        process (user and system), so it also counts whatever runs beside the solver.
    """

    __slots__ = ("_cpu", "_cpu_from", "_cpu_sum", "_wall", "_wall_from", "_wall_sum")

    def __init__(
        self,
        wall: Callable[[], float] = time.perf_counter,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        self._wall, self._cpu = wall, cpu
        self._wall_sum = self._cpu_sum = 0.0
        self._wall_from: float | None = None
        self._cpu_from = 0.0

    def resume(self) -> None:
        """Let the clock run; no effect while it runs."""
        if self._wall_from is None:
            self._cpu_from = self._cpu()
            self._wall_from = self._wall()

    def pause(self) -> None:
        """Let the clock stand still; no effect while it does."""
        if self._wall_from is not None:
            self._wall_sum += self._wall() - self._wall_from
            self._cpu_sum += self._cpu() - self._cpu_from
            self._wall_from = None

    @property
    def seconds(self) -> float:
        """Wall seconds so far, the running stretch included."""
        if self._wall_from is None:
            return self._wall_sum
        return self._wall_sum + self._wall() - self._wall_from

    @property
    def cpu_seconds(self) -> float:
        """Cpu seconds so far, the running stretch included."""
        if self._wall_from is None:
            return self._cpu_sum
        return self._cpu_sum + self._cpu() - self._cpu_from
