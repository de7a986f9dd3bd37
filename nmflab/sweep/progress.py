"""What is said while a sweep runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

FAILED = ("error", "timeout", "oom", "crash", "invalid")


Running = Callable[[], Sequence[str]]
"""Asked for what is running only when that is shown."""


class Progress(Protocol):
    """Told of each finished run; shows how the sweep stands."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def update(self, status: str | None, running: Running) -> None:
        """Count a finished run (None: only time has passed) and show what runs."""
        ...

    def say(self, text: str) -> None:
        """Print a line that stays."""
        ...


class _Counts:
    """Done, failed, skipped, left; the rate and the time left."""

    def __init__(self, total: int, skipped: int, reused: int, failed: int) -> None:
        self.total, self.skipped = total, skipped
        self.reused, self.failed = reused, failed
        self.by_status: Counter[str] = Counter()
        self.began = time.monotonic()

    @property
    def finished(self) -> int:
        return self.by_status.total()

    def text(self) -> str:
        failed = self.failed + sum(self.by_status[status] for status in FAILED)
        left = self.total - self.finished
        parts = [f"{self.by_status['ok'] + self.reused} done"]
        if self.reused:
            parts[0] += f" ({self.reused} reused)"
        parts += [f"{failed} failed", f"{self.skipped} skipped", f"{left} left"]
        seconds = time.monotonic() - self.began
        if self.finished and seconds > 0:
            rate = self.finished / seconds
            parts.append(f"{rate:.3g}/s")
            if left:
                parts.append(f"{_span(left / rate)} left")
        return ", ".join(parts)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Plain:
    """One line every few seconds: for files, pipes and notebooks."""

    def __init__(self, counts: _Counts, every_s: float = 10.0) -> None:
        self._counts, self._every_s = counts, every_s
        self._last = time.monotonic()

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self.say(self._counts.text())

    def update(self, status: str | None, running: Running) -> None:
        """Count, and print when the last line is old."""
        if status is not None:
            self._counts.by_status[status] += 1
        if time.monotonic() - self._last > self._every_s:
            self._last = time.monotonic()
            now = ", ".join(running())
            what = f"; running: {now}" if now else ""
            self.say(self._counts.text() + what)

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, flush=True)


class Bar:
    """A live bar by rich."""

    def __init__(self, counts: _Counts) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._counts = counts
        self._bar = Progress(
            BarColumn(bar_width=30),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[running]}", markup=False, style="dim"),
            refresh_per_second=8,
        )
        self._task = self._bar.add_task(
            "", total=max(counts.total, 1), counts=counts.text(), running=""
        )
        self._shown = 0.0

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._show("")
        self._bar.stop()

    def update(self, status: str | None, running: Running) -> None:
        """Count, and redraw a few times a second."""
        if status is not None:
            self._counts.by_status[status] += 1
        if time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self._show("".join(running()[:1]))

    def _show(self, running: str) -> None:
        self._bar.update(
            self._task,
            completed=self._counts.finished,
            counts=self._counts.text(),
            running=running,
        )

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(text, markup=False, highlight=False)


class Quiet:
    """Says nothing; counts for nobody."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def update(self, status: str | None, running: Running) -> None:
        """Do nothing."""

    def say(self, text: str) -> None:
        """Do nothing."""


def progress(
    total: int, *, skipped: int, reused: int, failed: int, quiet: bool
) -> Progress:
    """Return what fits the output: a bar, plain lines, or nothing.

    Parameters
    ----------
    total : int
        Runs that are to be made.
    skipped, reused, failed : int
        Runs that were settled before: unfit pairs, kept results, kept failures.
    quiet : bool
    """
    if quiet:
        return Quiet()
    counts = _Counts(total, skipped, reused, failed)
    return Bar(counts) if sys.stdout.isatty() else Plain(counts)
