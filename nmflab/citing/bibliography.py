"""All that is to be cited, each work once, under keys that stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nmflab.citing.entries import Entry

_PREFIX = 25
"""Letters of a title that tell: some cite it with its subtitle, some without."""


@dataclass(frozen=True)
class Bibliography:
    """Works under keys.

    Parameters
    ----------
    entries : mapping of key to Entry
        In the order of the keys.
    keys : mapping of name to list of str
        What each of those who cite names, by the name given to `bibliography`.
    """

    entries: Mapping[str, Entry]
    keys: Mapping[str, list[str]]

    def text(self) -> str:
        """Return the whole as a ``.bib`` file."""
        return "\n".join(entry.text(key) for key, entry in self.entries.items())


def bibliography(cited: Iterable[tuple[str, Iterable[Entry]]]) -> Bibliography:
    """Return what several cite as one bibliography.

    Parameters
    ----------
    cited : iterable of (name, entries)
        Entries with a key of their own are preferred over those made from sentences.
    """
    asked = [(name, list(entries)) for name, entries in cited]
    works: list[Entry] = []
    every = sorted((e for _, entries in asked for e in entries), key=_order)
    for entry in every:
        if _known(works, entry) is None:
            works.append(entry)
    keys = _keyed(works)
    told: dict[str, list[str]] = {}
    for name, entries in asked:
        at = (_known(works, entry) for entry in entries)
        named = [keys[i] for i in at if i is not None]
        told[name] = list(dict.fromkeys([*told.get(name, []), *named]))
    ordered = sorted(zip(keys, works, strict=True), key=lambda pair: pair[0].lower())
    return Bibliography(dict(ordered), told)


def _order(entry: Entry) -> tuple[object, ...]:
    # Independent of who cites first; the fullest of several citations is kept.
    fullness = (not entry.key, -len(entry.fields))
    return (*fullness, entry.identity, sorted(entry.fields.items()))


def _known(works: list[Entry], entry: Entry) -> int | None:
    return next((i for i, one in enumerate(works) if _same(one, entry)), None)


def _same(one: Entry, other: Entry) -> bool:
    """Whether two entries are of one work: an author, and a title or its beginning."""
    (author, title), (author_2, title_2) = one.identity, other.identity
    if title == title_2:
        return author == author_2
    years = one.fields.get("year"), other.fields.get("year")
    shorter, longer = sorted((title, title_2), key=len)
    begins = len(shorter) >= _PREFIX and longer.startswith(shorter)
    return author == author_2 and years[0] == years[1] and begins


def _keyed(works: list[Entry]) -> list[str]:
    taken: set[str] = set()
    keys = []
    for entry in works:
        stem = key = entry.suggested_key()
        letters = iter("bcdefghijklmnopqrstuvwxyz")
        while key.lower() in taken:
            key = stem + next(letters)
        taken.add(key.lower())
        keys.append(key)
    return keys
