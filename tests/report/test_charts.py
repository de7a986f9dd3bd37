"""Charts of errors: where they are left out, and their axes."""

from typing import Any

import pytest

from nmflab.contracts import Dataset
from nmflab.report.drawing.charts import (
    against_size,
    by_panel,
    why_no_error,
)
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.measures import error_measure, sparseness_measure
from nmflab.report.sections.tradeoff import against_sparseness

PENCIL = Pencil({"a": "#000000", "b": "#ffffff"}, ["random"])


def two_datasets(study: Any) -> tuple[list[Group], Any]:
    """Return the groups of two data sets, each with one solver and one size."""
    for label, solver, k in (("one", "a", 2), ("two", "b", 3)):
        X = study.RATINGS + k
        fingerprint = study.dataset(label, Dataset(X=X))
        where = {"dataset": label, "solver": solver, "k": k, "seed": 0}
        study.fitted(X, fingerprint=fingerprint, **where)
    with study.read() as store:
        material = gather(store)
    return group_runs(material), material


def test_no_error_against_size_without_two_sizes_of_anything(study: Any) -> None:
    """Single points of different data are no curve, and the page says so."""
    groups, material = two_datasets(study)
    assert against_size(groups, error_measure(groups, material.info), PENCIL) is None
    assert "two sizes" in why_no_error(groups)


def test_a_panel_of_one_point_has_room_around_it(study: Any) -> None:
    """Five per cent either way, so that its ticks are numbers that mean something."""
    groups, material = two_datasets(study)
    for record in by_panel(groups, error_measure(groups, material.info)):
        assert record["under"] == pytest.approx(0.95 * record["value"])
        assert record["over"] == pytest.approx(1.05 * record["value"])


def test_ticks_of_sparseness_are_written_in_full(study: Any) -> None:
    """A tick at 0.52 reads 0.52, not 1."""
    groups, material = two_datasets(study)
    error = error_measure(groups, material.info)
    sparseness = sparseness_measure(groups, material.info)
    figure = against_sparseness(groups, error, sparseness, PENCIL)
    assert figure is not None
    layers = figure.spec["spec"]["layer"]
    assert {layer["encoding"]["x"]["axis"]["format"] for layer in layers[1:]} == {"~g"}
    for row in figure.spec["datasets"]["rows"]:
        assert row["left"] <= row["sparseness"] <= row["right"]
