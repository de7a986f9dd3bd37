"""The table of results."""

from typing import Any

from nmflab.contracts import Dataset
from nmflab.report.content import Prose, Table
from nmflab.report.groups import group_runs
from nmflab.report.material import gather
from nmflab.report.results import results_section


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
