"""Reading frames from a pipe."""

from __future__ import annotations

import json
import math
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from nmflab.wire.format import (
    ALIGNMENT,
    KINDS,
    MAGIC,
    PREFIX,
    Array,
    Frame,
    WireError,
    check_lengths,
)

_BUFFER_BYTES = 2**16  # a pipe hands out no more at once


class Source(Protocol):
    """What frames are read from: an unbuffered file, such as ``io.FileIO``."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill part of the buffer and return how many bytes; 0 at the end."""
        ...


class FrameReader:
    """Reads frames from an unbuffered file, one after another.

    Parameters
    ----------
    source : Source
        Nobody else may read from it afterwards: it is read in blocks.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._start = self._stop = 0
        self._large: _Large | None = None
        self._ready: deque[Frame] = deque()

    def read(self) -> Frame | None:
        """Wait for a frame: a message and its arrays, or None at the end of the stream.

        The arrays are writable and belong to the caller.

        Raises
        ------
        WireError
            If the stream ends within a frame, is corrupt, or announces a frame over the
            limits. Nothing after that can be trusted.
        """
        while not self._ready:
            frames = self.pump()
            if frames is None:
                return None
            self._ready.extend(frames)
        return self._ready.popleft()

    def pump(self) -> list[Frame] | None:
        """Read once, and return the frames that are complete now; None at the end.

        Waits only where nothing can be read, so that whoever was told by the system
        that something can be is not held up by half a frame. Raises as `read` does.
        """
        if self._large is not None:
            got = self._large.fill(self._source)
        else:
            got = self._source.readinto(self._buffer[self._stop :]) or 0
            self._stop += got
        if got:
            return list(self._complete())
        if self._large is not None or self._stop:
            raise WireError("the stream ended within a frame")
        return None

    def _complete(self) -> Iterator[Frame]:
        """Yield what is complete, and make room for the rest of what is not."""
        if self._large is not None:
            if not self._large.is_full:
                return
            yield self._large.decode()
            self._large = None
        while self._stop - self._start >= PREFIX.size:
            lengths = _open_prefix(self._buffer, self._start)
            body = self._buffer[self._start + PREFIX.size : self._stop]
            if len(body) >= lengths.body:
                self._start += PREFIX.size + lengths.body
                yield _decode(memoryview(bytearray(body[: lengths.body])), lengths)
            elif PREFIX.size + lengths.body <= _BUFFER_BYTES:
                break
            else:
                self._large = _Large(lengths, body)
                self._start = self._stop
        held = self._stop - self._start
        if self._start:
            self._buffer[:held] = bytes(self._buffer[self._start : self._stop])
            self._start, self._stop = 0, held


class _Large:
    """A frame too large for the reader's buffer, read straight into its own."""

    def __init__(self, lengths: _Lengths, begun: memoryview) -> None:
        self._lengths = lengths
        try:
            # Not zeroed: a length that lies then costs no memory until it is filled.
            self._body = np.empty(lengths.body, np.uint8).data
        except MemoryError as error:
            text = f"no memory for a frame of {lengths.body} bytes"
            raise WireError(text) from error
        self._body[: len(begun)] = begun
        self._filled = len(begun)

    @property
    def is_full(self) -> bool:
        return self._filled == self._lengths.body

    def fill(self, source: Source) -> int:
        """Read once; return how many bytes, 0 at the end of the stream."""
        got = source.readinto(self._body[self._filled :]) or 0
        self._filled += got
        return got

    def decode(self) -> Frame:
        return _decode(self._body, self._lengths)


class _Lengths(NamedTuple):
    """What a prefix says of the frame's body."""

    header: int
    payload: int
    crc: int

    @property
    def body(self) -> int:
        return self.header + self.payload


def _open_prefix(buffer: memoryview, at: int) -> _Lengths:
    magic, n_header, n_payload, crc = PREFIX.unpack_from(buffer, at)
    if magic != MAGIC:
        raise WireError(f"expected a frame, got bytes that start with {magic!r}")
    check_lengths(n_header, n_payload)
    return _Lengths(n_header, n_payload, crc)


def _decode(body: memoryview, lengths: _Lengths) -> Frame:
    if zlib.crc32(body) != lengths.crc:
        raise WireError("a frame's checksum does not match: its bytes were altered")
    try:
        header = json.loads(bytes(body[: lengths.header]))
        message = header["m"]
        if not isinstance(message, dict):
            raise TypeError("the message is not a JSON object")
        return message, dict(_arrays(header.get("a", ()), body, lengths.header))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"a frame's header is not as agreed: {error}") from error


def _arrays(
    described: Sequence[Sequence[Any]], body: memoryview, at: int
) -> Iterator[tuple[str, Array]]:
    for name, dtype_text, shape in described:
        dtype = np.dtype(dtype_text)
        if dtype.kind not in KINDS:
            raise TypeError(f"array {name!r} has the refused dtype {dtype_text!r}")
        if any(type(n) is not int or n < 0 for n in shape):
            raise TypeError(f"array {name!r} has the impossible shape {shape}")
        size = math.prod(shape)
        if size and dtype.itemsize:
            array = np.frombuffer(body, dtype, size, at).reshape(shape)
        else:
            array = np.empty(shape, dtype)
        yield str(name), array
        at += array.nbytes + -array.nbytes % ALIGNMENT
    if at != len(body):
        raise ValueError(f"arrays end at byte {at} of a body of {len(body)}")
