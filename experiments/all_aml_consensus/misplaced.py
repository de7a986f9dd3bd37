"""Which patients a consensus over seeds puts among those of another class.

    python experiments/all_aml_consensus/misplaced.py studies/all_aml_consensus

Average linkage of ``1 − C`` is cut into as many clusters as there are components. A
cluster is called by its most frequent class; whoever has another is misplaced. Twice:
each patient in the component of the largest entry of W as the solver left it, as it was
published, and on the canonical scale, rows of H that sum to 1.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import average, fcluster
from scipy.spatial.distance import squareform

from nmflab.contracts import Factors, Matrix
from nmflab.numerics import argmax_labels, consensus_matrix, cophenetic_correlation
from nmflab.store import Store


@dataclass(frozen=True)
class Found:
    """What one size came to on one scale."""

    n_components: int
    scale: str
    n_runs: int
    cophenetic: float
    misplaced: list[str]


def look(folder: Path) -> Iterator[Found]:
    """Yield what each size of a study came to, on the solver's scale and canonical."""
    with Store.open(folder) as store:
        names = list(store.datasets()[0].row_names or ())
        runs = store.runs()
        runs = runs[runs["status"] == "ok"]
        for size, group in runs.groupby("n_components"):
            factors = [store.factors(key) for key in group["key"]]
            kept = [each for each in factors if each is not None]
            yield found(int(str(size)), "solver's", kept, names)
            yield found(int(str(size)), "canonical", kept, names)


def found(
    size: int, scale: str, factors: Sequence[Factors], names: Sequence[str]
) -> Found:
    """Return the consensus of some runs and whom it misplaces."""
    if scale == "canonical":
        labels = [argmax_labels(each, "kullback_leibler") for each in factors]
    else:
        labels = [each.W.argmax(axis=1) for each in factors]
    C = consensus_matrix(labels)
    wrong = misplaced(C, size, [class_of(name, size) for name in names])
    return Found(
        size,
        scale,
        len(factors),
        cophenetic_correlation(C),
        ["_".join(names[at].split("_")[:2]) for at in wrong],
    )


def misplaced(C: Matrix, n_clusters: int, classes: Sequence[str]) -> list[int]:
    """Return the samples whose class is not the most frequent one of their cluster."""
    joined = average(squareform(1.0 - C, checks=False))
    clusters = fcluster(joined, n_clusters, "maxclust")
    wrong: list[int] = []
    for cluster in np.unique(clusters):
        members = [int(at) for at in np.flatnonzero(clusters == cluster)]
        called, _ = Counter(classes[at] for at in members).most_common(1)[0]
        wrong += [at for at in members if classes[at] != called]
    return sorted(wrong)


def class_of(name: str, size: int) -> str:
    """Return ALL or AML for two components; beyond, B and T cells of ALL apart."""
    kind = name.split("_")[0]
    return f"{kind} {name[-6]}" if kind == "ALL" and size > 2 else kind


if __name__ == "__main__":
    for one in look(Path(sys.argv[1])):
        print(
            f"{one.n_components} components, {one.scale} scale, {one.n_runs} runs:"
            f" cophenetic {one.cophenetic:.4f}, misplaced"
            f" {', '.join(one.misplaced) or 'nobody'}"
        )
