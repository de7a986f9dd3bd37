"""Groups of runs that differ by seed, and their ranks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmflab.contracts import Dataset
from nmflab.report.reading.groups import (
    Group,
    Stat,
    group_runs,
    is_tie,
    lost_settings,
    pooled,
)
from nmflab.report.reading.material import gather
from nmflab.report.sections.results.boards import boards
from nmflab.store import Store

X = np.arange(12.0).reshape(4, 3)


def groups_of(study: Any, *runs: dict[str, Any]) -> list[Group]:
    """Write runs of given objectives and return their groups."""
    fingerprint = study.dataset("data", Dataset(X=X))
    for run in runs:
        labels = {
            k: v for k, v in run.items() if k in ("solver", "seed", "n_components")
        }
        record = {k: v for k, v in run.items() if k not in labels}
        told = {"fingerprint": fingerprint, "objective_start": 100.0, **record}
        study.run(told, **labels)
    with study.read() as store:
        return group_runs(gather(store))


def test_runs_that_differ_by_seed_are_one_group(study: Any) -> None:
    """Mean, sample standard deviation and ends are those of the seeds."""
    values = [3.0, 4.0, 8.0]
    (group,) = groups_of(
        study, *({"objective_value": v, "seed": s} for s, v in enumerate(values))
    )
    assert group.objective == Stat(
        3, 5.0, pytest.approx(np.std(values, ddof=1)), 3.0, 8.0
    )


def test_one_seed_has_no_standard_deviation(study: Any) -> None:
    """A spread over one run does not exist, and is not 0."""
    (group,) = groups_of(study, {"objective_value": 3.0})
    assert group.objective is not None
    assert group.objective.sd is None


def test_the_best_run_is_the_lowest(study: Any) -> None:
    """The run shown of a group is the seed with the lowest objective."""
    (group,) = groups_of(
        study, {"objective_value": 3.0, "seed": 0}, {"objective_value": 2.0, "seed": 1}
    )
    assert group.best_key == group.keys[1]


def test_ranks_follow_the_mean_within_a_comparison(study: Any) -> None:
    """The lowest mean objective is first."""
    groups = groups_of(
        study,
        {"objective_value": 5.0, "solver": "a"},
        {"objective_value": 3.0, "solver": "b"},
        {"objective_value": 4.0, "solver": "c"},
    )
    assert {g.variant: g.rank for g in groups} == {"b": 1, "c": 2, "a": 3}


@pytest.mark.parametrize(
    "differs", [{"n_components": 3}, {"fingerprint": "another"}, {"threads": 2}]
)
def test_nothing_is_ranked_across_signatures(
    study: Any, differs: dict[str, Any]
) -> None:
    """Another size, other data or other threads are another comparison."""
    groups = groups_of(
        study,
        {"objective_value": 5.0, "solver": "a"},
        {"objective_value": 3.0, "solver": "b", **differs},
    )
    assert [group.rank for group in groups] == [None, None]


def test_own_objectives_are_not_ranked(study: Any) -> None:
    """A solver that minimises its own objective stands outside the ranking."""
    groups = groups_of(
        study,
        {"objective_value": 5.0, "solver": "a"},
        {"objective_value": 4.0, "solver": "b"},
        {
            "objective_value": 1.0,
            "solver": "o",
            "minimises": "own",
            "own_objective": 2.0,
        },
    )
    assert [(g.variant, g.rank) for g in groups] == [("b", 1), ("a", 2), ("o", None)]


def test_masked_and_zero_filled_runs_are_never_compared(full_study: Path) -> None:
    """No ranking holds a masked run beside one that took missing cells as zero."""
    with Store.open(full_study) as store:
        material = gather(store)
        groups = group_runs(material)
    assert material.runs["zero_filled"].sum() == 1
    compared = boards(groups, ())
    assert max(len(board.groups) for board in compared) > 1
    for board in compared:
        assert len({group.labels["zero_filled"] for group in board.groups}) == 1
        assert len({group.labels["fingerprint"] for group in board.groups}) == 1


def of(mean: float, sd: float | None, start: float = 10.0) -> Group:
    """Return a group with this objective."""
    stat = Stat(3, mean, sd, mean, mean)
    begun = Stat(3, start, 0.0, start, start)
    return Group({}, "a", 0, ("k",), "k", stat, None, None, None, begun)


@pytest.mark.parametrize(
    ("a", "b", "tied"),
    [
        (of(1.0, 0.2), of(1.15, 0.1), True),
        (of(1.0, 0.1), of(1.15, 0.1), False),
        (of(1.0, None), of(1.0005, None), True),
        (of(1.0, None), of(1.002, None), False),
        (of(1e-12, None), of(3e-10, None), True),
    ],
    ids=["within the spread", "beyond it", "below 0.1 %", "above it", "both exact"],
)
def test_differences_within_chance_or_rounding_are_ties(
    a: Group, b: Group, tied: bool
) -> None:
    """A tie is a difference within the spread, below 0.1 %, or of two exact fits."""
    assert is_tie(a, b) is tied


def test_what_did_not_finish_is_counted_with_its_setting(study: Any) -> None:
    """Failed and left runs by status; those skipped as unfit were never due."""
    study.run({"fingerprint": "f", "objective_value": 3.0})
    for seed, status in enumerate(("error", "error", "oom", "skipped"), start=1):
        study.run({"status": status, "fingerprint": "f"}, seed=seed)
    study.run({"status": "crash", "fingerprint": "f"}, solver="lost")
    with study.read() as store:
        material = gather(store)
        (group,), (lost,) = group_runs(material), lost_settings(material)
    assert dict(group.absent) == {"error": 2, "oom": 1}
    assert (group.n_failed, group.n_planned) == (3, 4)
    assert (lost.variant, lost.n_seeds, lost.n_failed) == ("lost", 0, 1)


def test_stops_and_exact_fits_are_counted(study: Any) -> None:
    """How each run of a group ended, and how many fit but for rounding."""
    (group,) = groups_of(
        study,
        {"objective_value": 1e-9, "seed": 0, "stop": "kkt"},
        {"objective_value": 2.0, "seed": 1, "stop": "max_steps"},
        {"objective_value": 0.0, "seed": 2, "stop": "kkt"},
    )
    assert dict(group.stops) == {"kkt": 2, "max_steps": 1}
    assert group.n_exact == 2


def test_folds_are_pooled_by_their_means() -> None:
    """Two folds of two seeds: the spread is that of the folds."""
    found = pooled([Stat(2, 1.0, 0.1, 0.9, 1.1), Stat(2, 3.0, 0.2, 2.8, 3.2)])
    assert found == Stat(4, 2.0, pytest.approx(np.sqrt(2)), 0.9, 3.2)
