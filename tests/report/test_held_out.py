"""The section on held-out cells: honest figures, baselines apart, zeros in red."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Bullets, Details, Figure, Prose, Section, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.drawing.theme import colours
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.held_out.measures import baselines, measured
from nmflab.report.sections.held_out.section import held_out_section
from nmflab.report.sections.results.section import results_section

MASK = np.array([[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [1, 0, 0, 4], [0, 1, 5, 4]])
ERRORS = {(0, 2): 1.0, (0, 3): 1.1, (1, 2): 1.2, (1, 3): 1.4}
"""Test RMSE by fold and size; validation prefers 2 in fold 0, 3 in fold 1."""


def split(fold: int) -> dict[str, Any]:
    """Return the configuration of one fold."""
    return {"split": {"name": "k_folds", "n_folds": 2, "fold": fold, "seed": 0}}


def write(study: Any, *, validated: bool = True, filled: bool = False) -> Any:
    """Write two folds, two sizes, two seeds; the store of them."""
    ratings = study.dataset("ratings", study.masked())
    for (fold, k), error in ERRORS.items():
        for seed in range(2):
            valid = abs(k - 2 - fold) + 0.5 if validated else None
            add(study, ratings, fold, k, seed, error, {"validation": valid})
    if filled:
        for fold in range(2):
            add(study, ratings, fold, 2, 0, 2.5, {"validation": 2.4}, zeros=True)
    return study.read()


def add(
    study: Any,
    fingerprint: str,
    fold: int,
    k: int,
    seed: int,
    error: float,
    record: dict[str, Any],
    *,
    zeros: bool = False,
) -> None:
    """Write one run with its figures on held-out cells."""
    study.fitted(
        study.RATINGS,
        MASK > 0,
        fingerprint=fingerprint,
        k=k,
        seed=seed,
        steps=5,
        dataset="ratings",
        split=f"k_folds(fold={fold})" if fold else "k_folds",
        solver="hals" if zeros else "masked_hals",
        record=record,
        changes={**split(fold), "missing_as_zero": zeros},
        metrics={
            "rmse_train_observed": 0.5 / k,
            "rmse_test": error,
            "held_out_rmse": error,
            "held_out_rmse_clipped": error - 0.1 * seed,
            "held_out_mae_warm": error / 2,
            "held_out_cells_training": 5,
            "held_out_cells_validation": 1,
            "held_out_cells_test": 6 + fold,
            "ranking_ndcg_at_10": 0.2,
            "rating_baselines_biases_rmse": 1.3,
            "rating_baselines_biases_rmse_clipped": 1.25 + fold,
            "rating_baselines_global_mean_rmse_clipped": 1.5,
            "ranking_baselines_most_popular_ndcg_at_10": 0.3,
        },
    )


def section_of(store: Any) -> Section | None:
    """Return the section as the report would have it."""
    material = gather(store)
    groups = group_runs(material)
    pencil = Pencil(colours(sorted({g.variant for g in groups})), ["random"])
    return held_out_section(material, pencil)


def table_of(section: Section | None, at: int = 0) -> Table:
    """Return one of the section's tables."""
    assert section is not None
    return [block for block in section.blocks if isinstance(block, Table)][at]


def column(table: Table, title: str) -> list[Any]:
    """Return the cells below a title."""
    at = [c.title for c in table.columns].index(title)
    return [row[at] for row in table.rows]


def test_a_study_without_held_out_cells_has_no_such_section(full_study: Any) -> None:
    """Nothing is said of what was not done."""
    from nmflab.store import Store

    with Store.open(full_study) as store:
        assert section_of(store) is None


def test_folds_are_averaged_at_what_each_chose(study: Any) -> None:
    """Fold 0 chose 2 components and 1.0, fold 1 chose 3 and 1.4: 1.2 ± 0.28."""
    table = table_of(section_of(write(study)))
    cell = column(table, "RMSE")[0]
    assert cell.sort == pytest.approx(1.2)
    assert cell.text == "1.2 ± 0.28"
    assert cell.detail == "1 … 1.4"


def test_what_folds_chose_is_told_with_how_often(study: Any) -> None:
    """And out of how many, by what, over how many seeds."""
    cell = column(table_of(section_of(write(study))), "Configuration")[0]
    assert cell.text == "n_components 2 (1 of 2); n_components 3 (1 of 2)"
    assert cell.detail == "out of 2 by validation, 2 seeds, 2 folds"


def test_the_figure_tuned_on_test_cells_is_labelled(study: Any) -> None:
    """At its best on the test cells 2 components: clipped 0.95 and 1.15, mean 1.05."""
    cell = column(table_of(section_of(write(study))), "Best on its own test cells")[0]
    assert cell.sort == pytest.approx(1.05)
    assert cell.detail == "tuned on its own test cells"
    assert cell.tone == "warning"


def test_without_validation_every_figure_says_that_it_was_tuned(study: Any) -> None:
    """No number stands there as an honest one."""
    section = section_of(write(study, validated=False))
    table = table_of(section)
    for title in ("RMSE, clipped", "RMSE"):
        cell = column(table, title)[0]
        assert (cell.detail, cell.tone) == ("tuned on its own test cells", "danger")
    assert section is not None
    said = [b.text for b in section.blocks if isinstance(b, Prose)]
    assert any("no estimate of the error on new cells" in text for text in said)


@pytest.mark.parametrize("validated", [True, False])
def test_only_what_was_done_is_said_of_validation(study: Any, validated: bool) -> None:
    """That validation cells chose is said where there were any."""
    section = section_of(write(study, validated=validated))
    assert section is not None
    [first, *_] = (b.text for b in section.blocks if isinstance(b, Prose))
    assert ("the validation cells chose the configuration" in first) is validated
    assert "baselines that know no factors stand below the line" in first


def test_baselines_stand_apart_the_best_first(study: Any) -> None:
    """They are the last rows, each over folds: 1.25 and 2.25 for the biases."""
    table = table_of(section_of(write(study)))
    assert table.n_reference == 2
    names = [row[0].text for row in table.rows[-2:]]
    assert names == ["Global mean", "Biases"]
    clipped = column(table, "RMSE, clipped")
    assert clipped[-1].sort == pytest.approx(1.75)
    assert clipped[-2].sort == pytest.approx(1.5)
    assert column(table, "RMSE")[-2].text == "–"


def test_rankings_have_a_table_with_their_own_baselines(study: Any) -> None:
    """Most-popular ranks; biases do not."""
    table = table_of(section_of(write(study)), 1)
    assert [c.title for c in table.columns] == ["Model", "NDCG at 10"]
    assert [row[0].text for row in table.rows] == ["masked_hals", "Most popular"]


def test_zero_filled_models_are_red_and_explained(study: Any) -> None:
    """They share this table, marked, and the sentence says what their zeros are."""
    section = section_of(write(study, filled=True))
    table = table_of(section)
    marked = {row[0].text: row[0].tone for row in table.rows[:2]}
    assert marked == {"masked_hals": "", "hals": "danger"}
    assert section is not None
    said = [b.text for b in section.blocks if isinstance(b, Prose)]
    assert any("zeros were inventions" in text for text in said)


def test_training_errors_of_masked_and_zero_filled_runs_share_no_table(
    study: Any,
) -> None:
    """Under Results each kind has a table of its own."""
    material = gather(write(study, filled=True))
    section = results_section(material, group_runs(material))
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert [table.id for table in tables] == ["results-table", "filled-results-table"]
    solvers = [{row[0].text for row in table.rows} for table in tables]
    assert not solvers[0] & solvers[1]


def test_cells_never_tested_are_counted(study: Any) -> None:
    """6 and 7 of 13 known cells in two folds leave none."""
    section = section_of(write(study))
    assert section is not None
    bullets = next(b for b in section.blocks if isinstance(b, Bullets))
    assert "Test cells: 6 to 7 of 13 known cells in each of 2 folds." in bullets.items
    assert "Every known cell was tested once." in bullets.items


def test_the_chart_has_the_training_error_beside(study: Any) -> None:
    """Two panels of one axis; at each size what validation chose, and a baseline."""
    section = section_of(write(study, filled=True))
    assert section is not None
    figure = next(b for b in section.blocks if isinstance(b, Figure))
    rows = figure.spec["datasets"]["rows"]
    drawn = {(r["panel"], r["n_components"]): r["value"] for r in rows}
    assert drawn == {
        ("Held-out cells", 2): pytest.approx(1.1),
        ("Held-out cells", 3): pytest.approx(1.25),
        ("Training cells", 2): pytest.approx(0.25),
        ("Training cells", 3): pytest.approx(0.5 / 3),
    }
    assert figure.spec["resolve"]["scale"]["y"] == "shared"
    assert "biases (1.3)" in figure.caption
    assert "hals" not in {r["variant"] for r in rows}


def test_measures_are_ordered_and_named_once() -> None:
    """``rmse_test`` is ``held_out_rmse``; counts and baselines are no measures."""
    names = [
        "rmse_test",
        "mse_test",
        "held_out_rmse",
        "held_out_rmse_clipped",
        "held_out_cells_test",
        "ranking_ndcg_at_10",
        "ranking_baselines_ease_ndcg_at_10",
        "relative_error_all",
    ]
    assert [(m.metric, m.title) for m in measured(names)] == [
        ("held_out_rmse_clipped", "RMSE, clipped"),
        ("held_out_rmse", "RMSE"),
        ("ranking_ndcg_at_10", "NDCG at 10"),
        ("mse_test", "MSE"),
    ]


def test_events_are_judged_by_rankings(study: Any) -> None:
    """Where held-out cells count as 0 the ranking comes first, errors are folded."""
    data = study.dataset("bought", Dataset(X=study.RATINGS))
    events = {"split": {"name": "leave_n", "cells": "positive", "seed": 0}}
    figures = {
        "held_out_rmse": 1.1,
        "ranking_ndcg_at_10": 0.2,
        "ranking_hit_rate_at_10": 0.4,
        "rating_baselines_biases_rmse": 0.4,
        "ranking_baselines_ease_ndcg_at_10": 0.3,
    }
    study.run(
        {"fingerprint": data, "objective_value": 1.0},
        metrics=figures,
        changes=events,
        split="leave_n",
    )
    section = section_of(study.read())
    assert section is not None
    table = table_of(section)
    titles = [c.title for c in table.columns]
    assert titles == ["Model", "Configuration", "NDCG at 10", "Hit rate at 10"]
    folded = next(b for b in section.blocks if isinstance(b, Details)).blocks[0]
    assert isinstance(folded, Table)
    assert [row[0].text for row in folded.rows] == ["mu"]
    said = [b.text for b in section.blocks if isinstance(b, Prose)]
    assert any("by their rankings" in text for text in said)


def test_baselines_are_found_by_their_prefix() -> None:
    """Their names may hold underscores, and so may measures."""
    names = [
        "rating_baselines_global_mean_rmse",
        "rating_baselines_biases_rmse_clipped",
        "ranking_baselines_item_knn_ndcg_at_10",
        "ranking_baselines_item_knn_hit_rate_at_10",
    ]
    measures = measured(["held_out_rmse", "held_out_rmse_clipped"])
    assert baselines(names, measures) == {
        "Global mean": "rating_baselines_global_mean_",
        "Biases": "rating_baselines_biases_",
        "Item kNN": "ranking_baselines_item_knn_",
    }


def test_results_leave_held_out_figures_to_their_section(study: Any) -> None:
    """Beside every configuration they would invite to choose by them."""
    material = gather(write(study))
    table = table_of(results_section(material, group_runs(material)))
    titles = " ".join(column.title.lower() for column in table.columns)
    for word in ("held", "test", "ranking", "baseline"):
        assert word not in titles
