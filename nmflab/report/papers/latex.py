"""Text and figures as LaTeX that compiles whatever a name holds.

What is written needs pdfTeX, LuaTeX or XeTeX, and the packages that each file names in
its first lines.
"""

from __future__ import annotations

import re

from nmflab.report.papers.names import safe_name

_PAIRS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "‖": r"$\|$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "→": r"$\to$",
    "←": r"$\leftarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "∞": r"$\infty$",
    "½": r"$\frac{1}{2}$",
    "²": "$^2$",
    "³": "$^3$",
    "µ": r"$\mu$",
    "°": r"$^\circ$",
    "’": "'",
    "‘": "`",
    "“": "``",
    "”": "''",
    "\u00a0": "~",
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi - pi rho"
    " - sigma tau upsilon phi chi psi omega"
)
_PAIRS |= {
    chr(0x3B1 + at): rf"$\{name}$"
    for at, name in enumerate(_GREEK.split())
    if name != "-"
}

UNICODE = (
    r"\providecommand{\nmflabunicode}[2]"
    r"{\ifdefined\Umathchar#1\else#2\fi}"
)
"""A letter that pdfTeX has not, and what stands for it there."""

_LIGATURES = re.compile(r"-(?=-)|\?(?=`)|!(?=`)|,(?=,)|'(?=')")


def escaped(text: str) -> str:
    """Return text that LaTeX sets as it is, on one line."""
    plain = re.sub(r"\s+", " ", text)
    plain = _LIGATURES.sub(lambda found: found[0] + "\0", plain)
    return "".join(map(_letter, plain)).replace("\0", "{}")


def _letter(letter: str) -> str:
    if letter in _PAIRS:
        return _PAIRS[letter]
    code = ord(letter)
    if letter == "\0" or 0x20 <= code < 0x7F or 0xC0 <= code < 0x180:
        return letter
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return f"[U+{code:04X}]"
    return f"\\nmflabunicode{{{letter}}}{{[U+{code:04X}]}}"


def figure(file: str, caption: str, label: str, *, wide: bool) -> str:
    """Return a figure environment around a PDF of this folder.

    Parameters
    ----------
    file : str
        The PDF's name.
    caption : str
        LaTeX already.
    label : str
        What stands after ``fig:``.
    wide : bool
        Whether it takes the width of a page of two columns.
    """
    return environment(
        f"\\includegraphics{{\\nmflabpath {file}}}", caption, label, wide=wide
    )


def environment(body: str, caption: str, label: str, *, wide: bool) -> str:
    """Return a figure environment around anything."""
    name = "figure*" if wide else "figure"
    lines = [
        PATH,
        UNICODE,
        f"\\begin{{{name}}}",
        r"\centering",
        body,
        f"\\caption{{{caption}}}\\label{{fig:{safe_name(label)}}}",
        f"\\end{{{name}}}",
    ]
    return "\n".join(lines) + "\n"


PATH = r"\providecommand{\nmflabpath}{}"
"""Where the files lie, as seen from the document: ``\\def\\nmflabpath{figures/}``."""
