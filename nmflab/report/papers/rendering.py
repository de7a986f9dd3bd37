"""A drawing as SVG with its fonts, as PDF and as PNG, all of one size on paper."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape

from nmflab.report.content import Figure
from nmflab.report.formats.figures import render_spec
from nmflab.report.papers.fitting import (
    COLUMN,
    PAGE,
    POINTS_PER_MM,
    POINTS_PER_PIXEL,
    TALLEST,
    Spec,
    fitted,
    lowered,
    n_panels,
    one_legend_a_line,
    panels,
    pixels,
    printed,
    shaped,
    widened,
)
from nmflab.report.papers.fonts import faces_for

PPI = 300
"""Dots per inch of a PNG, what journals ask of combined artwork at least."""

SMALLEST = 6.0
"""Points below which letters are told to be small."""

LETTER = 12 * POINTS_PER_PIXEL
"""Points of a chart's letters as laid out."""

_ROOT = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'\s(?:width|height)="[^"]*"')


@dataclass(frozen=True)
class Drawing:
    """A picture and its size on paper.

    Parameters
    ----------
    svg : str
        With a ``viewBox``; its own width and height are not used.
    width, height : float
        Points.
    letters : float
        Points of its letters.
    title : str
        What it is called, for those who do not see it.
    """

    svg: str
    width: float
    height: float
    letters: float = LETTER
    title: str = ""

    @property
    def millimetres(self) -> float:
        """Its width on paper."""
        return self.width / POINTS_PER_MM

    def as_svg(self) -> str:
        """Return an SVG that carries its fonts and its size in millimetres."""
        mm = [f"{points / POINTS_PER_MM:.2f}mm" for points in (self.width, self.height)]
        sized = _sized(self.svg, *mm)
        faces = faces_for(sized)
        end = _root(sized).end()
        title = f"<title>{escape(self.title)}</title>" if self.title else ""
        style = f"<style>{faces}</style>" if faces else ""
        return f"{sized[:end]}{title}{style}{sized[end:]}"

    def as_pdf(self) -> bytes:
        """Return a PDF of one page, its fonts embedded."""
        import vl_convert

        return bytes(vl_convert.svg_to_pdf(self._in_points()))

    def as_png(self, ppi: float = PPI) -> bytes:
        """Return a PNG that says how many dots an inch holds."""
        import vl_convert

        return bytes(vl_convert.svg_to_png(self._in_points(), ppi=ppi))

    def _in_points(self) -> str:
        # vl-convert takes a pixel of an SVG for a point of paper.
        return _sized(self.svg, f"{self.width:.3f}", f"{self.height:.3f}")


def draw(figure: Figure, width: float | None) -> Drawing:
    """Return a figure at a width, in millimetres.

    Parameters
    ----------
    figure : Figure
    width : float or None
        None: a column for one panel, a page for several, and for drawings of a fixed
        size what of the two they fit into. A drawing of a fixed size is never drawn
        larger than it is, only smaller.
    """
    spec = printed(figure)
    if width is None:
        width = COLUMN if n_panels(spec) == 1 else PAGE
        if not n_panels(spec):
            natural, _ = size(render_spec(spec))
            width = COLUMN if natural <= pixels(COLUMN) else PAGE
    svg = _filling(spec, pixels(width))
    return replace(on_paper(svg, width), title=figure.title)


def on_paper(svg: str, most: float) -> Drawing:
    """Return an SVG laid out in pixels at its size on paper, at most `most` mm wide."""
    wide, high = size(svg)
    scale = most * POINTS_PER_MM / wide
    if scale > 1.01 * POINTS_PER_PIXEL:  # a hair wider is no pixel, which are whole
        scale = POINTS_PER_PIXEL
    return Drawing(svg, wide * scale, high * scale, 12 * scale)


def _filling(spec: Spec, room: float) -> str:
    """Return a chart drawn as near to `room` pixels wide as it can be."""
    svg = ""
    for attempt in (fitted(spec, room), one_legend_a_line(fitted(spec, room))):
        svg, wide = _adjusted(attempt, room)
        if wide <= room + 1:
            break
    return svg


def _adjusted(spec: Spec, room: float) -> tuple[str, float]:
    """Return a chart whose panels take up what its axes leave, and its width."""
    svg = render_spec(shaped(spec))
    for _ in range(3):
        wide, _ = size(svg)
        if abs(wide - room) <= 1 or not panels(spec):
            break
        spec = widened(spec, room - wide)
        svg = render_spec(shaped(spec))
    wide, high = size(svg)
    excess = high - pixels(TALLEST) * max(1.0, wide / room)
    if excess > 0 and panels(spec):
        svg = render_spec(lowered(shaped(spec), excess))
    return svg, size(svg)[0]


def size(svg: str) -> tuple[float, float]:
    """Return the width and height of an SVG's ``viewBox``.

    Raises
    ------
    ValueError
        If it has none.
    """
    found = re.search(r'viewBox="([^"]+)"', _root(svg)[0])
    if found is None:
        raise ValueError("this SVG has no viewBox, so its size on paper is not known")
    _, _, wide, high = (float(part) for part in found[1].split())
    return wide, high


def _root(svg: str) -> re.Match[str]:
    found = _ROOT.search(svg)
    if found is None:
        raise ValueError("this is no SVG: it has no <svg> element")
    return found


def _sized(svg: str, width: str, height: str) -> str:
    root = _root(svg)
    bare = _SIZE.sub("", root[0])
    said = bare.replace("<svg", f'<svg width="{width}" height="{height}"', 1)
    return svg[root.start() : root.start()] + said + svg[root.end() :]
