"""Genres in lists of films of MovieLens 100K: what popularity alone would show."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from nmflab.numerics.enrichment import enrichment
from nmflab.numerics.label_test import ALPHA
from nmflab.numerics.popularity import observed_cells

pytestmark = pytest.mark.data

ARCHIVE = Path("movielens-100k") / "ml-100k.zip"


@pytest.fixture(scope="module")
def films() -> tuple[csr_array, list[str]]:
    """Return 943 x 1682 ratings, and the genres of each film."""
    path = Path(os.environ.get("NMFLAB_DATA", "")) / ARCHIVE
    if "NMFLAB_DATA" not in os.environ or not path.exists():
        pytest.skip(f"NMFLAB_DATA holds no {ARCHIVE}")
    with zipfile.ZipFile(path) as archive:
        cells = np.array(archive.read("ml-100k/u.data").split(), dtype=int)
        genres = archive.read("ml-100k/u.genre").decode("latin-1").split()
        lines = archive.read("ml-100k/u.item").decode("latin-1").splitlines()
    user, film, rating, _ = cells.reshape(-1, 4).T
    X = csr_array((rating.astype(float), (user - 1, film - 1)), shape=(943, 1682))
    names = [text.rsplit("|", 1)[0] for text in genres]
    flags = [line.split("|")[-len(names) :] for line in lines]
    return X, [
        "|".join(name for name, flag in zip(names, own, strict=True) if flag == "1")
        for own in flags
    ]


def hals(X: csr_array, n_components: int, seed: int, steps: int) -> np.ndarray:
    """Return H of a factorization that takes missing ratings for zeros."""
    rng = np.random.default_rng(seed)
    scale = np.sqrt(X.mean() / n_components)
    W = scale * rng.random((X.shape[0], n_components))
    H = scale * rng.random((n_components, X.shape[1]))
    for _ in range(steps):
        update(H, W.T, (X.T @ W).T)
        update(W.T, H, (X @ H.T).T)
    return H


def update(A: np.ndarray, B: np.ndarray, R: np.ndarray) -> None:
    """Minimise over the rows of A one after the other, R = B X, in place."""
    gram = B @ B.T
    for k in range(len(A)):
        A[k] = np.maximum(A[k] + (R[k] - gram[k] @ A) / gram[k, k], 1e-16)


def test_the_most_rated_films_alone_are_enriched_for_four_genres(
    films: tuple[csr_array, list[str]],
) -> None:
    """Action, Adventure, Sci-Fi and War; among films as popular, for none."""
    X, genres = films
    popularity = observed_cells(X, "unstored")[1]
    found = enrichment(popularity[None].astype(float), genres, popularity)
    assert found is not None
    assert found.universe.size == 939
    named = [found.labels[g] for g in np.flatnonzero(found.q[0] < ALPHA)]
    assert named == ["Action", "Adventure", "Sci-Fi", "War"]
    assert found.n_beyond_popularity == 0


def test_zero_filled_factors_have_genres_and_fewer_beyond_popularity(
    films: tuple[csr_array, list[str]],
) -> None:
    """9 or 10 of 10 components by the plain test, 6 to 8 at equal popularity."""
    X, genres = films
    popularity = observed_cells(X, "unstored")[1]
    for seed in (0, 1):
        found = enrichment(hals(X, 10, seed, 60), genres, popularity)
        assert found is not None
        assert found.n_enriched in (9, 10)
        assert 6 <= found.n_beyond_popularity <= 8
