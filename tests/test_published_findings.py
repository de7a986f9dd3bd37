"""Published findings about what factors mean, by saved experiments.

Each is the command of its page under experiments/, whole or narrowed to what a minute
allows; figures with the tolerance the page gives room for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nmflab

FOLDERS = Path(__file__).parents[1] / "experiments"
SCRIPTS = ("all_aml_consensus", "breast_signatures", "breast_draws")
# Scripts, no packages: imported by the name of their file.
sys.path[:0] = [str(FOLDERS / name) for name in SCRIPTS]

import known  # noqa: E402
import misplaced  # noqa: E402
import silhouettes  # noqa: E402

del sys.path[: len(SCRIPTS)]

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
            assert done[overrides].runs["status"].eq("ok").all()
        return done[overrides]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMFLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield study


def of_cases(study: nmflab.Study, metric: str) -> pd.Series:
    """Return a metric's mean over the runs of each case."""
    return study.runs.groupby("case")[metric].mean()


@pytest.fixture(scope="module")
def samson(run: Run) -> nmflab.Study:
    """Return the plain models and SPA of the unmixing study."""
    return run("experiment=samson_unmixing", "case=plain,plain_sum_to_one,spa")


@pytest.fixture(scope="module")
def volumes(run: Run) -> nmflab.Study:
    """Return the four weights of the volume, 60 steps each in place of 200."""
    cases = ",".join(f"min_vol_{weight}" for weight in ("0", "0.01", "0.1", "1"))
    return run("experiment=samson_unmixing", f"case={cases}", "stop.max_steps=60")


@pytest.mark.data
def test_plain_unmixing_has_one_error_and_wrong_spectra(samson: nmflab.Study) -> None:
    """0.0251 from every start, and angles of 0.16 radians and more."""
    plain = samson.runs[samson.runs["case"] == "plain"]
    assert len(plain) == 5
    assert plain["relative_error_all"].to_numpy() == pytest.approx(0.0251, abs=2e-5)
    assert plain["spectral_angle"].min() > 0.16


@pytest.mark.data
def test_the_purest_pixels_have_the_published_angle(samson: nmflab.Study) -> None:
    """0.092 radians, within 0.01."""
    assert of_cases(samson, "spectral_angle")["spa"] == pytest.approx(0.092, abs=0.01)


@pytest.mark.data
def test_lower_error_is_a_worse_spectrum(
    samson: nmflab.Study, volumes: nmflab.Study
) -> None:
    """With the weight of the volume errors rise and angles fall, on one problem."""
    curve = ["plain_sum_to_one", *(f"min_vol_{w}" for w in ("0", "0.01", "0.1", "1"))]
    error, angle = (
        pd.concat([of_cases(samson, name), of_cases(volumes, name)])[curve]
        for name in ("relative_error_all", "spectral_angle")
    )
    assert (np.diff(error) > 0).all()
    assert (np.diff(angle) < 0).all()
    assert angle["min_vol_1"] < 0.06


@pytest.mark.data
def test_two_patients_are_misplaced_on_the_scale_of_the_solver(run: Run) -> None:
    """ALL_14749 and ALL_7092, with a cophenetic correlation near 1; 12 starts of 50."""
    study = run("experiment=all_aml_consensus", "n_components=2", "seed=range(12)")
    solvers, fixed = misplaced.look(study.folder)
    assert solvers.misplaced == ["ALL_14749", "ALL_7092"]
    assert solvers.cophenetic > 0.995
    assert fixed.misplaced == ["AML_13"]


def test_a_sample_is_misplaced_among_those_of_another_class() -> None:
    """Two clusters of three, one of whom is not of the others' class."""
    together = np.kron(np.eye(2), np.ones((3, 3)))
    assert misplaced.misplaced(together, 2, list("aaabba")) == [5]


@pytest.mark.data
def test_term_weighting_alone_moves_the_clusters_of_news(run: Run) -> None:
    """From 0.74 to 0.93 at five components, one solver and one start."""
    study = run(
        "experiment=bbc_topics",
        "n_components=5",
        "metrics=[npmi_document,topic_diversity,hungarian_accuracy]",
    )
    found = study.runs.set_index("weighting")
    accuracy = found["hungarian_accuracy"]
    assert accuracy["none"] == pytest.approx(0.856, abs=0.01)
    assert accuracy["tfidf"] == pytest.approx(0.926, abs=0.01)
    assert np.ptp(accuracy) > 0.1
    assert found["npmi_document"]["tfidf"] > found["npmi_document"]["none"] + 0.05
    assert found["topic_diversity"]["tfidf"] > found["topic_diversity"]["none"]


@pytest.mark.data
def test_zero_filled_films_look_more_nameable_than_they_are(run: Run) -> None:
    """9 or 10 of 10 against all films, 6 to 8 against films as popular."""
    study = run("experiment=movielens_genres", "case=zero_filled", "seed=range(4)")
    zero_filled = study.runs[study.runs["case"] == "zero_filled"]
    assert zero_filled["enrichment_n"].between(9, 10).all()
    assert zero_filled["enrichment_n_popularity"].between(6, 8).all()


@pytest.mark.data
def test_films_by_ratings_alone_are_hardly_nameable_without_a_penalty(run: Run) -> None:
    """At most 4 of 10 against all films, at most 2 against films as popular."""
    study = run("experiment=movielens_genres", "case=masked", "seed=range(2)")
    assert study.runs["enrichment_n"].max() <= 4
    assert study.runs["enrichment_n_popularity"].max() <= 2


@pytest.mark.data
def test_signatures_agree_only_if_the_best_of_several_starts_is_taken(run: Run) -> None:
    """The least cosine with the best run's: above 0.9 of eight, below 0.8 of one."""
    study = run("experiment=breast_signatures")
    cases = known.look(study.folder, *known.references())
    assert cases["best_of_eight"].to_best.min() > 0.88
    assert cases["one_start"].to_best.min() < 0.8
    spread = {name: np.ptp(case.objectives) for name, case in cases.items()}
    assert spread["best_of_eight"] < 0.1 * spread["one_start"]


@pytest.mark.data
def test_the_worst_fit_comes_nearest_to_the_known_signatures(run: Run) -> None:
    """A mean cosine above 0.9, where the best fit has 0.855."""
    study = run("experiment=breast_signatures")
    one = known.look(study.folder, *known.references())["one_start"]
    assert one.to_known[0] == pytest.approx(0.855, abs=0.02)
    assert one.to_known[-1] == one.to_known.max()
    assert one.to_known[-1] > 0.9


@pytest.mark.data
def test_four_signatures_come_back_from_other_draws_if_starts_are_many(
    run: Run,
) -> None:
    """A least silhouette of 0.92 within 0.05 of eight starts; of one below 0.6."""
    study = run("experiment=breast_draws", "n_components=4")
    least = silhouettes.look(study.folder)["least"]
    assert least["best_of_eight", 4] == pytest.approx(0.92, abs=0.05)
    assert least["one_start", 4] < 0.6


@pytest.mark.data
def test_five_signatures_do_not_come_back(run: Run) -> None:
    """The least silhouette falls below a half, even with eight starts a draw."""
    study = run("experiment=breast_draws", "n_components=5", "case=best_of_eight")
    assert silhouettes.look(study.folder)["least"]["best_of_eight", 5] < 0.5
