"""The published digits, through the command an experiment's read-me gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nmflab
from nmflab.commands import sweep
from nmflab.contracts import Factors, Matrix
from nmflab.numerics import stability
from nmflab.sweep.outcome import Outcome

RATINGS = np.array(
    [[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]], dtype=float
)
GROCERIES = np.array(
    [
        [0, 1, 0, 1, 2, 2],
        [2, 3, 1, 1, 2, 2],
        [1, 1, 1, 0, 1, 1],
        [0, 2, 3, 4, 1, 1],
        [0, 0, 0, 0, 1, 0],
    ],
    dtype=float,
)
UNRATED = RATINGS == 0

# Published with eight decimals; scikit-learn's coordinate descent gives them on every
# version since 0.19, and 1e-6 leaves room for another BLAS.
MOVIES_W = np.array(
    [
        [3.56439707, 0],
        [2.37654951, 0],
        [0.89050141, 1.23178233],
        [0.66556354, 0.96517217],
        [0, 1.79451388],
    ]
)
MOVIES_H = np.array(
    [[1.47452258, 0.55917555, 0, 0.40826028], [0, 0.36226565, 1.58270795, 2.90831012]]
)

Run = Callable[..., nmflab.Study]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Return a function that runs a command in an empty folder; each command once."""
    done: dict[tuple[str, ...], nmflab.Study] = {}

    def study(*overrides: str) -> nmflab.Study:
        if overrides not in done:
            folder = tmp_path_factory.mktemp("empty")
            patch.chdir(folder)
            made = nmflab.study(*overrides, "executor.name=serial")
            done[overrides] = nmflab.Study(made.folder.resolve())
        return done[overrides]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NMFLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield study


def row_of(study: nmflab.Study, case: str) -> pd.Series:
    """Return the only run of a case; it ended well."""
    rows = study.runs[study.runs["case"] == case]
    assert len(rows) == 1
    assert rows["status"].eq("ok").all()
    return rows.iloc[0]


def factors_of(study: nmflab.Study, case: str) -> list[Factors]:
    """Return the factors of every run of a case, one a seed."""
    rows = study.runs[study.runs["case"] == case]
    assert rows["status"].eq("ok").all()
    return [study.factors(key) for key in rows["key"]]


def models_of(study: nmflab.Study, case: str) -> Matrix:
    """Return the reconstructions of a case, stacked over seeds."""
    return np.stack([factors.reconstruct() for factors in factors_of(study, case)])


def test_movie_ratings_give_the_published_factors(run: Run) -> None:
    """W and H to 1e-6, the mean squared error to 1e-10, after 19 or 20 iterations."""
    study = run("experiment=movie_ratings")
    (found,) = factors_of(study, "zeros_as_ratings")
    np.testing.assert_allclose(found.W, MOVIES_W, atol=1e-6)
    np.testing.assert_allclose(found.H, MOVIES_H, atol=1e-6)
    row = row_of(study, "zeros_as_ratings")
    assert row["mse_all"] == pytest.approx(0.9144353703891276, abs=1e-10)
    assert row["n_steps"] in (19, 20)


def test_movie_ratings_give_the_published_table_of_predictions(run: Run) -> None:
    """All 20 cells are those of the published factors, the unrated among them."""
    (Y,) = models_of(run("experiment=movie_ratings"), "zeros_as_ratings")
    np.testing.assert_allclose(Y, MOVIES_W @ MOVIES_H, atol=1e-6)
    expected = [0.00, 1.33, 0.00, 1.95, 0.72, 1.53, 0.00]
    np.testing.assert_allclose(Y[UNRATED], expected, atol=0.0051)
    error = np.sqrt(((RATINGS - Y)[~UNRATED] ** 2).mean())
    assert error == pytest.approx(0.8712, abs=5e-5)


def test_missing_ratings_that_are_identified_are_rationals(run: Run) -> None:
    """Three unrated cells are 29/12, 11/12 and 8/7 from every start; the fit is exact.

    Steps shorter than 1e-8 of a component's length leave 1e-4 ample room.
    """
    models = models_of(run("experiment=movie_ratings"), "zeros_missing")
    assert len(models) == 5
    for Y in models:
        assert Y[1, 1] == pytest.approx(29 / 12, abs=1e-4)
        assert Y[3, 1] == pytest.approx(11 / 12, abs=1e-4)
        assert Y[4, 0] == pytest.approx(8 / 7, abs=1e-4)
        np.testing.assert_allclose(Y[~UNRATED], RATINGS[~UNRATED], atol=1e-5)


def test_the_film_with_one_rating_is_predicted_by_chance(run: Run) -> None:
    """Its four unrated cells differ by more than 1 from seed to seed."""
    models = models_of(run("experiment=movie_ratings"), "zeros_missing")
    assert np.ptp(models[:, :4, 2], axis=0).max() > 1


@pytest.mark.parametrize(
    ("case", "objective", "rmse", "predictions"),
    [
        ("_l2", 3.854849, 0.0651, [1.63, 2.35, 1.53, 5.80, 0.90, 4.66, 1.17]),
        ("_l2_strong", 34.721986, 0.5228, [1.32, 1.84, 1.15, 3.87, 0.77, 3.11, 1.34]),
    ],
    ids=["0.1", "1"],
)
def test_a_penalty_identifies_every_missing_rating(
    run: Run, case: str, objective: float, rmse: float, predictions: list[float]
) -> None:
    """Every seed finds one minimum: twice our objective, seven predictions, the fit."""
    study, case = run("experiment=movie_ratings"), f"zeros_missing{case}"
    rows = study.runs[study.runs["case"] == case]
    assert len(rows) == 5
    np.testing.assert_allclose(2 * rows["objective_value"], objective, atol=1e-6)
    np.testing.assert_allclose(rows["rmse_train_observed"], rmse, atol=5e-5)
    models = models_of(study, case)
    for Y in models:
        np.testing.assert_allclose(Y[UNRATED], predictions, atol=0.0051)
    assert np.ptp(models, axis=0).max() < 1e-4  # the seeds end in one model


def test_the_ratings_in_single_precision_give_the_published_table(run: Run) -> None:
    """Three components from nndsvda in float32: WH to half its second decimal."""
    study = run(
        "dataset=movie_ratings", "dtype=float32", "n_components=3", "init=sklearn",
        "init.method=nndsvda", "solver=sklearn", "solver.stepping=native",
    )  # fmt: skip
    (Y,) = models_of(study, "")
    table = [
        [5.34, 2.14, 0.17, 1.01],
        [3.46, 1.37, 0, 0.98],
        [1.17, 0.56, 0.09, 5.01],
        [0.85, 0.4, 0, 3.99],
        [0, 1.04, 4.99, 4.0],
    ]
    np.testing.assert_allclose(Y, table, atol=6e-3)


def test_grocery_baskets_give_the_published_factors(run: Run) -> None:
    """H as printed and as the installed scikit-learn has it, W, WH and the residual."""
    from sklearn.decomposition import NMF

    study = run("experiment=grocery_baskets")
    (found,) = factors_of(study, "published")
    reference = NMF(n_components=3, init="nndsvda").fit(GROCERIES)
    np.testing.assert_allclose(found.H, reference.components_, atol=1e-5)
    W = [
        [0.008865, 1.094432, 0.001981],
        [0.036147, 0.553013, 1.327873],
        [0, 0.183592, 0.670823],
        [0.640176, 0.516677, 0.000146],
        [0, 0.234942, 0],
    ]
    np.testing.assert_allclose(found.W, W, atol=1e-5)
    row = row_of(study, "published")
    assert row["n_steps"] == 30
    assert np.sqrt(2 * row["objective_value"]) == pytest.approx(1.04256725, abs=1e-7)
    assert row["published_agreement_H"] < 1e-6
    assert row["published_agreement_WH"] < 0.0051  # printed with two decimals


def test_the_default_start_of_the_installed_scikit_learn_is_nndsvda() -> None:
    """The case `published` writes out what `NMF(n_components=3)` does, to rounding.

    The default draws its own vectors for the randomized SVD, exact at this size.
    """
    from sklearn.decomposition import NMF

    default = NMF(n_components=3).fit_transform(GROCERIES)
    written = NMF(n_components=3, init="nndsvda").fit_transform(GROCERIES)
    np.testing.assert_allclose(default, written, atol=1e-9)


def test_the_default_start_until_1_0_gives_another_h(run: Run) -> None:
    """A slightly smaller residual, and an H that is up to 5.3 away."""
    study = run("experiment=grocery_baskets")
    row = row_of(study, "default_until_1_0")
    assert row["n_steps"] in (83, 84)
    assert np.sqrt(2 * row["objective_value"]) == pytest.approx(1.04256655, abs=1e-7)
    (old,) = factors_of(study, "default_until_1_0")
    (new,) = factors_of(study, "published")
    assert np.abs(old.H - new.H).max() == pytest.approx(5.3, abs=0.05)


def test_grocery_baskets_have_one_model_and_many_factors(run: Run) -> None:
    """Solved to the end, all starts agree in WH and differ in H by more than 0.1."""
    study = run("experiment=grocery_baskets")
    cases = ("hals_published_start", "hals_random")
    models = np.concatenate([models_of(study, case) for case in cases])
    assert len(models) == 6
    assert np.ptp(models, axis=0).max() < 1e-6
    rows = study.runs[study.runs["case"].isin(cases)]
    np.testing.assert_allclose(2 * rows["objective_value"], 1.042566278**2, atol=1e-8)
    assert np.ptp(rows["published_agreement_H"]) > 0.1


@pytest.mark.parametrize(("state", "error"), [(42, 0.48273135), (0, 0.48087853)])
def test_purchase_patterns_have_the_known_shapes_and_error(
    run: Run, state: int, error: float
) -> None:
    """100 customers, 50 products, two components; stopped by its limit of 200."""
    study = run(
        "dataset=purchase_patterns", f"dataset.random_state={state}", "n_components=2",
        "init=sklearn", "init.random_state=42", "solver=sklearn",
        "solver.stepping=native",
    )  # fmt: skip
    (found,) = factors_of(study, "")
    assert (found.W.shape, found.H.shape) == ((100, 2), (2, 50))
    row = row_of(study, "")
    assert row["relative_error_all"] == pytest.approx(error, abs=1e-6)
    assert row["n_steps"] == 200


def test_patterns_in_noise_return_at_four_components_and_not_at_eight(run: Run) -> None:
    """Every seed ends in one minimum of four components; of eight there are many."""
    study = run(
        "experiment=purchase_patterns", "solver=hals", "n_components=4,8", "seed=0,1,2"
    )
    runs = study.runs.sort_values("objective_value")
    lowest = {}
    for size, rows in runs.groupby("n_components"):
        Hs = [study.factors(key).H for key in rows["key"]]
        lowest[size] = stability(Hs).minimum.min()
    assert lowest[4] > 0.999
    assert lowest[8] < 0.9


def test_three_systems_agree_with_what_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The main job, in supervised processes: deviations, shapes, and its report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    outcome, page = sweep(["experiment=three_systems", "executor.n_jobs=1"], quiet=True)
    assert isinstance(outcome, Outcome)
    assert (outcome.exit_code, outcome.counts) == (0, {"ok": 4})
    study = nmflab.Study(outcome.folder)
    movies, foods = row_of(study, "movie_ratings"), row_of(study, "grocery_baskets")
    assert movies["published_agreement_W"] < 1e-8
    assert movies["published_agreement_H"] < 1e-8
    assert movies["mse_all"] == pytest.approx(0.9144353703891276, abs=1e-10)
    assert foods["published_agreement_H"] < 1e-6
    assert foods["published_agreement_WH"] < 0.0051
    noise = row_of(study, "purchase_patterns")
    assert noise["relative_error_all"] == pytest.approx(0.48273135, abs=1e-6)
    (factors,) = factors_of(study, "purchase_patterns")
    assert (factors.W.shape, factors.H.shape) == ((100, 2), (2, 50))
    assert page is not None
    assert "<td>H</td><td>4.8e-09</td>" in page.read_text(encoding="utf-8")
    text = (page.parent / "report.md").read_text(encoding="utf-8")
    assert re.search(r"[Nn]ot identified[^\n]*Film 3", text)
