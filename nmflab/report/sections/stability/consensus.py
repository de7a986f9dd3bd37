"""Consensus over seeds as pictures: which samples fall together, and how clearly.

Blocks with sharp edges are clusters that every seed finds; pale blue is where seeds
disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.consensus import (
    argmax_labels,
    consensus_matrix,
    consensus_order,
    cophenetic_correlation,
    dispersion,
)
from nmflab.report.content import Block, Card, Cards, Picture
from nmflab.report.drawing.pictures import image_svg
from nmflab.report.numbers import count, number
from nmflab.report.reading.groups import Group
from nmflab.report.reading.material import Material

LEAST_SEEDS = 3
MOST_SEEDS = 20
MOST_CARDS = 12
MOST_SAMPLES = 200
"""Samples drawn; of more, these many at random, the same for every setting."""

MOST_NUMBERS = 20_000_000
"""Entries of W read in all: a bound on time and memory for large data."""


def consensus_blocks(material: Material, groups: Sequence[Group]) -> list[Block]:
    """Return a picture of the consensus for the best setting of each data and size."""
    cards: list[Card] = []
    budget = MOST_NUMBERS
    sampled = False
    for group in _chosen(groups):
        if len(cards) == MOST_CARDS or budget <= 0:
            break
        labels = _labels(material, group)
        budget -= sum(run.size for run in labels) * group.n_components
        if len(labels) < LEAST_SEEDS:
            continue
        kept = _kept(labels[0].size)
        sampled |= kept.size < labels[0].size
        some = [run[kept] for run in labels]
        cards.append(_card(group, consensus_matrix(some), len(labels), len(cards)))
    if not cards:
        return []
    return [Cards("consensus", "Consensus over seeds", cards, _note(sampled=sampled))]


def _note(*, sampled: bool) -> str:
    said = (
        "Each pixel is two samples: the share of seeds in which both load most on one"
        " component, white never, dark always. Samples stand in the order of average"
        " linkage, so that clusters are blocks along the diagonal; pale blocks"
        " are pairs that seeds disagree on. Cophenetic correlation and dispersion are"
        " those of the picture, 1 where all seeds agree."
    )
    if sampled:
        said += f" Drawn: {MOST_SAMPLES} samples at random."
    return said


def _chosen(groups: Sequence[Group]) -> list[Group]:
    """Return the best of each comparison that has seeds, data sets taking turns."""
    best: dict[int, Group] = {}
    for group in groups:
        known = best.get(group.signature)
        enough = group.n_seeds >= LEAST_SEEDS and group.n_components > 1
        if enough and (known is None or (group.rank or 1) < (known.rank or 1)):
            best[group.signature] = group
    by: dict[str, list[Group]] = {}
    for group in best.values():
        by.setdefault(str(group.labels["fingerprint"]), []).append(group)
    for some in by.values():
        some.sort(key=lambda group: group.n_components)
    turns = zip_longest(*by.values())
    return [group for turn in turns for group in turn if group is not None]


def _labels(material: Material, group: Group) -> list[npt.NDArray[np.intp]]:
    """Return each sample's component in each seed's run, where factors were kept."""
    loss = str(group.labels["objective"]).partition("(")[0]
    found = []
    for key in group.keys[:MOST_SEEDS]:
        factors = material.factors(key)
        if factors is not None and factors.n_components > 0:
            found.append(argmax_labels(factors, loss))
    return found


def _kept(n: int) -> npt.NDArray[np.intp]:
    if n <= MOST_SAMPLES:
        return np.arange(n)
    drawn = np.random.default_rng(0).choice(n, size=MOST_SAMPLES, replace=False)
    return np.sort(drawn)


def _card(group: Group, C: Matrix, n_seeds: int, at: int) -> Card:
    cophenetic = cophenetic_correlation(C)
    told = "constant" if np.isnan(cophenetic) else number(cophenetic, 4)
    title = f"{group.dataset}, {group.name}, n_components {group.n_components}"
    detail = (
        f"cophenetic correlation {told}, dispersion {number(dispersion(C), 3)};"
        f" {count(n_seeds, 'seed')}"
    )
    words = f"Consensus of {title}: {detail}"
    order = consensus_order(C)
    svg = image_svg(C[np.ix_(order, order)], words)
    return Card(title, detail, [Picture(f"consensus-{at + 1}", svg, words)])
