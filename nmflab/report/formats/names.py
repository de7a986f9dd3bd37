"""Names that are written from right to left, kept from turning the text around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from markupsafe import Markup

_TURNING = frozenset(
    {"R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
)
"""Classes of characters (Unicode Standard Annex 9) that change a line's direction."""


def isolating(names: Iterable[str]) -> Callable[[str], str]:
    """Return what puts those of `names` that would turn a sentence around in isolation.

    A right-to-left name, or one that holds a direction mark it does not close, would
    reorder the words after it; inside a ``bdi`` element it cannot.
    """
    turning = sorted({name for name in names if turns(name)}, key=len, reverse=True)
    if not turning:
        return lambda text: text
    pattern = re.compile(f"({'|'.join(map(re.escape, turning))})")

    def isolated(text: str) -> str:
        parts = pattern.split(text)
        parts[1::2] = [Markup("<bdi>{}</bdi>").format(name) for name in parts[1::2]]
        return Markup("").join(parts)

    return isolated


def turns(text: str) -> bool:
    """Return whether a text holds a character that may turn its line around."""
    return not text.isascii() and any(
        unicodedata.bidirectional(character) in _TURNING for character in text
    )
