"""Drawings lose bytes, and nothing that is seen."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import numpy as np
import pytest

from nmflab.report.content import Figure
from nmflab.report.drawing.pictures import rgba_png
from nmflab.report.formats.cells import FEWEST_CELLS, with_images
from nmflab.report.formats.figures import render_svg
from nmflab.report.formats.slimming import slim

SIDE = 12


def heat_map(*, holes: int = 0) -> str:
    """Return a drawing of a heat map, of whose cells the first few are not there."""
    cells = [{"i": i // SIDE, "j": i % SIDE, "v": i} for i in range(holes, SIDE**2)]
    spec = {
        "data": {"values": cells},
        "mark": {"type": "rect"},
        "encoding": {
            "x": {"field": "j", "type": "ordinal", "scale": {"padding": 0}},
            "y": {"field": "i", "type": "ordinal", "scale": {"padding": 0}},
            "fill": {"field": "v", "type": "quantitative"},
        },
        "width": 150,
        "height": 150,
    }
    return slim(render_svg(Figure("map", "A map", "", spec)))


def text_of(svg: str) -> list[str]:
    """Return the texts of a drawing."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)


def pixels_of(svg: str) -> np.ndarray:
    """Return the image in a drawing as (height, width, 4)."""
    (data,) = re.findall(r"data:image/png;base64,([^\"]*)", svg)
    content = base64.b64decode(data)
    width, height = struct.unpack_from(">II", content, 16)
    at = content.index(b"IDAT")
    (length,) = struct.unpack_from(">I", content, at - 4)
    lines = zlib.decompress(content[at + 4 : at + 4 + length])
    rows = np.frombuffer(lines, np.uint8).reshape(height, 1 + 4 * width)
    return rows[:, 1:].reshape(height, width, 4)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (
            '<path aria-hidden="true" d="M0,0h9" stroke="red"/>',
            '<path d="M0,0h9" stroke="red"/>',
        ),
        ('<path class="foreground" d="" display="none"/>', ""),
        ('<path class="background" d="M0,0h0v0h0Z"/>', ""),
        ('<text fill="red" opacity="0">unseen</text>', ""),
        ('<text fill="red"/>', ""),
        ('<g transform="translate(1.23456,2)">', '<g transform="translate(1.23,2)">'),
        (
            '<path d="M1.06,2.25L3,4.5" opacity="0.05"/>',
            '<path d="M1.1,2.2l1.9,2.3" opacity="0.05"/>',
        ),
        ('<path fill="rgb(1, 20, 255)" d="M0,0"/>', '<path fill="#0114ff" d="M0,0"/>'),
    ],
)
def test_what_is_not_seen_goes(given: str, left: str) -> None:
    """Idle attributes, paths without paint, hidden texts, digits nobody can see."""
    assert slim(given) == left


def test_a_line_by_steps_ends_where_it_ended() -> None:
    """Roundings do not add up: each step leads to a rounded place."""
    places = [(0.333 * i, 7.777 * (i % 5) - 9) for i in range(500)]
    d = "M" + "L".join(f"{x},{y}" for x, y in places) + "Z"
    (slimmed,) = re.findall(r'd="M([^"]*)Z"', slim(f'<path d="{d}"/>'))
    start, steps = slimmed.split("l")
    moves = [start, *steps.split(" ")]
    ends = np.cumsum([[float(x) for x in move.split(",")] for move in moves], axis=0)
    assert np.abs(ends - places).max() <= 0.05 + 1e-9
    assert len(slimmed) < len(d) / 2


def test_a_point_becomes_a_circle() -> None:
    """Vega draws two arcs."""
    arcs = "M4.5,0A4.5,4.5,0,1,1,-4.5,0A4.5,4.5,0,1,1,4.5,0"
    svg = f'<path transform="translate(7,8.25)" d="{arcs}" fill="red"/>'
    assert slim(svg) == '<circle cx="7" cy="8.25" r="4.5" fill="red"/>'


LINES = (
    '<line transform="translate(0,9)" x2="260" stroke="#dde2e8"/>'
    '<line transform="translate(0,5.5)" x2="260" stroke="#dde2e8"/>'
)


def test_lines_that_look_alike_become_one_path() -> None:
    """Those that follow each other: the order of painting stays."""
    other = '<line transform="translate(7,1)" y2="-3" stroke="red"/>'
    assert slim(LINES + other) == (
        '<path d="M0,9l260,0M0,5.5l260,0" stroke="#dde2e8"/>'
        '<path d="M7,1l0,-3" stroke="red"/>'
    )


def test_translucent_lines_stay_apart() -> None:
    """Where two cross the ink adds up, which it does not within one path."""
    thin = LINES.replace("/>", ' opacity="0.3"/>')
    assert slim(thin).count("<path") == 2


def test_lines_of_another_making_are_left_alone() -> None:
    """Only those that Vega writes are read."""
    own = '<line x1="1" x2="2"/><line x1="3" x2="4"/>'
    assert slim(own) == own


def test_words_between_tags_stay_as_they_are() -> None:
    """A name may look like an attribute, a colour or a number."""
    name = 'rgb(1, 2, 3) opacity="1" 1.23456'
    svg = f'<svg width="9"><text font-size="9px">{name}</text></svg>'
    assert f">{name}<" in slim(svg)


def test_the_commonest_font_is_said_once() -> None:
    """Texts inherit it; those of another size keep their own."""
    sizes = ("12px", "12px", "10px")
    texts = "".join(f'<text font-size="{size}">a</text>' for size in sizes)
    slimmed = slim(f'<svg width="9">{texts}</svg>')
    assert slimmed.startswith('<svg width="9" font-size="12px"><text>a</text>')
    assert slimmed.count("font-size") == 2


def test_a_drawing_of_vega_keeps_its_texts_and_loses_half() -> None:
    """Labels and titles are all there."""
    spec = {
        "data": {"values": [{"x": i, "y": i * i} for i in range(30)]},
        "mark": "line",
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": "Steps"},
            "y": {"field": "y", "type": "quantitative", "title": "Error"},
        },
    }
    whole = render_svg(Figure("line", "A line", "", spec))
    slimmed = slim(whole)
    assert text_of(slimmed) == text_of(whole)
    assert len(slimmed) < len(whole) / 2


def test_a_heat_map_becomes_an_image_of_a_pixel_a_cell() -> None:
    """Its colours, row by row, are those of the cells it stands for."""
    svg = heat_map()
    cells = re.findall(r'<path d="M[^"]*Z" fill="#(\w{6})"/>', svg)
    pixels = pixels_of(with_images(svg))
    assert [bytes(p[:3]).hex() for p in pixels.reshape(-1, 4)] == cells
    assert (pixels[:, :, 3] == 255).all()


def test_the_image_covers_what_the_cells_covered() -> None:
    """It begins at the first and is as wide and high as all together."""
    (place,) = re.findall(r"<image (.*?) preserve", with_images(heat_map()))
    assert place == 'x="0" y="0" width="150" height="150"'


def test_cells_without_a_value_are_clear() -> None:
    """What lies below them shows."""
    pixels = pixels_of(with_images(heat_map(holes=3)))
    assert (pixels[0, :3, 3] == 0).all()
    assert pixels[:, :, 3].astype(bool).sum() == SIDE**2 - 3


def cells_at(places: list[tuple[float, float]]) -> str:
    """Return cells of ten pixels at these places."""
    return "".join(
        f'<path d="M{x:g},{y:g}h10v10h-10Z" fill="#0a0b0c"/>' for x, y in places
    )


@pytest.mark.parametrize("shift", [3.0, 0.0])
def test_cells_on_no_grid_stay_a_drawing(shift: float) -> None:
    """Cells that overlap, or lie upon each other, are no heat map."""
    places = [(10.0 * i, 0.0) for i in range(FEWEST_CELLS)]
    svg = cells_at([*places, (shift, 0.0)])
    assert with_images(svg) == svg


def test_a_small_heat_map_stays_a_drawing() -> None:
    """A few cells are smaller as they are."""
    svg = cells_at([(10.0 * i, 0.0) for i in range(FEWEST_CELLS - 1)])
    assert with_images(svg) == svg


def test_an_image_of_four_channels_is_a_png() -> None:
    """Signature, size, colour type 6, and each checksum."""
    content = rgba_png(np.zeros((2, 3, 4), dtype=np.uint8))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack_from(">IIBB", content, 16) == (3, 2, 8, 6)
    at = 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        body = content[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", content, at + 8 + length) == (zlib.crc32(body),)
        at += 12 + length
