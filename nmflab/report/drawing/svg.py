"""SVG made fit to stand beside others on one page."""

from __future__ import annotations

import re


def inline_svg(svg: str, figure_id: str) -> str:
    """Return an SVG fit for a page that holds several: its inner ids made its own.

    Vega names clip paths ``clip1``, ``clip2``... in each SVG anew; on one page the
    first would clip them all.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure_id}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{figure_id}-\1)", svg)
