"""Bi-cross-validation: the block, what completes the factors, and where it is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

import nmflab
from nmflab.contracts import Dataset, Factors, Objective
from nmflab.run.seeds import role_rng
from nmflab.splits import BiCrossValidation, pose
from nmflab.weighting import NoWeighting

SHAPE = (11, 7)


def planted(n_components: int = 3, shape: tuple[int, int] = SHAPE) -> Factors:
    """Return factors above 0, the same each time."""
    rng = np.random.default_rng(4)
    return Factors(
        rng.uniform(0.5, 1.5, (shape[0], n_components)),
        rng.uniform(0.5, 1.5, (n_components, shape[1])),
    )


def posed(X, fold=0, **more):
    """Return what a run of one fold is given."""
    return pose(
        Dataset(X=X),
        NoWeighting(),
        BiCrossValidation(fold=fold, **more),
        Objective(),
        np.float64,
        rng=np.random.default_rng(0),
    )


@pytest.mark.parametrize("storage", [np.asarray, csr_array])
def test_the_folds_test_each_cell_once(storage):
    """2 x 2 blocks cover X, and hold its values."""
    X = planted().reconstruct()
    seen = np.full(X.shape, np.nan)
    for fold in range(4):
        test = posed(storage(X), fold).test
        assert np.isnan(seen[test.rows, test.columns]).all()
        seen[test.rows, test.columns] = test.values
    np.testing.assert_array_equal(seen, X)


@pytest.mark.parametrize("storage", [np.asarray, csr_array])
def test_the_solver_sees_the_rest_of_rows_and_columns_only(storage):
    """X without the block's rows and columns, complete, in its own storage."""
    X = planted().reconstruct()
    made = posed(storage(X), 2)
    kept = X[~made.block.rows][:, ~made.block.columns]
    assert made.problem.observed is None
    assert made.problem.is_sparse == (storage is csr_array)
    given = made.problem.X.toarray() if made.problem.is_sparse else made.problem.X
    np.testing.assert_array_equal(given, kept)


@pytest.mark.parametrize("storage", [np.asarray, csr_array])
def test_exact_factors_predict_the_block_exactly(storage):
    """Where X = WH and D is known by its true factors, so is A."""
    truth = planted()
    made = posed(storage(truth.reconstruct()))
    completed = made.block.complete(made.block.restrict(truth))
    predicted = completed.predict(made.test.rows, made.test.columns)
    np.testing.assert_allclose(predicted, made.test.values, rtol=1e-10)


def test_restricting_takes_back_what_completing_added():
    """Metrics added later see the pair the solver returned."""
    made = posed(planted().reconstruct())
    n_rows, n_columns = made.problem.shape
    pair = planted(2, (n_rows, n_columns))
    again = made.block.restrict(made.block.complete(pair))
    np.testing.assert_array_equal(again.W, pair.W)
    np.testing.assert_array_equal(again.H, pair.H)


def test_offsets_cannot_be_completed():
    """A left-out row has none; the message says what to do."""
    made = posed(planted().reconstruct())
    n_rows, n_columns = made.problem.shape
    pair = planted(2, (n_rows, n_columns))
    with pytest.raises(ValueError, match="switch the solver's offsets off"):
        made.block.complete(Factors(pair.W, pair.H, row_offset=np.zeros(n_rows)))


def test_missing_cells_are_refused():
    """A block of a list of ratings is not a block of values."""
    X = csr_array(planted().reconstruct())
    with pytest.raises(ValueError, match=r"bi_cv .* cells are missing"):
        pose(
            Dataset(X=X, missing="unstored"),
            NoWeighting(),
            BiCrossValidation(),
            Objective(),
            np.float64,
            rng=np.random.default_rng(0),
        )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fold": 4}, "split.fold must be from 0 to 3"),
        ({"fold": -1}, "split.fold must be from 0 to 3"),
        ({"row_folds": 1}, "split.row_folds must be >= 2"),
    ],
)
def test_what_makes_no_sense_is_refused(given, says):
    """Each names its key."""
    with pytest.raises(ValueError, match=says):
        BiCrossValidation(**given)


def test_more_folds_than_rows_are_refused():
    """A fold without a row tests nothing."""
    with pytest.raises(ValueError, match=r"split.row_folds=12 needs as many rows"):
        posed(planted().reconstruct(), row_folds=12)


def test_bi_cross_validation_finds_the_planted_size(tmp_path: Path) -> None:
    """The error on left-out blocks is lowest at the number X was made of."""
    truth = planted(3, (60, 40))
    rng = np.random.default_rng(1)
    noisy = np.maximum(truth.reconstruct() + 0.05 * rng.standard_normal((60, 40)), 0)
    study = nmflab.study(
        "split=bi_cv",
        "split.fold=0,1,2,3",
        "n_components=1,2,3,4,5,6",
        "init=nndsvd",
        "metrics=[rmse]",
        "executor.name=serial",
        f"study={tmp_path / 'study'}",
        X=noisy,
        quiet=True,
    )
    tested = study.runs.groupby("n_components")["rmse_test"].mean()
    assert tested.idxmin() == 3
    assert tested[3] == pytest.approx(0.05, rel=0.25)


def test_the_record_holds_factors_of_all_rows_and_columns(tmp_path: Path) -> None:
    """They predict the block as the test error says."""
    X = planted(2, (9, 6)).reconstruct()
    study = nmflab.study(
        "split=bi_cv",
        "n_components=2",
        "metrics=[rmse]",
        "executor.name=serial",
        f"study={tmp_path / 'study'}",
        X=X,
        quiet=True,
    )
    factors = study.factors(study.runs["key"].iloc[0])
    assert (factors.W.shape, factors.H.shape) == ((9, 2), (2, 6))
    rng = role_rng(0, "split")
    rows, columns = BiCrossValidation().block(X.shape, rng)
    residual = (X - factors.reconstruct())[np.ix_(rows, columns)]
    expected = np.sqrt(np.square(residual).mean())
    assert study.runs["rmse_test"].iloc[0] == pytest.approx(expected, rel=1e-12)
