"""What a child process does to itself, so that it can hurt neither parent nor machine.

Its pipes are moved out of reach of plugins, it dies with its parent, and its threads
and memory are limited. Used by `nmflab.child` only.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

LIFELINE = "NMFLAB_LIFELINE"
THREADS = "NMFLAB_THREADS"

_PARENT_POLL_S = 2.0
_ORPHANED = 77  # exit code of a child that lost its parent; nobody is left to read it


def claim_pipes() -> tuple[io.FileIO, io.FileIO]:
    """Move the two pipes away and leave an empty stdin and stderr for stdout."""
    source, sink = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (source, sink):
            msvcrt.setmode(descriptor, os.O_BINARY)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    return io.FileIO(source, "r"), io.FileIO(sink, "w")


def n_unread(descriptor: int) -> int:
    """Return how many bytes written to a pipe nobody has read yet; 0 if unknown."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        answer = fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))
    except OSError:  # not a pipe
        return 0
    return int.from_bytes(answer, sys.byteorder)


def tie_to_parent() -> None:
    """See to it that this process, and what it started, dies with its parent.

    The end of the stream of jobs tells an idle child at once and a busy one at its next
    moment without the interpreter lock (`_receive`). Compiled code may hold that lock
    for long, so on Linux the kernel is asked as well: the parent holds the other end of
    a pipe nobody writes to, and when that end closes, whatever killed the parent, the
    whole process group is sent SIGIO, which ends it. PR_SET_PDEATHSIG would not do: it
    fires when the *thread* that started the child ends, and spares grandchildren.
    """
    lifeline = os.environ.pop(LIFELINE, None)
    if sys.platform == "linux" and lifeline is not None:
        import fcntl

        fd = int(lifeline)
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_ASYNC)
    if os.name == "posix":  # another process may hold the pipe open; the parent is gone
        threading.Thread(
            target=_watch_parent, args=(os.getppid(),), daemon=True
        ).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_S)
    end_group()


def end_group() -> NoReturn:
    """End this process at once, and those it started."""
    if sys.platform == "win32":
        import psutil

        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()
    elif os.getpgrp() == os.getpid():  # never a group that somebody else leads
        os.killpg(0, signal.SIGKILL)
    os._exit(_ORPHANED)


def limit_threads() -> None:
    """Hold the loaded thread pools to the number the parent set in the environment.

    The environment alone does it where it was read before the pools started; this is
    for an interpreter whose start-up (``sitecustomize``) imported NumPy already.
    """
    threads = os.environ.pop(THREADS, None)
    if threads is not None:
        import threadpoolctl

        threadpoolctl.threadpool_limits(int(threads))


def limit_memory(memory_mb: float | None) -> None:
    """Make an allocation far beyond the limit fail with MemoryError (Linux only).

    RLIMIT_DATA counts writable private memory. RLIMIT_AS would count the mapped dataset
    and address space that is only reserved. What is mapped already, thread stacks and
    BLAS buffers are allowed on top: the limit itself is held by the parent, which
    watches resident memory; this stops the allocation it would see too late.
    """
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = hard
        if memory_mb is not None:
            threads = os.environ.get("OMP_NUM_THREADS", "")
            n_threads = int(threads) if threads.isdigit() else os.cpu_count() or 1
            headroom_mb = 128 + 48 * n_threads
            soft = int((_data_mb() + memory_mb + headroom_mb) * 2**20)
            soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_mb() -> float:
    """Return what RLIMIT_DATA counts now, in units of 2**20 bytes."""
    for line in Path("/proc/self/status").read_bytes().splitlines():
        if line.startswith(b"VmData:"):
            return int(line.split()[1]) / 1024
    return 0.0
