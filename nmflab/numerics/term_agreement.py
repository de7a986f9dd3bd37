"""Whether two factorizations rank the same features on top."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Matrix


def average_jaccard(
    a: npt.NDArray[np.integer], b: npt.NDArray[np.integer]
) -> npt.NDArray[np.float64]:
    """Return ``AJ(R_k, S_l) = 1/t Σ_{d=1..t} |R_k^d ∩ S_l^d| / |R_k^d ∪ S_l^d|``.

    ``R^d`` holds the first d entries of a ranked list: agreement near the top counts
    most (Greene et al. 2014, eq. 1 and 2).

    Parameters
    ----------
    a : ndarray of int of shape (n_lists_a, t)
        Ranked lists of distinct features, best first.
    b : ndarray of int of shape (n_lists_b, t)

    Returns
    -------
    ndarray of shape (n_lists_a, n_lists_b)
        From 0 to 1, dimensionless.

    Raises
    ------
    ValueError
        If the lists differ in length.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not a.shape[1]:
        raise ValueError(
            f"average_jaccard: ranked lists of shapes {a.shape} and {b.shape}; they"
            " must be as long as each other, and not empty"
        )
    t = a.shape[1]
    depths = np.arange(1, t + 1)
    scores = np.empty((len(a), len(b)))
    for k, first in enumerate(a):
        same = first[:, None, None] == b.T[None]  # (place in a, place in b, list of b)
        # A feature is shared from the depth on at which both lists have shown it.
        deeper = np.maximum.outer(depths, depths)[:, :, None]
        at = np.where(same, deeper, t + 1).min(axis=1)  # (place in a, list of b)
        shared = (at[None] <= depths[:, None, None]).sum(axis=1)
        scores[k] = (shared / (2 * depths[:, None] - shared)).mean(axis=0)
    return scores


def ranked_features(H: Matrix, t: int) -> npt.NDArray[np.intp]:
    """Return the t largest features of each row of H, best first; ties by position."""
    order: npt.NDArray[np.intp] = np.argsort(-np.asarray(H), axis=1, kind="stable")
    return order[:, : min(t, H.shape[1])]


def term_agreement(H_a: Matrix, H_b: Matrix, t: int = 20) -> float:
    """Return the mean average Jaccard of the best matched pairs of components.

    Components are matched one to one so that the sum of `average_jaccard` of their top
    t features is largest; the mean is over the components of the smaller model.

    Parameters
    ----------
    H_a, H_b : ndarrays of shape (n_components, n_features)
    t : int, default 20
        Length of the lists; at most n_features are compared.

    Returns
    -------
    float
        From 0 to 1, where 1 is the same features in the same order.

    References
    ----------
    D. Greene, D. O'Callaghan, P. Cunningham, "How Many Topics? Stability Analysis for
    Topic Models", ECML PKDD 2014.
    """
    from scipy.optimize import linear_sum_assignment

    scores = average_jaccard(ranked_features(H_a, t), ranked_features(H_b, t))
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return float(scores[rows, columns].mean())
