"""Heat maps as images: what takes a drawing a path a cell, an image says in a byte."""

from __future__ import annotations

import base64
import re

import numpy as np
import numpy.typing as npt

from nmflab.report.drawing.pictures import rgba_png

FEWEST_CELLS = 100
"""A heat map of fewer cells stays a drawing."""

_PLACE = r"([-\d.]+)"
_CELL = (
    rf'<path d="M{_PLACE},{_PLACE}h{_PLACE}v{_PLACE}h-[\d.]+Z"'
    ' fill="#([0-9a-f]{6})"/>'
)
_CELLS = re.compile(f"(?:{_CELL}){{{FEWEST_CELLS},}}")


def with_images(svg: str) -> str:
    """Return a slim drawing whose heat maps are images of one pixel a cell."""
    return _CELLS.sub(_image, svg)


def _image(found: re.Match[str]) -> str:
    """Return cells as an image, clear where there is none; no grid is left as it is."""
    cells = re.findall(_CELL, found[0])
    numbers = np.array([cell[:4] for cell in cells], dtype=np.float64)
    across, down = (_grid(numbers[:, at], numbers[:, at + 2]) for at in (0, 1))
    if across is None or down is None:
        return found[0]
    pixels = np.zeros((down.max() + 1, across.max() + 1, 4), dtype=np.uint8)
    colours = [bytes.fromhex(f"{cell[4]}ff") for cell in cells]
    pixels[down, across] = np.frombuffer(b"".join(colours), np.uint8).reshape(-1, 4)
    if np.count_nonzero(pixels[:, :, 3]) < len(cells):  # two cells in one place
        return found[0]
    (x, y), side = numbers[:, :2].min(axis=0), numbers[0, 2:]
    wide, high = side * (pixels.shape[1], pixels.shape[0])
    data = base64.b64encode(rgba_png(pixels)).decode("ascii")
    return (
        f'<image x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}"'
        ' preserveAspectRatio="none" style="image-rendering:pixelated"'
        f' href="data:image/png;base64,{data}"/>'
    )


def _grid(
    places: npt.NDArray[np.float64], sides: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp] | None:
    """Return each cell's number along one axis; None where they are on no grid."""
    steps = (places - places.min()) / sides[0]
    numbers = np.round(steps)
    even = np.abs(steps - numbers).max() < 0.05 and np.ptp(sides) < 0.05
    return numbers.astype(np.intp) if even else None
