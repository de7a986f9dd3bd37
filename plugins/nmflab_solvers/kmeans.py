"""k-means clustering read as a factorization: memberships times centroids."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import (
    LOSSES,
    Factors,
    Matrix,
    Problem,
    Promises,
    SolverSpec,
    Step,
    Takes,
)
from nmflab.hookspecs import hookimpl
from nmflab_solvers._choices import check_choice
from nmflab_solvers._rescale import Rescaled, rescale
from nmflab_solvers._sklearn_call import quiet, without_zeros

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NMFLAB_CONTRACT = 1


class Weights(StrEnum):
    """What W holds where a row belongs to a cluster."""

    membership = "membership"
    scaled = "scaled"


@dataclass(frozen=True, kw_only=True)
class KMeans:
    """Lloyd's iterations: ``min Σ_i ‖x_i − h_{c(i)}‖²``, each row in one cluster c(i).

    scikit-learn's ``KMeans``. H holds the centroids, the means of their rows, and row i
    of W is 0 but for column c(i): a factorization with one component a row.

    Parameters
    ----------
    weights : {"membership", "scaled"}, default "membership"
        What W has at c(i). "membership": 1, so that a row is modelled by its centroid
        and the Frobenius objective is half the inertia. "scaled": the multiple of the
        centroid that is nearest to the row, ``max(0, <x_i, h> / ‖h‖²)``, for rows that
        differ in size; the clusters are the same.

    Notes
    -----
    It minimises an objective of its own, yielded with each step: the inertia, the sum
    of squared distances to the nearest centroid, in units of X squared. It never rises,
    and the run ends where no row changes its cluster.

    The first centroid k is the start's h_k times the mean of w_ik over those rows i in
    which ``w_ik ‖h_k‖`` is the largest (over all rows if there is none), since a start
    says how large a component is by both factors together. Components beyond
    n_samples stay 0. A cluster that has lost all rows gets the row that is farthest
    from its centroid, as the library does it.

    A step is one iteration of the library, started from the last centroids: n steps
    give the centroids of one call with ``max_iter=n`` (to the last bit for a CSR; from
    a dense X the library subtracts column means at each call, which rounds). Each call
    also assigns all rows anew at its end, so a step costs two assignments where the
    library's own iteration costs one: ``n_samples · n_features · n_components``
    operations each on a dense X, in proportion to the stored entries on a CSR.

    References
    ----------
    S. P. Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information
    Theory 28(2), 1982.
    C. Ding, X. He, H. D. Simon, "On the Equivalence of Nonnegative Matrix Factorization
    and Spectral Clustering", SIAM Data Mining, 2005 (k-means as a factorization).
    F. Pedregosa et al., "Scikit-learn: Machine Learning in Python", JMLR 12, 2011.
    """

    weights: Weights = Weights.membership

    def __post_init__(self) -> None:
        check_choice("weights", self.weights, Weights)

    def iterate(
        self, problem: Problem, init: Factors, rng: np.random.Generator
    ) -> Generator[Factors | Step, None, str | None]:
        """Yield the factors after each iteration; `rng` is not used.

        Raises
        ------
        ValueError
            If a CSR has more entries than 32-bit indices can count.
        """
        scaled = rescale(problem)
        X = _with_short_indices(without_zeros(scaled.problem.X))
        Wt, H = scaled.enter(init)
        n_active = min(H.shape[0], problem.shape[0])
        H[:n_active] *= _typical_weights(Wt, H)[:n_active, None]
        H[n_active:] = 0
        labels = np.full(problem.shape[0], -1)
        n_steps = 0
        while True:
            before = labels
            H[:n_active], labels, inertia = _iteration(X, H[:n_active])
            n_steps += 1
            Wt = self._weights(X, H, labels)
            yield _in_units(scaled, Wt, H, inertia)
            if np.array_equal(labels, before):
                return (
                    f"k-means converged after {n_steps} iterations: no row changed its"
                    " cluster"
                )

    def _weights(
        self, X: Matrix | csr_array, H: Matrix, labels: npt.NDArray[np.integer]
    ) -> Matrix:
        """Return ``W'`` for the rows' clusters."""
        rows = np.arange(labels.size)
        Wt = np.zeros((H.shape[0], labels.size), dtype=H.dtype)
        if self.weights == Weights.membership:
            Wt[labels, rows] = 1
            return Wt
        products: Any = X @ H.T
        squares = np.einsum("kj,kj->k", H, H)
        inner, square = products[rows, labels], squares[labels]
        Wt[labels, rows] = np.divide(
            inner, square, out=np.zeros_like(inner), where=square > 0
        )
        return Wt


def _iteration(
    X: Matrix | csr_array, centers: Matrix
) -> tuple[Matrix, npt.NDArray[np.integer], float]:
    """Return centroids, clusters and inertia after one iteration of the library."""
    from sklearn.cluster import KMeans as Library

    model = Library(
        centers.shape[0],
        init=centers,
        n_init=1,
        max_iter=1,
        tol=0.0,
        algorithm="lloyd",
        random_state=0,  # nothing is drawn where the centroids are given
    )
    with quiet():
        model.fit(X)
    # Column means, subtracted and added again, may leave -1e-17 for 0.
    return np.maximum(model.cluster_centers_, 0), model.labels_, float(model.inertia_)


def _typical_weights(Wt: Matrix, H: Matrix) -> Matrix:
    """Return the mean of each row of ``W'`` over the columns it weighs most in."""
    sizes = Wt * np.linalg.norm(H, axis=1, keepdims=True)
    most = sizes.argmax(axis=0) == np.arange(len(Wt))[:, None]
    most[~most.any(axis=1)] = True
    means: Matrix = np.mean(Wt, axis=1, where=most)
    return means


def _in_units(scaled: Rescaled, Wt: Matrix, H: Matrix, inertia: float) -> Step:
    """Return a step in the given problem's units: all of a change of unit is in H."""
    unit = scaled.root**2
    factors = Factors(Wt.T, H if unit == 1 else H * unit)
    return Step(factors, objective=inertia * unit * unit)


def _with_short_indices(X: Matrix | csr_array) -> Matrix | csr_array:
    """Return X with 32-bit indices, which the library insists on."""
    if isinstance(X, np.ndarray) or X.indices.dtype == X.indptr.dtype == np.int32:
        return X
    from scipy.sparse import csr_array

    if max(X.data.size, *X.shape) > np.iinfo(np.int32).max:
        raise ValueError(
            f"solver=kmeans: scikit-learn's KMeans takes a CSR of up to 2^31 - 1 stored"
            f" entries, X has {X.data.size}; use dense data or another solver"
        )
    indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return csr_array((X.data, indices, indptr), shape=X.shape)


@hookimpl
def nmflab_solvers() -> Iterable[SolverSpec]:
    """k-means clustering."""
    yield SolverSpec(
        name="kmeans",
        solver=KMeans,
        takes=Takes(losses=LOSSES),
        promises=Promises(minimises="own"),
        requires=("scikit-learn>=1.3",),
        examples=(KMeans(), KMeans(weights=Weights.scaled)),
    )
