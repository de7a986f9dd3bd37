"""How often samples fall together: the consensus of clusterings over runs.

A run of a factorization clusters the samples, each to its largest component in W. Runs
that agree on the clusters give a consensus matrix of 0 and 1 alone.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, Matrix
from nmflab.numerics.canonical import canonical
from nmflab.numerics.cells import Float64

Labels = npt.NDArray[np.intp]

UNLABELLED = -1
"""The label of a sample whose row of W holds nothing above 0: it has no component."""


def argmax_labels(factors: Factors, loss: str = "frobenius") -> Labels:
    """Return the component each sample loads on most, ``argmax_k W_ik``.

    Taken on the canonical scale of H (see `nmflab.numerics.canonical`), since the
    argmax depends on how scale is shared between W and H (Yang & Seoighe 2016). The
    numbers of components are those of the canonical order.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        `UNLABELLED` where a row of W holds nothing above 0; the first of equal ones.

    References
    ----------
    H. Yang, C. Seoighe, "Impact of the choice of normalization method on molecular
    cancer class discovery using nonnegative matrix factorization", PLoS ONE 11(10),
    2016.
    """
    W = canonical(factors, loss).W
    labels: Labels = W.argmax(axis=1).astype(np.intp)
    return np.where(W.max(axis=1, initial=0.0) > 0, labels, UNLABELLED)


def consensus_matrix(labels: Iterable[npt.ArrayLike]) -> Float64:
    """Return ``C_ij``, the share of runs in which samples i and j have one label.

    Parameters
    ----------
    labels : iterable of n_runs array-likes of int of shape (n_samples,)
        A sample of label `UNLABELLED` is together with itself alone.

    Returns
    -------
    ndarray of shape (n_samples, n_samples)
        Symmetric, from 0 to 1, dimensionless; the diagonal is 1.

    Raises
    ------
    ValueError
        If there is no run, or the runs differ in n_samples.

    References
    ----------
    S. Monti, P. Tamayo, J. Mesirov, T. Golub, "Consensus clustering", Machine Learning
    52, 2003.
    """
    runs = [np.asarray(run, dtype=np.intp) for run in labels]
    if not runs or any(run.ndim != 1 or run.shape != runs[0].shape for run in runs):
        raise ValueError(
            f"consensus_matrix: got labels of shapes {[run.shape for run in runs]};"
            " give at least one run, and one label a sample in each"
        )
    members = [run[:, None] == np.unique(run[run >= 0]) for run in runs]
    # One product, and float32: it counts runs, exactly up to 2^24 of them.
    belongs = np.concatenate(members, axis=1).astype(np.float32)
    C: Float64 = (belongs @ belongs.T).astype(np.float64)
    C /= len(runs)
    np.fill_diagonal(C, 1.0)
    return C


def cophenetic_correlation(C: Matrix) -> float:
    """Return how hierarchical a consensus is, ``corr(1 − C, cophenet(1 − C))``.

    The correlation, over all pairs of samples, of the distances ``1 − C`` with those at
    which average linkage joins the pairs; at most 1, which is reached when C holds only
    0 and 1 and is an equivalence. NaN where it has no meaning: all pairs are equally
    far, as with one component, or there are fewer than two samples.

    Parameters
    ----------
    C : ndarray of shape (n_samples, n_samples)

    References
    ----------
    J.-P. Brunet, P. Tamayo, T. R. Golub, J. P. Mesirov, "Metagenes and molecular
    pattern discovery using matrix factorization", PNAS 101(12), 2004.
    """
    from scipy.cluster.hierarchy import average, cophenet

    distances = _pairs(1.0 - np.asarray(C, dtype=np.float64))
    if distances.size == 0 or np.ptp(distances) == 0:
        return float("nan")
    joined = cophenet(average(distances))
    if np.ptp(joined) == 0:
        return float("nan")
    return float(min(1.0, np.corrcoef(distances, joined)[0, 1]))


def dispersion(C: Matrix) -> float:
    """Return how decided a consensus is, ``mean of 4 (C_ij − ½)²`` over all i and j.

    From 0, where every pair is together in half of the runs, to 1, where runs agree on
    every pair (Kim & Park 2007); the diagonal, always 1, is counted.

    References
    ----------
    H. Kim, H. Park, "Sparse non-negative matrix factorizations via alternating
    non-negativity-constrained least squares for microarray data analysis",
    Bioinformatics 23(12), 2007.
    """
    return float(np.mean(np.square(2.0 * np.asarray(C, dtype=np.float64) - 1.0)))


def consensus_order(C: Matrix) -> npt.NDArray[np.intp]:
    """Return the order of samples that average linkage of ``1 − C`` gives a drawing."""
    from scipy.cluster.hierarchy import average, leaves_list

    distances = _pairs(1.0 - np.asarray(C, dtype=np.float64))
    if distances.size == 0:
        return np.arange(np.shape(C)[0], dtype=np.intp)
    order: npt.NDArray[np.intp] = leaves_list(average(distances)).astype(np.intp)
    return order


def _pairs(D: Float64) -> Float64:
    """Return the entries above the diagonal, row by row."""
    rows = [D[i, i + 1 :] for i in range(D.shape[0] - 1)]
    return np.concatenate(rows) if rows else np.zeros(0)
