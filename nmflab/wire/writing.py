"""Writing frames to a pipe."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from nmflab.wire.format import (
    ALIGNMENT,
    KINDS,
    MAGIC,
    PREFIX,
    Array,
    Message,
    WireError,
    check_lengths,
)

_SMALL_PAYLOAD = 2**16  # below this, one write of joined bytes beats several


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
    text += b" " * (-len(text) % ALIGNMENT)
    n_payload = sum(len(piece) for piece in pieces)
    check_lengths(len(text), n_payload)
    crc = zlib.crc32(text)
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
    prefix = PREFIX.pack(MAGIC, len(text), n_payload, crc)
    if n_payload <= _SMALL_PAYLOAD:
        return [b"".join((prefix, text, *pieces))]
    return [prefix + text, *pieces]


def _describe(name: str, array: Array) -> list[object]:
    if array.dtype.kind not in KINDS:
        raise WireError(
            f"array {name!r} has dtype {array.dtype}, which cannot cross the pipe:"
            " it could hold Python objects. Use numbers, booleans or text."
        )
    return [name, array.dtype.str, list(array.shape)]


def _raw_bytes(array: Array) -> Iterator[bytes | memoryview]:
    padding = b"\0" * (-array.nbytes % ALIGNMENT)
    if array.nbytes <= _SMALL_PAYLOAD:
        yield array.tobytes() + padding  # tobytes is in C order
        return
    yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    yield padding
