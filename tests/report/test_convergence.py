"""Convergence curves."""

from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.drawing.curves import resampled
from nmflab.report.drawing.pencil import Pencil
from nmflab.report.reading.groups import group_runs
from nmflab.report.reading.material import gather
from nmflab.report.sections.convergence import convergence, undrawn


def test_a_run_counts_with_the_last_value_it_reached() -> None:
    """Between points a run holds its value; after its end it keeps its last."""
    x, y = np.array([0.0, 1.0, 10.0]), np.array([9.0, 5.0, 1.0])
    at, held = resampled([(x, y), (x[:2], y[:2])], n=7)
    np.testing.assert_allclose(at[[0, -1]], [1.0, 10.0])
    np.testing.assert_array_equal(held[:-1], 5.0)
    assert held[-1] == 3.0


def test_runs_that_never_stepped_give_no_curve() -> None:
    """A trace of its start alone has no place on a log axis."""
    at, held = resampled([(np.zeros(1), np.ones(1))])
    assert at.size == held.size == 0


def test_a_single_call_is_one_point() -> None:
    """A library that answers in one call has a start and an end, nothing between."""
    at, held = resampled([(np.array([0.0, 30.0]), np.array([9.0, 1.0]))])
    assert (at.tolist(), held.tolist()) == ([30.0], [1.0])


def figures(study: Any, solvers: int = 2, seeds: int = 2) -> list[Any]:
    """Return the convergence figures of a small study."""
    X = study.RATINGS
    fingerprint = study.dataset("data", Dataset(X=X))
    for solver in range(solvers):
        for seed in range(seeds):
            given = {"k": 2, "seed": seed, "solver": f"s{solver}", "steps": 30 + solver}
            study.fitted(X, fingerprint=fingerprint, **given)
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        pencil = Pencil({f"s{i}": "#000000" for i in range(solvers)}, ["random"])
        return convergence(material, groups, pencil)


def test_curves_fall_from_one_towards_zero(study: Any) -> None:
    """The share still to go is at most 1 and above the floor, along rising steps."""
    steps, seconds = figures(study)
    assert (steps.id, seconds.id) == ("convergence-steps", "convergence-seconds")
    for record in steps.spec["datasets"]["rows"]:
        assert 0 < min(record["gap"]) <= max(record["gap"]) <= 1
        assert record["x"] == sorted(record["x"])


def test_no_more_is_drawn_than_can_be_told_apart(study: Any) -> None:
    """A comparison of many solvers shows ten curves of at most sixty points."""
    for figure in figures(study, solvers=14, seeds=1):
        rows = figure.spec["datasets"]["rows"]
        assert len(rows) == 10
        assert max(len(record["x"]) for record in rows) <= 60


@pytest.mark.parametrize(
    ("threads", "clock"), [(1, "CPU seconds"), (4, "Wall-clock seconds")]
)
def test_the_clock_is_fair(study: Any, threads: int, clock: str) -> None:
    """CPU time for single threads; wall clock where several share the work."""
    X = study.RATINGS
    fingerprint = study.dataset("data", Dataset(X=X))
    for solver in ("a", "b"):
        given = {"k": 2, "seed": 0, "solver": solver, "record": {"threads": threads}}
        study.fitted(X, fingerprint=fingerprint, **given)
    with study.read() as store:
        material = gather(store)
        pencil = Pencil({"a": "#000000", "b": "#ffffff"}, ["random"])
        figure = convergence(material, group_runs(material), pencil)[1]
    assert figure.spec["layer"][0]["encoding"]["x"]["title"] == clock


def test_runs_without_a_curve_are_named(study: Any) -> None:
    """A best run evaluated once, at its end, is not silently missing."""
    X = study.RATINGS
    fingerprint = study.dataset("data", Dataset(X=X))
    study.fitted(X, fingerprint=fingerprint, k=2, seed=0, solver="s0")
    once = np.array([[0, 30, 30, 0.1, 0.1, 0.5, 0.1, np.nan]])
    study.run(
        {"fingerprint": fingerprint, "objective_value": 0.5, "objective_start": 9.0},
        arrays={"W": np.ones((5, 2)), "H": np.ones((2, 4)), "trace": once},
        solver="s1",
    )
    with study.read() as store:
        material = gather(store)
        groups = group_runs(material)
        pencil = Pencil({"s0": "#000000", "s1": "#ffffff"}, ["random"])
        (said,) = undrawn(groups, convergence(material, groups, pencil))
    assert said.text.startswith("Not drawn: s1 from random (n_components 2).")
