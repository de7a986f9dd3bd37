"""Pictures of vectors: what a pixel and a point of them say."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from nmflab.report.drawing.pictures import (
    MOST_PIXELS,
    MOST_POINTS,
    curve_svg,
    image_svg,
)

SVG = "{http://www.w3.org/2000/svg}"


def decoded(svg: str) -> np.ndarray:
    """Return the colours of an image's pixels, ``(height, width, 3)``."""
    found = re.search(r"data:image/png;base64,([^\"]+)", svg)
    assert found is not None
    data = base64.b64decode(found.group(1))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    parts, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(name + body)
        parts[name] = body
        at += 12 + length
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8)
    lines = lines.reshape(height, width + 1)
    assert not lines[:, 0].any()
    palette = np.frombuffer(parts[b"PLTE"], np.uint8).reshape(-1, 3)
    return palette[lines[:, 1:]]


def test_an_image_stands_upright() -> None:
    """The first entry is the pixel on the top left, the next one to its right."""
    pixels = decoded(image_svg(np.array([[3.0, 2.0, 1.0], [0.0, 0.0, 0.0]]), "x"))
    assert pixels.shape == (2, 3, 3)
    light = pixels.sum(axis=2)
    assert light[0, 0] < light[0, 1] < light[0, 2] < light[1, 0]
    assert pixels[1].tolist() == [[255, 255, 255]] * 3


def test_the_scale_of_a_vector_changes_no_pixel() -> None:
    """A picture goes from 0 to its own largest entry."""
    image = np.random.default_rng(0).random((5, 4))
    np.testing.assert_array_equal(
        decoded(image_svg(image, "x")), decoded(image_svg(1e200 * image, "x"))
    )


def test_negative_entries_have_a_hue_of_their_own() -> None:
    """0 is pale between them: red outweighs blue below it, blue red above."""
    pixels = decoded(image_svg(np.array([[-1.0, 0.0, 1.0]]), "x")).astype(int)
    assert pixels[0, 0, 0] > pixels[0, 0, 2]
    assert pixels[0, 2, 2] > pixels[0, 2, 0]
    assert pixels[0, 1].min() > 200


def test_an_image_of_zeros_is_pale() -> None:
    """Nothing is divided by its largest entry."""
    assert (decoded(image_svg(np.zeros((2, 2)), "x")) == 255).all()


def test_a_large_image_is_shown_by_the_means_of_its_blocks() -> None:
    """Half dark and half pale stay so, at fewer pixels."""
    image = np.zeros((301, 200))
    image[:, 100:] = 1.0
    pixels = decoded(image_svg(image, "x"))
    height, width = pixels.shape[:2]
    assert height * width <= MOST_PIXELS
    assert height / width == pytest.approx(301 / 200, rel=0.03)
    assert (pixels[:, 0] == 255).all()
    assert (pixels[:, -1] == pixels[0, -1]).all()
    assert pixels[0, -1].sum() < 300


def curve_points(svg: str) -> np.ndarray:
    """Return the places of a curve's points, ``(n, 2)``; down is positive."""
    line = ElementTree.fromstring(svg).find(f"{SVG}polyline")
    assert line is not None
    return np.array([pair.split(",") for pair in line.attrib["points"].split()], float)


def test_a_curve_rises_where_its_values_do() -> None:
    """The largest value is highest on the page, from left to right in order of x."""
    x = np.array([3.0, 1.0, 2.0])
    points = curve_points(curve_svg(x, np.array([5.0, 0.0, 10.0]), "t, s", "x"))
    assert (np.diff(points[:, 0]) > 0).all()
    assert np.argmin(points[:, 1]) == 1
    up = points[0, 1] - points[:, 1]
    np.testing.assert_allclose(up / up[1], [0.0, 1.0, 0.5], atol=0.01)


def test_a_long_curve_keeps_its_peak() -> None:
    """One value in 50,000 is not averaged away."""
    values = np.zeros(50_000)
    values[12_345] = 1.0
    points = curve_points(curve_svg(np.arange(50_000.0), values, "t, s", "x"))
    assert len(points) == MOST_POINTS
    assert (points[:, 1].min(), (points[:, 1] < points[0, 1]).sum()) == (6.0, 1)


def test_pictures_say_in_words_what_they_show_and_run_no_markup() -> None:
    """The words are a label and a title, escaped; the SVG is well formed."""
    words = 'Component 1: <script>"Drama" & more'
    for svg in (
        image_svg(np.eye(2), words),
        curve_svg(np.arange(3.0), np.arange(3.0), "<x>", words),
    ):
        root = ElementTree.fromstring(svg)
        title = root.find(f"{SVG}title")
        assert title is not None
        assert (root.attrib["role"], root.attrib["aria-label"]) == ("img", words)
        assert title.text == words
        assert "<script" not in svg
