"""The clusters that factors imply: each sample with its heaviest component."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Factors, FittedRun, Matrix, NotApplicable
from nmflab.numerics import canonical

Labels: TypeAlias = npt.NDArray[np.intp]

UNASSIGNED = -1
"""Cluster of a sample that no component holds."""


def sample_clusters(run: FittedRun) -> Labels:
    """Return the component of the largest entry of each row of the canonical W.

    On the canonical scale (rows of H of one norm): any other would move samples between
    clusters without changing the model. -1 where a row of W holds nothing above 0.
    """
    return _heaviest(canonical(run.factors, run.problem.objective.loss).W)


def feature_clusters(run: FittedRun) -> Labels:
    """Return the same for the columns of H, with the columns of W of one norm."""
    turned = Factors(run.factors.H.T, run.factors.W.T)
    return _heaviest(canonical(turned, run.problem.objective.loss).W)


def classes_of(labels: npt.ArrayLike | None, clusters: Labels, what: str) -> Labels:
    """Return known classes as integers from 0.

    Raises
    ------
    NotApplicable
        If there are none, fewer than two, or not one for each cluster label.
    """
    if labels is None:
        raise NotApplicable(f"needs {what}")
    given: npt.NDArray[Any] = np.asarray(labels)
    if given.shape != clusters.shape:
        raise NotApplicable(
            f"needs one entry of {what} for each of the run's {clusters.size}, the data"
            f" have {given.size}"
        )
    if given.dtype == object:  # of mixed types, which have no order
        given = given.astype(str)
    names, classes = np.unique(given, return_inverse=True)
    if names.size < 2:
        raise NotApplicable(f"needs {what} of at least 2 classes")
    return np.asarray(classes, dtype=np.intp)


def contingency(classes: Labels, clusters: Labels) -> npt.NDArray[np.int64]:
    """Return counts ``(n_classes, n_clusters)``, unassigned samples left out."""
    shape = (int(classes.max()) + 1, max(int(clusters.max()) + 1, 1))
    held = clusters != UNASSIGNED
    cells = classes[held] * shape[1] + clusters[held]
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).astype(np.int64)
    return counts.reshape(shape)


def _heaviest(W: Matrix) -> Labels:
    if not (W > 0).any():
        raise NotApplicable("needs a component that is not 0")
    clusters = W.argmax(axis=1)
    return np.where((W > 0).any(axis=1), clusters, UNASSIGNED)
