"""Charts of errors: where they are left out, and their axes."""

from typing import Any

import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Figure, Prose
from nmflab.report.drawing.charts import pad
from nmflab.report.drawing.pencil import Pencil, values_axis
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.measures import error_measure
from nmflab.report.sections.error import by_panel, error_section
from nmflab.report.sections.tradeoff.section import tradeoff_section

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
    section = error_section(groups, error_measure(groups, material.info), PENCIL)
    [block] = section.blocks
    assert isinstance(block, Prose)
    assert "two sizes" in block.text


def test_a_panel_of_one_point_has_room_around_it(study: Any) -> None:
    """Five per cent either way, so that its ticks are numbers that mean something."""
    groups, material = two_datasets(study)
    for record in by_panel(groups, error_measure(groups, material.info)):
        assert record["under"] == pytest.approx(0.95 * record["value"])
        assert record["over"] == pytest.approx(1.05 * record["value"])


def test_ticks_of_sparseness_are_written_in_full(study: Any) -> None:
    """A tick at 0.52 reads 0.52, not 1."""
    fingerprint = study.dataset("one", Dataset(X=study.RATINGS))
    for solver, k in (("a", 2), ("b", 3)):
        study.fitted(study.RATINGS, fingerprint=fingerprint, solver=solver, k=k, seed=0)
    with study.read() as store:
        material = gather(store)
    groups = group_runs(material)
    error = error_measure(groups, material.info)
    figure = tradeoff_section(groups, error, material.info, PENCIL).blocks[0]
    assert isinstance(figure, Figure)
    layers = figure.spec["layer"]
    across = [layer["encoding"]["x"] for layer in layers if "x" in layer["encoding"]]
    assert all("format" not in x["axis"] for x in across)
    assert all("datum.value" in x["axis"]["labelExpr"] for x in across)
    for row in figure.spec["datasets"]["rows"]:
        assert row["left"] <= row["worth"] <= row["right"]


def test_room_around_values_of_many_decades_stays_positive() -> None:
    """A log axis has no place for 0 or less."""
    records = [{"panel": "p", "low": 1e-12, "high": 1e-3, "value": 1e-4}]
    pad(records, ("low", "high"), ("under", "over"))
    assert 0 < records[0]["under"] < 1e-12
    assert records[0]["over"] > 1e-3


def test_folds_of_a_split_are_one_point(study: Any) -> None:
    """Their mean, with the ends of all of them."""
    for fold in range(3):
        study.run(
            {"fingerprint": "f", "objective_value": 1.0 + fold},
            split=f"bi_cv(fold={fold})",
        )
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        [record] = by_panel(groups, error_measure(groups, material.info))
    assert (record["low"], record["value"], record["high"]) == (1.0, 2.0, 3.0)
    assert record["seeds"] == 3


def test_many_data_sets_are_drawn_six_at_a_time(study: Any) -> None:
    """The first are in sight, the next folded, and the caption says which are shown."""
    for name in "abcdefgh":
        for k in (2, 3):
            record = {"fingerprint": name, "objective_value": 1.0 / k}
            study.run(record, dataset=name, n_components=k, solver="a")
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        blocks = error_section(
            groups, error_measure(groups, material.info), PENCIL
        ).blocks
    first, folded = blocks
    assert isinstance(first, Figure)
    assert "Shown: 1 to 6 of 8 data sets" in first.caption
    assert [figure.id for figure in folded.blocks] == ["error-by-size-2"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([2, 4, 8], None), ([1, 10, 100], "log"), ([0, 0.01, 1], "symlog")],
)
def test_numbers_that_span_decades_have_a_log_axis(
    values: list[float], kind: str | None
) -> None:
    """A 0 among them, which has no logarithm, keeps its place on the left."""
    assert values_axis("x", "x", values).to_dict()["scale"].get("type") == kind
