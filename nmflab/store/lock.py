"""One writer a study: a lock that dies with its holder, and who that is."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import filelock

from nmflab.store.schema import StoreError


def now() -> str:
    """Return the time as ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class StudyLock:
    """A lock on a study's folder that dies with its holder.

    Raises
    ------
    StoreError
        On `acquire`, if another process holds it: names that process and its host.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = filelock.FileLock(folder / ".lock")
        self._holder = folder / ".holder.json"

    def acquire(self) -> None:
        """Take the lock, or say who has it."""
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise StoreError(self._who()) from None
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
        self._holder.write_text(json.dumps(holder), encoding="utf-8")

    def release(self) -> None:
        """Give it back."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _who(self) -> str:
        folder = self._holder.parent
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            holder = {"pid": "unknown", "host": "unknown", "since": "unknown"}
        return (
            f"study {folder} is being written by process {holder['pid']} on"
            f" {holder['host']} since {holder['since']}; wait for it, or choose another"
            " folder with study=<name>"
        )
