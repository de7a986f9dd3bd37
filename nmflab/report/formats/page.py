"""A report as one HTML file that asks nothing of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmflab.report.content import (
    Block,
    Cards,
    Details,
    Figure,
    Filter,
    Picture,
    Report,
    Table,
)
from nmflab.report.drawing.svg import inline_svg
from nmflab.report.formats.cells import with_images
from nmflab.report.formats.figures import (
    as_json,
    deflated,
    drawing_library,
    embedded,
    full_spec,
)
from nmflab.report.formats.names import isolating
from nmflab.report.formats.rows import MOST_ROWS, packed, positions, width

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("packing.js", "filters.js", "tables.js", "charts.js", "page.js")


def page(report: Report, svgs: Mapping[str, str]) -> str:
    """Return the HTML of a report.

    Parameters
    ----------
    report : Report
    svgs : mapping of figure id to SVG
        Shown until the script draws the figure live; for good where scripts are off.
    """
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            svgs={
                name: inline_svg(with_images(svg), name) for name, svg in svgs.items()
            },
            specs={f.id: deflated(as_json(full_spec(f))) for f in figures_of(report)},
            rows_of=_rows_of(report.filters),
            filters=embedded([_told(one) for one in report.filters]),
            told=isolating(
                [report.study, *(v for one in report.filters for v in one.values)]
            ),
            style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
            script=_script(),
            library=drawing_library() if svgs else "",
        )
    )


def _script() -> str:
    parts = [(TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '(function () {\n"use strict";\n' + "\n".join(parts) + "})();"


def _told(one: Filter) -> dict[str, Any]:  # Any: the values of JSON
    """Return a filter as the page's script reads it."""
    told = {"axis": one.axis, "title": one.title, "field": one.field}
    return {**told, "values": list(one.values)}


def _rows_of(filters: Sequence[Filter]) -> Callable[[Table], dict[str, Any]]:
    """Return what gives the template a table's rows, and the script's if it is long."""

    def rows_of(table: Table) -> dict[str, Any]:  # Any: the template's own names
        places = positions(table, filters)
        long = len(table.rows) > MOST_ROWS
        shown = MOST_ROWS if long else len(table.rows)
        return {
            "rows": list(zip(table.rows[:shown], places, strict=False)),
            "left": len(table.rows) - shown,
            "ems": width(table),
            "packed": embedded(packed(table, filters)) if long else "",
        }

    return rows_of


def figures_of(report: Report) -> list[Figure]:
    """Return every figure of a report, in order."""
    return [one for section in report.sections for one in figures_in(section.blocks)]


def figures_in(blocks: Sequence[Block]) -> list[Figure]:
    """Return the figures among some blocks, in order, folded ones too."""
    found: list[Figure] = []
    for block in blocks:
        if isinstance(block, Figure):
            found.append(block)
        elif isinstance(block, Details):
            found += figures_in(block.blocks)
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
