"""C_v coherence, as gensim computes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from nmflab.contracts import FittedRun, MetricSpec, NotApplicable
from nmflab.hookspecs import hookimpl
from nmflab_metrics.cooccurrence import over_components
from nmflab_metrics.top_lists import (
    check_n_top,
    distributions,
    names_of,
    top_lists,
)

NMFLAB_CONTRACT = 1


@dataclass(frozen=True, kw_only=True)
class CV:
    """C_v: mean cosine of each top word's NPMI vector with that of all top words.

    From 0 to 1, higher is better; dimensionless. By gensim, on the documents' own
    tokens; needs ``pip install 'nmflab[text]'``. It can be high for lists of unrelated
    rare words: never read it alone. Some ten seconds for a million tokens.

    Parameters
    ----------
    n_top : int, default 10
        Length of the lists, at least 2.
    window : int, default 110
        Tokens in a window.

    References
    ----------
    M. Röder, A. Both, A. Hinneburg, "Exploring the Space of Topic Coherence Measures",
    WSDM 2015.
    """

    n_top: int = 10
    window: int = 110

    def __post_init__(self) -> None:
        check_n_top("c_v", self.n_top, least=2)
        if not self.window >= 2:
            raise ValueError(
                f"metric.c_v.window must be at least 2, got {self.window}; 110 is usual"
            )

    def compute(self, run: FittedRun) -> float:
        """Raise NotApplicable without gensim, or if no two top words are tokens."""
        if find_spec("gensim") is None:
            raise NotApplicable("needs gensim (pip install 'nmflab[text]')")
        texts = [str(one).split() for one in run.dataset.extras["tokens"]]
        names = names_of(run)
        known = {word for text in texts for word in text}
        lists = top_lists(distributions(run), self.n_top)
        words = [[w for j in top if (w := str(names[j])) in known] for top in lists]
        return self._coherence([one for one in words if len(one) >= 2], texts)

    def _coherence(
        self, words: Sequence[Sequence[str]], texts: Sequence[Sequence[str]]
    ) -> float:
        from gensim.corpora import Dictionary
        from gensim.models import CoherenceModel

        if not words:
            return over_components([])
        model = CoherenceModel(
            topics=words,
            texts=texts,
            dictionary=Dictionary(texts),
            coherence="c_v",
            window_size=self.window,
            topn=self.n_top,
            processes=1,  # a run has its own process, and one only
        )
        with np.errstate(invalid="ignore"):  # a word of no information has no cosine
            found = model.get_coherence_per_topic()
        # Rounding can carry a cosine past 1.
        return float(np.clip(over_components(found), 0.0, 1.0))


@hookimpl
def nmflab_metrics() -> Iterator[MetricSpec]:
    """C_v coherence, where gensim is installed."""
    yield MetricSpec(
        name="c_v",
        metric=CV,
        needs=frozenset({"tokens"}),
        direction="higher",
        range=(0.0, 1.0),
        examples=(CV(), CV(n_top=3, window=5)),
    )
