"""What metrics over seeds share: rows of several runs compared pair by pair.

Components that are 0 (pruned ones too) are left out of a run. Where two runs then hold
different numbers of components, one that is left without a partner counts as a
similarity of 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import FittedRun, Matrix, NotApplicable
from nmflab.numerics import canonical, unit_rows
from nmflab_metrics.chance import Chance, by_chance

Rows: TypeAlias = list[npt.NDArray[Any]]


def check_seeds(runs: Sequence[FittedRun]) -> None:
    """Raise NotApplicable where there is nothing to compare."""
    if len(runs) < 2:
        raise NotApplicable(f"needs 2 seeds, there are {len(runs)}")


def live_rows(runs: Sequence[FittedRun]) -> Rows:
    """Return the rows of H of each run that are not 0, each of unit length.

    Raises
    ------
    NotApplicable
        If there are fewer than two runs, or all components of one are 0.
    """
    check_seeds(runs)
    found = []
    for run in runs:
        H = canonical(run.factors).H
        found.append(unit_rows(H[H.any(axis=1)]))
        if not len(found[-1]):
            seed = run.config.get("seed")
            raise NotApplicable(
                f"needs a component that is not 0 in every run, that of seed {seed} has"
                " none"
            )
    return found


def similarities(rows: Rows) -> Iterator[Matrix]:
    """Yield ``rows[a] @ rows[b].T`` for each pair of runs a < b, within [-1, 1].

    One product for each a: all pairs at once would need room for all components of all
    runs squared.
    """
    ends = np.cumsum([len(one) for one in rows])
    stacked = np.concatenate(rows)
    for a, one in enumerate(rows[:-1]):
        block = np.clip(one @ stacked[ends[a] :].T, -1.0, 1.0)
        yield from np.split(block, ends[a + 1 : -1] - ends[a], axis=1)


def matched(similarity: Matrix) -> Matrix:
    """Return the entries of the one-to-one pairing of largest sum.

    As many as the larger number of components: 0 for each that is left over.
    """
    from scipy.optimize import linear_sum_assignment

    found = np.zeros(max(similarity.shape))
    at = linear_sum_assignment(similarity, maximize=True)
    found[: min(similarity.shape)] = similarity[at]
    return found


def by_seed(runs: Sequence[FittedRun]) -> list[FittedRun]:
    """Return the runs in order of their seeds, which random draws may depend on."""
    return sorted(runs, key=lambda run: int(run.config.get("seed", 0)))


def shuffled_cosines(
    metric: str, rows: Rows, value: Callable[[Matrix], Matrix | float], n_draws: int
) -> Chance | None:
    """Return a value by chance: of two runs whose features were shuffled, row by row.

    As `nmflab_metrics.chance.by_chance`, each draw of another two of the runs.
    """

    def draw(rng: np.random.Generator) -> float:
        a, b = rng.choice(len(rows), size=2, replace=False)
        return float(np.mean(value(rows[a] @ rng.permuted(rows[b], axis=1).T)))

    return by_chance(metric, draw, n_draws)


def over_pairs(
    pairs: Iterator[Matrix], value: Callable[[Matrix], Matrix | float]
) -> Matrix:
    """Return a value of each pair of runs: its mean where it has several entries."""
    return np.array([float(np.mean(value(pair))) for pair in pairs])
