"""How near the signatures of a study come to each other, and to those of COSMIC.

    python experiments/breast_signatures/known.py studies/breast_signatures

Signatures are rows of H that sum to 1. Those of a run are matched one to one with the
ones of the best run, and with the 30 of COSMIC version 2, for the largest sum of
cosines.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nmflab_datasets.breast_cancers import BreastCancers

from nmflab.contracts import Matrix
from nmflab.numerics import canonical, match_components
from nmflab.store import Store


@dataclass(frozen=True)
class Case:
    """What the runs of one case came to, the best first.

    Parameters
    ----------
    objectives : ndarray of shape (n_runs,)
    to_best : ndarray of shape (n_runs, n_components)
        Cosine of each signature of the best run with its match in each run.
    to_known : ndarray of shape (n_runs,)
        Mean cosine of a run's signatures with their matches among the known ones.
    names : list of list of str
        Of these matches, one list a run, with their cosines.
    """

    objectives: Matrix
    to_best: Matrix
    to_known: Matrix
    names: list[list[str]]


def look(folder: Path, known: Matrix, called: list[str]) -> dict[str, Case]:
    """Return what each case of a study came to."""
    with Store.open(folder) as store:
        runs = store.runs()
        runs = runs[runs["status"] == "ok"].sort_values("objective_value")
        found = {}
        for case, group in runs.groupby("case"):
            factors = [store.factors(key) for key in group["key"]]
            rows = [
                canonical(f, "kullback_leibler").H for f in factors if f is not None
            ]
            found[str(case)] = compared(
                group["objective_value"].to_numpy(), rows, known, called
            )
    return found


def compared(
    objectives: Matrix, rows: list[Matrix], known: Matrix, called: list[str]
) -> Case:
    """Return how near some runs come to their first, and to what is known."""
    matches = [match_components(each, known) for each in rows]
    return Case(
        objectives=objectives,
        to_best=np.array([match_components(rows[0], each).cosines for each in rows]),
        to_known=np.array([float(each.cosines.mean()) for each in matches]),
        names=[
            [
                f"{called[at]} ({cosine:.2f})"
                for at, cosine in zip(each.permutation, each.cosines, strict=True)
            ]
            for each in matches
        ],
    )


def references() -> tuple[Matrix, list[str]]:
    """Return the 30 known signatures and their names."""
    extras = BreastCancers().load(np.random.default_rng(0)).extras
    names = [str(name) for name in extras["reference_names"]]
    return np.asarray(extras["reference_H"], dtype=np.float64), names


if __name__ == "__main__":
    for name, case in look(Path(sys.argv[1]), *references()).items():
        print(f"{name}: {len(case.objectives)} runs")
        print(f"  objective {case.objectives[0]:.1f} to {case.objectives[-1]:.1f}")
        print(f"  least cosine with the best run's {case.to_best.min(axis=0).round(2)}")
        for at in (0, int(case.to_known.argmax())):
            print(
                f"  objective {case.objectives[at]:.1f}: mean cosine with COSMIC"
                f" {case.to_known[at]:.3f}: {', '.join(case.names[at])}"
            )
