"""Which metric is the error, which the sparseness."""

from dataclasses import replace

import pytest

from nmflab.report.reading.groups import Group, Stat
from nmflab.report.reading.measures import (
    error_measure,
    feature_measures,
    higher_is_better,
    hint,
    in_sentence,
    varying,
    words,
)

ONE = Stat(1, 0.5, None, 0.5, 0.5)


def measured(*names: str) -> list[Group]:
    """Return a group in which these metrics were measured."""
    metrics = dict.fromkeys(names, ONE)
    return [Group({}, "a", 0, ("k",), "k", ONE, None, None, None, None, metrics)]


def test_the_relative_error_is_preferred() -> None:
    """Where it was measured it is drawn."""
    measure = error_measure(measured("rmse", "relative_error"), {})
    assert measure.names == ("relative_error",)


def test_without_it_the_objective_is_drawn() -> None:
    """Every run has an objective."""
    groups = measured("rmse")
    measure = error_measure(groups, {})
    assert (measure.title, measure.of(groups[0])) == ("Objective", ONE)


KNOWN = {
    name: {"direction": direction}
    for name, direction in {
        "hoyer_sparseness": "higher",
        "spectral_angle": "lower",
        "enrichment": "higher",
        "relative_error": "lower",
        "held_out": "lower",
        "unidentified": "none",
        "top_features": "none",
    }.items()
}


def test_measures_of_features_are_one_a_metric_sparseness_first() -> None:
    """Neither errors, nor counts, nor what has no better side are among them."""
    groups = measured(
        *("hoyer_sparseness_W", "hoyer_sparseness_H", "relative_error_all"),
        *("enrichment", "enrichment_n", "spectral_angle", "spectral_angle_chance"),
        *("held_out_rmse", "unidentified_rows", "top_features_mass", "unknown"),
    )
    found = feature_measures(groups, KNOWN)
    assert [measure.names for measure in found] == [
        ("hoyer_sparseness_H",),
        ("spectral_angle",),
        ("enrichment",),
    ]
    assert [higher_is_better(one, KNOWN) for one in found] == [True, False, True]


def test_titles_within_sentences_keep_names() -> None:
    """A person's name and an abbreviation stay as they are."""
    titles = ("Relative error", "Hoyer sparseness H", "RMSE")
    assert [in_sentence(one) for one in titles] == [
        "relative error",
        "Hoyer sparseness H",
        "RMSE",
    ]


def test_each_kind_of_cells_has_its_own_name_for_the_same_error() -> None:
    """Masked and complete data are each told by the error of the cells they fit."""
    names = (
        "relative_error_all",
        "relative_error_test",
        "relative_error_train_observed",
    )
    complete, masked = measured("relative_error_all"), measured(names[2])
    measure = error_measure([*complete, *masked, *measured(names[1])], {})
    assert measure.names == (names[0], names[2])
    assert measure.title == "Relative error"
    assert measure.of(complete[0]) == measure.of(masked[0]) == ONE


def test_a_suffixed_metric_has_its_parents_unit() -> None:
    """What is known of a metric holds for the values it names by suffix."""
    about = {"unit": "dimensionless", "direction": "higher", "doc": "``Sparse``."}
    info = {"hoyer": about}
    (found,) = feature_measures(measured("hoyer_H"), info)
    assert found.title == "Hoyer H, dimensionless"
    assert hint("hoyer_H", info) == "Sparse. Unit: dimensionless. Higher is better."


def test_a_metric_nobody_knows_any_more_keeps_its_name() -> None:
    """A plugin that is gone costs the unit, nothing else."""
    assert (words("gone_all"), hint("gone", {})) == ("Gone (all cells)", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("npmi_document", "NPMI (document)"),
        ("npmi_window_chance", "NPMI (window chance)"),
        ("umass", "UMass"),
        ("uci", "UCI"),
        ("c_v", "C_V"),
        ("ari_between_runs", "ARI between runs"),
        ("nmi", "NMI"),
        ("frex", "FREX"),
        ("inverted_rbo", "Inverted RBO"),
        ("spa_residual", "SPA residual"),
        ("rmse_all", "RMSE (all cells)"),
        ("held_out_mae", "Held out MAE"),
        ("hoyer_sparseness_H", "Hoyer sparseness H"),
    ],
)
def test_names_are_spelled_as_the_field_spells_them(name: str, said: str) -> None:
    """Abbreviations in capitals, at the start of a name and within it."""
    assert words(name) == said


def test_abbreviations_keep_their_capitals_in_a_sentence() -> None:
    """Only a plain word's first letter becomes small."""
    told = [in_sentence(words(name)) for name in ("umass", "c_v", "free_directions")]
    assert told == ["UMass", "C_V", "free directions"]


def test_a_measure_that_is_the_same_in_every_run_does_not_vary() -> None:
    """Nothing can be read off a chart of a constant."""
    groups = measured("spectral_angle", "enrichment") * 2
    groups[1] = replace(
        groups[1], metrics={"spectral_angle": ONE, "enrichment": replace(ONE, high=0.6)}
    )
    found = varying(feature_measures(groups, KNOWN), groups)
    assert [one.names for one in found] == [("enrichment",)]
