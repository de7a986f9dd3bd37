"""The terms of published data: shown before the first download, kept beside it."""

from __future__ import annotations

import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from nmflab.contracts import DataFile, Origin
from nmflab.fetching.archives import file_sum

RECORD = "TERMS.txt"
"""The file beside downloads that says where they are from and under which terms."""


def terms_of(origin: Origin) -> str:
    """Return the terms in a sentence or two; they say if data may not be passed on."""
    licence = " ".join(origin.licence.split())
    licence += "" if licence.endswith((".", "!", '"', "'")) else "."
    if origin.redistributable or "not be passed on" in licence:
        return licence
    return f"{licence} These data may not be passed on."


def show_terms(file: DataFile, origin: Origin, folder: Path) -> None:
    """Print an origin's terms on stderr, unless its data were downloaded before."""
    if _heading(origin) not in _recorded(folder):
        text = f"Terms of {file.name} ({origin.page}): {terms_of(origin)}"
        print(textwrap.fill(text, 88, break_long_words=False), file=sys.stderr)


def record_terms(file: DataFile, origin: Origin, download: Path) -> None:
    """Add a verified download to the record in its folder."""
    folder, heading = download.parent, _heading(origin)
    is_known = heading in _recorded(folder)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    entry = f"{file.name}\n  {file.url}\n  {when}\n  sha256 {file_sum(download)}\n"
    with (folder / RECORD).open("a", encoding="utf-8") as record:
        record.write(("" if is_known else f"{heading}\n") + f"{entry}\n")


def _recorded(folder: Path) -> str:
    record = folder / RECORD
    return record.read_text(encoding="utf-8") if record.exists() else ""


def _heading(origin: Origin) -> str:
    citation = origin.citation.strip()
    return f"{origin.page}\n\n{terms_of(origin)}\n\nPlease cite:\n\n{citation}\n"
