"""Numbers that compare known classes with clusters (`nmflab_metrics.partition`)."""

from __future__ import annotations

import numpy as np

from nmflab_metrics.partition import UNASSIGNED, Labels, contingency


def accuracy(classes: Labels, clusters: Labels) -> float:
    """Return the share of samples in the cluster that is matched with their class."""
    from scipy.optimize import linear_sum_assignment

    counts = contingency(classes, clusters)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / classes.size)


def purity(classes: Labels, clusters: Labels) -> float:
    """Return the share of samples of their cluster's most frequent class."""
    return float(contingency(classes, clusters).max(axis=0).sum() / classes.size)


def mutual_information(classes: Labels, clusters: Labels) -> float:
    """Return the mutual information in nats; unassigned samples are a cluster."""
    from sklearn.metrics import mutual_info_score

    counts = contingency(classes, clusters - UNASSIGNED)
    return max(0.0, float(mutual_info_score(None, None, contingency=counts)))


def mean_entropies(classes: Labels, clusters: Labels) -> dict[str, float]:
    """Return the two means of the entropies of classes and clusters, in nats."""
    from scipy.stats import entropy

    a, b = (
        float(entropy(np.bincount(one))) for one in (classes, clusters - UNASSIGNED)
    )
    return {"max": max(a, b), "arithmetic": (a + b) / 2}


def adjusted_rand(classes: Labels, clusters: Labels) -> float:
    """Return the adjusted Rand index; unassigned samples are a cluster."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(classes, clusters))


def within_unit(value: float) -> float:
    """Return the value without the ulp that rounding may add beyond 0 or 1."""
    return float(np.clip(value, 0.0, 1.0))
