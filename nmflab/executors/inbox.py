"""One place where the messages of several children arrive.

`SelectInbox` asks the system which pipe has something, which costs the least; pipes of
Windows cannot be asked, so there `ThreadInbox` has a thread wait at each of them.
"""

from __future__ import annotations

import io
import os
import selectors
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

from nmflab.wire import Arrays, FrameReader, Message, WireError


@dataclass(frozen=True)
class Received:
    """A message of the child it was `watch`ed for."""

    child: object
    message: Message
    arrays: Arrays


@dataclass(frozen=True)
class Ended:
    """The end of a child's messages, and what was wrong with them, if anything."""

    child: object
    problem: str | None


class Inbox(Protocol):
    """What children's messages are read from."""

    def watch(self, child: object, stream: io.FileIO) -> None:
        """Read a child's messages from now on; the stream is closed at its end."""
        ...

    def forget(self, child: object) -> None:
        """Read no more from a child; what it may still have sent is dropped."""
        ...

    def get(self, timeout: float) -> list[Received | Ended]:
        """Return what arrived, after waiting for it at most `timeout` seconds."""
        ...

    def close(self) -> None:
        """Give back what the system lent."""
        ...


def make_inbox() -> Inbox:
    """Return the inbox that costs the least on this system."""
    return SelectInbox() if os.name == "posix" else ThreadInbox()


class SelectInbox:
    """Waits for all pipes at once, in the caller's thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._streams: dict[object, io.FileIO] = {}

    def watch(self, child: object, stream: io.FileIO) -> None:
        """Read a child's messages from now on; the stream is closed at its end."""
        self._streams[child] = stream
        reader = FrameReader(stream)
        self._selector.register(stream, selectors.EVENT_READ, (child, reader))

    def forget(self, child: object) -> None:
        """Read no more from a child, and close its stream."""
        stream = self._streams.pop(child, None)
        if stream is not None:
            self._selector.unregister(stream)
            stream.close()

    def get(self, timeout: float) -> list[Received | Ended]:
        """Return what arrived, after waiting for it at most `timeout` seconds."""
        items: list[Received | Ended] = []
        for key, _ in self._selector.select(timeout):
            child, reader = key.data
            items.extend(self._read(child, reader))
        return items

    def close(self) -> None:
        """Forget every child."""
        for child in list(self._streams):
            self.forget(child)
        self._selector.close()

    def _read(self, child: object, reader: FrameReader) -> list[Received | Ended]:
        problem = None
        try:
            frames = reader.pump()
        except (WireError, OSError) as error:
            frames, problem = None, str(error)
        if frames is None:
            self.forget(child)
            return [Ended(child, problem)]
        return [Received(child, *frame) for frame in frames]


class ThreadInbox:
    """Waits for each pipe in a thread of its own."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Received | Ended] = SimpleQueue()

    def watch(self, child: object, stream: io.FileIO) -> None:
        """Read a child's messages from now on; the stream is closed at its end."""
        threading.Thread(target=self._read, args=(child, stream), daemon=True).start()

    def forget(self, child: object) -> None:
        """Leave the thread to end with its pipe; its child is no longer known."""

    def get(self, timeout: float) -> list[Received | Ended]:
        """Return what arrived, after waiting for it at most `timeout` seconds."""
        try:
            return [self._queue.get(timeout=timeout)]
        except Empty:
            return []

    def close(self) -> None:
        """Leave the threads to end with their pipes."""

    def _read(self, child: object, stream: io.FileIO) -> None:
        reader, problem = FrameReader(stream), None
        try:
            while (frame := reader.read()) is not None:
                self._queue.put(Received(child, *frame))
        except (WireError, OSError) as error:
            problem = str(error)
        self._queue.put(Ended(child, problem))
        stream.close()
