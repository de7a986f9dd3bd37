"""The font of printed figures, and how an SVG carries it.

vl-convert brings Liberation Sans (SIL Open Font License 1.1, which allows embedding;
its letters are as wide as Arial's) and puts the letters used into a PDF. There they are
found again, and given what a browser asks of a font beyond what a PDF does.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from html import escape
from xml.etree import ElementTree

FAMILY = "Liberation Sans"
STACK = f"{FAMILY}, Arial, Helvetica, sans-serif"
"""The others have letters of the same width, should a program ignore the embedded."""

_STYLES = {
    b"LiberationSans": "",
    b"LiberationSans-Bold": "font-weight:bold;",
    b"LiberationSans-Italic": "font-style:italic;",
    b"LiberationSans-BoldItalic": "font-weight:bold;font-style:italic;",
}
_OBJECT = re.compile(rb"(?<!\d)(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_LETTER = re.compile(rb"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]{4,8})>")


def faces_for(svg: str) -> str:
    """Return the CSS that embeds what the texts of an SVG need of Liberation Sans.

    Each letter is set by itself first: a text with a single letter that the font lacks
    would be drawn in another font as a whole, and none of its letters be found.
    """
    import vl_convert

    used = sorted({(ch, style) for text, style in _texts(svg) for ch in text})
    if not used:
        return ""
    letters = "".join(
        f'<text y="9" font-family="{FAMILY}" {style}>{escape(letter)}</text>'
        for letter, style in used
        if not letter.isspace()
    )
    sheet = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{letters}</svg>'
    )
    return font_faces(vl_convert.svg_to_pdf(sheet))


def _texts(svg: str) -> Iterator[tuple[str, str]]:
    """Yield each text of an SVG and the attributes that choose its face."""
    for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        weight = node.get("font-weight", "400")
        heavy = weight in ("bold", "bolder") or (weight.isdigit() and int(weight) > 500)
        slanted = node.get("font-style", "normal") in ("italic", "oblique")
        style = 'font-weight="bold"' * heavy + ' font-style="italic"' * slanted
        yield "".join(node.itertext()), style.strip()


def font_faces(pdf: bytes) -> str:
    """Return the CSS that embeds the Liberation Sans of a PDF; empty where it has none.

    Parameters
    ----------
    pdf : bytes
        As `vl_convert.svg_to_pdf` writes it: objects in the open, streams deflated.
    """
    objects = {int(n): body for n, body in _OBJECT.findall(pdf)}
    faces: dict[bytes, str] = {}
    for body in objects.values():
        name = re.search(rb"/BaseFont\s*/[A-Z]{6}\+([\w-]+)", body)
        if name is None or name[1] not in _STYLES or b"/ToUnicode" not in body:
            continue
        if face := _face(objects, body, _STYLES[name[1]]):
            faces[name[1]] = face
    return "".join(faces[name] for name in sorted(faces))


def _face(objects: Mapping[int, bytes], font: bytes, style: str) -> str:
    letters = _referred(objects, font, rb"/ToUnicode")
    outlines = b""
    for holder in _reached(objects, font):
        outlines = outlines or _referred(objects, holder, rb"/FontFile2")
    if not letters or not outlines:
        return ""
    data = base64.b64encode(whole_font(outlines, _letters(letters))).decode("ascii")
    return (
        f"@font-face{{font-family:'{FAMILY}';{style}"
        f"src:url(data:font/ttf;base64,{data})}}"
    )


def _reached(objects: Mapping[int, bytes], font: bytes) -> Iterator[bytes]:
    """Yield the descriptors of a composite font, through its descendants."""
    for below in re.findall(rb"/DescendantFonts\s*\[\s*(\d+) 0 R", font):
        descendant = objects.get(int(below), b"")
        for at in re.findall(rb"/FontDescriptor\s+(\d+) 0 R", descendant):
            yield objects.get(int(at), b"")


def _referred(objects: Mapping[int, bytes], holder: bytes, name: bytes) -> bytes:
    """Return the stream that an object refers to by a name, inflated."""
    found = re.search(name + rb"\s+(\d+) 0 R", holder)
    body = objects.get(int(found[1]), b"") if found else b""
    head, _, rest = body.partition(b"stream")
    length = re.search(rb"/Length\s+(\d+)", head)
    if length is None:
        return b""
    data = rest.lstrip(b"\r\n")[: int(length[1])]
    return zlib.decompress(data) if b"/FlateDecode" in head else data


def _letters(cmap: bytes) -> dict[int, int]:
    """Return glyph by character of a PDF's table from glyphs to text."""
    block = b"".join(re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL))
    found: dict[int, int] = {}
    for glyph, text in _LETTER.findall(block):
        said = bytes.fromhex(text.decode("ascii")).decode("utf-16-be", "ignore")
        if len(said) == 1:
            found.setdefault(ord(said), int(glyph, 16))
    return found


def whole_font(outlines: bytes, letters: Mapping[int, int]) -> bytes:
    """Return a TrueType font with the tables that browsers ask for.

    Parameters
    ----------
    outlines : bytes
        The font program of a PDF: it lacks the tables ``cmap`` and ``OS/2``.
    letters : mapping of code point to glyph

    References
    ----------
    ISO/IEC 14496-22, "Open Font Format".
    """
    tables = _tables(outlines)
    tables.setdefault(b"cmap", _cmap(letters))
    tables.setdefault(b"OS/2", _os2(tables[b"hhea"], letters))
    n = len(tables)
    power = 1 << (n.bit_length() - 1)
    header = struct.pack(
        ">IHHHH", 0x00010000, n, 16 * power, power.bit_length() - 1, 16 * (n - power)
    )
    records, data, at = b"", b"", 12 + 16 * n
    for tag, table in sorted(tables.items()):
        records += tag + struct.pack(">III", _sum(table), at + len(data), len(table))
        data += table + b"\0" * (-len(table) % 4)
    return header + records + data


def _tables(font: bytes) -> dict[bytes, bytes]:
    (n,) = struct.unpack_from(">H", font, 4)
    found: dict[bytes, bytes] = {}
    for at in range(12, 12 + 16 * n, 16):
        tag, _, start, length = struct.unpack_from(">4sIII", font, at)
        found[tag] = font[start : start + length]
    return found


def _sum(table: bytes) -> int:
    padded = table + b"\0" * (-len(table) % 4)
    return int(sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF)


def _cmap(letters: Mapping[int, int]) -> bytes:
    """Return a ``cmap`` of one subtable, format 12: a group a character."""
    groups = b"".join(
        struct.pack(">III", code, code, glyph)
        for code, glyph in sorted(letters.items())
    )
    head = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    sub = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(letters))
    return head + sub + groups


def _os2(hhea: bytes, letters: Mapping[int, int]) -> bytes:
    """Return an ``OS/2`` table, version 0, with the line heights of ``hhea``."""
    ascent, descent, gap = struct.unpack_from(">hhh", hhea, 4)
    codes = [min(code, 0xFFFF) for code in letters] or [0]
    installable = 0
    return struct.pack(
        ">HhHHH10hh10s4I4sHHHhhhHH",
        *(0, 0, 400, 5, installable),
        *(0,) * 10,
        0,
        b"\0" * 10,
        *(0, 0, 0, 0),
        b"    ",
        *(0x40, min(codes), max(codes)),
        *(ascent, descent, gap),
        *(max(0, ascent), max(0, -descent)),
    )
