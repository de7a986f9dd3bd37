"""Components of many fits, clustered: which come back from every draw of the data.

The r components of each of B fits go to r clusters, one component of every fit to
each: a k-means whose assignment is a matching. How far apart the clusters are, against
how wide they are, says whether r components can be told apart at all.

References
----------
L. B. Alexandrov, S. Nik-Zainal, D. C. Wedge, P. J. Campbell, M. R. Stratton,
"Deciphering Signatures of Mutational Processes Operative in Human Cancer", Cell
Reports 3(1), 2013 (the clustering and its silhouettes).
B. T. Nebgen, R. Vangara, M. A. Hombrados-Herrera, S. Kuksova, B. S. Alexandrov, "A
neural network for determination of latent dimensionality in non-negative matrix
factorization", Machine Learning: Science and Technology 2(2), 2021 (NMFk).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix
from nmflab.numerics.canonical import unit_rows
from nmflab.numerics.cells import Float64

_MOST_ROUNDS = 100


def cluster_components(Hs: Sequence[Matrix]) -> npt.NDArray[np.intp]:
    """Return the cluster of each component: one component of every fit in each.

    Starts from the components of the first fit. In each round the components of every
    fit are matched with the centroids so that the sum of cosines is largest, and a
    centroid becomes the mean of its members; until the matching stays.

    Parameters
    ----------
    Hs : sequence of ndarrays of shape (n_components, n_features)
        All of one shape; their scale does not matter.

    Returns
    -------
    ndarray of int of shape (n_fits, n_components)
        Each row is a permutation.

    Raises
    ------
    ValueError
        If there are no fits, or their shapes differ.
    """
    from scipy.optimize import linear_sum_assignment

    units = _stacked(Hs)
    centroids = units[0]
    clusters = np.full(units.shape[:2], -1, dtype=np.intp)
    for _ in range(_MOST_ROUNDS):
        matched = np.array(
            [linear_sum_assignment(H @ centroids.T, maximize=True)[1] for H in units]
        )
        if (matched == clusters).all():
            break
        clusters = matched
        members = units[np.arange(len(units))[:, None], np.argsort(clusters, axis=1)]
        centroids = unit_rows(members.mean(axis=0))
    return clusters


def cluster_silhouettes(Hs: Sequence[Matrix]) -> Float64:
    """Return the mean silhouette of each cluster of components, by cosine distance.

    The silhouette of a component is ``(b − a)/max(a, b)`` with a its mean distance to
    the others of its cluster and b its least mean distance to those of another cluster
    (Rousseeuw 1987): from −1 to 1, and 1 where clusters are points.

    Parameters
    ----------
    Hs : sequence of ndarrays of shape (n_components, n_features)
        At least two.

    Returns
    -------
    ndarray of shape (n_components,)
        Dimensionless; all 1 for one component, which nothing can be confused with.

    Raises
    ------
    ValueError
        If there are fewer than two fits, or their shapes differ.

    References
    ----------
    P. J. Rousseeuw, "Silhouettes: A graphical aid to the interpretation and validation
    of cluster analysis", J. Comput. Appl. Math. 20, 1987.
    """
    if len(Hs) < 2:
        raise ValueError(
            f"cluster_silhouettes: needs at least 2 fits, got {len(Hs)}; draw the data"
            " more often"
        )
    units = _stacked(Hs)
    n_fits, r, n_features = units.shape
    if r == 1:
        return np.ones(1)
    clusters = cluster_components(Hs).ravel()
    flat = units.reshape(n_fits * r, n_features)
    distances = np.clip(1.0 - flat @ flat.T, 0.0, 2.0)
    np.fill_diagonal(distances, 0.0)
    belongs = np.equal.outer(clusters, np.arange(r)).astype(np.float64)
    sums = distances @ belongs
    own = belongs.astype(bool)
    within = sums[own] / (n_fits - 1)
    between = np.where(own, np.inf, sums / n_fits).min(axis=1)
    larger = np.maximum(within, between)
    silhouettes = np.where(
        larger > 0, (between - within) / np.maximum(larger, 1e-300), 0
    )
    means: Float64 = silhouettes @ belongs / n_fits
    return means


def _stacked(Hs: Sequence[Matrix]) -> Float64:
    shapes = {np.shape(H) for H in Hs}
    if len(shapes) != 1:
        raise ValueError(
            f"components of fits of shapes {sorted(shapes)} cannot be clustered; give"
            " at least one fit, all with the same numbers of components and features"
        )
    return np.stack([unit_rows(H) for H in Hs])
