"""The table of results."""

from typing import Any

from nmflab.contracts import Dataset
from nmflab.report.content import Block, Details, Prose, Table
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.results.section import results_section


def blocks_of(study: Any) -> list[Block]:
    """Return what a study's section of results holds."""
    with study.read() as store:
        material = gather(store)
        return list(results_section(material, group_runs(material)).blocks)


def give(study: Any, objectives: dict[str, float], **labels: Any) -> None:
    """Record one finished run a solver."""
    for solver, value in objectives.items():
        record = {"fingerprint": "f", "objective_value": value}
        study.run({**record, "objective_start": 50.0}, solver=solver, **labels)


def rows_of(table: Table) -> dict[str, dict[str, Any]]:
    """Return the cells of a table by the first of their row and by column."""
    titles = [column.title for column in table.columns]
    return {row[0].text: dict(zip(titles, row, strict=True)) for row in table.rows}


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
    assert not {"Median start", "Starts"} & titles
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


def test_a_leaderboard_has_the_gap_to_the_best(study: Any) -> None:
    """The first is the best; another is told by how much more it has."""
    give(study, {"a": 2.0, "b": 2.5, "c": 2.001})
    rows = rows_of(section(study)[0])
    gaps = {name: row["Above the best"].text for name, row in rows.items()}
    assert gaps == {"a": "best", "c": "+0.05 %", "b": "+25 %"}
    assert rows["c"]["Above the best"].detail == "a tie"
    assert [rows[name]["Rank"].text for name in "acb"] == ["1", "2 =", "3"]


def test_failed_runs_count_in_the_table(study: Any) -> None:
    """A setting that lost runs says how many; one that lost all keeps its row."""
    give(study, {"a": 2.0, "b": 3.0})
    for seed, status in ((1, "error"), (2, "timeout")):
        study.run({"status": status, "fingerprint": "f"}, solver="b", seed=seed)
    study.run({"status": "oom", "fingerprint": "f"}, solver="lost")
    study.run({"status": "skipped", "fingerprint": "f"}, solver="unfit")
    rows = rows_of(section(study)[0])
    failed = {name: row["Failed"] for name, row in rows.items()}
    assert {name: cell.text for name, cell in failed.items()} == {
        "a": "0",
        "b": "2 of 3",
        "lost": "1 of 1",
    }
    assert failed["b"].detail == "1 error, 1 timeout"
    assert rows["lost"]["Rank"].detail == "no run finished"


def test_a_lost_setting_that_meets_none_is_told(study: Any) -> None:
    """Where all runs of a size failed there is no table to hold them."""
    give(study, {"a": 2.0})
    study.run({"status": "oom", "fingerprint": "f"}, solver="a", n_components=9)
    assert (
        "No run finished of a from random on data with 9 components (1 oom)"
        in (section(study)[1])
    )


def test_many_comparisons_have_an_overview_and_are_folded(study: Any) -> None:
    """A row a solver, a column a size; each cell a gap and a rank."""
    for size, b in ((2, 4.0), (3, 1.0), (4, 2.0), (5, 3.0)):
        give(study, {"a": 2.0, "b": b}, n_components=size)
    blocks = blocks_of(study)
    tables = [block for block in blocks if isinstance(block, Table)]
    folded = [block for block in blocks if isinstance(block, Details)]
    [overview] = tables
    assert [column.title for column in overview.columns[1:5]] == [
        f"data, {size} components" for size in (2, 3, 4, 5)
    ]
    told = {
        row[0].text: [(c.text, c.detail) for c in row[1:5]] for row in overview.rows
    }
    assert told["b"] == [
        ("+100 %", "rank 2"),
        ("0", "rank 1"),
        ("0", "rank 2 ="),
        ("+50 %", "rank 2"),
    ]
    assert [row[-1].text for row in overview.rows] == ["3 of 4", "2 of 4"]
    assert folded[0].summary == "data, 2 components: a from random first, of 2 settings"
    assert len(folded) == 4


def test_folds_are_one_column_of_the_overview(study: Any) -> None:
    """Gaps and ranks are means over the folds; each fold keeps its leaderboard."""
    for fold, b in ((0, 3.0), (1, 5.0)):
        give(study, {"a": 2.0, "b": b}, split=f"bi_cv(fold={fold})")
    give(study, {"a": 2.0, "b": 4.0}, split="bi_cv", n_components=9)
    overview = next(block for block in blocks_of(study) if isinstance(block, Table))
    titles = [column.title for column in overview.columns]
    assert titles[1] == "data, split bi_cv, 2 components"
    row = {row[0].text: row for row in overview.rows}["b"]
    assert (row[1].text, row[1].detail) == ("+100 %", "rank 2")


def test_own_objectives_stand_in_a_block_of_their_own(study: Any) -> None:
    """They are told beside, and never ranked."""
    give(study, {"a": 2.0, "b": 3.0})
    own = {"minimises": "own", "own_objective": 7.0, "objective_value": 1.0}
    study.run({"fingerprint": "f", **own}, solver="other")
    tables = [block for block in blocks_of(study) if isinstance(block, Table)]
    assert [table.id for table in tables] == ["results-table", "own-results-table"]
    assert "Rank" not in [column.title for column in tables[1].columns]


def test_exact_fits_have_no_relative_gap(study: Any) -> None:
    """What lies above an exact fit is not told in per cent of it."""
    give(study, {"a": 1e-20, "b": 1e-19, "c": 2.0})
    rows = rows_of(section(study)[0])
    gaps = {name: row["Above the best"].text for name, row in rows.items()}
    assert gaps == {"a": "best", "b": "0", "c": "best is exact"}


def test_rows_are_labelled_for_the_filters(study: Any) -> None:
    """Each row says what it is of, also where the column is left out."""
    give(study, {"a": 2.0, "b": 3.0})
    assert section(study)[0].about[0] == {
        "solver": "a",
        "dataset": "data",
        "init": "random",
        "n_components": "2",
        "objective": "frobenius",
    }
