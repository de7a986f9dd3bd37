"""`nmflab score`: from factors in files to the values a run has in its record."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from scipy.io import savemat

import nmflab
from nmflab.cli import main
from nmflab.config import ConfigError
from nmflab.contracts import Factors
from nmflab.scoring import plain_text, rich_text, score
from nmflab.store import Store

PROBLEM = ("dataset=grocery_baskets", "weighting=unit_rows")
METRICS = (
    "metrics=[relative_error,hoyer_sparseness,effective_features,top_features,ari]"
)
RNG = np.random.default_rng(0)


class Run:
    """A run and what its record says."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        self.folder = folder
        quick = ("stop.max_steps=20", "executor.name=serial", f"study={folder}")
        self.study = nmflab.study(*overrides, *quick)
        (self.row,) = self.study.runs.to_dict("records")
        self.factors = self.study.factors(self.row["key"])
        with Store.open(self.study.folder) as store:
            self.metrics = store.metrics()

    def recorded(self) -> dict[str, object]:
        """Return the number, the words or the reason for none, by the metric's name."""
        return {
            str(row["name"]): next(
                row[key] for key in ("value", "text", "problem") if pd.notna(row[key])
            )
            for row in self.metrics.to_dict("records")
        }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run on weighted baskets, with metrics, one of which has no value."""
    folder = tmp_path_factory.mktemp("run") / "study"
    return Run(folder, *PROBLEM, "n_components=3", METRICS)


def write_csv(folder: Path, factors: Factors) -> None:
    """Write both factors as pandas does, with row numbers."""
    pd.DataFrame(factors.W).to_csv(folder / "W.csv")
    pd.DataFrame(factors.H).to_csv(folder / "H.csv")


def write_npy(folder: Path, factors: Factors) -> None:
    """Write both factors as NumPy does."""
    np.save(folder / "W.npy", factors.W)
    np.save(folder / "H.npy", factors.H)


def write_mat(folder: Path, factors: Factors) -> None:
    """Write both factors as MATLAB has them: columns first."""
    savemat(folder / "W.mat", {"W": factors.W})
    savemat(folder / "H.mat", {"H": factors.H})


@pytest.mark.parametrize("write", [write_csv, write_npy, write_mat])
def test_factors_of_a_run_score_as_its_record_has_it(
    run: Run, tmp_path: Path, write: Callable[[Path, Factors], None]
) -> None:
    """Objective, kappa and every metric to the last bit, through each kind of file."""
    write(tmp_path, run.factors)
    ending = write.__name__.removeprefix("write_")
    W, H = (tmp_path / f"{name}.{ending}" for name in ("W", "H"))
    found = score(W, H, *PROBLEM, METRICS)
    assert found.objective == run.row["objective_value"]
    assert found.kappa == run.row["kappa"]
    assert len(run.recorded()) > 5
    assert {**found.values, **found.problems} == run.recorded()


def test_the_command_line_writes_the_values_of_the_record(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A csv for other programs, a table for the reader."""
    write_csv(tmp_path, run.factors)
    named = [f"{name}={tmp_path / name}.csv" for name in ("W", "H")]
    target = tmp_path / "scores.csv"
    assert main(["score", *PROBLEM, METRICS, *named, f"csv={target}"]) == 0
    printed = capsys.readouterr().out
    found = pd.read_csv(target).set_index("metric")
    assert found["value"]["objective"] == run.row["objective_value"]
    expected = run.metrics.set_index("name")["value"]["relative_error_all"]
    assert found["value"]["relative_error_all"] == expected
    assert found["better"]["hoyer_sparseness_H"] == "higher"
    assert f"written to {target}" in printed
    assert "not applicable: needs labels: ari" in printed


def test_data_in_memory_are_scored_without_a_dataset() -> None:
    """A table of pandas and arrays: the names of its lines order those of W."""
    W, H = RNG.random((5, 2)), RNG.random((2, 4))
    X = pd.DataFrame(W @ H, index=list("edcba"), columns=list("wxyz"))
    sorted_W = pd.DataFrame(W[::-1], index=list("abcde"))
    found = score(sorted_W, H, "metrics=[relative_error]", X=X)
    assert found.values["relative_error_all"] == pytest.approx(0, abs=1e-12)
    assert "rows brought into the order" in " ".join(found.notes)


def test_offsets_count_in_the_model() -> None:
    """Biases of a recommender: exact with them, off without."""
    W, H = RNG.random((5, 2)), RNG.random((2, 4))
    users, films = RNG.random(5), RNG.random(4)
    X = W @ H + users[:, None] + films
    asked = "metrics=[relative_error]"
    found = score(W, H, asked, X=X, row_offset=users, column_offset=films)
    assert found.values["relative_error_all"] == pytest.approx(0, abs=1e-12)
    without = score(W, H, asked, X=X).values["relative_error_all"]
    assert isinstance(without, float)
    assert without > 0.1


def test_without_metrics_every_metric_of_a_run_has_a_value_or_a_reason() -> None:
    """Those over seeds are left out: one pair of factors has none."""
    found = score(RNG.random((5, 2)), RNG.random((2, 4)), X=RNG.random((5, 4)))
    spoken = [*found.values, *found.problems]
    from nmflab import session

    specs = session.registry().metrics
    silent = [
        name
        for name, spec in specs.items()
        if spec.scope == "run" and not any(s.startswith(name) for s in spoken)
    ]
    assert silent == []
    assert {n for n, spec in specs.items() if spec.scope != "run"}.isdisjoint(spoken)
    assert "not applicable: needs truth" in found.problems.values()


def test_negative_entries_are_told_and_no_bound_of_kappa() -> None:
    """At a free least-squares solution kappa is 0 though W is negative."""
    X = RNG.random((6, 5))
    H = RNG.random((2, 5))
    W = -np.ones((6, 2))
    found = score(W, H, "metrics=[relative_error]", X=X)
    assert "W holds 12 entries below 0 (the lowest -1)" in " ".join(found.notes)
    U, S, V = np.linalg.svd(X, full_matrices=False)
    best = score(U[:, :2] * S[:2], V[:2], "metrics=[relative_error]", X=X)
    assert best.kappa == pytest.approx(0, abs=1e-10)


def test_factors_in_another_unit_are_told_by_the_scalar_that_mends_them() -> None:
    """Percent against shares."""
    W, H = RNG.random((5, 2)), RNG.random((2, 4))
    found = score(100 * W, H, "metrics=[relative_error]", X=W @ H)
    assert "WH fits X best when multiplied by 0.01:" in " ".join(found.notes)


def test_a_split_measures_its_test_cells_and_says_what_is_not_known() -> None:
    """Whether the other program left those cells out, nobody here can tell."""
    W, H = RNG.random((12, 1)), RNG.random((1, 10))
    asked = ("split=speckled", "split.n_components_max=1", "metrics=[held_out]")
    found = score(W, H, *asked, X=W @ H)
    assert found.values["held_out_rmse"] == pytest.approx(0, abs=1e-12)
    assert "only then are they held out" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["W=W.csv"], "score: H= is not given; as in nmflab score dataset="),
        (["W=", "H=H.csv"], "score: W= is empty; give it a value"),
        (["W=W.csv", "H=H.csv"], "no dataset chosen"),
        (["W=W.csv", "H=H.csv", "solver=mu"], "solver=mu plays no part"),
        (["W=W.csv", "H=H.csv", "digits"], "'digits' is neither an option nor an"),
        (["W=gone.csv", "H=H.csv"], "W=gone.csv: no such file"),
        (["W=W.csv", "H=H.csv", "dataset=digits"], "W must be 1797 x r"),
        (
            ["W=W.csv", "H=H.csv", "dataset=grocery_baskets,digits"],
            "2 problems, which differ in dataset",
        ),
        (
            ["W=W.csv", "H=H.csv", "dataset=grocery_baskets", "metrics=[sparsness]"],
            "no metric named 'sparsness'",
        ),
        (
            ["W=W.csv", "H=H.csv", "dataset=grocery_baskets", "csv=/no/where.csv"],
            "cannot write csv=/no/where.csv",
        ),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    """The key is named; the exit code is 2."""
    write_csv(tmp_path, run.factors)
    monkeypatch.chdir(tmp_path)
    assert main(["score", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("nmflab: ")
    assert error.count("\n") == 1


def test_the_best_run_of_a_study_stands_beside(run: Run) -> None:
    """Of as many components on the same problem; its values are its record's."""
    found = score(np.ones((5, 3)), np.ones((3, 6)), *PROBLEM, METRICS, study=run.folder)
    assert found.beside.values["objective"] == run.row["objective_value"]
    assert found.beside.values["kappa"] == run.row["kappa"]
    row = found.frame().set_index("metric").loc["hoyer_sparseness_H"]
    assert row["study"] == run.recorded()["hoyer_sparseness_H"]
    text = plain_text(found)
    assert "study: the lowest objective of 1 runs with 3 components" in text
    assert f"{run.row['objective_value']:.6g}" in text


@pytest.mark.parametrize(
    ("problem", "size", "said"),
    [
        (PROBLEM, 2, "has runs of 3 components on this problem"),
        (PROBLEM[:1], 3, "has runs of no size on this problem"),
    ],
    ids=["size", "weighting"],
)
def test_runs_that_cannot_be_compared_stand_beside_nothing(
    run: Run, problem: tuple[str, ...], size: int, said: str
) -> None:
    """Another number of components, or another weighting."""
    with pytest.raises(ConfigError, match=said):
        score(np.ones((5, size)), np.ones((size, 6)), *problem, study=run.folder)


def test_a_study_that_is_not_there_is_named() -> None:
    """As the key it was given by."""
    with pytest.raises(ConfigError, match="score: study=nowhere: "):
        score(np.ones((5, 2)), np.ones((2, 6)), *PROBLEM, study="nowhere")


def test_two_data_sets_are_refused() -> None:
    """X in memory and a name cannot both be meant."""
    with pytest.raises(ConfigError, match="dataset=digits and X are two data sets"):
        score(np.ones((2, 1)), np.ones((1, 2)), "dataset=digits", X=np.ones((2, 2)))


def test_a_saved_study_poses_the_problem(run: Run) -> None:
    """Its solvers and sizes play no part, and its data, losses and metrics do."""
    found = score(np.ones((5, 2)), np.ones((2, 6)), "experiment=grocery_baskets")
    assert found.title.startswith("grocery_baskets: 5 x 6, objective frobenius")


def test_the_terminal_shows_direction_range_and_reasons(run: Run) -> None:
    """The same words as the plain lines, in a table."""
    W, H = run.factors.W, run.factors.H
    found = score(W, H, *PROBLEM, METRICS)
    screen = Console(file=io.StringIO(), width=120)
    screen.print(*rich_text(found), sep="\n")
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    for text in (shown, plain_text(found)):
        line = next(one for one in text.splitlines() if "hoyer_sparseness_H" in one)
        assert "higher" in line
        assert "0 to 1" in line
        assert "not applicable: needs labels: ari" in text
