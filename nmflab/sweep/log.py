"""The study's ``log.txt``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from nmflab.kernels.choice import COMPILING


class StudyLog:
    """The study's ``log.txt``: what jobs printed, with the time and their key.

    Attributes
    ----------
    say : callable or None
        Shows a line to the user. It gets what explains a pause in the progress, that
        kernels are being compiled: once, however many processes compile them.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", errors="replace")
        self.say: Callable[[str], None] | None = None

    def __call__(self, key: str, text: str) -> None:
        """Append what a job printed."""
        stamp = time.strftime("%H:%M:%S")
        for line in text.splitlines():
            self._file.write(f"{stamp} {key[:8] or '-':8} {line}\n")
            if line == COMPILING and self.say is not None:
                say, self.say = self.say, None
                say(line)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
