"""Pictures as rows of a matrix: names of pixels, their order, plain PGM files."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

_PGM = re.compile(
    rb"P5(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)(?:\s|#[^\n]*\n)+(\d+)\s"
)


def pixel_names(height: int, width: int) -> list[str]:
    """Return ``y1 x1``, ``y1 x2``, ...: from the top left, row by row."""
    return [f"y{y} x{x}" for y in range(1, height + 1) for x in range(1, width + 1)]


def row_major(height: int, width: int) -> npt.NDArray[np.intp]:
    """Return where each pixel, row by row, stands in an image held column by column."""
    return np.arange(height * width).reshape((height, width), order="F").ravel()


def read_pgm(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Return the grey values of a binary PGM of one byte a pixel, ``(height, width)``.

    Parameters
    ----------
    content : bytes
        Of the file: ``P5``, width, height and largest value as text, then the pixels.
    name : str
        Named in errors.

    Raises
    ------
    ValueError
        If it is no such file, or ends before its last pixel.
    """
    header = _PGM.match(content)
    if header is None:
        raise ValueError(
            f"{name} does not begin like a binary PGM (P5, width, height, largest"
            " value); it is not the published file"
        )
    width, height, largest = (int(number) for number in header.groups())
    if not 0 < largest < 256:
        raise ValueError(
            f"{name} has {largest} for its largest grey value; only images of one byte"
            " a pixel (1 to 255) are read here"
        )
    pixels: npt.NDArray[Any] = np.frombuffer(content[header.end() :], dtype=np.uint8)
    if pixels.size < height * width:
        raise ValueError(
            f"{name} should hold {width} x {height} pixels and ends after"
            f" {pixels.size}; it is cut off"
        )
    return pixels[: height * width].reshape(height, width)
