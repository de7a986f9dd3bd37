"""The section on time to target."""

from typing import Any

import numpy as np
import pytest

from nmflab.report.content import Block, Details, Figure, Prose, Section, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.formats.figures import render_svg
from nmflab.report.sections.targets.section import targets_section

from .racing import PENCIL, failed, raced, read, trace


def section(study: Any, pencil: Pencil = PENCIL) -> Section:
    """Return the section of a study."""
    with study.read() as store:
        return targets_section(read(store), pencil)


def flat(blocks: Any) -> list[Block]:
    """Return blocks with those that are folded away."""
    found: list[Block] = []
    for block in blocks:
        found.append(block)
        found += flat(block.blocks) if isinstance(block, Details) else []
    return found


def part(section: Section, name: str) -> Any:
    """Return the figure or table of this id."""
    blocks = flat(section.blocks)
    kinds = (Figure, Table)
    (found,) = (b for b in blocks if isinstance(b, kinds) and b.id == name)
    return found


def said(section: Section) -> str:
    """Return the prose of a section."""
    return " ".join(b.text for b in flat(section.blocks) if isinstance(b, Prose))


def two(study: Any) -> None:
    """Record a solver that gets there in two seconds and one that never quite does."""
    raced(study, "a", [20.0, 2.0, 1.0])
    raced(study, "b", [20.0, 11.0, 2.0])


def test_the_curve_steps_at_each_target_reached(study: Any) -> None:
    """Three targets: a hits at 1.5, 2.5, 2.5 s; b one of three, at 2.5 s."""
    two(study)
    rows = part(section(study), "time-to-target").spec["datasets"]["rows"]
    a, b = rows
    assert (a["x"], a["share"]) == ([1.5, 1.5, 2.5, 2.5], [0.0, 0.3333, 1.0, 1.0])
    assert (b["x"], b["share"]) == ([2.5, 2.5, 2.5], [0.0, 0.3333, 0.3333])


def test_failures_lower_the_curve(study: Any) -> None:
    """A run that raised halves what its solver reached."""
    two(study)
    failed(study, "b", seed=1)
    rows = part(section(study), "time-to-target").spec["datasets"]["rows"]
    assert rows[1]["share"][-1] == 0.1667


def test_expected_times_pay_for_failures(study: Any) -> None:
    """One success after 2.5 s and a failure that took 4: 6.5 s."""
    two(study)
    failed(study, "b", seed=1)
    table = part(section(study), "expected-times")
    cells = {row[1].text: row[3:] for row in table.rows}
    assert [cell.text for cell in cells["a"][:2]] == ["1.5 s", "2.5 s"]
    assert (cells["b"][0].text, cells["b"][0].detail) == ("6.5 s", "1 of 2")
    assert (cells["b"][1].text, cells["b"][1].detail) == ("never", "0 of 2")


def test_a_failure_of_unknown_cost_makes_a_lower_bound(study: Any) -> None:
    """A crash tells nobody how long it took."""
    two(study)
    failed(study, "b", seed=1, status="crash", cpu_seconds=None)
    table = part(section(study), "expected-times")
    assert [row[3].text for row in table.rows if row[1].text == "b"] == ["≥ 2.5 s"]


def test_targets_below_a_thousandth_are_not_in_the_curve(study: Any) -> None:
    """Both get within 0.001; that one goes further is in the table alone."""
    raced(study, "a", [20.0, 1.0])
    raced(study, "b", [20.0, 1.005])
    told = section(study)
    rows = part(told, "time-to-target").spec["datasets"]["rows"]
    assert [row["share"][-1] for row in rows] == [1.0, 1.0]
    table = part(told, "expected-times")
    assert [row[-1].text for row in table.rows] == ["1.5 s", "never"]


def test_an_order_that_stands_on_a_solvers_own_record_is_said(study: Any) -> None:
    """Only slow finds the lowest minimum: without it, fast reaches everything first."""
    raced(study, "a", [20.0, 3.0, 3.0, 3.0])
    raced(study, "b", [20.0, 20.0, 20.0, 1.0])
    text = said(section(study))
    assert "changes for 1 of 2 solvers" in text
    assert "without b it is a, then b, with it b, then a" in text


def test_an_order_that_stands_is_said_too(study: Any) -> None:
    """Either way a comes first."""
    two(study)
    text = said(section(study))
    assert "for each of 2 solvers in turn" in text
    assert "stays: a, then b" in text


def test_left_out_panels_have_targets_of_the_others(study: Any) -> None:
    """Without a, b's own best is the target of both, and both reach all."""
    two(study)
    rows = part(section(study), "time-to-target-left-out").spec["datasets"]["rows"]
    ends = {(row["panel"], row["variant"]): row["share"][-1] for row in rows}
    assert ends["without a", "b"] == ends["without a", "a"] == 1.0
    assert ends["without b", "b"] == 0.3333


def test_the_area_is_told_with_the_share_reached(study: Any) -> None:
    """Conclusions carry numbers, and one comparison carries none beyond itself."""
    two(study)
    text = said(section(study))
    assert "(100 % reached)" in text
    assert "(33 % reached)" in text
    assert "nothing follows for other data" in text


def test_wins_are_counted_by_comparison(study: Any) -> None:
    """A wins on two data sets of three, b on one."""
    for dataset in ("x", "y"):
        raced(study, "a", [20.0, 1.0], dataset=dataset)
        raced(study, "b", [20.0, 9.0, 9.0, 2.0], dataset=dataset)
    raced(study, "a", [20.0, 9.0, 9.0, 2.0], dataset="z")
    raced(study, "b", [20.0, 1.0], dataset="z")
    text = said(section(study))
    assert "belongs to a on 2 and b on 1 of the 3" in text


def test_stationary_runs_far_above_the_best_are_counted(study: Any) -> None:
    """Both stop at κ = 1e-4, one of them a tenth of the way up: another minimum."""
    raced(study, "a", [], points=trace([20.0, 3.0, 1.0], kappa=1e-4))
    raced(study, "b", [], points=trace([20.0, 3.0, 2.0], kappa=1e-4))
    told = section(study)
    text = said(told)
    assert (
        "There, of 2 runs that became stationary (κ at most stop.kkt), 1 ended" in text
    )
    rows = part(told, "time-to-kappa").spec["datasets"]["rows"]
    assert [row["share"][-1] for row in rows] == [1.0, 1.0]
    gaps = part(told, "final-gaps")
    assert [row[3].text for row in gaps.rows] == ["0", "0.1"]


def test_runs_beside_others_are_warned_of(study: Any) -> None:
    """Their clocks are disturbed."""
    raced(study, "a", [20.0, 1.0], record={"beside": 1})
    raced(study, "b", [20.0, 2.0])
    assert "1 of 2 runs ran beside others" in said(section(study))


def test_a_solver_alone_has_no_race(study: Any) -> None:
    """Its own best run would be its target."""
    raced(study, "a", [20.0, 2.0])
    raced(study, "a", [20.0, 1.0], seed=1)
    told = section(study)
    assert "would race against its own best run" in said(told)
    assert not [b for b in flat(told.blocks) if isinstance(b, Figure | Table)]


def test_without_a_reference_there_are_no_targets(study: Any) -> None:
    """Neither a run's start nor its end stands in; time to κ needs none."""
    for solver in ("a", "b"):
        points = trace([20.0, 3.0, 1.0], kappa=1e-4)
        none = {"objective_rank_one": None}
        raced(study, solver, [], points=points, record=none, weighting="tfidf")
    told = section(study)
    assert said(told).startswith("There are no targets, as the reference is not known")
    drawn = [b.id for b in flat(told.blocks) if isinstance(b, Figure)]
    assert drawn == ["time-to-kappa"]


def test_a_solver_that_reached_nothing_is_named(study: Any) -> None:
    """It has no curve to be seen by."""
    two(study)
    raced(study, "c", [20.0, 19.0])
    text = said(section(study))
    assert "Not drawn: c reached no target." in text


def test_one_start_goes_without_saying(study: Any) -> None:
    """Starts are named where they differ."""
    two(study)
    assert "a from random" not in said(section(study))


def test_nothing_reached_at_all_is_said(study: Any) -> None:
    """The best known is of an own-objective solver that nobody comes near."""
    raced(study, "own", [20.0, 1.0], record={"minimises": "own", "own_objective": 1.0})
    raced(study, "a", [20.0, 10.0])
    raced(study, "b", [20.0, 10.5])
    assert "No run reached a target" in said(section(study))


@pytest.mark.parametrize("name", ["time-to-target", "passes-to-target"])
def test_charts_stay_small(study: Any, name: str) -> None:
    """A hundred trials and more make a curve of a hundred steps or so."""
    rng = np.random.default_rng(0)
    for seed in range(40):
        values = np.sort(rng.uniform(1.0, 3.0, 300))[::-1]
        points = trace(values.tolist())
        points[:, 2:5] *= rng.uniform(0.5, 2.0)
        raced(study, "a", [], points=points, seed=seed)
    raced(study, "b", [20.0, 2.0])
    figure = part(section(study), name)
    assert max(len(row["x"]) for row in figure.spec["datasets"]["rows"]) <= 122
    assert len(render_svg(figure)) < 30_000


def leading(study: Any, slow: tuple[str, ...]) -> None:
    """Record a faster than b on six data sets, but for the slow ones."""
    for dataset in "uvwxyz":
        fast, late = ("b", "a") if dataset in slow else ("a", "b")
        raced(study, fast, [20.0, 1.0], dataset=dataset)
        raced(study, late, [20.0, 9.0, 9.0, 1.0], dataset=dataset)


def test_the_lead_over_data_sets_has_an_interval(study: Any) -> None:
    """Six times the same: log(7/1.5) − log(7/3.5) over log(7/1.5), without spread."""
    leading(study, ())
    text = said(section(study))
    expected = np.log(3.5 / 1.5) / np.log(7 / 1.5)
    assert f"a is ahead of b by {expected:.2g}, 95 % interval 0.55 to 0.55" in text


def test_a_lead_that_is_not_settled_is_said(study: Any) -> None:
    """Ahead on four of six data sets is not enough."""
    leading(study, ("u", "v"))
    assert "which of the two does better is not settled" in said(section(study))


def test_few_data_sets_give_no_interval(study: Any) -> None:
    """Of two nothing follows for others."""
    for dataset in ("x", "y"):
        raced(study, "a", [20.0, 1.0], dataset=dataset)
        raced(study, "b", [20.0, 9.0, 1.0], dataset=dataset)
    assert "2 data sets are too few for an interval" in said(section(study))
