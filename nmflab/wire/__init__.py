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

from nmflab.wire.format import Array, Arrays, Frame, Message, WireError
from nmflab.wire.reading import FrameReader, Source
from nmflab.wire.writing import Sink, write_frame

__all__ = [
    "Array",
    "Arrays",
    "Frame",
    "FrameReader",
    "Message",
    "Sink",
    "Source",
    "WireError",
    "write_frame",
]
