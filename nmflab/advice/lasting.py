"""Criteria of what lasts: from other seeds, and from other draws of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from nmflab.advice.panel import Criterion, Spread
from nmflab.advice.reading import Evidence, Run, by_size
from nmflab.advice.rules import before_the_fall, highest, last_at_least
from nmflab.advice.shared import why_no_runs
from nmflab.contracts import Matrix
from nmflab.numerics.component_clusters import cluster_silhouettes
from nmflab.numerics.consensus import (
    Labels,
    argmax_labels,
    consensus_matrix,
    cophenetic_correlation,
    dispersion,
)
from nmflab.numerics.term_agreement import term_agreement

MOST_SAMPLES = 1000
"""Samples whose consensus is computed: as many, evenly spaced, stand for more."""

COPHENETIC_FALL = 0.005
DISPERSION_FALL = 0.02
"""Falls below the highest value that are taken for chance."""

SILHOUETTE = 0.8
"""Least silhouette of a cluster from which components count as told apart."""

MOST_TERMS = 20


def cophenetic(found: Evidence) -> Criterion:
    """Cophenetic correlation of the consensus over seeds."""
    blank = Criterion(
        name="cophenetic",
        title="Cophenetic correlation",
        direction="higher",
        over="seeds, each left out in turn",
        rule="The last size before the values clearly fall (by more than"
        f" {COPHENETIC_FALL}) from their highest.",
        suits="Clusters of samples.",
        source="Brunet et al. 2004",
    )
    return _of_consensus(found, blank, cophenetic_correlation, COPHENETIC_FALL)


def dispersions(found: Evidence) -> Criterion:
    """Dispersion of the consensus over seeds."""
    blank = Criterion(
        name="dispersion",
        title="Dispersion",
        direction="higher",
        over="seeds, each left out in turn",
        rule="The last size before the values clearly fall (by more than"
        f" {DISPERSION_FALL}) from their highest.",
        suits="Clusters of samples.",
        source="Kim and Park 2007",
    )
    return _of_consensus(found, blank, dispersion, DISPERSION_FALL)


def _of_consensus(
    found: Evidence,
    blank: Criterion,
    score: Callable[[Matrix], float],
    tolerance: float,
) -> Criterion:
    values: dict[int, Spread] = {}
    for size, members in by_size(found.fits).items():
        labels = _labels(found, members)
        if size > 1 and len(labels) > 2:
            spread = _left_one_out(labels, score)
            values |= {size: spread} if spread is not None else {}
    if not values:
        return replace(blank, why="it takes three seeds or more, and a random start")
    means = {size: spread.value for size, spread in values.items()}
    return replace(blank, values=values, choice=before_the_fall(means, tolerance))


def _labels(found: Evidence, runs: Sequence[Run]) -> list[Labels]:
    labels = []
    for run in runs:
        factors = found.factors(run)
        if factors is not None:
            some = argmax_labels(factors, found.loss)
            labels.append(some[:: max(1, math.ceil(some.size / MOST_SAMPLES))])
    return labels


def _left_one_out(
    labels: Sequence[Labels], score: Callable[[Matrix], float]
) -> Spread | None:
    """Return a score of the consensus, its spread from leaving each run out."""
    every = range(len(labels))
    value = score(consensus_matrix(labels))
    others = [
        score(consensus_matrix([labels[i] for i in every if i != out])) for out in every
    ]
    others = [other for other in others if math.isfinite(other)]
    if not math.isfinite(value) or not others:
        return None
    return Spread(value, min(*others, value), max(*others, value), len(labels))


def silhouettes(found: Evidence) -> Criterion:
    """Least silhouette of the components' clusters over draws of the data."""
    counts = any(run.split == "bootstrap" for run in found.draws)
    drawn = "counts drawn anew" if counts else "samples of 63 % of the rows"
    blank = Criterion(
        name="silhouette",
        title="Silhouette over draws",
        direction="higher",
        over=f"draws ({drawn}), each left out in turn",
        rule="The largest size at which the least silhouette of a cluster of components"
        f" is {SILHOUETTE} or more.",
        suits="Signatures and other components that are to be named.",
        source="NMFk: Alexandrov et al. 2013, Nebgen et al. 2021",
    )
    values = {
        size: _least_silhouette(Hs)
        for size, Hs in _components(found, found.draws).items()
        if len(Hs) > 2 and size > 1
    }
    if not values:
        why = why_no_runs(found)
        return replace(blank, why=why)
    choice = last_at_least({s: v.value for s, v in values.items()}, SILHOUETTE)
    why = "" if choice is not None else f"no size reaches {SILHOUETTE}"
    near = [s for s, v in values.items() if v.value < SILHOUETTE <= v.high]
    if near and max(near) > (choice or 0):
        missed = f"{max(near)} misses {SILHOUETTE} by less than its spread"
        why = f"{why}; {missed}" if why else missed
    return replace(blank, values=values, choice=choice, why=why)


def _least_silhouette(Hs: Sequence[Matrix]) -> Spread:
    """Return the least silhouette, its spread from leaving each draw out."""
    value = float(cluster_silhouettes(Hs).min())
    others = [
        float(cluster_silhouettes([*Hs[:i], *Hs[i + 1 :]]).min())
        for i in range(len(Hs))
    ]
    return Spread(value, min(*others, value), max(*others, value), len(Hs))


def agreement(found: Evidence) -> Criterion:
    """Agreement of top features between all data and samples of the rows."""
    n_features = next((H.shape[1] for H in _one(found, found.references)), MOST_TERMS)
    t = n_terms(n_features)
    blank = Criterion(
        name="agreement",
        title="Top-feature agreement",
        direction="higher",
        over="samples of 80 % of the rows",
        rule="The size at which samples agree most with all data on the top"
        f" {t} features of each component.",
        suits="Topics.",
        source="Greene et al. 2014",
    )
    whole, parts = (
        _components(found, runs) for runs in (found.references, found.samples)
    )
    values = {
        size: Spread.of([term_agreement(whole[size][0], H, t) for H in Hs])
        for size, Hs in parts.items()
        if Hs and whole.get(size) and size > 1
    }
    if not values:
        why = why_no_runs(found)
        return replace(blank, why=why)
    means = {size: spread.value for size, spread in values.items()}
    return replace(blank, values=values, choice=highest(means))


def n_terms(n_features: int) -> int:
    """Return how long the lists of top features are: a tenth, from 3 to 20."""
    return max(3, min(MOST_TERMS, math.ceil(n_features / 10)))


def _components(found: Evidence, runs: Sequence[Run]) -> dict[int, list[Matrix]]:
    return {size: list(_one(found, members)) for size, members in by_size(runs).items()}


def _one(found: Evidence, runs: Sequence[Run]) -> list[Matrix]:
    each = (found.factors(run) for run in runs)
    return [factors.H for factors in each if factors is not None]
