"""Whether the best run's model has other factors nearby, in a sentence."""

from __future__ import annotations

import numpy as np

from nmflab.numerics.uniqueness import Freedom
from nmflab.report.content import Block, Prose
from nmflab.report.numbers import listed
from nmflab.report.sections.aligned.found import Comparison, Entry


def certificate(comparison: Comparison) -> list[Block]:
    """Return the certificate of non-uniqueness of the run with the lowest objective."""
    found = comparison.freedom
    return [] if found is None else [Prose(_sentence(comparison.entries[0], found))]


def _sentence(entry: Entry, found: Freedom) -> str:
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
