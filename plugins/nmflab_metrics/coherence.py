"""Whether the top features of a component belong together: topic coherence.

Counts come from the data set itself: no outside corpus is at hand, so a value is not to
be compared with one from Wikipedia. "document" metrics count samples in which X is not
0 and apply to any X of at least 0; "window" metrics need the ordered tokens. Components
are means over pairs of top features, a run the mean over its components. Features that
never occur, and pairs in every context, are left out.

Longer tails of components bring rarer features, so that a value moves with n_components
by itself. Suffix "chance" is the mean over lists of the same lengths drawn at random
from all features that the run lists; where the best value is known, "adjusted" is
``(value − chance) / (best − chance)``: compare different n_components by that. With one
component there is nothing to draw from but its own list.

All of them agree with people only loosely: look at the lists beside the numbers
(A. Hoyle et al., "Is Automated Topic Model Evaluation Broken?", NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from nmflab.contracts import FittedRun, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab_metrics.chance import beside_chance, by_chance, check_draws
from nmflab_metrics.cooccurrence import (
    Occurrence,
    in_samples,
    in_windows,
    mean_over_pairs,
    over_components,
)
from nmflab_metrics.top_lists import (
    Features,
    check_n_top,
    distributions,
    names_of,
    top_lists,
)

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class UMass:
    """UMass coherence ``Σ_{i=2..t} Σ_{j<i} log((D(v_i, v_j) + 1) / D(v_j))``.

    D counts samples; v_1 is the heaviest feature. Usually below 0, higher is better; of
    the order of t², so compare for one n_top only. The sum of Mimno et al.; gensim's
    ``u_mass`` is a mean with another constant, and another number.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, at least 2.
    n_draws : int, default 20
        Random lists behind "chance"; 0 leaves it out.

    References
    ----------
    D. Mimno, H. Wallach, E. Talley, M. Leenders, A. McCallum, "Optimizing Semantic
    Coherence in Topic Models", EMNLP 2011.
    """

    n_top: int = 10
    n_draws: int = 20

    def __post_init__(self) -> None:
        check_n_top("umass", self.n_top, least=2)
        check_draws("umass", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no two top features occur."""
        lists = top_lists(distributions(run), self.n_top)
        occurrence = in_samples(run.dataset, lists)
        return _beside_draws("umass", occurrence, lists, _umass_of, self.n_draws)


@dataclass(frozen=True, kw_only=True)
class Uci:
    """UCI coherence: mean of ``log((P(v_i, v_j) + ε) / (P(v_i) P(v_j)))`` over pairs.

    P is the share of windows of the documents' tokens; higher is better, not bounded.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, at least 2.
    window : int, default 10
        Tokens in a window.
    epsilon : float, default 1e-12
        ε, above 0: what a pair that never meets has in place of 0.
    n_draws : int, default 20
        Random lists behind "chance"; 0 leaves it out.

    References
    ----------
    D. Newman, J. H. Lau, K. Grieser, T. Baldwin, "Automatic Evaluation of Topic
    Coherence", NAACL-HLT 2010.
    """

    n_top: int = 10
    window: int = 10
    epsilon: float = 1e-12
    n_draws: int = 20

    def __post_init__(self) -> None:
        check_n_top("uci", self.n_top, least=2)
        check_draws("uci", self.n_draws)
        _check_window("uci", self.window, self.epsilon)
        if self.epsilon == 0:
            raise ValueError(
                "metric.uci.epsilon must be above 0, got 0: a pair that never meets"
                " would be minus infinity; 1e-12 is usual"
            )

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no two top features are among the tokens."""
        lists = top_lists(distributions(run), self.n_top)
        occurrence = _windows(run, lists, self.window)
        coherence = partial(mean_over_pairs, epsilon=self.epsilon, normalized=False)
        return _beside_draws("uci", occurrence, lists, coherence, self.n_draws)


@dataclass(frozen=True, kw_only=True)
class NpmiWindow:
    """Window NPMI: mean of ``log((P_ij + ε)/(P_i P_j)) / −log(P_ij + ε)`` over pairs.

    P is the share of windows of the documents' tokens. From -1 to 1 (always together),
    0 where independent; dimensionless. With the ε of gensim's ``c_npmi`` a pair that
    never meets has about -0.7 and not -1.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, at least 2.
    window : int, default 10
        Tokens in a window.
    epsilon : float, default 1e-12
        ε; with 0 a pair that never meets has -1.
    n_draws : int, default 20
        Random lists behind "chance"; 0 leaves it out.

    Notes
    -----
    Equal to gensim 4's ``c_npmi`` where no word stands twice in a window. Where one
    does, gensim forgets it as soon as the first of the two has left the window.

    References
    ----------
    G. Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction",
    GSCL 2009.
    N. Aletras, M. Stevenson, "Evaluating Topic Coherence Using Distributional
    Semantics", IWCS 2013.
    """

    n_top: int = 10
    window: int = 10
    epsilon: float = 1e-12
    n_draws: int = 20

    def __post_init__(self) -> None:
        check_n_top("npmi_window", self.n_top, least=2)
        check_draws("npmi_window", self.n_draws)
        _check_window("npmi_window", self.window, self.epsilon)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no two top features are among the tokens."""
        lists = top_lists(distributions(run), self.n_top)
        occurrence = _windows(run, lists, self.window)
        coherence = partial(mean_over_pairs, epsilon=self.epsilon, normalized=True)
        return _beside_draws(
            "npmi_window", occurrence, lists, coherence, self.n_draws, best=1.0
        )


@dataclass(frozen=True, kw_only=True)
class NpmiDocument:
    """Document NPMI: mean of ``log(P_ij/(P_i P_j)) / −log P_ij`` over pairs.

    P is the share of samples in which X is not 0. From -1 (a pair that never meets) to
    1 (always together), 0 where independent; dimensionless. Long documents hold
    unrelated words: it is another metric than `NpmiWindow`, usually higher.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, at least 2.
    n_draws : int, default 20
        Random lists behind "chance"; 0 leaves it out.

    References
    ----------
    G. Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction",
    GSCL 2009.
    """

    n_top: int = 10
    n_draws: int = 20

    def __post_init__(self) -> None:
        check_n_top("npmi_document", self.n_top, least=2)
        check_draws("npmi_document", self.n_draws)

    def compute(self, run: FittedRun) -> dict[str, float]:
        """Raise NotApplicable if no pair of top features says anything."""
        lists = top_lists(distributions(run), self.n_top)
        occurrence = in_samples(run.dataset, lists)
        coherence = partial(mean_over_pairs, epsilon=0.0, normalized=True)
        return _beside_draws(
            "npmi_document", occurrence, lists, coherence, self.n_draws, best=1.0
        )


def _check_window(metric: str, window: int, epsilon: float) -> None:
    if not window >= 2:
        raise ValueError(
            f"metric.{metric}.window must be at least 2, got {window}; 10 is usual"
        )
    if not 0 <= epsilon < 1:
        raise ValueError(
            f"metric.{metric}.epsilon must be at least 0 and below 1, got {epsilon};"
            " 1e-12 is usual"
        )


def _windows(run: FittedRun, lists: Sequence[Features], size: int) -> Occurrence:
    tokens = run.dataset.extras.get("tokens")
    if tokens is None:
        raise NotApplicable("needs tokens")
    return in_windows([str(one) for one in tokens], names_of(run), lists, size)


def _beside_draws(
    metric: str,
    occurrence: Occurrence,
    lists: Sequence[Features],
    coherence: Callable[[Occurrence, Sequence[Features]], float],
    n_draws: int,
    best: float | None = None,
) -> dict[str, float]:
    """Return a run's coherence beside that of lists drawn from what it lists."""
    value = coherence(occurrence, lists)

    def draw(rng: np.random.Generator) -> float:
        try:
            return coherence(occurrence, occurrence.drawn(lists, rng))
        except NotApplicable:  # no pair of this draw says anything
            return np.nan

    return beside_chance(value, by_chance(metric, draw, n_draws), best)


def _umass_of(occurrence: Occurrence, lists: Sequence[Features]) -> float:
    n = occurrence.n_contexts
    return over_components(_umass(occurrence.together(top), n) for top in lists)


def _umass(counts: npt.NDArray[np.int64], n_contexts: int) -> float:
    """Return the sum over pairs, NaN where no pair says anything."""
    later, earlier = np.tril_indices(len(counts), k=-1)
    alone, both = counts.diagonal(), counts[later, earlier]
    known = (alone[earlier] > 0) & (alone[later] > 0) & (both < n_contexts)
    if not known.any():
        return np.nan
    return float(np.log((both[known] + 1) / alone[earlier[known]]).sum())


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """UMass, UCI, and NPMI in windows and in documents."""
    yield MetricSpec(
        name="umass",
        metric=UMass,
        direction="higher",
        examples=(UMass(), UMass(n_top=3)),
    )
    yield MetricSpec(
        name="uci",
        metric=Uci,
        needs=frozenset({"tokens"}),
        direction="higher",
        examples=(Uci(), Uci(n_top=3, window=3)),
    )
    yield MetricSpec(
        name="npmi_window",
        metric=NpmiWindow,
        needs=frozenset({"tokens"}),
        direction="higher",
        range=(None, 1.0),
        examples=(NpmiWindow(), NpmiWindow(n_top=3, window=3, epsilon=0.0)),
    )
    yield MetricSpec(
        name="npmi_document",
        metric=NpmiDocument,
        direction="higher",
        range=(None, 1.0),
        examples=(NpmiDocument(), NpmiDocument(n_top=3)),
    )
