"""The table of metrics over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nmflab.report
from nmflab.report.content import Block, Bullets, Table
from nmflab.report.reading.material import gather
from nmflab.report.sections.stability.over_seeds import over_seeds_blocks

INFO = {
    "consensus": {"direction": "higher", "doc": "Consensus.", "unit": "dimensionless"},
    "amari": {"direction": "lower", "doc": "Distance.", "unit": "dimensionless"},
}


def record(study: Any, solver: str, seeds: int, **said: Mapping[str, Any]) -> list[str]:
    """Record a setting of some seeds, and what was measured over them."""
    keys = [
        study.run({"objective_value": 1.0}, solver=solver, seed=seed)
        for seed in range(seeds)
    ]
    study.measured_over_seeds = getattr(study, "measured_over_seeds", [])
    study.measured_over_seeds.append((solver, keys, said))
    return keys


def blocks_of(study: Any) -> list[Block]:
    """Write what was recorded; return the blocks."""
    writer = study.writer
    for solver, keys, said in study.measured_over_seeds:
        values, problems = said.get("values", {}), said.get("problems", {})
        digests = dict.fromkeys(INFO, "d")
        writer.add_group_metrics(solver, keys, values, problems, digests)
    writer.add_metric_info(INFO)
    with study.read() as store:
        return over_seeds_blocks(gather(store))


def table_of(blocks: list[Block]) -> list[dict[str, str]]:
    """Return the rows of the one table, text by column title."""
    (table,) = (block for block in blocks if isinstance(block, Table))
    titles = [column.title for column in table.columns]
    return [
        dict(zip(titles, (cell.text for cell in row), strict=True))
        for row in table.rows
    ]


def test_each_setting_has_a_row_and_no_mean_is_taken(study: Any) -> None:
    """Arrows say which way is better, by the metric a suffix belongs to."""
    record(study, "mu", 3, values={"consensus_cophenetic": 0.75, "amari": 0.125})
    record(study, "hals", 2, values={"consensus_cophenetic": 1.0})
    rows = table_of(blocks_of(study))
    assert rows == [
        {
            "Dataset": "data",
            "Solver": "mu",
            "Init": "random",
            "n_components": "2",
            "Seeds": "3",
            "Amari ↓": "0.125",
            "Consensus cophenetic ↑": "0.75",
        },
        {
            "Dataset": "data",
            "Solver": "hals",
            "Init": "random",
            "n_components": "2",
            "Seeds": "2",
            "Amari ↓": "–",
            "Consensus cophenetic ↑": "1",
        },
    ]


def test_what_has_no_value_is_told_once_for_each_reason(study: Any) -> None:
    """With its metrics, and in how many settings."""
    needs = dict.fromkeys(INFO, "not applicable: needs 2 seeds")
    record(study, "mu", 1, problems=needs)
    record(study, "hals", 1, problems=needs)
    record(study, "cd", 2, values={"amari": 0.5}, problems={"consensus": "it failed"})
    blocks = blocks_of(study)
    assert [row["Solver"] for row in table_of(blocks)] == ["cd"]
    (bullets,) = (block for block in blocks if isinstance(block, Bullets))
    assert sorted(bullets.items) == [
        "amari, consensus: not applicable: needs 2 seeds (in 2 settings).",
        "consensus: it failed (in 1 setting).",
    ]


def test_settings_of_runs_outside_the_report_are_left_out(study: Any) -> None:
    """Values over a run that is not shown say nothing of those that are."""
    keys = record(study, "mu", 2, values={"amari": 0.5})
    keys[1] = "of another sweep"
    assert blocks_of(study) == []


def test_the_table_stands_in_the_report_beside_the_stability(study: Any) -> None:
    """In Markdown as on the page."""
    record(study, "mu", 2, values={"amari": 0.125})
    blocks_of(study)
    with study.read() as store:
        page = nmflab.report.build(store)
    for file in (page, page.with_name("report.md")):
        text = file.read_text(encoding="utf-8")
        assert text.index("Stability over seeds") < text.index("Amari ↓")


def test_nothing_is_said_where_nothing_was_asked(study: Any) -> None:
    """Most studies have no metric over seeds."""
    study.run({"objective_value": 1.0})
    with study.read() as store:
        assert over_seeds_blocks(gather(store)) == []
