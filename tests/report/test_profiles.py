"""The section on performance and data profiles."""

from typing import Any

from nmflab.report.content import Figure, Prose, Section
from nmflab.report.sections.profiles import profiles_section

from .racing import PENCIL, failed, raced, read


def section(study: Any) -> Section:
    """Return the section of a study."""
    with study.read() as store:
        return profiles_section(read(store), PENCIL)


def rows(section: Section, name: str) -> dict[tuple[str, str], Any]:
    """Return what a figure draws, by panel and solver."""
    (figure,) = (b for b in section.blocks if isinstance(b, Figure) and b.id == name)
    drawn = figure.spec["datasets"]["rows"]
    return {(row["panel"], row["variant"]): row for row in drawn}


def three(study: Any) -> None:
    """Record two solvers on three data sets; b is three times as slow, or fails."""
    for dataset in ("x", "y", "data"):
        raced(study, "a", [20.0, 1.0], dataset=dataset)
    for dataset in ("x", "y"):
        raced(study, "b", [20.0, 20.0, 20.0, 20.0, 1.0], dataset=dataset)
    failed(study, "b")


def test_the_profile_counts_wins_and_failures(study: Any) -> None:
    """One is fastest on all; b needs 4.5 s to its 1.5 s on two, and fails on one."""
    three(study)
    drawn = rows(section(study), "performance-profile")
    a, b = drawn["τ = 0.001", "a"], drawn["τ = 0.001", "b"]
    assert (a["x"], a["share"]) == ([1.0, 1.0, 3.0], [0.0, 1.0, 1.0])
    assert (b["x"], b["share"]) == ([3.0, 3.0, 3.0], [0.0, 0.6667, 0.6667])


def test_the_data_profile_is_in_passes(study: Any) -> None:
    """A step is half a pass: a needs one half, b two."""
    three(study)
    drawn = rows(section(study), "data-profile")
    assert drawn["τ = 0.1", "a"]["x"][0] == 0.5
    assert drawn["τ = 0.1", "b"]["x"][0] == 2.0
    assert drawn["τ = 0.1", "b"]["share"][-1] == 0.6667


def test_who_was_fastest_is_told_in_figures(study: Any) -> None:
    """With how many of how many, and of what."""
    three(study)
    (first,) = (b.text for b in section(study).blocks if isinstance(b, Prose))
    assert "of 3 comparisons (3 data sets)" in first
    assert "a was fastest on 3 and got there on 3" in first
    assert "b was fastest on 0 and got there on 2" in first


def test_two_comparisons_make_no_profile(study: Any) -> None:
    """A step function of two steps would say less than the table does."""
    for dataset in ("x", "y"):
        raced(study, "a", [20.0, 1.0], dataset=dataset)
        raced(study, "b", [20.0, 2.0], dataset=dataset)
    (block,) = section(study).blocks
    assert isinstance(block, Prose)
    assert block.text.endswith("here there are 2.")
