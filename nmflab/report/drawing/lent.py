"""How plugins draw the features of their data: their pictures, checked.

A picture that cannot be drawn, or must not stand on the page, is one sentence in its
place: the rest of the report does not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from nmflab.contracts import FeatureDrawing, Matrix, ReportPart
from nmflab.report.content import Picture
from nmflab.report.drawing.svg import inline_svg
from nmflab.report.reading.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable

_SVG = "{http://www.w3.org/2000/svg}svg"
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!#|data:)|@import", re.IGNORECASE)
_LARGEST = 200_000
_LONGEST = 50


def drawn_by(material: Material, parts: Sequence[ReportPart]) -> Material:
    """Return the material with the drawings that plugins lend to its datasets."""
    drawings = {
        part.dataset: part.draw for part in parts if isinstance(part, FeatureDrawing)
    }
    if not drawings:
        return material
    datasets = {
        fingerprint: replace(one, draw=drawings.get(str(one.config.get("name"))))
        for fingerprint, one in material.datasets.items()
    }
    return replace(material, datasets=datasets)


@dataclass(frozen=True)
class Lent:
    """A plugin's drawing of one component over the features.

    Parameters
    ----------
    draw : callable
        As in `nmflab.contracts.FeatureDrawing`.
    names : sequence of str
        Of the features.
    caption : str
    """

    draw: Callable[[Matrix, Sequence[str]], str]
    names: Sequence[str]
    caption: str = "as its plugin draws it"

    def picture(self, picture_id: str, values: Matrix, title: str) -> Picture:
        """Return the picture, or a sentence on why there is none."""
        words = f"{title}: {self.caption}"
        try:
            svg = checked(self.draw(values, self.names))
        except Exception as error:  # a plugin may raise anything at all
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            words = f"{title}: the plugin's drawing failed ({why})"
            svg = _sentence(why)
        return Picture(picture_id, inline_svg(svg, picture_id), words, self.caption)


def checked(svg: object) -> str:
    """Return a plugin's SVG as it may stand on a page.

    Raises
    ------
    TypeError
        If it is not text.
    ValueError
        If it is no SVG, is too large, runs scripts or fetches anything.
    """
    if not isinstance(svg, str):
        raise TypeError(f"draw returned {type(svg).__name__}, not str")
    if len(svg) > _LARGEST:
        raise ValueError(f"the SVG has {len(svg):,} characters, more than {_LARGEST:,}")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"the SVG is not well-formed XML: {error}") from error
    if root.tag != _SVG:
        raise ValueError(f"the root is {root.tag}, not an svg of {_SVG[1:-4]}")
    for element in root.iter():
        _refuse(element)
    ElementTree.register_namespace("", _SVG[1:-4])
    return ElementTree.tostring(root, encoding="unicode")


_FORBIDDEN = ("script", "foreignObject", "iframe", "animate", "set", "a")


def _refuse(element: ElementTree.Element) -> None:
    name = str(element.tag).rpartition("}")[2]
    if name in _FORBIDDEN:
        raise ValueError(f"the SVG holds <{name}>, which may act or lead away")
    for key, value in element.attrib.items():
        plain = key.rpartition("}")[2].lower()
        if plain.startswith("on"):
            raise ValueError(f"the SVG's <{name}> holds {plain}, which runs a script")
        if plain in ("href", "src") and not value.startswith(("#", "data:image/")):
            raise ValueError(f"the SVG's <{name}> refers to {value[:60]!r}, outside it")
        if _OUTSIDE.search(value):
            raise ValueError(f"the SVG's <{name}> refers outside it in {plain}")
    if name == "style" and _OUTSIDE.search(element.text or ""):
        raise ValueError("the SVG's <style> refers outside it")


def _sentence(why: str) -> str:
    said = why if len(why) <= _LONGEST else f"{why[: _LONGEST - 1]}…"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 44" width="300"'
        ' height="44" font-size="11" fill="currentColor"><text x="4" y="16">The'
        " plugin's drawing failed:</text>"
        f'<text x="4" y="34">{escape(said)}</text></svg>'
    )
