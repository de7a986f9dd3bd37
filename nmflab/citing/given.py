"""BibTeX as a data set's authors give it, read so far that nothing is cited twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nmflab.citing.entries import Entry
from nmflab.citing.latex import latex

_HEAD = re.compile(r"@(?P<kind>[A-Za-z]+)\s*\{\s*(?P<key>[^\s,{}]+)\s*(?:,|(?=\}))")
_FIELD = re.compile(r"\s*(?P<name>[A-Za-z][\w-]*)\s*=\s*")


def given_entries(text: str) -> list[Entry]:
    """Return the entries of a BibTeX text; text that is none becomes a note."""
    found = list(_entries(text))
    if found or not text.strip():
        return found
    return [Entry("misc", {"note": latex(" ".join(text.split()))})]


def _entries(text: str) -> Iterator[Entry]:
    at = 0
    while head := _HEAD.search(text, at):
        end = _closing(text, text.index("{", head.start()))
        fields = dict(_fields(text[head.end() : end]))
        yield Entry(head["kind"].lower(), fields, head["key"])
        at = end + 1


def _closing(text: str, start: int) -> int:
    """Return where the brace opened at `start` is closed, else the end of the text."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] in "{}" and text[at - 1 : at] != "\\":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at
    return len(text)


def _fields(body: str) -> Iterator[tuple[str, str]]:
    at = 0
    while field := _FIELD.match(body, at):
        start = field.end()
        opened = body[start : start + 1]
        if opened == "{":
            end = _closing(body, start)
            value = body[start + 1 : end]
        elif opened == '"':
            end = body.find('"', start + 1)
            end = len(body) if end < 0 else end
            value = body[start + 1 : end]
        else:
            end = body.find(",", start)
            end = len(body) if end < 0 else end
            value = body[start:end]
        yield field["name"], " ".join(value.split())
        comma = body.find(",", end)
        if comma < 0:
            return
        at = comma + 1
