"""Components of many fits, brought together one to one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from nmflab.numerics.canonical import unit_rows
from nmflab.numerics.component_clusters import cluster_components, cluster_silhouettes


def drawn(n_fits: int, noise: float, seed: int = 0) -> list[np.ndarray]:
    """Return the same four components, scaled and ordered anew in every fit."""
    rng = np.random.default_rng(seed)
    truth = rng.random((4, 30)) ** 3
    return [
        (truth + noise * rng.random(truth.shape))[rng.permutation(4)]
        * rng.uniform(0.1, 10, (4, 1))
        for _ in range(n_fits)
    ]


def test_every_fit_gives_one_component_to_each_cluster() -> None:
    """Also where components are too noisy to tell apart."""
    clusters = cluster_components(drawn(6, noise=5.0))
    np.testing.assert_array_equal(np.sort(clusters, axis=1), np.tile(range(4), (6, 1)))


def test_clusters_undo_the_order_of_components() -> None:
    """Members of one cluster are one direction."""
    Hs = drawn(5, noise=0.0)
    clusters = cluster_components(Hs)
    members = [H[np.argsort(c)] for H, c in zip(Hs, clusters, strict=True)]
    for other in members[1:]:
        np.testing.assert_allclose(unit_rows(other), unit_rows(members[0]), atol=1e-12)


def test_components_found_in_every_fit_have_silhouette_one() -> None:
    """Clusters are points, apart from each other."""
    np.testing.assert_allclose(cluster_silhouettes(drawn(5, noise=0.0)), 1, atol=1e-9)


def test_silhouettes_are_those_of_scikit_learn() -> None:
    """The same clusters, cosine distances."""
    Hs = drawn(7, noise=0.6)
    clusters = cluster_components(Hs).ravel()
    each = silhouette_samples(np.vstack(Hs), clusters, metric="cosine")
    expected = [each[clusters == k].mean() for k in range(4)]
    np.testing.assert_allclose(cluster_silhouettes(Hs), expected, atol=1e-9)


def test_one_component_cannot_be_confused() -> None:
    """There is no other cluster."""
    np.testing.assert_array_equal(cluster_silhouettes([np.ones((1, 3))] * 2), [1.0])


def test_fits_of_different_sizes_are_refused() -> None:
    """The shapes are named."""
    with pytest.raises(ValueError, match=r"\(1, 3\), \(2, 3\)"):
        cluster_components([np.ones((2, 3)), np.ones((1, 3))])
    with pytest.raises(ValueError, match="at least 2 fits"):
        cluster_silhouettes([np.ones((2, 3))])
