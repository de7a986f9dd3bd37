"""Signatures over the 96 types of mutation, drawn as the field draws them.

Six blocks of sixteen bars, one block for each substitution, in its colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from nmflab.contracts import Matrix

COLOURS = {
    "C>A": "#56b4e9",
    "C>G": "#4d4d4d",
    "C>T": "#d55e00",
    "T>A": "#999999",
    "T>C": "#009e73",
    "T>G": "#cc79a7",
}
"""Hues near the field's usual ones, from the palette of Okabe & Ito (2008)."""

WIDE, HIGH, FOOT, TOP = 300, 96, 80, 6


def substitution(name: str) -> str:
    """Return which base became which: ``C>A`` of ``ACA>AAA``.

    Raises
    ------
    ValueError
        If the name is not of that form.
    """
    before, arrow, after = name.partition(">")
    if not arrow or len(before) != 3 or len(after) != 3:
        raise ValueError(f"{name!r} is no type of mutation such as 'ACA>AAA'")
    return f"{before[1]}>{after[1]}"


def signature_svg(values: Matrix, names: Sequence[str]) -> str:
    """Return a signature as bars, blocks of one substitution side by side.

    Parameters
    ----------
    values : ndarray of shape (n_types,)
        On any scale, of at least 0; the tallest bar is the largest.
    names : sequence of str
        Of the types, such as ``ACA>AAA``.

    References
    ----------
    L. B. Alexandrov et al., "Signatures of mutational processes in human cancer",
    Nature 500, 2013 (the display).
    """
    kinds = [substitution(name) for name in names]
    order = sorted(range(len(names)), key=lambda j: (kinds[j], j))
    step, peak = (WIDE - 8) / len(names), float(np.max(values, initial=0.0)) or 1.0
    bars = []
    for place, j in enumerate(order):
        tall = max(0.0, float(values[j])) / peak * (FOOT - TOP)
        bars.append(
            f'<rect x="{4 + place * step:.2f}" y="{FOOT - tall:.2f}"'
            f' width="{0.8 * step:.2f}" height="{tall:.2f}"'
            f' fill="{COLOURS.get(kinds[j], "#7f7f7f")}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}"'
        f' width="{WIDE}" height="{HIGH}" font-size="10" fill="currentColor">'
        f'<line x1="4" x2="{WIDE - 4}" y1="{FOOT}" y2="{FOOT}" stroke="currentColor"'
        f' stroke-opacity="0.5"/>{"".join(bars)}{"".join(_labels(kinds, step))}</svg>'
    )


def _labels(kinds: Sequence[str], step: float) -> Iterator[str]:
    at = 4.0
    for kind in sorted(set(kinds)):
        wide = step * kinds.count(kind)
        yield (
            f'<text x="{at + wide / 2:.1f}" y="{FOOT + 12}" text-anchor="middle">'
            f"{escape(kind)}</text>"
        )
        at += wide
