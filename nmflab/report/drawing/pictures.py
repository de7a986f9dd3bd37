"""Pictures of vectors, as SVG that needs nothing else: images and curves.

What a picture says stands in its words too, for readers who do not see it.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.report.drawing.theme import BLUES, DIVERGING
from nmflab.report.numbers import number

SIDE = 150
"""Longest side of an image on the page, pixels."""

CURVE = (300, 118)
"""Width and height of a curve on the page, pixels."""

MOST_PIXELS = 12_000
MOST_POINTS = 600

_SHADES = 256


def image_svg(values: Matrix, words: str) -> str:
    """Return a vector's image: one square a pixel, first row on top, pale is 0.

    Parameters
    ----------
    values : ndarray of shape (height, width)
        Shown from 0 to the largest; where some are negative, from −m to m in two hues.
    words : str
        What it shows, for those who do not see it.
    """
    pixels = _fitting(values)
    height, width = pixels.shape
    scale = SIDE / max(height, width)
    data = base64.b64encode(png(*_shaded(pixels))).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width * scale:.0f}" height="{height * scale:.0f}" role="img"'
        f' aria-label="{escape(words)}"><title>{escape(words)}</title>'
        f'<image width="{width}" height="{height}" style="image-rendering:pixelated"'
        f' preserveAspectRatio="none" href="data:image/png;base64,{data}"/></svg>'
    )


def curve_svg(x: Matrix, values: Matrix, x_title: str, words: str) -> str:
    """Return a vector as a filled curve over x, from 0 to its largest value.

    Parameters
    ----------
    x : ndarray of shape (n,)
        In any order.
    values : ndarray of shape (n,)
    x_title : str
        What x is, with its unit.
    words : str
        What it shows, for those who do not see it.
    """
    x, values = _thinned(x, values)
    wide, high = CURVE
    left, right, top, foot = 4.0, wide - 4.0, 6.0, high - 30.0
    across = _scaled(x, float(x[0]), float(x[-1]), left, right)
    low, peak = min(0.0, float(values.min())), max(0.0, float(values.max()))
    up = _scaled(values, low, peak, foot, top)
    zero = float(_scaled(np.zeros(1), low, peak, foot, top)[0])
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, up, strict=True))
    ends = (f"{across[0]:.1f},{zero:.1f}", f"{across[-1]:.1f},{zero:.1f}")
    labels = _axis(float(x[0]), float(x[-1]), x_title, foot)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}"'
        f' width="{wide}" height="{high}" role="img" aria-label="{escape(words)}"'
        f' font-family="system-ui, sans-serif" font-size="10.5"'
        f' fill="currentColor"><title>{escape(words)}</title>'
        f'<polygon points="{ends[0]} {points} {ends[1]}" fill="{BLUES[3]}"'
        f' fill-opacity=".25"/><polyline points="{points}" fill="none"'
        f' stroke="{BLUES[3]}" stroke-width="1.5" stroke-linejoin="round"/>'
        f'<line x1="{left}" x2="{right}" y1="{zero:.1f}" y2="{zero:.1f}"'
        f' stroke="currentColor" stroke-opacity=".5"/>{labels}</svg>'
    )


def png(indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG file of palette colours.

    Parameters
    ----------
    indices : ndarray of uint8 of shape (height, width)
        First row on top.
    palette : ndarray of uint8 of shape (n_colours, 3)

    References
    ----------
    ISO/IEC 15948, "Portable Network Graphics (PNG): Functional specification".
    """
    return _png(indices[:, :, None], _PALETTE, (b"PLTE", palette.tobytes()))


def rgba_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG file of an image of shape (height, width, 4), first row on top."""
    return _png(pixels, _RGBA)


_PALETTE, _RGBA = 3, 6


def _png(
    pixels: npt.NDArray[np.uint8], colour_type: int, *more: tuple[bytes, bytes]
) -> bytes:
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    # Each line begins with its filter; 0: none.
    filters = np.zeros((height, 1), dtype=np.uint8)
    lines = np.hstack([filters, pixels.reshape(height, -1)]).tobytes()
    parts = (
        (b"IHDR", header),
        *more,
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = name + data
    return (
        struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
    )


def _shaded(
    values: Matrix,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return palette indices and the palette: 0 is pale."""
    peak = float(np.abs(values).max(initial=0.0))
    signed = bool((values < 0).any())
    shares = values / peak if peak > 0 else np.zeros_like(values)
    shares = (shares + 1) / 2 if signed else shares
    indices = np.round(shares * (_SHADES - 1)).astype(np.uint8)
    return indices, _ramp(DIVERGING if signed else ("#ffffff", *BLUES[1:]))


def _ramp(colours: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return 256 colours between those given as ``#rrggbb``."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours])
    at = np.linspace(0, len(colours) - 1, _SHADES)
    parts = [np.interp(at, np.arange(len(colours)), stops[:, i]) for i in range(3)]
    return np.round(np.stack(parts, axis=1)).astype(np.uint8)


def _fitting(values: Matrix) -> Matrix:
    """Return an image of at most `MOST_PIXELS`: means of square blocks of a larger."""
    height, width = values.shape
    step = math.ceil(math.sqrt(height * width / MOST_PIXELS))
    if step <= 1:
        return values
    rows = np.arange(0, height, step)
    columns = np.arange(0, width, step)
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    sizes = np.outer(
        np.diff(np.append(rows, height)), np.diff(np.append(columns, width))
    )
    means: Matrix = sums / sizes
    return means


def _thinned(x: Matrix, values: Matrix) -> tuple[Matrix, Matrix]:
    """Return points in order of x; of many, the one farthest from 0 of each stretch."""
    order = np.argsort(x, kind="stable")
    x, values = x[order], values[order]
    if x.size <= MOST_POINTS:
        return x, values
    stretches = np.array_split(np.arange(x.size), MOST_POINTS)
    kept = [part[np.argmax(np.abs(values[part]))] for part in stretches]
    kept[0], kept[-1] = np.intp(0), np.intp(x.size - 1)
    return x[kept], values[kept]


def _scaled(
    values: Matrix, low: float, high: float, start: float, end: float
) -> Matrix:
    """Return values from `low` to `high` as places from `start` to `end`."""
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    places: Matrix = start + share * (end - start)
    return places


def _axis(low: float, high: float, title: str, foot: float) -> str:
    """Return the ends and the middle of x in figures, and its title."""
    wide, high_px = CURVE
    places = ((4, "start", low), (wide / 2, "middle", (low + high) / 2))
    ends = (*places, (wide - 4, "end", high))
    texts = [
        f'<text x="{at:.0f}" y="{foot + 13:.0f}" text-anchor="{anchor}">'
        f"{escape(number(value, 3))}</text>"
        for at, anchor, value in ends
    ]
    texts.append(
        f'<text x="{wide / 2:.0f}" y="{high_px - 4}" text-anchor="middle">'
        f"{escape(title)}</text>"
    )
    return "".join(texts)
