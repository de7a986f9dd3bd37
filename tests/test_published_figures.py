"""Published figures of held-out data and of hard exact problems, by saved experiments.

Each is the command of its page under experiments/, whole or narrowed to what a minute
allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd
import pytest

import nmflab
from nmflab.selection import choose, scored
from nmflab.store import Store

Run = Callable[..., nmflab.Study]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Return a function that runs a command in an empty folder; each command once."""
    done: dict[tuple[str, ...], nmflab.Study] = {}

    def study(*overrides: str) -> nmflab.Study:
        if overrides not in done:
            folder = tmp_path_factory.mktemp("empty")
            patch.chdir(folder)
            made = nmflab.study(*overrides, "executor.name=serial", "report=false")
            done[overrides] = nmflab.Study(made.folder.resolve())
        return done[overrides]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMFLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield study


def chosen(study: nmflab.Study, metric: str) -> pd.Series:
    """Return the test score of what validation chose in each fold."""
    with Store.open(study.folder) as store:
        found = choose(scored(store), metric)
    assert set(found["chosen_by"]) == {"validation"}
    return found.set_index("fold")["test"]


@pytest.mark.data
def test_biases_have_the_published_error(run: Run) -> None:
    """0.944 and 0.748 (Surprise, MovieLens 100K, five folds), within 0.004."""
    runs = run("experiment=movielens_100k").runs
    assert runs["status"].eq("ok").all()
    mean = runs.groupby("split").first().mean(numeric_only=True)
    rmse = mean["rating_baselines_biases_rmse_clipped"]
    assert rmse == pytest.approx(0.944, abs=0.004)
    mae = mean["rating_baselines_biases_mae_clipped"]
    assert mae == pytest.approx(0.748, abs=0.004)
    assert mean["rating_baselines_global_mean_rmse"] == pytest.approx(1.126, abs=0.004)


@pytest.mark.data
def test_masked_hals_beats_both_with_its_penalty_chosen_by_validation(run: Run) -> None:
    """In the mean and in every fold, on cells that chose nothing."""
    study = run("experiment=movielens_100k")
    rmse = chosen(study, "held_out_rmse_clipped")
    assert len(rmse) == 5
    assert rmse.mean() == pytest.approx(0.919, abs=0.004)
    assert chosen(study, "held_out_mae_clipped").mean() == pytest.approx(
        0.727, abs=0.004
    )
    biases = study.runs.groupby("split")["rating_baselines_biases_rmse_clipped"].first()
    assert rmse.max() < min(0.944, biases.min())


@pytest.mark.data
def test_multiplicative_updates_have_the_published_error(run: Run) -> None:
    """0.963 and 0.758, within 0.004."""
    runs = run("experiment=movielens_100k_references").runs
    mean = runs[runs["case"] == "multiplicative"].mean(numeric_only=True)
    assert mean["held_out_rmse_clipped"] == pytest.approx(0.963, abs=0.004)
    assert mean["held_out_mae_clipped"] == pytest.approx(0.758, abs=0.004)


@pytest.mark.data
def test_zeros_for_unrated_films_are_worse_than_the_global_mean(run: Run) -> None:
    """2.36 clipped and 2.62 unclipped, against 1.126."""
    runs = run("experiment=movielens_100k_references").runs
    zeros = runs[runs["case"] == "zero_filled"]
    assert zeros["held_out_rmse_clipped"].mean() == pytest.approx(2.365, abs=0.01)
    assert zeros["held_out_rmse"].mean() == pytest.approx(2.62, abs=0.01)
    assert (zeros["held_out_rmse"] > zeros["rating_baselines_global_mean_rmse"]).all()


def test_bi_cross_validation_finds_the_planted_size(run: Run) -> None:
    """The error on left-out blocks is lowest at 5, and falls by a third there."""
    runs = run("experiment=planted_size").runs
    tested = runs.groupby("n_components")["rmse_test"].mean()
    assert tested.idxmin() == 5
    assert tested[5] < 2 / 3 * tested[4]
    trained = runs.groupby("n_components")["rmse_all"].mean()
    assert trained.is_monotonic_decreasing


def test_the_circulant_needs_four_components(run: Run) -> None:
    """Three end at sqrt((2 - sqrt 2) / 8) from every start, four are exact."""
    errors = run("experiment=circulant").runs.groupby("n_components")
    three = errors.get_group(3)["relative_error_all"]
    assert three.to_numpy() == pytest.approx(((2 - 2**0.5) / 8) ** 0.5, abs=1e-6)
    assert errors.get_group(4)["relative_error_all"].max() < 1e-6


def test_the_swimmer_is_exact_or_stuck_at_one_local_minimum(run: Run) -> None:
    """Ten starts of the default solver: nothing lies between 0 and 0.1367."""
    command = ("experiment=local_minima", "case=hals", "seed=range(10)")
    errors = run(*command).runs["relative_error_all"]
    exact = errors < 1e-3
    assert 0.5 < exact.mean() <= 1
    assert errors[~exact].to_numpy() == pytest.approx(0.1367, abs=1e-4)


@pytest.mark.data
def test_faces_in_49_parts_reach_the_known_error(run: Run) -> None:
    """0.0809 to 0.0813 is known of coordinate descent; within 0.001 of its middle."""
    runs = run("experiment=cbcl_parts", "case=hals", "seed=0").runs
    assert runs["relative_error_all"].item() == pytest.approx(0.0811, abs=0.001)
    assert runs["hoyer_sparseness_H"].item() == pytest.approx(0.66, abs=0.03)
