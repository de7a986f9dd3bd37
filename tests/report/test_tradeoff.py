"""Error against interpretability: fronts, charts and tables."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from nmflab.report.content import Details, Figure, Prose, Table
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.measures import error_measure
from nmflab.report.sections.tradeoff.front import pareto_front
from nmflab.report.sections.tradeoff.section import tradeoff_section

PENCIL = Pencil(dict.fromkeys("abcdef", "#000000"), ["random"])
INFO = {
    "relative_error": {"direction": "lower"},
    "hoyer_sparseness": {"direction": "higher"},
    "spectral_angle": {"direction": "lower"},
    "npmi_window": {"direction": "higher"},
    "exclusivity": {"direction": "higher"},
}


def dominated(a: tuple[float, float], b: tuple[float, float]) -> bool:
    """Return whether b is no higher than a in both and lower in one."""
    return b[0] <= a[0] and b[1] <= a[1] and b != a


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_no_point_dominates(seed: int) -> None:
    """As by comparing every two, also where many values are equal."""
    drawn = np.random.default_rng(seed).integers(0, 6, (30, 2))
    points = [(float(a), float(b)) for a, b in drawn]
    wanted = {
        at for at, a in enumerate(points) if not any(dominated(a, b) for b in points)
    }
    assert set(pareto_front(points)) == wanted


def test_equal_points_are_all_on_the_front() -> None:
    """Neither is better than the other."""
    assert pareto_front([(1.0, 1.0), (2.0, 0.5), (1.0, 1.0)]) == [0, 2, 1]


def test_points_that_were_not_measured_are_on_no_front() -> None:
    """What is not a number is neither low nor high."""
    assert pareto_front([(float("nan"), 0.0), (1.0, 1.0)]) == [1]


def give(study: Any, solver: str, error: float, size: int = 2, **worth: float) -> None:
    """Record one run with an error and measures of its features."""
    study.run(
        {"fingerprint": "f", "objective_value": error},
        metrics={"relative_error": error, **worth},
        solver=solver,
        n_components=size,
    )


def blocks_of(study: Any) -> list[Any]:
    """Return what the section holds."""
    with study.read(metric_info=INFO) as store:
        material = gather(store)
        groups = group_runs(material)
        error = error_measure(groups, material.info)
        return list(tradeoff_section(groups, error, material.info, PENCIL).blocks)


def test_the_table_lists_the_front_by_error(study: Any) -> None:
    """The dominated are left out, and it says out of how many."""
    for solver, error, sparse in (("a", 0.1, 0.4), ("b", 0.2, 0.6), ("c", 0.3, 0.5)):
        give(study, solver, error, hoyer_sparseness_H=sparse)
    figure, table = blocks_of(study)
    assert figure.id == "error-by-sparseness"
    titles = [column.title for column in table.columns]
    rows = [dict(zip(titles, row, strict=True)) for row in table.rows]
    assert [row["Solver"].text for row in rows] == ["a", "b"]
    assert {row["Out of"].text for row in rows} == {"3"}


def test_a_measure_to_be_low_turns_the_front(study: Any) -> None:
    """Of an angle the lowest is the best."""
    for solver, error, angle in (("a", 0.1, 0.4), ("b", 0.2, 0.6), ("c", 0.3, 0.2)):
        give(study, solver, error, spectral_angle=angle)
    figure, table = blocks_of(study)
    assert [row[1].text for row in table.rows] == ["a", "c"]
    assert "further left is better" in figure.caption


def test_fronts_are_of_one_size_each(study: Any) -> None:
    """Error falls with size by itself: a larger size does not dominate a smaller."""
    for (solver, error, sparse), size in product(
        (("a", 0.2, 0.4), ("b", 0.3, 0.6)), (2, 9)
    ):
        give(study, solver, error / size, size, hoyer_sparseness_H=sparse)
    figure, table = blocks_of(study)
    assert len(table.rows) == 4
    assert "Sizes are not held against each other" in figure.caption


def test_sizes_without_rivals_have_no_front(study: Any) -> None:
    """One setting a size is drawn, and it is said why nothing is joined."""
    for size in (2, 3):
        give(study, "a", 1 / size, size, hoyer_sparseness_H=0.1 * size)
    [figure] = blocks_of(study)
    assert "No front is drawn" in figure.caption


def test_beyond_three_measures_are_folded(study: Any) -> None:
    """Sparseness first; the fourth waits to be asked for."""
    for at, solver in enumerate("ab", start=1):
        give(
            study,
            solver,
            0.1 * at,
            exclusivity=0.1 * at,
            npmi_window=0.2 * at,
            spectral_angle=0.3 * at,
            hoyer_sparseness_H=0.4 * at,
        )
    blocks = blocks_of(study)
    drawn = [block.id for block in blocks if isinstance(block, Figure)]
    assert drawn == [
        "error-by-sparseness",
        "error-by-spectral-angle",
        "error-by-npmi-window",
    ]
    [folded] = [block for block in blocks if isinstance(block, Details)]
    assert folded.summary == "1 more measure: Exclusivity"
    assert [type(block) for block in folded.blocks] == [Figure, Table]


def test_data_sets_beyond_six_are_in_the_table_only(study: Any) -> None:
    """And the caption says so."""
    for name in "abcdefg":
        for solver, error in (("a", 0.1), ("b", 0.2)):
            study.run(
                {"fingerprint": name, "objective_value": error},
                metrics={"relative_error": error, "hoyer_sparseness_H": 1 - error},
                dataset=name,
                solver=solver,
            )
    figure, table = blocks_of(study)
    assert "the first 6 of 7 data sets" in figure.caption
    assert len(table.rows) == 7


def test_without_a_measure_it_says_what_it_takes(study: Any) -> None:
    """Nothing is drawn of errors alone."""
    give(study, "a", 0.1)
    [block] = blocks_of(study)
    assert isinstance(block, Prose)
    assert "metrics=[relative_error,hoyer_sparseness]" in block.text
