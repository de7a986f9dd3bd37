"""The refit: a second fit on training and validation cells, measured on test cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nmflab
from nmflab.store import Store

ROWS, COLUMNS = 40, 30


@pytest.fixture(scope="module")
def noisy():
    """Return a matrix of three components and noise, above 0."""
    rng = np.random.default_rng(2)
    W, H = rng.uniform(0, 1, (ROWS, 3)), rng.uniform(0, 1, (3, COLUMNS))
    return W @ H + 0.1 * rng.uniform(0, 1, (ROWS, COLUMNS))


def fitted(folder: Path, X, *more: str) -> nmflab.Study:
    """Return a study of one run with validation and test cells."""
    return nmflab.study(
        "solver=masked_hals",
        "split=speckled",
        "split.n_components_max=4",
        "split.validation=0.2",
        "stop.validation=3",
        "stop.kkt=null",
        "stop.max_steps=200",
        "n_components=4",
        "metrics=[rmse]",
        "executor.name=serial",
        f"study={folder}",
        *more,
        X=X,
        quiet=True,
    )


@pytest.fixture(scope="module")
def runs(noisy, tmp_path_factory: pytest.TempPathFactory):
    """Return the study without and with the refit."""
    folder = tmp_path_factory.mktemp("refit")
    plain = fitted(folder / "plain", noisy)
    return plain, fitted(folder / "refit", noisy, "refit=true")


def test_the_record_tells_both_fits_apart(runs):
    """The objective stays that of the first fit; the second has its own columns."""
    plain, again = (study.runs.iloc[0] for study in runs)
    assert np.isnan(plain["refit_objective"])
    assert again["objective_value"] == plain["objective_value"]
    assert again["validation"] == plain["validation"]
    # A fifth of the cells more to fit, with as many parameters.
    assert again["refit_objective"] > again["objective_value"]


def test_the_refit_takes_as_many_steps_as_the_best_pair_had(runs):
    """Validation chose them; nothing looks at the test cells."""
    plain, again = (study.runs.iloc[0] for study in runs)
    trace = runs[0].traces
    best = trace.loc[trace["validation"].idxmin(), "step"]
    assert again["refit_steps"] == best
    assert plain["n_steps"] == again["n_steps"]


def test_metrics_are_those_of_the_refit(runs, noisy):
    """The stored factors are the second fit's, and the test error is theirs."""
    plain, again = runs
    assert plain.runs["rmse_test"].iloc[0] != again.runs["rmse_test"].iloc[0]
    first = plain.factors(plain.runs["key"].iloc[0])
    second = again.factors(again.runs["key"].iloc[0])
    assert not np.array_equal(first.W, second.W)


def test_the_cells_that_train_the_refit_are_all_but_the_test_cells(runs, noisy):
    """The error over the fitted cells can be had from the factors and X alone."""
    study = runs[1]
    row = study.runs.iloc[0]
    factors = study.factors(row["key"])
    n_test = round(0.1 * noisy.size)
    squares = 2 * row["refit_objective"]
    total = np.square(noisy - factors.reconstruct()).sum()
    tested = row["rmse_test"] ** 2 * n_test
    assert squares == pytest.approx(total - tested, rel=1e-9)


def test_without_validation_cells_there_is_nothing_to_put_back(noisy, tmp_path):
    """The setting changes nothing then, and a note says so."""
    study = fitted(
        tmp_path / "s",
        noisy,
        "refit=true",
        "split.validation=0",
        "stop.validation=null",
    )
    assert study.runs["status"].tolist() == ["ok"]
    assert np.isnan(study.runs["refit_objective"].iloc[0])
    with Store.open(study.folder) as store:
        (said,) = [w for w in store.warnings(study.runs["key"].iloc[0]) if "refit" in w]
    assert said.startswith("refit=true had nothing to put back")
