"""Fonts of printed figures: what a PDF embeds, and how an SVG carries it."""

import base64
import re
import struct
from xml.etree import ElementTree

import pytest

from nmflab.report.content import Figure
from nmflab.report.papers.fonts import FAMILY, faces_for, font_faces, whole_font
from nmflab.report.papers.rendering import Drawing, draw

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 50">'
    f'<text y="20" font-family="{FAMILY}, Arial">Ab ‖ ½</text>'
    f'<text y="40" font-family="{FAMILY}, Arial" font-weight="600">c</text></svg>'
)


def faces(css: str) -> dict[str, bytes]:
    """Return the fonts of a style by what tells their face."""
    found = re.findall(r"font-family:'[^']+';([^}]*?)src:url\(([^)]+)\)", css)
    return {style: base64.b64decode(url.split(",")[1]) for style, url in found}


def tables(font: bytes) -> dict[bytes, bytes]:
    """Return the tables of a TrueType font, its directory read anew."""
    n = struct.unpack_from(">H", font, 4)[0]
    entries = [struct.unpack_from(">4sIII", font, 12 + 16 * i) for i in range(n)]
    return {tag: font[at : at + length] for tag, _, at, length in entries}


def letters(font: bytes) -> dict[str, int]:
    """Return glyph by letter of a font's table of format 12."""
    cmap = tables(font)[b"cmap"]
    start = struct.unpack_from(">I", cmap, 8)[0]
    n = struct.unpack_from(">I", cmap, start + 12)[0]
    groups = [struct.unpack_from(">III", cmap, start + 16 + 12 * i) for i in range(n)]
    return {
        chr(code): glyph + code - first
        for first, last, glyph in groups
        for code in range(first, last + 1)
    }


def test_an_svg_carries_the_letters_of_each_face() -> None:
    """Regular and bold are apart; a letter the font lacks takes no other with it."""
    found = faces(faces_for(SVG))
    assert set(found) == {"", "font-weight:bold;"}
    assert set(letters(found[""])) == set("Ab½")
    assert set(letters(found["font-weight:bold;"])) == {"c"}


def test_an_embedded_font_has_what_browsers_ask_for() -> None:
    """The tables that the Open Font format requires, sums and all."""
    font = faces(faces_for(SVG))[""]
    found = tables(font)
    asked = {b"cmap", b"head", b"hhea", b"hmtx", b"maxp", b"name", b"OS/2", b"post"}
    assert asked | {b"glyf", b"loca"} <= set(found)
    assert len(found[b"OS/2"]) == 78
    n_glyphs = struct.unpack_from(">H", found[b"maxp"], 4)[0]
    assert all(0 < glyph < n_glyphs for glyph in letters(font).values())
    for i in range(len(found)):
        tag, said, at, length = struct.unpack_from(">4sIII", font, 12 + 16 * i)
        if tag != b"head":  # whose own field counts as 0
            padded = font[at : at + length] + b"\0" * (-length % 4)
            words = struct.unpack(f">{len(padded) // 4}I", padded)
            assert sum(words) & 0xFFFFFFFF == said


def test_a_font_that_has_a_table_keeps_it() -> None:
    """Only what is missing is made."""
    font = faces(faces_for(SVG))[""]
    again = whole_font(font, {ord("z"): 1})
    assert tables(again)[b"cmap"] == tables(font)[b"cmap"]


def test_a_pdf_without_the_font_gives_no_style() -> None:
    """What cannot be found is left out, not guessed."""
    assert font_faces(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n") == ""
    assert faces_for('<svg xmlns="http://www.w3.org/2000/svg"/>') == ""


def test_a_picture_without_text_is_left_as_it_is() -> None:
    """There is nothing to embed."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect/></svg>'
    assert "<style>" not in Drawing(svg, 9.0, 9.0).as_svg()


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    """Return a small chart as it is printed."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": "a title",
        "data": {
            "values": [{"x": 1, "y": 2, "s": "hals"}, {"x": 2, "y": 3, "s": "mu"}]
        },
        "mark": "point",
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "color": {
                "field": "s",
                "type": "nominal",
                "scale": {"domain": ["hals", "mu"], "range": ["#000000", "#ff0000"]},
                "legend": {"columns": 1},
            },
        },
        "width": 590,
        "height": 300,
        "usermeta": {"panels": 1, "margin": 80},
    }
    return draw(Figure("small", "Small", "A chart.", spec), 84.0)


def test_every_font_of_a_pdf_is_embedded(drawing: Drawing) -> None:
    """Each descriptor of a font refers to the font itself."""
    pdf = drawing.as_pdf()
    described = re.findall(rb"/Type /FontDescriptor(.*?)endobj", pdf, re.DOTALL)
    assert len(described) == 2  # regular and bold
    assert all(b"/FontFile2" in one for one in described)
    assert set(re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", pdf)) == {
        b"LiberationSans",
        b"LiberationSans-Bold",
    }


def test_a_pdf_is_of_the_width_asked_for(drawing: Drawing) -> None:
    """84 mm are 238.11 points."""
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ", drawing.as_pdf())
    assert box is not None
    assert float(box[1]) == pytest.approx(84 / 25.4 * 72, abs=0.01)


def test_an_svg_is_of_the_width_asked_for_and_needs_nothing_else(
    drawing: Drawing,
) -> None:
    """Well-formed, in millimetres, its fonts within, no address outside it."""
    svg = drawing.as_svg()
    root = ElementTree.fromstring(svg)
    assert root.get("width") == "84.00mm"
    assert root[0].tag.endswith("title")
    assert root[0].text == "Small"
    assert f"@font-face{{font-family:'{FAMILY}'" in svg
    addresses = re.findall(r"(?:href=\"|url\()([^\")]+)", svg)
    assert all(one.startswith(("data:", "#")) for one in addresses)


def test_a_png_has_300_dots_an_inch(drawing: Drawing) -> None:
    """84 mm are 992 dots, and the file says so."""
    png = drawing.as_png()
    width = struct.unpack_from(">I", png, 16)[0]
    assert width == pytest.approx(84 / 25.4 * 300, abs=1)
    at = png.index(b"pHYs")
    per_metre, _, unit = struct.unpack_from(">IIB", png, at + 4)
    assert unit == 1
    assert per_metre == pytest.approx(300 / 0.0254, rel=1e-3)


def test_letters_are_readable_at_the_printed_size(drawing: Drawing) -> None:
    """7.5 points: between the 5 and 8 that journals ask for, and no other size."""
    assert drawing.letters == pytest.approx(7.5, rel=0.01)
