"""One child process as its parent sees it: start, send, kill, and how it ended."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import cast

import psutil

from nmflab.confinement import LIFELINE
from nmflab.executors.inbox import Inbox
from nmflab.executors.launch import child_environment
from nmflab.executors.memory import descendants
from nmflab.executors.output import Output, last_words
from nmflab.executors.seam import ExecutorError, Log
from nmflab.wire import Arrays, Message, write_frame

_WINDOWS_CODES = {
    0xC0000005: "access violation",
    0xC00000FD: "stack overflow",
    0xC0000409: "stack buffer overrun",
}
_LAST_WORDS_S = 0.5  # for stderr to arrive after the end; a grandchild may hold it open
_REAP_S = (
    5.0  # for a killed process to be gone; only one stuck in a driver takes longer
)


class Child:
    """A child process, reused for many jobs.

    Its messages arrive in `inbox`, under its own name.

    Raises
    ------
    ExecutorError
        If the command cannot be started.
    """

    def __init__(
        self, command: Sequence[str], threads: int | None, inbox: Inbox, log: Log
    ) -> None:
        self.threads = threads
        self.idle_mb = 0.0
        self.loaded: set[frozenset[str]] = set()
        self._is_over = False
        self._inbox = inbox
        self._process, self._lifeline = _start(command, child_environment(threads))
        self.pid = self._process.pid
        self._output = Output(cast("io.FileIO", self._process.stderr), log)
        inbox.watch(self, cast("io.FileIO", self._process.stdout))

    def send(self, message: Message, arrays: Arrays, key: str) -> bool:
        """Send one frame; False if the child is gone."""
        self._output.begin(key)
        try:
            write_frame(cast("io.FileIO", self._process.stdin), message, arrays)
        except OSError:
            return False
        return True

    @property
    def has_exited(self) -> bool:
        """Whether the process is gone, even if others hold its pipes open."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process and all it started, at once, and take the exit code."""
        strays = [] if self.has_exited else descendants([self.pid])[self.pid]
        self._end_group(strays)

    def close(self, grace_s: float) -> None:
        """Let an idle child end by itself; kill it after `grace_s` seconds."""
        self.hang_up()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self._end_group([])

    def hang_up(self) -> None:
        """Close the stream of jobs: an idle child ends by itself, a busy one dies."""
        with contextlib.suppress(OSError):
            cast("io.FileIO", self._process.stdin).close()

    def epitaph(self) -> tuple[str, str]:
        """Return a sentence on how the process ended, and its last output.

        Waits for a moment, and then ends what has not ended by itself.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)  # the end of its pipe comes just before its own
        ended = describe_exit(self._process.poll())
        self.kill()
        tail = self._output.tail(_LAST_WORDS_S)
        words = last_words(tail)
        return f"{ended}: {words}" if words else ended, tail

    def _end_group(self, strays: Sequence[int]) -> None:
        """Kill the process, its group and the strays; close what ties them to us."""
        if self._is_over:
            return  # the numbers may belong to others by now
        self._is_over = True
        self._inbox.forget(self)
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            self._process.kill()
        for pid in strays:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
        self.hang_up()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_REAP_S)


def _start(
    command: Sequence[str], environment: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int | None]:
    """Start the command in a process group of its own; return it and its lifeline.

    The lifeline is our end of a pipe nobody writes to (see `nmflab.confinement`).
    """
    theirs = ours = None
    flags = 0
    if sys.platform == "linux":
        theirs, ours = os.pipe()
        environment = environment | {LIFELINE: str(theirs)}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
            pass_fds=() if theirs is None else (theirs,),
            start_new_session=True,
            creationflags=flags,
        )
    except OSError as error:
        if ours is not None:
            os.close(ours)
        raise ExecutorError(
            f"the child process could not be started: {error} (command: {command[0]})."
            " Use executor.name=serial to run in this process."
        ) from error
    finally:
        if theirs is not None:
            os.close(theirs)
    return process, ours


def describe_exit(code: int | None) -> str:
    """Return a sentence for an exit code: negative is a signal, None is running."""
    if code is None:
        return "the child process closed its pipe and went on running"
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            why = " (the system may have run out of memory)" if code == -9 else ""
            return f"the child process was ended by signal {-code} ({name}){why}"
        return f"the child process was ended by signal {-code}"
    named = f" ({_WINDOWS_CODES[code]})" if code in _WINDOWS_CODES else ""
    return f"the child process ended itself with exit code {code}{named}"
