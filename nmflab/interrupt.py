"""Ctrl-C in two steps: finish what runs and keep everything; again, stop now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


class Interrupts:
    """Counts interrupts while it is entered; only the main thread can be asked.

    Parameters
    ----------
    first : callable
        Called at the first interrupt, from the signal handler.
    """

    def __init__(self, first: Callable[[], None]) -> None:
        self._first = first
        self.count = 0

    def __enter__(self) -> Interrupts:
        self._before: dict[int, object] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            self._first()
