"""Frames on a pipe: a JSON object with named arrays beside it, nothing executable.

A frame is a fixed prefix, a JSON header and the arrays' bytes:

    prefix    magic "nmf1", header length (4 bytes), payload length (8), CRC-32 (4)
    header    {"m": message} or {"m": message, "a": [[name, dtype, shape], ...]},
              filled up with blanks to a multiple of 16
    payload   each array's bytes in C order, padded to a multiple of 16

Dtype and shape stand in the header instead of in an ``.npy`` header before each array:
parsing those costs 46 µs an array, which is more than all else a small run costs its
parent. What is safe about ``.npy`` without pickle is kept: only plain number, text and
time dtypes pass, in either direction.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Message: TypeAlias = dict[str, Any]  # a JSON object: any JSON value under each name
Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = dict[str, Array]
Frame: TypeAlias = tuple[Message, Arrays]

MAX_HEADER_BYTES = 256 * 2**20
MAX_PAYLOAD_BYTES = 64 * 2**30

_MAGIC = b"nmf1"
_PREFIX = struct.Struct("<4sIQI")
_ALIGNMENT = 16  # what NumPy's own allocations have; compiled kernels ask for it
_KINDS = frozenset("biufcSUmM")
_BUFFER_BYTES = 2**16  # a pipe hands out no more at once
_SMALL_PAYLOAD = 2**16  # below this, one write of joined bytes beats several


class WireError(RuntimeError):
    """A frame cannot be written, or is not what was promised: the pipe is done for."""


class Source(Protocol):
    """What frames are read from: an unbuffered file, such as ``io.FileIO``."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill part of the buffer and return how many bytes; 0 at the end."""
        ...


class Sink(Protocol):
    """What frames are written to: an unbuffered file, such as ``io.FileIO``."""

    def write(self, data: bytes | memoryview, /) -> int | None:
        """Write part of the data and return how many bytes."""
        ...


def _plain(value: object) -> object:
    """Return a NumPy scalar as the Python number it is; the encoder calls this last."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is not a JSON value")


_encoder = json.JSONEncoder(separators=(",", ":"), default=_plain)


def write_frame(
    sink: Sink, message: Message, arrays: Mapping[str, Array] | None = None
) -> None:
    """Write one frame, whole; arrays go out as they are, in C order.

    Raises
    ------
    WireError
        If the message is not plain JSON, an array's dtype may not cross (objects,
        records), or the frame is too large. Nothing has been written then.
    OSError
        If the pipe is broken.
    """
    for piece in _encode(message, arrays or {}):
        view = memoryview(piece)
        while view:
            view = view[sink.write(view) or 0 :]


def _encode(
    message: Message, arrays: Mapping[str, Array]
) -> Sequence[bytes | memoryview]:
    header: Message = {"m": message}
    pieces: list[bytes | memoryview] = []
    if arrays:
        header["a"] = [_describe(name, array) for name, array in arrays.items()]
        pieces = [piece for array in arrays.values() for piece in _raw_bytes(array)]
    try:
        text = _encoder.encode(header).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError(
            f"message {message.get('type')!r} cannot cross the pipe: {error}. Only JSON"
            " values and arrays can."
        ) from error
    text += b" " * (-len(text) % _ALIGNMENT)
    n_payload = sum(len(piece) for piece in pieces)
    _check_lengths(len(text), n_payload)
    crc = zlib.crc32(text)
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    prefix = _PREFIX.pack(_MAGIC, len(text), n_payload, crc)
    if n_payload <= _SMALL_PAYLOAD:
        return [b"".join((prefix, text, *pieces))]
    return [prefix + text, *pieces]


def _describe(name: str, array: Array) -> list[object]:
    if array.dtype.kind not in _KINDS:
        raise WireError(
            f"array {name!r} has dtype {array.dtype}, which cannot cross the pipe:"
            " it could hold Python objects. Use numbers, booleans or text."
        )
    return [name, array.dtype.str, list(array.shape)]


def _raw_bytes(array: Array) -> Iterator[bytes | memoryview]:
    padding = b"\0" * (-array.nbytes % _ALIGNMENT)
    if array.nbytes <= _SMALL_PAYLOAD:
        yield array.tobytes() + padding  # tobytes is in C order
        return
    yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    yield padding


def _check_lengths(n_header: int, n_payload: int) -> None:
    for what, n, limit in (
        ("header", n_header, MAX_HEADER_BYTES),
        ("payload", n_payload, MAX_PAYLOAD_BYTES),
    ):
        if n > limit:
            raise WireError(
                f"a frame's {what} of {n} bytes is over the limit of {limit} bytes"
            )


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
        while self._stop - self._start >= _PREFIX.size:
            lengths = _open_prefix(self._buffer, self._start)
            body = self._buffer[self._start + _PREFIX.size : self._stop]
            if len(body) >= lengths.body:
                self._start += _PREFIX.size + lengths.body
                yield _decode(bytearray(body[: lengths.body]), lengths)
            elif _PREFIX.size + lengths.body <= _BUFFER_BYTES:
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
            self._body = bytearray(lengths.body)
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
        got = source.readinto(memoryview(self._body)[self._filled :]) or 0
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
    magic, n_header, n_payload, crc = _PREFIX.unpack_from(buffer, at)
    if magic != _MAGIC:
        raise WireError(f"expected a frame, got bytes that start with {magic!r}")
    _check_lengths(n_header, n_payload)
    return _Lengths(n_header, n_payload, crc)


def _decode(body: bytearray, lengths: _Lengths) -> Frame:
    if zlib.crc32(body) != lengths.crc:
        raise WireError("a frame's checksum does not match: its bytes were altered")
    try:
        header = json.loads(body[: lengths.header])
        message = header["m"]
        if not isinstance(message, dict):
            raise TypeError("the message is not a JSON object")
        return message, dict(_arrays(header.get("a", ()), body, lengths.header))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"a frame's header is not as agreed: {error}") from error


def _arrays(
    described: Sequence[Sequence[Any]], body: bytearray, at: int
) -> Iterator[tuple[str, Array]]:
    for name, dtype_text, shape in described:
        dtype = np.dtype(dtype_text)
        if dtype.kind not in _KINDS:
            raise TypeError(f"array {name!r} has the refused dtype {dtype_text!r}")
        size = math.prod(shape)
        if size and dtype.itemsize:
            array = np.frombuffer(body, dtype, size, at).reshape(shape)
        else:
            array = np.empty(shape, dtype)
        yield str(name), array
        at += array.nbytes + -array.nbytes % _ALIGNMENT
    if at != len(body):
        raise ValueError(f"arrays end at byte {at} of a body of {len(body)}")
