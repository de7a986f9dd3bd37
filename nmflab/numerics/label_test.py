"""One label in the list of one component: how many, what odds, and how likely."""

from __future__ import annotations

import math
from dataclasses import dataclass

ALPHA = 0.05
"""False discovery rate below which a label counts as enriched."""

LEAST = 3
"""Items that bear a label before a component is called by it: two may be a pair."""


@dataclass(frozen=True)
class LabelTest:
    """One label in the list of one component.

    Parameters
    ----------
    label : str
    count, listed : int
        x of t: items of the list that bear the label, and items of the list.
    odds : float
        Odds ratio ``x (N − K − t + x) / ((t − x)(K − x))``; infinite where no item of
        the list lacks the label or none outside bears it.
    q : float
        Corrected probability under draws of any items.
    q_popularity : float
        Corrected probability under draws of items of the same popularity.
    """

    label: str
    count: int
    listed: int
    odds: float
    q: float
    q_popularity: float

    @property
    def is_enriched(self) -> bool:
        """Whether it may be a name: popularity does not explain it, `LEAST` bear it."""
        return self.q_popularity < ALPHA and self.count >= LEAST

    @property
    def text(self) -> str:
        """``Children's (9 of 30, odds 14, q=6e-13; at equal popularity q=2e-9)``."""
        said = f"{self.count} of {self.listed}, odds {_odds_text(self.odds)}"
        return (
            f"{self.label} ({said}, q={q_text(self.q)};"
            f" at equal popularity q={q_text(self.q_popularity)})"
        )

    @property
    def short_text(self) -> str:
        """``Children's (9 of 30, odds 14, q=2e-9)``, q that of equal popularity."""
        said = f"{self.count} of {self.listed}, odds {_odds_text(self.odds)}"
        return f"{self.label} ({said}, q={q_text(self.q_popularity)})"


def q_text(q: float) -> str:
    """Return a q-value to one digit: ``6e-13``, ``0.02``."""
    return f"{q:.1g}".replace("e-0", "e-")


def _odds_text(odds: float) -> str:
    if math.isinf(odds):
        return "without bound"
    return f"{odds:.0f}" if odds >= 9.5 else f"{odds:.1f}"
