"""The table of every run, and the axes by which a page is narrowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nmflab.report.content import Details, Prose, Section, Table
from nmflab.report.reading.material import gather
from nmflab.report.sections.runs import filters_of, runs_section
from nmflab.store import Store


@pytest.fixture(scope="module")
def parts(full_study: Path) -> tuple[Section, list[Any]]:
    """Return the section and the filters of the study of everything."""
    with Store.open(full_study) as store:
        material = gather(store)
        return runs_section(material, "Solver"), filters_of(material, "Solver")


def table_of(section: Section) -> Table:
    """Return the table that the section folds away."""
    folded = section.blocks[-1]
    assert isinstance(folded, Details)
    (table,) = folded.blocks
    assert isinstance(table, Table)
    return table


def column(table: Table, title: str) -> list[str]:
    """Return the text of a column."""
    at = [one.title for one in table.columns].index(title)
    return [row[at].text for row in table.rows]


def test_every_planned_run_has_a_row_those_that_failed_first(parts: Any) -> None:
    """Fifty-two, each once; what ended well comes last."""
    table = table_of(parts[0])
    assert len(set(column(table, "Run"))) == 52
    statuses = column(table, "Status")
    assert statuses[:8] == ["error"] * 4 + ["timeout", "invalid", "skipped", "not run"]
    assert set(statuses[8:]) == {"ok"}


def test_axes_that_vary_have_a_column_and_the_others_a_sentence(study: Any) -> None:
    """One data set and one loss are told once."""
    for seed in range(3):
        study.run({"objective_value": 1.0}, seed=seed, init=f"start{seed}")
    with study.read() as store:
        section = runs_section(gather(store), "Solver")
    titles = [one.title for one in table_of(section).columns]
    own = ["Run", "Status", "Solver", "Init", "Seed", "How it ended", "Objective"]
    assert titles == own
    said = section.blocks[0]
    assert isinstance(said, Prose)
    assert "Dataset data; n_components 2; Loss frobenius." in said.text


def test_rows_say_what_they_are_about_column_or_not(study: Any) -> None:
    """So that a filter finds them."""
    study.run({"status": "error", "reason": "x"}, case="fast")
    study.run({}, case="slow", n_components=3)
    with study.read() as store:
        table = table_of(runs_section(gather(store), "Case"))
    assert [one["case"] for one in table.about] == ["fast", "slow"]
    assert [one["status"] for one in table.about] == ["error", "not run"]
    assert table.about[1] == {
        "dataset": "data",
        "case": "slow",
        "init": "random",
        "n_components": "3",
        "objective": "frobenius",
        "status": "not run",
    }


def test_each_label_of_the_rows_is_a_value_of_its_filter(parts: Any) -> None:
    """What is told of a row can be chosen."""
    section, filters = parts
    known = {one.axis: set(one.values) for one in filters}
    assert set(known) == {
        "dataset",
        "solver",
        "init",
        "n_components",
        "objective",
        "status",
    }
    for about in table_of(section).about:
        assert all(about[axis] in values for axis, values in known.items())


def test_axes_of_one_value_are_no_filters(study: Any) -> None:
    """Where nothing varies there is nothing to choose."""
    study.run({"objective_value": 1.0})
    with study.read() as store:
        assert filters_of(gather(store), "Solver") == []


def test_sizes_are_in_order_of_size(study: Any) -> None:
    """Ten comes after nine."""
    for size in (10, 9, 2):
        study.run({"objective_value": 1.0}, n_components=size)
    with study.read() as store:
        (sizes,) = filters_of(gather(store), "Solver")
    assert list(sizes.values) == ["2", "9", "10"]


def test_a_study_without_runs_says_so(study: Any) -> None:
    """A sentence, no empty table."""
    with study.read() as store:
        section = runs_section(gather(store), "Solver")
    assert [type(block) for block in section.blocks] == [Prose]
