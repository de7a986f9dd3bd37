"""Convergence curves, and what is said beside them."""

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.content import Details, Figure, Prose, Section
from nmflab.report.drawing.curves import banded
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.sections.convergence.section import convergence_section

from .racing import PENCIL, failed, raced, read, trace


def test_a_run_counts_with_the_last_value_it_reached() -> None:
    """Between points a run holds its value; after its end it keeps its last."""
    x, y = np.array([0.0, 1.0, 10.0]), np.array([9.0, 5.0, 1.0])
    band = banded([(x, y), (x[:2], y[:2])], n=7)
    np.testing.assert_allclose(band.at[[0, -1]], [1.0, 10.0])
    np.testing.assert_array_equal(band.middle[:-1], 5.0)
    assert band.middle[-1] == 3.0


def test_the_band_holds_the_middle_half() -> None:
    """Of five runs at 1 to 5, from the second to the fourth."""
    x = np.array([1.0])
    band = banded([(x, np.array([value])) for value in (5.0, 1.0, 4.0, 2.0, 3.0)])
    assert (band.low[0], band.middle[0], band.high[0]) == (2.0, 3.0, 4.0)


def test_runs_that_never_stepped_give_no_curve() -> None:
    """A trace of its start alone has no place on a log axis."""
    assert banded([(np.zeros(1), np.ones(1))]).at.size == 0


def test_a_single_call_is_one_point() -> None:
    """A library that answers in one call has a start and an end, nothing between."""
    band = banded([(np.array([0.0, 30.0]), np.array([9.0, 1.0]))])
    assert (band.at.tolist(), band.middle.tolist()) == ([30.0], [1.0])


def section(study: Any, pencil: Pencil = PENCIL) -> Section:
    """Return the section of a study."""
    with study.read() as store:
        return convergence_section(read(store), pencil)


def figures(section: Section) -> dict[str, Figure]:
    """Return the figures of a section by id."""
    return {one.id: one for one in section.blocks if isinstance(one, Figure)}


def rows(figure: Figure) -> dict[str, Any]:
    """Return what a figure draws, by solver."""
    return {row["variant"]: row for row in figure.spec["datasets"]["rows"]}


def said(section: Section) -> str:
    """Return the prose of a section."""
    return " ".join(one.text for one in section.blocks if isinstance(one, Prose))


def test_the_gap_is_measured_from_the_best_fit_of_one_component(study: Any) -> None:
    """Best 1, reference 11: an objective of 3 is a gap of 0.2, whatever the starts."""
    raced(study, "a", [500.0, 3.0, 1.0])
    raced(study, "b", [90.0, 11.0, 2.0])
    drawn = rows(figures(section(study))["convergence-steps"])
    # The end at the best known has no place on a log axis.
    assert drawn["a"]["gap"][0] == 0.2
    assert min(drawn["a"]["gap"]) == 0.2
    assert (drawn["b"]["gap"][0], drawn["b"]["gap"][-1]) == (1.0, 0.1)


def test_without_a_reference_the_highest_start_stands_in(study: Any) -> None:
    """And the caption says that the gap then depends on it."""
    none = {"objective_rank_one": None}
    raced(study, "a", [21.0, 3.0, 1.0], record=none, weighting="tfidf")
    raced(study, "b", [11.0, 5.0, 2.0], record=none, weighting="tfidf")
    figure = figures(section(study))["convergence-seconds"]
    assert rows(figure)["a"]["gap"][0] == 0.1
    assert "depends on the starts" in figure.caption


def test_the_median_and_the_middle_half_of_seeds_are_drawn(study: Any) -> None:
    """Five seeds that step to 2...6: gaps 0.1 to 0.5, of which the middle is 0.3."""
    for seed, value in enumerate((4.0, 2.0, 6.0, 3.0, 5.0)):
        raced(study, "b", [20.0, value], seed=seed)
    raced(study, "a", [20.0, 1.0])
    row = rows(figures(section(study))["convergence-steps"])["b"]
    assert (row["low"], row["gap"], row["high"]) == ([0.2], [0.3], [0.4])
    assert row["seeds"] == 5


def test_passes_have_a_chart_where_they_are_not_steps(study: Any) -> None:
    """Here a step is half a pass; where it is one, a sentence says so."""
    raced(study, "a", [20.0, 3.0, 1.0])
    raced(study, "b", [20.0, 3.0, 2.0])
    found = figures(section(study))
    assert list(found) == [
        "convergence-seconds",
        "convergence-steps",
        "convergence-passes",
    ]
    across = rows(found["convergence-passes"])["b"]["x"]
    assert across[-1] == 1.0


def test_steps_that_are_passes_need_no_chart_of_their_own(study: Any) -> None:
    """One sentence replaces a chart that would be the same."""
    for solver, values in (("a", [20.0, 3.0, 1.0]), ("b", [20.0, 3.0, 2.0])):
        points = trace(values)
        points[:, 2] = points[:, 1]
        raced(study, solver, [], points=points)
    told = section(study)
    assert "convergence-passes" not in figures(told)
    assert "is one pass over the data" in said(told)


@pytest.mark.parametrize(
    ("threads", "clock"), [(1, "CPU seconds"), (4, "Wall-clock seconds")]
)
def test_the_clock_is_fair(study: Any, threads: int, clock: str) -> None:
    """CPU time for single threads; wall clock where several share the work."""
    for solver in ("a", "b"):
        raced(study, solver, [20.0, 3.0, 2.0], record={"threads": threads})
    raced(study, "c", [20.0, 1.0], record={"threads": threads})
    spec = figures(section(study))["convergence-seconds"].spec
    assert spec["layer"][0]["encoding"]["x"]["title"] == clock


def test_no_more_is_drawn_than_can_be_told_apart(study: Any) -> None:
    """Of many comparisons eight panels, of many solvers eight curves of few points."""
    names = [f"s{i}" for i in range(9)]
    for dataset in range(9):
        for at, solver in enumerate(names):
            values = np.linspace(20.0, 1.0 + at, 200)
            raced(study, solver, values.tolist(), dataset=f"d{dataset}")
    told = section(study, Pencil(dict.fromkeys(names, "#000000"), ["random"]))
    drawn = figures(told)["convergence-steps"].spec["datasets"]["rows"]
    assert len({row["panel"] for row in drawn}) == 8
    assert len(drawn) == 64
    assert {row["variant"] for row in drawn} == set(names[:8])
    assert max(len(row["x"]) for row in drawn) <= 60
    assert "Shown: 8 of 9 comparisons" in said(told)


def test_runs_without_a_curve_are_named(study: Any) -> None:
    """A best run evaluated once, at its end, is not silently missing."""
    raced(study, "a", [20.0, 3.0, 1.0])
    raced(study, "b", [], points=trace([1.0]))
    assert "Not drawn: b from random (data · n_components 2)." in said(section(study))


def test_failed_runs_are_counted_beside_the_chart(study: Any) -> None:
    """The median is of those that ended well: the others are told."""
    raced(study, "a", [20.0, 3.0, 1.0])
    raced(study, "b", [20.0, 3.0, 2.0])
    failed(study, "b", seed=1)
    failed(study, "b", seed=2)
    assert "2 of 3 of b from random (data" in said(section(study))


def test_the_best_known_run_is_named_with_its_date(study: Any) -> None:
    """Value, reference, solver, seed and when it was made."""
    raced(study, "a", [20.0, 1.0], seed=4, record={"started": "2026-01-31T12:00:00"})
    raced(study, "b", [20.0, 2.0], seed=4)
    (folded,) = (one for one in section(study).blocks if isinstance(one, Details))
    (table,) = folded.blocks
    texts = [cell.text for cell in table.rows[0]]  # type: ignore[union-attr]
    assert texts[1:] == ["1", "11", "a from random", "4", "2026-01-31 12:00 UTC"]


def test_a_study_without_traces_says_so(study: Any) -> None:
    """No chart, a sentence, and the best known all the same."""
    fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
    study.run({"fingerprint": fingerprint, "objective_value": 3.0})
    told = section(study)
    assert figures(told) == {}
    assert said(told) == "No traces were kept."


def test_an_empty_study_says_so(study: Any) -> None:
    """Nothing ran."""
    assert said(section(study)).startswith("No run that minimises")


def test_of_a_split_one_fold_is_drawn_after_all_the_data(study: Any) -> None:
    """Folds are draws of one problem: a panel each would say one thing many times."""
    for split in ("none", *(f"bi_cv(fold={fold})" for fold in range(3))):
        raced(study, "a", [20.0, 3.0, 2.0], split=split)
        raced(study, "b", [20.0, 2.0, 1.0], split=split)
    told = section(study)
    drawn = figures(told)["convergence-steps"].spec["datasets"]["rows"]
    assert len({row["panel"] for row in drawn}) == 2
    assert "Shown: 2 of 4 comparisons, of a split one fold" in said(told)


def test_a_solver_of_a_single_step_is_a_dot(study: Any) -> None:
    """A line of one point would not be seen, though the legend names it."""
    raced(study, "a", [20.0, 3.0, 1.0])
    raced(study, "b", [20.0, 2.0])
    figure = figures(section(study))["convergence-steps"]
    marks = [layer["mark"]["type"] for layer in figure.spec["layer"]]
    assert marks.count("circle") == 1
    assert "A dot is a solver of a single step." in figure.caption
