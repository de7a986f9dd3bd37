"""Configurations chosen by validation cells; figures called what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nmflab.selection import TUNED, choose, family, in_words, main_metric, took_zeros

NAN = float("nan")


def runs(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return runs that agree in all but what is given."""
    usual = {
        "dataset": "ratings",
        "fingerprint": "f",
        "weighting": "none",
        "split_family": "k_folds",
        "fold": 0,
        "split_seed": 0,
        "variant": "mu",
        "init": "random",
        "zero_filled": False,
        "n_components": 2,
        "objective": "frobenius",
        "solver": "mu",
        "dtype": "float64",
        "validation": NAN,
        "rmse_test": NAN,
    }
    frame = pd.DataFrame([{**usual, **row} for row in rows])
    return frame.assign(key=[f"key {i}" for i in range(len(rows))])


def test_validation_chooses_and_the_test_is_read_there() -> None:
    """Not the configuration that would have been best on the test cells."""
    found = choose(
        runs(
            {"n_components": 2, "validation": 0.9, "rmse_test": 1.00},
            {"n_components": 4, "validation": 0.8, "rmse_test": 1.05},
            {"n_components": 8, "validation": 0.95, "rmse_test": 0.97},
        )
    ).iloc[0]
    assert (found["n_components"], found["test"]) == (4, 1.05)
    assert found["chosen_by"] == "validation"
    assert found["n_configurations"] == 3
    assert found["keys"] == ("key 1",)


def test_the_best_on_the_test_cells_is_beside_it_and_labelled() -> None:
    """The figure everyone would like to report, under its name."""
    found = choose(
        runs(
            {"n_components": 2, "validation": 0.8, "rmse_test": 1.0},
            {"n_components": 8, "validation": 0.9, "rmse_test": 0.97},
        )
    ).iloc[0]
    assert (found["tuned"], found["tuned_label"]) == (0.97, TUNED)
    assert found["tuned_configuration"] == "n_components 8"


def test_without_validation_there_is_no_honest_figure() -> None:
    """Several configurations, and only their test cells to tell them apart."""
    found = choose(
        runs({"n_components": 2, "rmse_test": 1.0}, {"n_components": 8, "rmse_test": 2})
    ).iloc[0]
    assert found["chosen_by"] == "test"
    assert np.isnan(found["test"])
    assert (found["tuned"], found["tuned_label"]) == (1.0, TUNED)


def test_one_configuration_needs_no_choice() -> None:
    """Its test figure is honest without validation cells."""
    found = choose(runs({"rmse_test": 1.0, "seed": 0}, {"rmse_test": 1.2, "seed": 1}))
    assert list(found["chosen_by"]) == ["nothing"]
    assert found["test"].iloc[0] == pytest.approx(1.1)
    assert found["test_sd"].iloc[0] == pytest.approx(np.std([1.0, 1.2], ddof=1))
    assert found["tuned"].isna().all()


def test_the_mean_over_seeds_decides_not_the_luckiest_seed() -> None:
    """0.5 once does not make up for 1.5."""
    found = choose(
        runs(
            {"n_components": 2, "validation": 0.9},
            {"n_components": 2, "validation": 0.9},
            {"n_components": 4, "validation": 0.5},
            {"n_components": 4, "validation": 1.5},
        )
    ).iloc[0]
    assert found["n_components"] == 2
    assert found["n_seeds"] == 2


@pytest.mark.parametrize(
    "differing",
    ["dataset", "weighting", "split_family", "variant", "init"],
)
def test_contests_are_held_apart(differing: str) -> None:
    """Each is chosen for by itself."""
    found = choose(
        runs(
            {differing: "a", "validation": 0.1, "n_components": 2},
            {differing: "b", "validation": 0.9, "n_components": 4},
        )
    )
    assert sorted(found["n_components"]) == [2, 4]


def test_every_fold_chooses_for_itself() -> None:
    """The choice is part of what is validated: another fold's cells take no part."""
    found = choose(
        runs(
            {"fold": 0, "n_components": 2, "validation": 0.8, "rmse_test": 1.0},
            {"fold": 0, "n_components": 4, "validation": 0.9, "rmse_test": 1.1},
            {"fold": 1, "n_components": 2, "validation": 0.9, "rmse_test": 1.2},
            {"fold": 1, "n_components": 4, "validation": 0.8, "rmse_test": 1.3},
        )
    )
    assert list(found["n_components"]) == [2, 4]
    assert list(found["test"]) == [1.0, 1.3]


def test_of_rankings_the_highest_is_best() -> None:
    """An NDCG is no error."""
    tried = runs({"n_components": 2}, {"n_components": 4})
    tried["ranking_ndcg_at_10"] = [0.2, 0.3]
    found = choose(tried).iloc[0]
    assert (found["tuned"], found["n_components"]) == (0.3, 4)


def test_the_clipped_error_stands_for_the_others() -> None:
    """Then a plain one, then a ranking; none where nothing was measured."""
    frame = runs({"rmse_test": 1.0})
    assert main_metric(frame) == "rmse_test"
    frame["held_out_rmse"] = 1.0
    frame["held_out_rmse_clipped"] = 0.9
    assert main_metric(frame) == "held_out_rmse_clipped"
    assert main_metric(runs({})) is None


@pytest.mark.parametrize(
    ("label", "shared"),
    [
        ("k_folds(fold=2)", "k_folds"),
        ("k_folds(n_folds=3, fold=2, seed=7)", "k_folds(n_folds=3)"),
        ("speckled", "speckled"),
    ],
)
def test_folds_share_a_family(label: str, shared: str) -> None:
    """What differs by fold or seed only is one way to split."""
    assert family(label) == shared


def test_a_configuration_is_told_by_what_differs() -> None:
    """The size always, the rest where it was varied."""
    one = {"n_components": 2, "objective": "a", "solver": "s", "dtype": "float64"}
    assert in_words(one, [one]) == "n_components 2"
    assert in_words(one, [one, {**one, "objective": "b"}]) == "n_components 2, a"


@pytest.mark.parametrize(
    ("split", "masked", "taken"),
    [
        ({"name": "none"}, True, True),
        ({"name": "none"}, False, False),
        ({"name": "speckled"}, False, True),
        ({"name": "speckled", "cells": "positive"}, False, False),
        ({"name": "bi_cv"}, False, False),
    ],
)
def test_zeros_are_invented_where_cells_are_unknown(
    split: dict[str, str], masked: bool, taken: bool
) -> None:
    """Missing cells are, and held-out ones, unless these are events to come."""
    config = {"missing_as_zero": True, "split": split}
    assert took_zeros(config, masked=masked) is taken
    assert not took_zeros({**config, "missing_as_zero": False}, masked=masked)


def test_events_are_compared_by_their_ranking() -> None:
    """An error against cells a solver was told are 0 says little."""
    frame = pd.DataFrame({"rmse_test": [0.9], "ranking_ndcg_at_10": [0.3]})
    events = frame.assign(split_family="k_folds(cells=positive)")
    assert main_metric(events) == "ranking_ndcg_at_10"
    assert main_metric(frame.assign(split_family="k_folds")) == "rmse_test"
