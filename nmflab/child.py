"""The supervised process in which runs happen: ``python -P -m nmflab.child``.

Its parent (`nmflab.executors.local`) writes jobs to its stdin and reads messages from
its stdout, both as frames of `nmflab.wire`. Before anything of a plugin is imported the
two pipes move to descriptors of their own, stdout becomes stderr and stdin becomes
empty, so that a plugin that prints or reads cannot break the protocol.

A job arrives as ``{"job": ..., "memory_mb": number or null, "announce": bool}`` and is
answered by "started" (where it is to be announced: the parent knows when nothing is to
be loaded), what the job's handler sends, "raised" where the handler raised, and "idle".
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol, TypeAlias

from nmflab.confinement import (
    claim_pipes,
    end_group,
    limit_memory,
    limit_threads,
    n_unread,
    tie_to_parent,
)
from nmflab.wire import Arrays, FrameReader, Message, Source, WireError
from nmflab.wire import write_frame as _write_frame

if TYPE_CHECKING:
    from nmflab.registry import Registry

# Sent with the "idle" that follows at once: each write wakes the parent up.
_LAST_WORDS = frozenset({"metrics", "materialised", "failed", "raised"})
_SETTLE_S, _SETTLE_TRIES = 0.001, 50
_Inbox: TypeAlias = "SimpleQueue[tuple[Message, Arrays] | None]"


class Send(Protocol):
    """What a handler reports with."""

    def __call__(self, message: Message, arrays: Arrays | None = None, /) -> None:
        """Write one message, with named arrays beside it, to the parent."""
        ...


Handler: TypeAlias = Callable[[Message, "Registry", Send, Arrays], None]


@dataclass(frozen=True)
class Duties:
    """What a child can do.

    Parameters
    ----------
    prepare : callable
        Gets the job before its clock starts, and returns the plugins it names.
    handlers : mapping
        By the job's "type": called with the job, the plugins, ``send`` and the arrays.
    """

    prepare: Callable[[Message], Registry]
    handlers: Mapping[str, Handler]


def main() -> None:
    """Serve nmflab's own duties until the parent closes the pipe."""
    start(nmflab_duties)


def start(build: Callable[[], Duties]) -> None:
    """Make the process safe, import what the duties need, and serve.

    `build` is called after the pipes were moved and the threads were limited: what it
    imports may print and may start thread pools.
    """
    source, sink = claim_pipes()
    faulthandler.enable()  # a crash then names the line that caused it, on stderr
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    tie_to_parent()
    duties = build()
    limit_threads()
    serve(source, sink, duties)


def serve(source: Source, sink: io.RawIOBase, duties: Duties) -> None:
    """Say "ready", then do one job after another until the stream of jobs ends."""
    send = _Sender(sink)
    inbox: _Inbox = SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_receive, args=(source, inbox, busy), daemon=True).start()
    send({"type": "ready", "pid": os.getpid()})
    while (frame := inbox.get()) is not None:
        busy.set()
        _do(frame[0], frame[1], duties, send)
        _settle_output()
        busy.clear()
        send({"type": "idle"})


def _do(envelope: Message, arrays: Arrays, duties: Duties, send: _Sender) -> None:
    """Do one job; whatever it raises is reported, and ends neither child nor sweep."""
    job = envelope["job"]
    try:
        registry = duties.prepare(job)
        limit_memory(envelope.get("memory_mb"))
        if envelope["announce"]:
            send({"type": "started", "key": job.get("key")})
        duties.handlers[job["type"]](job, registry, send, arrays)
    except BaseException as error:  # SystemExit and KeyboardInterrupt of plugins too
        limit_memory(None)
        send(describe_exception(error))


def describe_exception(error: BaseException) -> Message:
    """Return the message "raised": "oom" or "error", a sentence, the traceback."""
    name = type(error).__name__
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception whose own text cannot be had
        text = "its message could not be read"
    return {
        "type": "raised",
        "reason": f"{name}: {text}" if text else name,
        "traceback": "".join(traceback.format_exception(error)),
        "status": "oom" if isinstance(error, MemoryError) else "error",
    }


class _Sender:
    """Writes messages, from this very process only."""

    def __init__(self, sink: io.RawIOBase) -> None:
        self._sink = io.BufferedWriter(sink)
        self._pid = os.getpid()

    def __call__(self, message: Message, arrays: Arrays | None = None, /) -> None:
        if os.getpid() != self._pid:
            # A fork that a plugin made came back up the stack; it must not speak here.
            os._exit(1)
        try:
            _write_frame(self._sink, message, arrays)
            if message["type"] not in _LAST_WORDS:
                self._sink.flush()
        except OSError:
            end_group()


def _receive(source: Source, inbox: _Inbox, busy: threading.Event) -> None:
    """Queue the frames as they come; at the end of the stream, end what still runs."""
    reader = FrameReader(source)
    try:
        while (frame := reader.read()) is not None:
            inbox.put(frame)
    except (WireError, OSError) as error:
        print(f"nmflab child: {error}", file=sys.stderr, flush=True)
        end_group()
    if busy.is_set():
        end_group()
    inbox.put(None)


def _settle_output() -> None:
    """Let what a plugin printed arrive before the job's end does.

    Otherwise the parent could take it for the next job's. Waits until the parent has
    read it, where that can be asked, but not for long: nothing depends on it.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # plugins may have put anything there
            stream.flush()
    for _ in range(_SETTLE_TRIES):
        if n_unread(2) == 0:
            return
        time.sleep(_SETTLE_S)


def nmflab_duties() -> Duties:
    """Return what `nmflab.run` does; a set of plugins is loaded once in a process."""
    # Here, not above: what these import may print, and must find its threads limited.
    from nmflab import registry, run
    from nmflab.run.over_seeds import compute_over_seeds

    @lru_cache(maxsize=256)
    def load(names: frozenset[str]) -> Registry:
        return registry.load(only=names)

    def prepare(job: Message) -> Registry:
        names: Collection[str] = job["plugins"]
        return load(frozenset(names))

    return Duties(
        prepare=prepare,
        handlers={
            "run": lambda job, plugins, send, _: run.execute(job, plugins, send),
            "materialise": lambda job, plugins, send, _: run.materialise_job(
                job, plugins, send
            ),
            "metrics": run.compute_metrics,
            "seeds": compute_over_seeds,
        },
    )


if __name__ == "__main__":
    main()
