"""A report as one HTML file that asks nothing of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.report.content import Block, Cards, Details, Figure, Picture, Report
from nmflab.report.formats.figures import embedded, full_spec, inline_svg, script_bundle

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def page(report: Report, svgs: Mapping[str, str]) -> str:
    """Return the HTML of a report.

    Parameters
    ----------
    report : Report
    svgs : mapping of figure id to SVG
        Shown until the script draws the figure live; for good where scripts are off.
    """
    has_figures = bool(svgs)
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            svgs={name: inline_svg(svg, name) for name, svg in svgs.items()},
            specs={f.id: embedded(full_spec(f)) for f in figures_of(report)},
            style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
            script=(TEMPLATES / "page.js").read_text(encoding="utf-8"),
            bundle=script_bundle().replace("</script", "<\\/script")
            if has_figures
            else "",
        )
    )


def figures_of(report: Report) -> list[Figure]:
    """Return every figure of a report, in order."""
    return [
        figure for section in report.sections for figure in _figures(section.blocks)
    ]


def _figures(blocks: Sequence[Block]) -> list[Figure]:
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Figure):
            found.append(block)
        elif isinstance(block, Details):
            found += _figures(block.blocks)
    return found


def pictures_of(report: Report) -> list[Picture]:
    """Return every picture of a report, in order."""
    return [
        picture for section in report.sections for picture in _pictures(section.blocks)
    ]


def _pictures(blocks: Sequence[Block]) -> list[Picture]:
    found: list[Picture] = []
    for block in blocks:
        if isinstance(block, Cards):
            found += [picture for card in block.cards for picture in card.pictures]
        elif isinstance(block, Details):
            found += _pictures(block.blocks)
    return found


@cache
def _environment() -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__.lower()
    return environment
