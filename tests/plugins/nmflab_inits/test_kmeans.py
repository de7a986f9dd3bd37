from __future__ import annotations

import numpy as np
import pytest
from nmflab_inits.kmeans import KMeansStart, Partner, Variant, nmflab_initializations
from scipy.sparse import csr_array


def rng(seed=0):
    """Return a generator."""
    return np.random.default_rng(seed)


@pytest.fixture(name="blobs")
def _blobs():
    """Return 60 rows around three far-apart points, and which each belongs to."""
    centers = np.array([[9.0, 0, 0, 1], [0, 9, 0, 1], [0, 0, 9, 1]])
    which = rng(1).integers(0, 3, 60)
    return np.abs(centers[which] + 0.1 * rng(2).standard_normal((60, 4))), which


def same_clusters(labels, which):
    """Return whether two labellings split the rows alike."""
    return len(set(zip(labels, which, strict=True))) == len(set(which))


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("storage", ["dense", "csr"])
def test_clusters_that_stand_apart_are_found(storage, variant, blobs, make_problem):
    """The largest entry of each row of the indicator names its cluster."""
    X, which = blobs
    problem = make_problem(X if storage == "dense" else csr_array(X))
    start = KMeansStart(variant=variant, scale=False)
    got = start.start(problem, 3, rng())
    labels = (got.W / got.W.max(axis=0)).argmax(axis=1)
    assert same_clusters(labels, which)


@pytest.mark.parametrize("offset", [0.2, 0.5])
def test_factors_are_centroids_and_indicator_plus_offset(offset, blobs, make_problem):
    """The product is that of the two; each component has halves of equal length."""
    X, which = blobs
    got = KMeansStart(offset=offset, scale=False).start(make_problem(X), 3, rng())
    means = np.array([X[which == k].mean(axis=0) for k in range(3)])
    indicator = np.eye(3)[which] + offset
    np.testing.assert_allclose(got.W @ got.H, indicator @ means, rtol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(got.W, axis=0), np.linalg.norm(got.H, axis=1), rtol=1e-12
    )


def test_a_partner_by_least_squares_fits_better(blobs, make_problem):
    """It is the best W for the same centroids."""
    X, _ = blobs
    errors = []
    for partner in Partner:
        got = KMeansStart(partner=partner).start(make_problem(X), 3, rng())
        errors.append(np.linalg.norm(X - got.W @ got.H))
    assert errors[1] < 0.5 * errors[0]


def test_directions_do_not_see_lengths(make_problem):
    """Rows along two directions, of lengths from 0.1 to 100, are two clusters."""
    which = rng(1).integers(0, 2, 40)
    directions = np.array([[1.0, 0.1, 0.0], [0.0, 0.9, 1.0]])[which]
    X = directions * 10 ** rng(2).uniform(-1, 2, (40, 1))
    start = KMeansStart(variant=Variant.spherical, scale=False)
    got = start.start(make_problem(X), 2, rng())
    assert same_clusters((got.W / got.W.max(axis=0)).argmax(axis=1), which)


def test_directions_settle_on_the_largest_cosine(make_problem):
    """Each row is in the cluster whose sum of unit rows it has the largest cosine to.

    Lengths differ up to a hundredfold: sums of the rows themselves point elsewhere.
    """
    X = rng(1).random((80, 5)) * 10 ** rng(2).uniform(-1, 1, (80, 1))
    start = KMeansStart(variant=Variant.spherical, max_iter=200, scale=False)
    got = start.start(make_problem(X), 4, rng())
    labels = (got.W / got.W.max(axis=0)).argmax(axis=1)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    sums = np.array([unit[labels == k].sum(axis=0) for k in range(4)])
    cosines = unit @ (sums / np.linalg.norm(sums, axis=1, keepdims=True)).T
    np.testing.assert_array_equal(cosines.argmax(axis=1), labels)


@pytest.mark.parametrize("variant", Variant)
def test_missing_clusters_are_filled_at_random(variant, make_problem):
    """Two different rows make two clusters; three more components are drawn."""
    X = np.repeat(np.array([[1.0, 0, 2], [0, 3, 0]]), 5, axis=0)
    got = KMeansStart(variant=variant).start(make_problem(X), 5, rng())
    assert (np.linalg.norm(got.W, axis=0) > 0).all()
    assert (np.linalg.norm(got.H, axis=1) > 0).all()


def test_it_is_random_and_without_limit():
    """scikit-learn's version is part of it; missing entries are not taken."""
    (spec,) = nmflab_initializations()
    assert spec.random is True
    assert spec.limit == "none"
    assert spec.requires == ("scikit-learn>=1.3",)
    assert not spec.takes.missing


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "x"}, r"init\.variant must be one of euclidean, .* got 'x'"),
        ({"partner": "x"}, r"init\.partner must be one of indicator, nnls, got 'x'"),
        ({"offset": -1.0}, r"init\.offset must be >= 0 and finite, got -1"),
        ({"offset": float("nan")}, r"init\.offset must be .* got nan"),
        ({"max_iter": 0}, r"init\.max_iter must be >= 1, got 0"),
    ],
)
def test_impossible_parameters_are_refused(options, message):
    """The message names the config key and the value."""
    with pytest.raises(ValueError, match=message):
        KMeansStart(**options)
