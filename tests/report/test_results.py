"""The table of results."""

from typing import Any

from nmflab.contracts import Dataset
from nmflab.report.content import Prose, Table
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.results import results_section


def section(study: Any) -> tuple[Table, str]:
    """Return a study's table of results and the sentences before it."""
    with study.read() as store:
        material = gather(store)
        blocks = results_section(material, group_runs(material)).blocks
    tables = [block for block in blocks if isinstance(block, Table)]
    said = " ".join(block.text for block in blocks if isinstance(block, Prose))
    return tables[0], said


def fit(study: Any, **labels: Any) -> None:
    """Record one run on the ratings."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.fitted(study.RATINGS, fingerprint=fingerprint, **{"seed": 0, **labels})


def test_what_is_the_same_in_every_row_is_said_once(study: Any) -> None:
    """Constant columns leave the table for the sentence above it."""
    fit(study, k=2, steps=20, solver="a")
    fit(study, k=3, steps=40, solver="b")
    table, said = section(study)
    titles = [column.title for column in table.columns]
    assert titles[:2] == ["Solver", "n_components"]
    assert not {"Dataset", "Init", "Seeds"} & set(titles)
    assert "Dataset data; Init random" in said


def test_runs_of_several_starts_show_best_median_and_cost(study: Any) -> None:
    """Best and median stand side by side, with what all starts took together."""
    halved = {"n_starts": 8, "n_rounds": 4, "objective_median": 7.5, "n_steps": 1234}
    fit(study, k=2, steps=20, case="race", record=halved)
    fit(study, k=2, steps=40, case="alone", record={"n_starts": 1, "n_rounds": 1})
    table, said = section(study)
    titles = [column.title for column in table.columns]
    rows = {row[0].text: dict(zip(titles, row, strict=True)) for row in table.rows}
    race, alone = rows["race"], rows["alone"]
    assert race["Median start"].text == "7.5"
    assert (race["Starts"].text, race["Starts"].detail) == ("8", "halving, 4 rounds")
    assert race["Steps"].text == "1,234"
    assert (alone["Starts"].text, alone["Starts"].detail) == ("1", "")
    assert "With halving all starts share one budget" in said
    assert "Without halving" not in said


def test_starts_with_a_budget_each_are_told_to_cost_more(study: Any) -> None:
    """Their best is no fair match for a run of one start."""
    record = {"n_starts": 5, "n_rounds": 1, "objective_median": 7.5}
    fit(study, k=2, steps=20, solver="a", record=record)
    table, said = section(study)
    starts = [c.title for c in table.columns].index("Starts")
    assert table.rows[0][starts].detail == "each to its own stop"
    assert "a run of m starts may cost m times as much" in said
    assert "With halving" not in said


def test_single_starts_are_not_spoken_of(study: Any) -> None:
    """Nor are runs of an earlier nmflab, which counted none."""
    fit(study, k=2, steps=20, solver="a", record={"n_starts": 1, "n_rounds": 1})
    fit(study, k=2, steps=40, solver="b")
    table, said = section(study)
    titles = {column.title for column in table.columns}
    assert not {"Median start", "Starts", "Steps"} & titles
    assert "starts" not in said


def test_objective_and_error_come_before_the_rest(study: Any) -> None:
    """What is read first needs no sideways scroll."""
    fit(study, k=2, steps=20, solver="a")
    fit(study, k=2, steps=40, solver="b")
    titles = [column.title for column in section(study)[0].columns]
    assert titles[:4] == ["Solver", "Rank", "Objective", "Relative error"]


def test_no_two_columns_have_one_name(study: Any) -> None:
    """The loss that is swept is not called like the value it takes."""
    fit(study, k=2, objective="frobenius")
    fit(study, k=2, objective="kullback_leibler")
    titles = [column.title for column in section(study)[0].columns]
    assert len(set(titles)) == len(titles)
    assert {"Loss", "Objective"} <= set(titles)


def test_cases_head_their_rows(study: Any) -> None:
    """Where a study has cases their column says so."""
    fit(study, k=2, steps=20, case="plain")
    fit(study, k=2, steps=40, case="scaled")
    table, _ = section(study)
    assert table.columns[0].title == "Case"
    assert [row[0].text for row in table.rows] == ["scaled", "plain"]


def test_a_single_row_keeps_its_columns(study: Any) -> None:
    """With one row nothing is repeated, so nothing is left out."""
    fit(study, k=2)
    assert section(study)[0].columns[0].title == "Dataset"
