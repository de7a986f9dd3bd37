"""Sections that plugins bring: each by itself, none able to spoil the report."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmflab.contracts import FeatureDrawing, ReportPart, ReportSection
from nmflab.report.content import Block, Code, Details, Html, Prose, Section

if TYPE_CHECKING:
    from nmflab.store import Store


def guest_sections(store: Store, sections: Sequence[ReportPart]) -> list[Section]:
    """Return the plugins' sections in order; one that raises shows its error only."""
    taken: dict[str, int] = {}
    found = []
    for section in sections:
        if isinstance(section, FeatureDrawing):
            continue
        block = _rendered(store, section)
        if block is None:
            continue
        slug = (
            re.sub(r"[^a-z0-9_-]+", "-", section.name.lower()).strip("-") or "section"
        )
        taken[slug] = taken.get(slug, 0) + 1
        mark = f"-{taken[slug]}" if taken[slug] > 1 else ""
        found.append(Section(f"plugin-{slug}{mark}", section.title, block))
    return found


def _rendered(store: Store, section: ReportSection) -> list[Block] | None:
    try:
        html = section.render(store)
        if not isinstance(html, str):
            raise TypeError(f"render returned {type(html).__name__}, not str")
    except Exception as error:
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        text = (
            f"The plugin's section {section.name} could not be made ({said}); the rest"
            " of the report does not depend on it."
        )
        folded = Details("Traceback", [Code(traceback.format_exc())])
        return [Prose(text, "danger"), folded]
    return [Html(html, section.title)] if html.strip() else None
