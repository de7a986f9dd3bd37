"""Baselines on MovieLens 100K: published figures, and the order everyone finds."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from nmflab_metrics.ranking_baselines import RankingBaselines
from nmflab_metrics.rating_baselines import RatingBaselines
from scipy.sparse import csr_array

from nmflab.contracts import Cells, Dataset, Factors, FittedRun, Objective, Problem

pytestmark = pytest.mark.data

ARCHIVE = Path("movielens-100k") / "ml-100k.zip"
SHAPE = (943, 1682)


@pytest.fixture(scope="module")
def folds():
    """Return five runs, one for each of five random folds; their models say nothing."""
    path = Path(os.environ.get("NMFLAB_DATA", "")) / ARCHIVE
    if "NMFLAB_DATA" not in os.environ or not path.exists():
        pytest.skip(f"NMFLAB_DATA holds no {ARCHIVE}")
    with zipfile.ZipFile(path) as archive:
        words = archive.read("ml-100k/u.data").split()
    cells = np.array(words, dtype=np.intp).reshape(-1, 4)
    order = np.lexsort((cells[:, 1], cells[:, 0]))
    rows, columns, ratings = cells[order, 0] - 1, cells[order, 1] - 1, cells[order, 2]
    fold = np.random.default_rng(0).permutation(np.arange(rows.size) % 5)
    return [one_fold(rows, columns, ratings.astype(float), fold == k) for k in range(5)]


def one_fold(rows, columns, ratings, test):
    """Return a run that knows all but some cells."""
    starts = np.searchsorted(rows[~test], np.arange(SHAPE[0] + 1))
    X = csr_array((ratings[~test], columns[~test], starts), shape=SHAPE)
    observed = csr_array((np.ones(X.nnz, bool), X.indices, X.indptr), shape=SHAPE)
    problem = Problem(
        X=X, observed=observed, objective=Objective(), dtype=np.dtype(np.float64)
    )
    scale = {"rating_scale": np.array([1.0, 5.0])}
    return FittedRun(
        problem=problem,
        factors=Factors(np.zeros((SHAPE[0], 1)), np.zeros((1, SHAPE[1]))),
        dataset=Dataset(X=X, missing="unstored", extras=scale),
        test=Cells(rows[test], columns[test], ratings[test]),
    )


@pytest.fixture(scope="module")
def means(folds):
    """Return the mean of each value over the folds."""
    found = [RatingBaselines().compute(run) for run in folds]
    return {name: np.mean([one[name] for one in found]) for name in found[0]}


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("biases_rmse_clipped", 0.944),
        ("biases_mae_clipped", 0.748),
        ("global_mean_rmse", 1.126),
    ],
)
def test_rating_baselines_reach_the_published_figures(means, name, published):
    """Five random folds; README of Surprise 1.1, and the spread of all ratings."""
    assert means[name] == pytest.approx(published, abs=0.004)


def test_each_part_of_the_biases_helps(means):
    """Rows and columns together beat each alone, and each beats the global mean."""
    names = ("biases", "column_means", "row_means", "global_mean")
    errors = [means[f"{name}_rmse"] for name in names]
    assert errors == sorted(errors)


@pytest.mark.parametrize("relevant", [None, 4.0])
def test_personal_rankings_beat_popularity(folds, relevant):
    """EASE is above neighbours, neighbours are far above the most popular."""
    found = RankingBaselines(relevant=relevant).compute(folds[0])
    names = ("ease", "item_knn", "most_popular")
    ndcg = [found[f"{name}_ndcg_at_10"] for name in names]
    assert ndcg == sorted(ndcg, reverse=True)
    assert ndcg[1] > 1.5 * ndcg[2]
