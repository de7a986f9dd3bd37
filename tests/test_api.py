"""The same from Python: study and fit."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

import nmflab

X = np.random.default_rng(0).random((12, 7))
QUICK = ("executor.name=serial", "stop.max_steps=20", "metrics=[rmse]")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_study_sweeps_a_matrix_in_memory() -> None:
    """One row a run, metrics beside the results, factors by key."""
    done = nmflab.study("solver=hals,mu", "n_components=2,3", *QUICK, X=X)
    runs = done.runs
    assert sorted(runs["solver"]) == ["hals", "hals", "mu", "mu"]
    assert set(runs["status"]) == {"ok"}
    factors = done.factors(runs["key"][0])
    assert runs["rmse_all"][0] == pytest.approx(
        np.sqrt(np.mean((X - factors.reconstruct()) ** 2)), rel=1e-12
    )


def test_metrics_over_seeds_are_one_row_a_setting() -> None:
    """A value of each solver, of all its seeds; none where none was asked for."""
    asked = ("executor.name=serial", "stop.max_steps=20", "metrics=[amari]")
    done = nmflab.study("solver=hals,mu", "seed=range(3)", *asked, X=X)
    found = done.over_seeds.query("name == 'amari'").set_index("solver")
    assert sorted(found.index) == ["hals", "mu"]
    assert (found["n_runs"] == 3).all()
    assert found["value"].between(0, 1).all()
    assert nmflab.study(*QUICK, X=2 * X).over_seeds.empty


def test_two_matrices_are_two_studies() -> None:
    """The folder's name holds a part of the fingerprint."""
    first = nmflab.study(*QUICK, X=X)
    second = nmflab.study(*QUICK, X=2 * X)
    assert first.folder != second.folder
    assert nmflab.study(*QUICK, X=X).runs["reused"].all()


def test_a_fit_returns_its_factors_and_the_reason_it_stopped() -> None:
    """The objective is that of the factors returned."""
    fit = nmflab.fit(X, n_components=2, solver="hals", overrides="stop.max_steps=5")
    assert fit.objective == pytest.approx(
        0.5 * np.sum((X - fit.W @ fit.H) ** 2), rel=1e-12
    )
    assert fit.reason == "reached stop.max_steps=5"
    assert "array" not in repr(fit)
    assert not Path("studies").exists()


def test_names_of_a_frame_reach_the_metrics() -> None:
    """Columns are features."""
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    done = nmflab.study(*QUICK[:2], "metrics=[top_features]", X=frame)
    with done._open() as store:
        text = store.metrics().set_index("name").loc["top_features_1", "text"]
    assert set(str(text).split(", ")) <= set("abcdefg")


@pytest.mark.parametrize("missing", ["nan", "zeros"])
def test_unknown_cells_are_left_out(missing: str) -> None:
    """What stands in them changes nothing."""
    hole = X.copy()
    hole[3, 4] = np.nan if missing == "nan" else 0.0
    fit = nmflab.fit(hole, 2, solver="mu", missing=missing, overrides=QUICK[1:])
    observed = np.ones(X.shape, dtype=bool)
    observed[3, 4] = False
    residual = (X - fit.W @ fit.H)[observed]
    assert fit.objective == pytest.approx(0.5 * np.sum(residual**2), rel=1e-12)


def test_a_sparse_matrix_may_leave_out_what_is_unknown() -> None:
    """Its stored cells are fitted."""
    stored = csr_array(np.where(X > 0.5, X, 0.0))
    fit = nmflab.fit(stored, 2, solver="mu", missing="unstored", overrides=QUICK[1:])
    rows, columns = stored.nonzero()
    residual = X[rows, columns] - fit.factors.predict(rows, columns)
    assert fit.objective == pytest.approx(0.5 * np.sum(residual**2), rel=1e-10)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.array([["a"]]), "not numbers"),
        (X[0], "1 dimension"),
        (np.full((3, 3), np.nan), "X.0, 0. is nan"),
        (np.zeros((0, 3)), "empty"),
    ],
)
def test_an_x_that_cannot_be_used_is_refused(bad: object, message: str) -> None:
    """Before anything is run, in a sentence."""
    with pytest.raises(ValueError, match=message):
        nmflab.fit(bad, 1)  # type: ignore[arg-type]


def test_a_fit_that_was_skipped_says_why() -> None:
    """Negative data need a solver that takes them."""
    with pytest.raises(RuntimeError, match="cannot take negative values"):
        nmflab.fit(-X, 2)


def test_a_fit_makes_one_run() -> None:
    """A sweep is a study."""
    with pytest.raises(ValueError, match="a sweep of 2"):
        nmflab.fit(X, 2, solver="hals,mu", overrides=QUICK[1:])


def test_x_and_a_dataset_are_too_many() -> None:
    """The message names the override."""
    with pytest.raises(ValueError, match="dataset=synthetic and X are two data sets"):
        nmflab.study("dataset=synthetic", X=X)


def test_a_study_without_results_warns() -> None:
    """With the commonest reason."""
    with pytest.warns(RuntimeWarning, match=r"1 of 1 runs have no result.*negative"):
        nmflab.study(*QUICK, X=-X)


def test_folders_may_be_text(tmp_path: Path) -> None:
    """Of a study, a report, an archive: as on the command line."""
    made = nmflab.study("dataset=movie_ratings", *QUICK, f"study={tmp_path}/one")
    again = nmflab.Study(f"{made.folder}")  # type: ignore[arg-type]
    assert again == made
    assert again.report(out=f"{tmp_path}/page") == tmp_path / "page" / "index.html"
    assert again.export(f"{tmp_path}/one.zip", figures="none").path.exists()
    assert again.compare(f"{tmp_path}/one.zip").is_same


def test_what_is_public_is_listed() -> None:
    """Completion in a shell asks `dir`."""
    names = ["Fit", "Study", "__version__", "fit", "reproduce", "study"]
    assert dir(nmflab) == names


def test_it_works_from_a_script_on_standard_input(tmp_path: Path) -> None:
    """Children need no main guard, and no file."""
    script = textwrap.dedent(
        """
        import numpy as np, nmflab
        X = np.random.default_rng(0).random((6, 5))
        done = nmflab.study("n_components=2", "stop.max_steps=5", X=X)
        print(done.runs["status"].tolist())
        """
    )
    done = subprocess.run(
        [sys.executable, "-"],
        input=script,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.split() == ["['ok']"]
