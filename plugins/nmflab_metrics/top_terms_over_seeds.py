"""Whether components have the same top features from other seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import FittedRun, Matrix, MetricSpec
from nmflab.hookspecs import hookimpl
from nmflab_metrics._between_runs import by_seed, check_seeds, matched, over_pairs
from nmflab_metrics.chance import beside_chance, by_chance, check_draws
from nmflab_metrics.top_lists import (
    Features,
    check_n_top,
    distributions,
    top_lists,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class TopTermAgreement:
    """Agreement of the top features of matched components, mean over pairs of runs.

    ``AJ(R, S) = 1/t Σ_d |R_d ∩ S_d| / |R_d ∪ S_d|``, with R_d the d largest features of
    a component and d from 1 to t = `n_top`: the head of a list counts most. Components
    are paired one to one for the largest sum. From 0 to 1, the same lists in the same
    order; dimensionless. Features at 0 are in no list. Suffix "chance": the mean for
    lists of features drawn at random, near 0 for text; "adjusted":
    ``(value − chance) / (1 − chance)``.

    Parameters
    ----------
    n_top : int, default 20
        Depth t of the lists.
    n_draws : int, default 20
        Pairs of runs with random lists behind "chance"; 0 leaves it out.

    References
    ----------
    D. Greene, D. O'Callaghan, P. Cunningham, "How Many Topics? Stability Analysis for
    Topic Models", ECML PKDD 2014. There runs on samples of 80 % of the documents are
    compared with one on all; here runs from several seeds with one another.
    """

    n_top: int = 20
    n_draws: int = 20

    def __post_init__(self) -> None:
        check_n_top("top_term_agreement", self.n_top)
        check_draws("top_term_agreement", self.n_draws)

    def compute(self, runs: Sequence[FittedRun]) -> dict[str, float]:
        """Raise NotApplicable if all components of a run are 0."""
        check_seeds(runs)
        lists = [top_lists(distributions(run), self.n_top) for run in by_seed(runs)]
        n_features = runs[0].factors.H.shape[1]

        def draw(rng: np.random.Generator) -> float:
            a, b = rng.choice(len(lists), size=2, replace=False)
            return self._mean([_drawn(lists[at], n_features, rng) for at in (a, b)])

        chance = by_chance("top_term_agreement", draw, self.n_draws)
        return beside_chance(self._mean(lists), chance, best=1.0)

    def _mean(self, lists: list[list[Features]]) -> float:
        return float(over_pairs(_agreements(lists, self.n_top), matched).mean())


def _drawn(
    lists: list[Features], n_features: int, rng: np.random.Generator
) -> list[Features]:
    """Return lists as long as these, of features at random."""
    return [rng.choice(n_features, size=one.size, replace=False) for one in lists]


def _agreements(runs: list[list[Features]], n_top: int) -> Iterator[Matrix]:
    """Yield the agreement of each component with each, for each pair of runs a < b."""
    ends = np.cumsum([len(lists) for lists in runs])
    flat = [features for lists in runs for features in lists]
    n_features = 1 + max(int(features.max()) for features in flat)
    depths = range(1, n_top + 1)
    heads = [_heads(flat, depth, n_features) for depth in depths]
    sizes = np.array([[min(len(f), depth) for f in flat] for depth in depths])
    for a in range(len(runs) - 1):
        own, rest = slice(ends[a] - len(runs[a]), ends[a]), slice(ends[a], None)
        total = np.zeros((len(runs[a]), len(flat) - ends[a]))
        for head, size in zip(heads, sizes, strict=True):
            shared: Any = head[own] @ head[rest].T
            both = shared.toarray()
            total += both / (size[own, None] + size[rest] - both)
        yield from np.split(total / n_top, ends[a + 1 : -1] - ends[a], axis=1)


def _heads(lists: list[Features], depth: int, n_features: int) -> csr_array:
    """Return which features stand among the first `depth` of each list, as 0 and 1."""
    from scipy.sparse import csr_array

    columns = [features[:depth] for features in lists]
    starts: npt.NDArray[np.intp] = np.cumsum([0, *map(len, columns)])
    found = np.concatenate(columns)
    shape = (len(lists), n_features)
    return csr_array((np.ones(found.size), found, starts), shape=shape)


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """Agreement of top features over seeds."""
    yield MetricSpec(
        name="top_term_agreement",
        metric=TopTermAgreement,
        scope="seeds",
        direction="higher",
        range=(None, 1.0),
        examples=(TopTermAgreement(), TopTermAgreement(n_top=3)),
    )
