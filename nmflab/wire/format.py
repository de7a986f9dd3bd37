"""What a frame is made of, for the two sides of a pipe."""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

import numpy.typing as npt

Message: TypeAlias = dict[str, Any]  # a JSON object: any JSON value under each name
Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = dict[str, Array]
Frame: TypeAlias = tuple[Message, Arrays]

MAX_HEADER_BYTES = 256 * 2**20
MAX_PAYLOAD_BYTES = 64 * 2**30

MAGIC = b"nmf1"
PREFIX = struct.Struct("<4sIQI")
ALIGNMENT = 16  # what NumPy's own allocations have; compiled kernels ask for it
KINDS = frozenset("biufcSUmM")


class WireError(RuntimeError):
    """A frame cannot be written, or is not what was promised: the pipe is done for."""


def check_lengths(n_header: int, n_payload: int) -> None:
    """Raise WireError where a frame is larger than any that is meant."""
    for what, n, limit in (
        ("header", n_header, MAX_HEADER_BYTES),
        ("payload", n_payload, MAX_PAYLOAD_BYTES),
    ):
        if n > limit:
            raise WireError(
                f"a frame's {what} of {n} bytes is over the limit of {limit} bytes"
            )
