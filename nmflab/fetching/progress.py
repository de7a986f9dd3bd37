"""How far a download is: a bar on a terminal, plain lines elsewhere; on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

_EVERY_S = 5.0
"""Seconds between plain lines."""


class Shown(Protocol):
    """What pooch tells how far it is; told at the end that all is there."""

    total: int

    def update(self, n_bytes: int) -> None:
        """Count bytes that came."""
        ...

    def reset(self) -> None:
        """Count from 0 again; pooch does so once all is there, to give the total."""
        ...

    def close(self) -> None:
        """End; nothing more will come."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def megabytes(n_bytes: int) -> str:
    """Return a size in words: ``4.9 MB``, ``360 bytes``."""
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.0f} kB"


class Lines:
    """A line every few seconds, for files, pipes and notebooks."""

    def __init__(self, name: str, total: int) -> None:
        self.name, self.total = name, total
        self._come, self._said = 0, time.monotonic()

    def __enter__(self) -> Self:
        self._say(f"downloading {self.name} ({megabytes(self.total)})")
        return self

    def __exit__(self, *_: object) -> None:
        return

    def update(self, n_bytes: int) -> None:
        """Count, and print when the last line is old."""
        self._come += n_bytes
        if time.monotonic() - self._said > _EVERY_S:
            self._said = time.monotonic()
            come = megabytes(min(self._come, self.total or self._come))
            of = f" of {megabytes(self.total)}" if self.total else ""
            self._say(f"downloading {self.name}: {come}{of}")

    def reset(self) -> None:
        """Count from 0 again."""
        self._come = 0

    def close(self) -> None:
        """Do nothing: each line stands by itself."""

    def _say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


class Bar:
    """A live bar by rich."""

    def __init__(self, name: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(name, total=total)

    @property
    def total(self) -> int:
        """Bytes to come; the size declared where the server says 0, for unknown."""
        return int(self._bar.tasks[0].total or 0)

    @total.setter
    def total(self, n_bytes: int) -> None:
        self._bar.update(self._task, total=n_bytes or self.total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, n_bytes: int) -> None:
        """Count."""
        self._bar.advance(self._task, n_bytes)

    def reset(self) -> None:
        """Count from 0 again; the clock goes on."""
        self._bar.update(self._task, completed=0)

    def close(self) -> None:
        """Show that all is there, however much was announced."""
        self._bar.update(self._task, completed=self.total)


def shown(name: str, total: int) -> Shown:
    """Return what fits stderr: a bar on a terminal, else lines."""
    return Bar(name, total) if sys.stderr.isatty() else Lines(name, total)
