"""Ctrl-C in two steps: finish what runs and keep everything; again, stop now."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


class Interrupts:
    """Counts interrupts while it is entered; only the main thread can be asked.

    Parameters
    ----------
    first : callable
        Called once, after the first interrupt: by `tell`, since whoever counts may be
        in the midst of anything; from the signal handler only within `in_job`.
    """

    def __init__(self, first: Callable[[], None]) -> None:
        self._first = first
        self._told = False
        self._in_job = False
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

    def tell(self) -> None:
        """Call `first` if there was an interrupt and it was not called yet."""
        if self.count and not self._told:
            self._told = True
            self._first()

    @contextlib.contextmanager
    def in_job(self) -> Iterator[None]:
        """Let the second interrupt end what is done inside: a job in this process."""
        self._in_job = True
        try:
            yield
        except KeyboardInterrupt:
            self.count = max(self.count, 2)
        finally:
            self._in_job = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self._in_job:
            with contextlib.suppress(RuntimeError):  # the job may be printing just now
                self.tell()
            if self.count > 1:
                raise KeyboardInterrupt
