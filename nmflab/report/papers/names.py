"""Names of files: what a data set is called must never decide where one lies."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60

_TAKEN = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
"""Names that Windows keeps for its devices."""


def safe_name(text: str) -> str:
    """Return a file's name, without its ending, for any text.

    Letters, digits, hyphens and underscores stay; what else there is becomes a hyphen.
    Texts whose names would be empty, long or a device's get a hash of the text.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")
    lost = not name or any(ord(ch) > 127 and ch.isalpha() for ch in text)
    if lost or len(name) > LONGEST or _TAKEN.fullmatch(name):
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4)
        name = f"{name[: LONGEST - 9].strip('-')}-{digest.hexdigest()}".lstrip("-")
    return name


def told_apart(names: Iterable[str]) -> list[str]:
    """Return names of which no two are the same on a disk that ignores case."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        other, n = name, 2
        while other.lower() in taken:
            other, n = f"{name}-{n}", n + 1
        taken.add(other.lower())
        found.append(other)
    return found
