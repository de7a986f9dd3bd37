"""Other draws of the data: what is fitted, and how factors keep the shape of X."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import nmflab
from nmflab.contracts import Dataset, Factors, Objective
from nmflab.splits import (
    RESAMPLINGS,
    SPLITS,
    CountBootstrap,
    Posed,
    RowSample,
    ShuffledColumns,
    leaves_complete,
    pose,
)
from nmflab.splits.cells import Split
from nmflab.weighting import NoWeighting

STORAGES = [np.array, csr_array]


def counts(n: int = 40, m: int = 9) -> np.ndarray:
    """Return counts, a third of them 0."""
    rng = np.random.default_rng(2)
    return (rng.poisson(20, (n, m)) * (rng.random((n, m)) > 1 / 3)).astype(float)


def posed(X: Any, split: Split, seed: int = 0) -> Posed:
    """Return what a run on a draw is given."""
    rng = np.random.default_rng(seed)
    return pose(Dataset(X=X), NoWeighting(), split, Objective(), np.float64, rng=rng)


def dense(X: Any) -> np.ndarray:
    """Return an array, whatever the storage."""
    return np.asarray(X if isinstance(X, np.ndarray) else X.toarray())


@pytest.mark.parametrize("name", RESAMPLINGS)
@pytest.mark.parametrize("storage", STORAGES)
def test_a_draw_holds_no_cell_out(name: str, storage: Any) -> None:
    """The problem is complete; nothing is tested, and X is as it was."""
    X = storage(counts())
    found = posed(X, SPLITS[name]())
    assert found.problem.observed is None
    assert found.test is None
    assert found.validation is None
    assert leaves_complete({"name": name})
    np.testing.assert_array_equal(dense(X), counts())


@pytest.mark.parametrize("name", RESAMPLINGS)
@pytest.mark.parametrize("storage", STORAGES)
def test_a_draw_is_decided_by_its_seed(name: str, storage: Any) -> None:
    """The same again, and another from another seed."""
    X = storage(counts())
    first, again, other = (
        dense(posed(X, SPLITS[name](), seed).problem.X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("storage", STORAGES)
def test_a_row_sample_is_rows_of_x(storage: Any) -> None:
    """Four in five of them, in their order, each once."""
    X = counts()
    drawn = dense(posed(storage(X), RowSample()).problem.X)
    at = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in drawn]
    assert len(at) == 32
    assert at == sorted(set(at))


@pytest.mark.parametrize("storage", STORAGES)
def test_rows_left_out_are_described_by_the_components_found(storage: Any) -> None:
    """From exact factors of the drawn rows all of X is exact again."""
    rng = np.random.default_rng(5)
    truth = Factors(rng.uniform(0.5, 1.5, (20, 3)), rng.uniform(0.5, 1.5, (3, 8)))
    block = posed(storage(truth.reconstruct()), RowSample(share=0.5)).block
    assert block is not None
    whole = block.complete(Factors(truth.W[~block.rows], truth.H))
    np.testing.assert_allclose(whole.W, truth.W, atol=1e-9)
    np.testing.assert_array_equal(whole.H, truth.H)
    np.testing.assert_array_equal(block.restrict(whole).W, truth.W[~block.rows])


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_a_sample_keeps_a_row_and_leaves_one_out(share: float) -> None:
    """Whatever a share rounds to."""
    n_kept = posed(counts(5), RowSample(share=share)).problem.shape[0]
    assert n_kept == (1 if share < 0.5 else 4)


def test_a_share_out_of_range_and_a_single_row_are_refused() -> None:
    """The key and the value are named."""
    with pytest.raises(ValueError, match=r"split\.share must be .* got 1\.0"):
        RowSample(share=1.0)
    with pytest.raises(ValueError, match="at least 2 rows"):
        posed(counts(1), RowSample())


@pytest.mark.parametrize("storage", STORAGES)
def test_drawn_counts_are_poisson(storage: Any) -> None:
    """Mean and variance of the draws of one count are the count; zeros stay."""
    X = np.zeros((1, 4000))
    X[0, :2000] = 25.0
    drawn = dense(posed(storage(X), CountBootstrap()).problem.X)[0]
    assert not drawn[2000:].any()
    # Standard errors: 5/sqrt(2000) = 0.11 of the mean, about 0.8 of the variance.
    assert drawn[:2000].mean() == pytest.approx(25, abs=0.5)
    assert drawn[:2000].var() == pytest.approx(25, abs=3.5)


def test_what_is_no_count_is_not_drawn_anew() -> None:
    """The way out is named."""
    with pytest.raises(ValueError, match="use split=row_sample"):
        posed(counts() + 0.5, CountBootstrap())


@pytest.mark.parametrize("storage", STORAGES)
def test_shuffling_keeps_each_column_and_destroys_the_rows(storage: Any) -> None:
    """The values of a column are the same, their company is not."""
    X = np.outer(np.arange(1.0, 61.0), np.ones(5))
    X[:30] *= [1, 0, 1, 0, 1]
    drawn = dense(posed(storage(X), ShuffledColumns()).problem.X)
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))
    assert np.linalg.matrix_rank(drawn) == 5
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]) < 0.5


def test_missing_cells_cannot_be_drawn_anew() -> None:
    """A run is skipped with the reason, before it begins."""
    X = counts()
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="cells are missing"):
        pose(
            Dataset(X=np.nan_to_num(X), missing="mask", mask=np.isfinite(X)),
            NoWeighting(),
            RowSample(),
            Objective(),
            np.float64,
            rng=np.random.default_rng(0),
        )


def test_factors_of_a_sample_have_the_shape_of_x(tmp_path: Path) -> None:
    """Metrics are of the rows that were fitted."""
    done = nmflab.study(
        "split=row_sample",
        "split.seed=0,1",
        "n_components=2",
        "metrics=[rmse]",
        "executor.name=serial",
        f"study={tmp_path}/s",
        X=counts(),
    )
    runs = done.runs
    assert set(runs["status"]) == {"ok"}
    assert {done.factors(key).W.shape for key in runs["key"]} == {(40, 2)}
    assert (runs["rmse_all"] > 0).all()
    assert "rmse_test" not in runs
