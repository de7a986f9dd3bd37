"""Whether the best run's model has other factors nearby, in a sentence."""

from __future__ import annotations

import numpy as np

from nmflab.numerics import free_directions
from nmflab.numerics.uniqueness import MOST_COMPONENTS
from nmflab.report.content import Block, Prose
from nmflab.report.numbers import listed
from nmflab.report.sections.aligned.found import Comparison, Entry

MOST_NUMBERS = 4_000_000
"""Entries of W and H up to which the certificate takes seconds at most."""


def certificate(comparison: Comparison) -> list[Block]:
    """Return the certificate of non-uniqueness of the run with the lowest objective.

    Nothing for more than `MOST_COMPONENTS` components, one only, signed factors, or
    factors of more than `MOST_NUMBERS` entries.
    """
    entry = comparison.entries[0]
    W, H = entry.factors.W, entry.factors.H
    n = entry.shape.given.size
    if not (2 <= n <= MOST_COMPONENTS and W.size + H.size <= MOST_NUMBERS):
        return []
    if (W < 0).any() or (H < 0).any():
        return []
    return [Prose(_sentence(entry))]


def _sentence(entry: Entry) -> str:
    found = free_directions(entry.factors)
    text = f"Certificate of non-uniqueness, {entry.name}: {found.verdict}"
    if not found.n_free and not found.is_full_rank:
        return f"{text}, so that other factors of the same WH are not excluded."
    if not found.n_free:
        return (
            f"{text}. No other factors of the same WH are near, but for scale; what"
            " other runs found is another WH, or far away."
        )
    changed = [str(k + 1) for k in np.flatnonzero(found.per_component)]
    which = "component" if len(changed) == 1 else "components"
    text += (
        f", in {which} {listed(changed, 12)}. To first order, WH stays as it is while"
        " these change: the error alone does not determine them."
    )
    if not entry.is_converged:
        text += (
            " The run had not converged: entries on their way to 0 count as positive,"
            " so that fewer directions may be free at its optimum."
        )
    return text
