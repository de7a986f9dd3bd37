"""The report's first words."""

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.reading.measures import error_measure
from nmflab.report.sections.stability.matching import stabilities
from nmflab.report.sections.summary import headline, statuses


def said(study: Any) -> str:
    """Return the headline of a study as one text."""
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        error = error_measure(groups, material.info)
        return " ".join(
            headline(material, groups, error, stabilities(material, groups))
        )


def give(study: Any, solver: str, *objectives: float, **labels: Any) -> None:
    """Record a solver's finished runs, a seed each."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for seed, value in enumerate(objectives):
        record = {"fingerprint": fingerprint, "objective_value": value}
        study.run(
            {**record, "objective_start": 50.0}, solver=solver, seed=seed, **labels
        )


def test_an_empty_study_says_so(study: Any) -> None:
    """No run was planned, so nothing can be said."""
    text = said(study)
    assert "no run was planned" in text
    assert "No conclusion can be drawn" in text


def test_one_run_allows_no_conclusion(study: Any) -> None:
    """A single run is told, and that it settles nothing."""
    give(study, "mu", 3.0)
    assert "one run, so no conclusion" in said(study)


def test_the_lowest_is_named_with_its_spread(study: Any) -> None:
    """The winner, the next, and the spread of both."""
    give(study, "mu", 3.0, 3.1, 3.2)
    give(study, "hals", 2.0, 2.1, 2.2)
    text = said(study)
    assert (
        "hals from random reached the lowest objective, 2.1 ± 0.1 over 3 seeds" in text
    )
    assert "next came mu from random with 3.1 ± 0.1" in text


def test_differences_within_the_spread_are_called_a_tie(study: Any) -> None:
    """Two solvers a tenth of a spread apart are not ordered."""
    give(study, "mu", 3.0, 4.0, 5.0)
    give(study, "hals", 3.1, 4.1, 5.1)
    assert "mu from random and hals from random tie" in said(study)


def test_single_runs_are_told_to_be_chance(study: Any) -> None:
    """Without seeds a difference may be chance."""
    give(study, "mu", 3.0)
    give(study, "hals", 2.0)
    text = said(study)
    assert "chance cannot be ruled out" in text
    assert "nothing is known of its spread" in text


def test_many_comparisons_are_counted(study: Any) -> None:
    """Wins and ties add up to the number of comparisons."""
    for size in (2, 3, 4):
        give(study, "mu", 3.0 if size < 4 else 2.0, n_components=size)
        give(study, "hals", 2.0, n_components=size)
    text = said(study)
    assert (
        "Of 3 comparisons, the lowest objective went to hals from random in 2; 1 tie."
        in text
    )


def test_failures_are_counted_by_what_became_of_them(study: Any) -> None:
    """Failed, skipped and left runs are each told of."""
    give(study, "mu", 3.0)
    study.run({"status": "error", "reason": "x"}, solver="b")
    study.run({"status": "oom", "reason": "x"}, solver="c")
    study.run({"status": "skipped", "reason": "x"}, solver="d")
    study.run({}, solver="e")
    text = said(study)
    assert (
        "1 of 5 planned runs finished (2 failed, 1 skipped as unfit, 1 not run yet)"
        in text
    )


def test_the_status_strip_counts_each_run_once(study: Any) -> None:
    """The counts by status add up to the planned."""
    give(study, "mu", 3.0)
    for status in ("error", "timeout", "oom", "crash", "invalid", "skipped"):
        study.run({"status": status, "reason": "x"}, solver=status)
    study.run({}, solver="later")
    with study.read() as store:
        strip = {s.label: s.count for s in statuses(gather(store), 0)}
    assert strip.pop("warnings") == 0
    assert strip.pop("planned") == 8
    assert set(strip.values()) == {1}


def test_zero_filling_is_told_at_the_top(study: Any) -> None:
    """Inventing data is never a footnote."""
    fingerprint = study.dataset("data", study.masked())
    changes = {"missing_as_zero": True}
    study.run({"fingerprint": fingerprint, "objective_value": 1.0}, changes=changes)
    assert "In 1 run missing cells were taken as 0" in said(study)


@pytest.mark.parametrize("kept", [True, False])
def test_stability_is_told_where_factors_were_kept(study: Any, kept: bool) -> None:
    """Without factors nothing is said of components."""
    if kept:
        fingerprint = study.dataset("data", Dataset(X=study.RATINGS))
        for seed in range(2):
            study.fitted(study.RATINGS, fingerprint=fingerprint, k=2, seed=seed)
    else:
        give(study, "mu", 3.0, 3.1)
    assert ("Every seed found again" in said(study)) is kept


def test_runs_that_ended_at_a_limit_are_told_at_the_top(study: Any) -> None:
    """Runs that had not converged are counted, with the limit they met."""
    fingerprint = study.dataset("data", Dataset(X=np.ones((3, 3))))
    for seed, stop in enumerate(("max_steps", "kkt")):
        record = {"fingerprint": fingerprint, "objective_value": 1.0, "stop": stop}
        study.run(record, seed=seed)
    text = said(study)
    assert "1 of 2 finished runs stopped at stop.max_steps: it had not" in text


def test_errors_over_different_cells_say_which(study: Any) -> None:
    """Relative errors of all and of observed cells never stand side by side unnamed."""
    for solver, cells in (("hals", "all"), ("mu", "observed")):
        name = f"relative_error_{cells}"
        fingerprint = study.dataset(solver, Dataset(X=study.RATINGS + len(solver)))
        study.run(
            {"fingerprint": fingerprint, "objective_value": 1.0},
            metrics={name: 0.25},
            dataset=solver,
            solver=solver,
        )
    text = said(study)
    assert "hals from random 0.25 over all cells" in text
    assert "mu from random 0.25 over observed cells" in text
