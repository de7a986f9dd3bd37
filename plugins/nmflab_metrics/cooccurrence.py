"""How often features occur together: in samples, or in windows of their tokens.

The reference is always the data set itself. Only the columns that are asked for are
touched, and a sparse X stays sparse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Matrix, NotApplicable
from nmflab_metrics.top_lists import Features

if TYPE_CHECKING:
    from scipy.sparse import csc_array


@dataclass(frozen=True)
class Occurrence:
    """Which of some features occur in which contexts (samples or windows).

    Parameters
    ----------
    features : ndarray of int of shape (n_listed,)
        Ascending columns of X.
    within : csc_array of int of shape (n_contexts, n_listed)
        1 where a feature occurs.
    """

    features: Features
    within: csc_array

    @property
    def n_contexts(self) -> int:
        """Number of samples or windows."""
        return int(self.within.shape[0])

    def drawn(
        self, lists: Sequence[Features], rng: np.random.Generator
    ) -> list[Features]:
        """Return lists of the same lengths, each drawn from all that are listed."""
        return [rng.choice(self.features, len(one), replace=False) for one in lists]

    def together(self, features: Features) -> npt.NDArray[np.int64]:
        """Return in how many contexts each two occur; the diagonal is each alone."""
        places = np.searchsorted(self.features, features)
        if self._counts is not None:
            return self._counts[np.ix_(places, places)]
        return _counted(self.within[:, places])

    @cached_property
    def _counts(self) -> npt.NDArray[np.int64] | None:
        """All at once, where they are few: lists share features, and draws of them."""
        return _counted(self.within) if self.features.size <= _FEW else None


_FEW = 2000


def _counted(within: Any) -> npt.NDArray[np.int64]:
    return np.asarray((within.T @ within).toarray(), dtype=np.int64)


def in_samples(dataset: Dataset, lists: Sequence[Features]) -> Occurrence:
    """Return which samples hold the listed features: where X is not 0.

    Raises
    ------
    NotApplicable
        If X holds negative values there.
    """
    from scipy.sparse import csc_array

    features = np.unique(np.concatenate(lists))
    columns: Any = csc_array(dataset.X[:, features])
    if columns.nnz and columns.data.min() < 0:
        raise NotApplicable("needs X of at least 0, in which 0 means absent")
    columns.eliminate_zeros()
    columns.data = np.ones(columns.data.size, dtype=np.int64)
    return Occurrence(features, columns)


def in_windows(
    tokens: Sequence[str], names: Sequence[str], lists: Sequence[Features], size: int
) -> Occurrence:
    """Return which windows of `size` tokens hold the listed features, by their names.

    A window starts at each token that has `size` tokens from there on in its document;
    a shorter document is one window. A feature counts once a window.
    """
    from scipy.sparse import csc_array

    features = np.unique(np.concatenate(lists))
    place = {str(names[j]): at for at, j in enumerate(features)}
    at, first, last, n_windows = _spans(tokens, place, size)
    widths = last - first + 1
    starts = np.repeat(first - np.cumsum(widths) + widths, widths)
    windows = starts + np.arange(starts.size)
    ones = np.ones(windows.size, dtype=np.int64)
    shape = (n_windows, features.size)
    within: Any = csc_array((ones, (windows, np.repeat(at, widths))), shape=shape)
    within.sum_duplicates()
    within.data[:] = 1
    return Occurrence(features, within)


def _spans(
    tokens: Sequence[str], place: dict[str, int], size: int
) -> tuple[Features, Features, Features, int]:
    """Return for each token that is listed: what it is, its first and last window."""
    spans: list[tuple[int, int, int]] = []
    n_windows = 0
    for document in tokens:
        words = document.split()
        n_here = max(len(words) - size + 1, 1)
        for position, word in enumerate(words):
            feature = place.get(word)
            if feature is not None:
                first = n_windows + max(position - size + 1, 0)
                last = n_windows + min(position, n_here - 1)
                spans.append((feature, first, last))
        n_windows += n_here if words else 0
    found = np.array(spans, dtype=np.intp).reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2], n_windows


def pointwise_information(
    counts: npt.NDArray[np.int64],
    n_contexts: int,
    epsilon: float,
    *,
    normalized: bool,
) -> Matrix:
    """Return ``log((P_ij + ε) / (P_i P_j))`` of each two features, NaN where undefined.

    Normalized: divided by ``−log(P_ij + ε)``, from -1 to 1; with ε = 0 features that
    never meet have its limit, -1. Undefined where a feature never occurs, and where two
    are in every context: they tell nothing.

    Parameters
    ----------
    counts : ndarray of int of shape (n, n)
        As of `Occurrence.together`.
    n_contexts : int
    epsilon : float
        ε; at least 0.
    normalized : bool
    """
    alone = counts.diagonal() / max(n_contexts, 1)
    both, product = counts / max(n_contexts, 1) + epsilon, np.outer(alone, alone)
    known = (product > 0) & (counts < n_contexts)
    met = known & (both > 0)
    values = np.full(counts.shape, np.nan)
    values[known] = -1.0 if normalized else -np.inf
    logs = np.log(both[met])
    values[met] = logs - np.log(product[met])
    if normalized:
        values[met] = np.clip(values[met] / -logs, -1.0, 1.0)
    return values


def mean_over_pairs(
    occurrence: Occurrence,
    lists: Iterable[Features],
    epsilon: float,
    *,
    normalized: bool,
) -> float:
    """Return the mean over lists of the mean over pairs of `pointwise_information`."""

    def coherence(top: Features) -> float:
        counts, n = occurrence.together(top), occurrence.n_contexts
        values = pointwise_information(counts, n, epsilon, normalized=normalized)
        return _mean(values[np.triu_indices(len(top), k=1)])

    return over_components(coherence(top) for top in lists)


def over_components(values: Iterable[float]) -> float:
    """Return the mean of what is defined, or say that the metric does not apply."""
    mean = _mean(values)
    if np.isnan(mean):
        raise NotApplicable(
            "needs components of at least 2 features that occur in the data, and not"
            " everywhere"
        )
    return mean


def _mean(values: Iterable[float]) -> float:
    """Return the mean of what is defined; NaN where nothing is."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else np.nan
