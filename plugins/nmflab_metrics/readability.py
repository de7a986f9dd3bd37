"""Stand-ins for human judges: word intrusion, and names that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import FittedRun, Matrix, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab_metrics.cooccurrence import in_samples, pointwise_information
from nmflab_metrics.top_lists import (
    Features,
    check_n_top,
    distributions,
    names_of,
    top_lists,
)

NMFLAB_CONTRACT = 1

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, kw_only=True)
class WordIntrusion:
    """Share of intruders found: a feature of another component that fits worst.

    To the top features of component k the heaviest feature of component l is added that
    is not among them and lies in the lower half of k's weights. It is found where its
    mean document NPMI with the others is the lowest of all. Over all ordered pairs of
    components; from 0 to 1, dimensionless. Suffix "chance": ``1/(n_top + 1)``, what
    guessing finds; "adjusted": ``(value − chance)/(1 − chance)``. Samples of the data
    set itself are counted, as in ``npmi_document``.

    Parameters
    ----------
    n_top : int, default 5
        Features of the component that are shown, at least 2.

    References
    ----------
    J. Chang, J. Boyd-Graber, S. Gerrish, C. Wang, D. Blei, "Reading Tea Leaves: How
    Humans Interpret Topic Models", NeurIPS 2009.
    J. H. Lau, D. Newman, T. Baldwin, "Machine Reading Tea Leaves: Automatically
    Evaluating Topic Coherence and Topic Model Quality", EACL 2014.
    """

    n_top: int = 5

    def __post_init__(self) -> None:
        check_n_top("word_intrusion", self.n_top, least=2)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no component has an intruder."""
        H = distributions(run, least=2)
        lists = top_lists(H, self.n_top)
        occurrence = in_samples(run.dataset, lists)
        counts = occurrence.together(occurrence.features)
        npmi = pointwise_information(
            counts, occurrence.n_contexts, 0.0, normalized=True
        )
        np.fill_diagonal(npmi, np.nan)
        found = []
        for top, intruder in _intruders(H, lists):
            at = np.searchsorted(occurrence.features, [*top, intruder])
            fits = _mean_of_known(npmi[np.ix_(at, at)])
            if not np.isnan(fits).any():
                found.append(fits[-1] < fits[:-1].min())
        if not found:
            raise NotApplicable(
                "needs components with top features that weigh little in another, and"
                " that occur in some samples but not in all"
            )
        value, chance = float(np.mean(found)), 1 / (self.n_top + 1)
        adjusted = (value - chance) / (1 - chance)
        return {"": value, "chance": chance, "adjusted": adjusted}


@dataclass(frozen=True, kw_only=True)
class LabelReadability:
    """Share of top features whose name holds a word: two letters or more in a row.

    From 0 to 1; dimensionless; mean over components. Numbers, single letters and marks
    tell a reader nothing, however coherent they are. Needs column names.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists.
    """

    n_top: int = 10

    def __post_init__(self) -> None:
        check_n_top("label_readability", self.n_top)

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable if columns have no names."""
        names = names_of(run)
        lists = top_lists(distributions(run), self.n_top)
        shares = [
            np.mean([_WORD.search(str(names[j])) is not None for j in top])
            for top in lists
        ]
        return float(np.mean(shares))


def _intruders(H: Matrix, lists: list[Features]) -> Iterator[tuple[Features, np.intp]]:
    """Yield the top features of k with an intruder from l, for each k and l."""
    low = np.median(H, axis=1, keepdims=True) >= H
    for k, top in enumerate(lists):
        if len(top) < 2:
            continue
        for other, candidates in enumerate(lists):
            strange = candidates[low[k, candidates] & ~np.isin(candidates, top)]
            if other != k and strange.size:
                yield top, strange[0]


def _mean_of_known(npmi: Matrix) -> Matrix:
    """Return the mean of each row's defined entries; NaN where there is none."""
    known = np.isfinite(npmi)
    sums, counts = np.where(known, npmi, 0.0).sum(axis=1), known.sum(axis=1)
    means: Matrix = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Word intrusion found by co-occurrence, and readable names."""
    yield MetricSpec(
        name="word_intrusion",
        metric=WordIntrusion,
        direction="higher",
        range=(-1.0, 1.0),
        examples=(WordIntrusion(), WordIntrusion(n_top=2)),
    )
    yield MetricSpec(
        name="label_readability",
        metric=LabelReadability,
        direction="higher",
        range=(0.0, 1.0),
        examples=(LabelReadability(),),
    )
