"""What a child process prints: its last words are kept, all of it can be logged."""

from __future__ import annotations

import codecs
import io
import threading
from collections.abc import Callable

_TAIL_BYTES = 4096
_LOG_BYTES = 2**20
_SKIPPED = ("Extension modules:", "<no Python frame>")


class Output:
    """Reads a child's stderr to its end, in a thread of its own.

    Parameters
    ----------
    stream : io.FileIO
        Closed at its end.
    log : callable
        Gets a job's key and text. After an exception it is not called again: a full
        disk must not keep the pipe from being emptied, or the child would stand still.
    """

    def __init__(self, stream: io.FileIO, log: Callable[[str, str], None]) -> None:
        self._stream, self._log = stream, log
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail, self._key, self._n_logged = b"", "", 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def begin(self, key: str) -> None:
        """Let what follows belong to this job."""
        with self._lock:
            self._tail, self._key, self._n_logged = b"", key, 0

    def tail(self, wait_s: float = 0.0) -> str:
        """Return the last 4 kB printed for the job, after waiting for the end."""
        self._thread.join(wait_s)
        with self._lock:
            return self._tail.decode("utf-8", "replace").strip()

    def _read(self) -> None:
        with self._stream:
            while chunk := self._stream.read(8192):
                with self._lock:
                    self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
                    key, before = self._key, self._n_logged
                    self._n_logged += len(chunk)
                if before < _LOG_BYTES:
                    self._write(key, self._decoder.decode(chunk))
                    if before + len(chunk) >= _LOG_BYTES:
                        self._write(key, "\n[the rest, beyond 1 MB, is left out]\n")

    def _write(self, key: str, text: str) -> None:
        try:
            self._log(key, text)
        except Exception:
            self._log = forget


def forget(_key: str, _text: str) -> None:
    """Take what no log can hold any more."""


def last_words(tail: str) -> str:
    """Return the one line of a child's last output that says most, "" if there is none.

    Python's own fault handler prints the line of code a crash happened in, most recent
    call first; otherwise the last line is the message of an exception.
    """
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    crashed = any(line.startswith("Fatal Python error") for line in lines)
    if crashed:
        current = [at for at, line in enumerate(lines) if line.startswith("Current th")]
        lines = lines[current[0] :] if current else lines
        lines = [line for line in lines if line.startswith("File ")][:1]
    lines = [line for line in lines if not line.startswith(_SKIPPED)]
    return lines[-1][:300] if lines else ""
