"""The study's ``log.txt``."""

from __future__ import annotations

import time
from pathlib import Path


class StudyLog:
    """The study's ``log.txt``: what jobs printed, with the time and their key."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", errors="replace")

    def __call__(self, key: str, text: str) -> None:
        """Append what a job printed."""
        stamp = time.strftime("%H:%M:%S")
        for line in text.splitlines():
            self._file.write(f"{stamp} {key[:8] or '-':8} {line}\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
