"""References written as sentences, ``A. Author, "Title", Venue, year``, as entries."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nmflab.citing.entries import Entry
from nmflab.citing.latex import latex
from nmflab.citing.venues import placed

_INITIALS = r"(?:[^\W\d_a-z][a-z]?\.(?:-[A-Z](?=\s))?[-\s]?)+"
_STARTS = re.compile(rf"^(?:{_INITIALS}|\[\d+\])")
_QUOTED = re.compile(
    r'^(?P<authors>[^"“]*?),?\s*["“](?P<title>[^"”]+)["”](?P<rest>.*)$'
)
_AUTHOR = re.compile(rf"^(?P<initials>{_INITIALS})(?P<surname>\S.*)$")
_SECOND = re.compile(r';\s+["“]')
_DOI = re.compile(
    r"(?:doi:?\s*|https?://(?:dx\.)?doi\.org/)(10\.\d{4,9}/[^\s,;)]+)", re.I
)
_URL = re.compile(r"https?://[^\s,;)]+")


def references_in(section: str) -> list[str]:
    """Return the references of a numpydoc section, each on one line.

    A reference ends with a full stop; the next begins a line, with initials.
    """
    found: list[str] = []
    for line in section.splitlines():
        text = line.strip().removeprefix(".. ").strip()
        ended = not found or found[-1].endswith(".")
        if text and ended and (not found or _STARTS.match(text)):
            found.append(text)
        elif text:
            found[-1] += f" {text}"
    return [re.sub(r"^\[\d+\]\s*", "", one) for one in found]


def entries_of(reference: str) -> list[Entry]:
    """Return the works of a reference; a second by the same follows ``; "Title"``."""
    first, *others = _SECOND.split(reference)
    authors = first.partition('"')[0]
    return [_entry(first), *(_entry(f'{authors}"{other}') for other in others)]


def _entry(reference: str) -> Entry:
    """Return a reference as an entry; as a note where it has not the usual form."""
    doi = _DOI.search(reference)
    url = None if doi else _URL.search(reference)
    found = _QUOTED.match(_without_links(reference))
    links = {
        name: value
        for name, value in (
            ("doi", doi and doi[1].rstrip(".")),
            ("url", url and url[0].rstrip(".")),
        )
        if value
    }
    if found is None or not found["authors"].strip():
        said = _without_links(reference).rstrip(" ,.")
        return Entry("misc", {"note": latex(said), **links})
    kind, where = placed(found["rest"].strip(" ,."))
    named = {
        "author": " and ".join(map(_author, _authors(found["authors"]))),
        "title": f"{{{latex(found['title'].rstrip('.,'))}}}",
    }
    return Entry(kind, {**named, **where, **links})


def _without_links(reference: str) -> str:
    return _URL.sub("", _DOI.sub("", reference))


def _authors(text: str) -> Sequence[str]:
    others = re.search(r",?\s+et al\.?$", text.strip())
    named = text.strip()[: others.start()] if others else text
    names = re.split(r",\s*(?:and\s+)?|\s+and\s+", named)
    return [*(name for name in names if name.strip()), *(["others"] if others else [])]


def _author(name: str) -> str:
    """Return ``Surname, A. B.``, so that a surname of two words stays one."""
    found = _AUTHOR.match(name.strip())
    if found is not None:
        return f"{latex(found['surname'])}, {latex(found['initials'].strip())}"
    return name if name == "others" else f"{{{latex(name.strip())}}}"
