"""Text as LaTeX: what any engine prints as it was written, with 7-bit input."""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u ",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r ",
    "\u030b": "H ",
    "\u030c": "v ",
    "\u0327": "c ",
    "\u0328": "k ",
}

_LETTERS = {
    "ø": r"{\o}",
    "Ø": r"{\O}",
    "ß": r"{\ss}",
    "æ": r"{\ae}",
    "Æ": r"{\AE}",
    "œ": r"{\oe}",
    "å": r"{\aa}",
    "Å": r"{\AA}",
    "ł": r"{\l}",
    "Ł": r"{\L}",
    "ı": r"{\i}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    "½": r"$\frac{1}{2}$",
    "×": r"$\times$",
    "−": r"$-$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "γ": r"$\gamma$",
    "κ": r"$\kappa$",
    "λ": r"$\lambda$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "\u00a0": "~",
}


def latex(text: str) -> str:
    """Return text that LaTeX prints as it is; letters it cannot spell are kept."""
    return "".join(map(_written, unicodedata.normalize("NFC", text)))


def _written(character: str) -> str:
    if character.isascii():
        return _SPECIAL.get(character, character)
    if character in _LETTERS:
        return _LETTERS[character]
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii():
        # A dotless i or j carries the accent in place of its dot.
        base = {"i": r"\i", "j": r"\j"}.get(base, base)
        return f"{{\\{_ACCENTS[marks[0]]}{base}}}"
    return character


def folded(text: str) -> str:
    """Return the lower-case ASCII letters and digits of a text, to compare it by."""
    spelled = text.lower().replace("β", "beta").replace("ø", "o").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", _without_commands(spelled))
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def _without_commands(text: str) -> str:
    text = re.sub(r"\\(?:beta)\b", "beta", text)
    text = re.sub(r"\\o\b", "o", text)
    return re.sub(r"\\[a-z]+|\\.|[{}$]", "", text)


_SPELLED = {
    written: letter for letter, written in _LETTERS.items() if letter != "\u00a0"
}
_MARKS = {command.strip(): mark for mark, command in _ACCENTS.items()}
_ACCENTED = re.compile(
    r"\{?\\(?P<mark>[`'^~=.\"]|[urHvck](?=[\s{]))\s*\{?\\?(?P<letter>[A-Za-z])\}?\}?"
)


def plain(text: str) -> str:
    """Return LaTeX as a reader sees it: what `latex` wrote, and what authors write."""
    for written, letter in _SPELLED.items():
        if written.startswith(("{", "$", "\\", "--")):
            text = text.replace(written, letter)
    text = _ACCENTED.sub(
        lambda found: unicodedata.normalize(
            "NFC", found["letter"] + _MARKS[found["mark"]]
        ),
        text,
    )
    text = re.sub(r"\\([&%$#_{}])", lambda found: f"\x00{ord(found[1])};", text)
    text = re.sub(r"[{}$]", "", text).replace("~", " ")
    text = re.sub(r"\\text(\w+?)\b", "", text)
    return re.sub(r"\x00(\d+);", lambda found: chr(int(found[1])), text)
