"""Warnings of plugins that were installed and could not be loaded."""

from __future__ import annotations

from collections.abc import Iterator

from nmflab.report.content import Prose
from nmflab.report.numbers import count, listed
from nmflab.report.reading.material import Material

MOST = 5
"""Plugins that are named; Provenance has all."""


def not_loaded(material: Material) -> Iterator[Prose]:
    """Yield which plugins a sweep had to do without, and why."""
    failures = {
        str(failure.get("entry_point")): failure
        for sweep in material.sweeps
        for failure in sweep.plugin_failures
    }
    if not failures:
        return
    told = [_told(name, failure) for name, failure in failures.items()]
    them = "it" if len(told) == 1 else "them"
    yield Prose(
        f"{count(len(told), 'plugin')} could not be loaded. {'; '.join(told[:MOST])}."
        f" Nothing of {them} could take part; no number here depends on {them}. nmflab"
        " list shows the full error.",
        "note",
    )


def _told(name: str, failure: object) -> str:
    known = failure if isinstance(failure, dict) else {}
    source = " ".join(
        str(known[part]) for part in ("distribution", "version") if known.get(part)
    )
    reason = " ".join(str(known.get("reason") or "").split()).rstrip(".")
    lost = [str(one) for one in known.get("lost") or ()]
    text = f"{name} ({source})" if source else name
    text += f": {reason}" if reason else ""
    return text + (f" (lost with it: {listed(lost)})" if lost else "")
