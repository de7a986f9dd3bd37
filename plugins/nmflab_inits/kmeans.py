"""k-means clusters of the rows of X: centroids in H, memberships in W."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import LOSSES, Factors, InitSpec, Matrix, Problem, Takes
from nmflab.hookspecs import hookimpl
from nmflab_inits._matrix import in_safe_units, square_lengths
from nmflab_inits._partner import best_partner
from nmflab_inits._starts import (
    balanced,
    finished,
    mean_observed,
    refuse_below,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1

Labels = npt.NDArray[np.intp]


class Variant(StrEnum):
    """Which k-means."""

    euclidean = "euclidean"
    minibatch = "minibatch"
    spherical = "spherical"


class Partner(StrEnum):
    """What W is."""

    indicator = "indicator"
    nnls = "nnls"


@dataclass(frozen=True, kw_only=True)
class KMeansStart:
    """k-means: centroids of clusters of rows as H, ``indicator + offset`` as W.

    ``W_ik = [row i is in cluster k] + offset``; both halves of a component are then
    made equally long, which leaves their product as it is.

    Parameters
    ----------
    variant : {"euclidean", "minibatch", "spherical"}, default "euclidean"
        scikit-learn's KMeans or MiniBatchKMeans, or clusters of directions: rows and
        centroids of length 1, joined by the largest cosine.
    partner : {"indicator", "nnls"}, default "indicator"
        "nnls" takes for W the best nonnegative partner of the centroids instead.
    offset : float, default 0.2
        Added to the indicator, so that no entry starts at 0 (dimensionless).
    max_iter : int, default 30
        Most rounds of assigning rows and moving centroids.
    scale : bool, default True
        Whether both factors are multiplied by the root of the scalar a for which
        ``a WH`` has the smallest loss.

    Notes
    -----
    One start of k-means++ from the run's seed. A round costs about as much as one
    product of X with H; a sparse X stays sparse. Where there are fewer different rows
    than components, the clusters that stay empty are filled with random entries
    ``|N(0, 1)|·sqrt(mean(X) / n_components)``. Empty rows belong to no direction, so
    the spherical variant puts them into the first cluster. Missing entries are not
    taken: they would be clustered as zeros.

    References
    ----------
    C. Ding, T. Li, M. I. Jordan, "Convex and Semi-Nonnegative Matrix Factorizations",
    IEEE TPAMI 32(1), 2010 (the indicator plus 0.2).
    S. Wild, J. Curry, A. Dougherty, "Improving non-negative matrix factorizations
    through structured initialization", Pattern Recognition 37(11), 2004 (spherical).
    """

    variant: Variant = Variant.euclidean
    partner: Partner = Partner.indicator
    offset: float = 0.2
    max_iter: int = 30
    scale: bool = True

    def __post_init__(self) -> None:
        for name, choices in (("variant", Variant), ("partner", Partner)):
            value = getattr(self, name)
            if value not in list(choices):
                raise ValueError(
                    f"init.{name} must be one of {', '.join(choices)}, got {value!r}"
                )
        if not 0 <= self.offset < math.inf:
            raise ValueError(
                f"init.offset must be >= 0 and finite, got {self.offset}. Use 0.2, as"
                " published."
            )
        refuse_below("max_iter", self.max_iter, 1)

    def start(
        self, problem: Problem, n_components: int, rng: np.random.Generator
    ) -> Factors:
        """Return centroids and memberships; all zero where X is."""
        X, root = in_safe_units(problem)
        seed = int(rng.integers(2**32))
        labels = self._labels(X, min(n_components, X.shape[0]), seed)
        used, labels = np.unique(labels, return_inverse=True)
        H = _centroids(X, labels, used.size)
        W = best_partner(X, H) if self.partner == Partner.nnls else None
        if W is None:
            W = np.full((X.shape[0], used.size), self.offset)
            W[np.arange(W.shape[0]), labels] += 1
        W, H = balanced(W, H)
        size = math.sqrt(mean_observed(problem) / n_components) / root
        n_empty = n_components - used.size
        W = np.hstack([W, size * abs(rng.standard_normal((len(W), n_empty)))])
        H = np.vstack([H, size * abs(rng.standard_normal((n_empty, H.shape[1])))])
        return finished(problem, W * root, H * root, scale=self.scale)

    def _labels(self, X: Matrix | csr_array, n_clusters: int, seed: int) -> Labels:
        """Return the cluster of each row, out of at most `n_clusters`."""
        rows = _as_sklearn_takes_it(X)
        if self.variant == Variant.spherical:
            return _directions(X, rows, n_clusters, self.max_iter, seed)
        from sklearn.cluster import KMeans, MiniBatchKMeans
        from sklearn.exceptions import ConvergenceWarning

        kind = MiniBatchKMeans if self.variant == Variant.minibatch else KMeans
        model = kind(n_clusters, n_init=1, max_iter=self.max_iter, random_state=seed)
        with warnings.catch_warnings():
            # fewer different rows than clusters: the empty ones are filled
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels: Labels = model.fit(rows).labels_.astype(np.intp)
        return labels


def _as_sklearn_takes_it(X: Matrix | csr_array) -> Any:
    """Return X itself if dense; a CSR copied, with indices of 32 bits.

    scikit-learn takes no wider ones, and MiniBatchKMeans no read-only values.
    """
    if isinstance(X, np.ndarray):
        return X
    from scipy.sparse import csr_matrix

    if X.nnz > np.iinfo(np.int32).max:
        raise ValueError(
            f"init=kmeans: X stores {X.nnz} values, and scikit-learn's k-means takes at"
            " most 2**31 - 1; use init=random"
        )
    parts = X.data.copy(), X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return csr_matrix(parts, shape=X.shape)


def _centroids(X: Matrix | csr_array, labels: Labels, n_clusters: int) -> Matrix:
    """Return the mean row of each cluster, dense and in float64."""
    from scipy.sparse import csr_array

    counts = np.bincount(labels, minlength=n_clusters)
    at = (1 / counts[labels], (labels, np.arange(labels.size)))
    means: Any = csr_array(at, shape=(n_clusters, labels.size)) @ X
    dense: Matrix = means if isinstance(X, np.ndarray) else means.toarray()
    return dense


def _directions(
    X: Matrix | csr_array, rows: Any, n_clusters: int, max_iter: int, seed: int
) -> Labels:
    """Return the spherical clusters: each row joins the centroid of largest cosine."""
    from sklearn.cluster import kmeans_plusplus

    lengths = np.sqrt(square_lengths(X))
    per_length = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    unit = _rows_times(rows, per_length.astype(X.dtype))
    centers, _ = kmeans_plusplus(unit, n_clusters, random_state=seed)
    centers = centers if isinstance(centers, np.ndarray) else centers.toarray()
    labels = np.full(X.shape[0], -1)
    for _ in range(max_iter):
        before, labels = labels, np.asarray(unit @ centers.T).argmax(axis=1)
        if (labels == before).all():
            break
        sums = _centroids(unit, labels, n_clusters)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        # a cluster that lost its rows keeps its centroid
        np.divide(sums, norms, out=centers, where=norms > 0, casting="same_kind")
    return labels


def _rows_times(rows: Any, weights: Matrix) -> Any:
    """Return each row multiplied by its weight, stored as the rows are."""
    if isinstance(rows, np.ndarray):
        return rows * weights[:, None]
    scaled = rows.copy()
    scaled.data *= np.repeat(weights, np.diff(rows.indptr))
    return scaled


@hookimpl
def nmflab_initializations() -> Iterable[InitSpec]:
    """Clusters of rows."""
    yield InitSpec(
        name="kmeans",
        initialization=KMeansStart,
        takes=Takes(losses=LOSSES, penalties=frozenset({"l1", "l2"})),
        requires=("scikit-learn>=1.3",),
        examples=(
            KMeansStart(),
            KMeansStart(variant=Variant.minibatch),
            KMeansStart(variant=Variant.spherical, partner=Partner.nnls),
        ),
    )
