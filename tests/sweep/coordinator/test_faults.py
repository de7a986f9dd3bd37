from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from nmflab.summary import outcome_text
from nmflab.sweep.coordinator import Coordinator
from nmflab.sweep.outcome import Outcome

Lab = Any  # the class is in conftest.py, which cannot be imported
Nodes = Callable[..., list[dict[str, Any]]]

N_RUNS = 200
FAULTS = {
    20: "error",
    50: "timeout",
    80: "oom",
    110: "crash",
    140: "invalid",
    141: "crash",
}
TIMEOUT_S = 3.0


@pytest.fixture(scope="module")
def outcome(shared_lab: Lab, nodes: Nodes) -> Outcome:
    """Run 200 fits in children, some of which end in each way a run can end."""
    settings = {
        "executor": {"name": "local", "n_jobs": 2},
        "limits": {
            **shared_lab.settings()["limits"],
            "timeout_s": TIMEOUT_S,
            "memory_mb": 2000.0,
        },
    }
    solvers = [
        nodes(number, fault=FAULTS.get(number, "none"))[0]
        for number in range(N_RUNS - 1)
    ]
    spaces = [
        shared_lab.space(settings, solver=solvers),
        # The one that is skipped: an objective that this solver cannot minimise.
        shared_lab.space(
            settings, solver=solvers[:1], objective=[{"loss": "kullback_leibler"}]
        ),
    ]
    return Coordinator(spaces, shared_lab.registry, quiet=True).run()


@pytest.fixture(scope="module")
def runs(shared_lab: Lab, outcome: Outcome) -> pd.DataFrame:
    """Return the rows in the order of the plan."""
    with shared_lab.store() as store:
        rows: pd.DataFrame = store.runs()
        return rows


def test_exactly_the_faulty_runs_are_labelled(runs: pd.DataFrame) -> None:
    """Each by what happened to it, and every run has one row."""
    expected = [FAULTS.get(number, "ok") for number in range(N_RUNS - 1)]
    assert list(runs["status"]) == [*expected, "skipped"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("error", "this is not to its liking"),
        ("timeout", f"limits.timeout_s={TIMEOUT_S:g}"),
        ("oom", "limits.memory_mb=2000"),
        ("crash", "7"),
        ("invalid", "W"),
        ("skipped", "cannot take objective kullback_leibler"),
    ],
)
def test_every_failure_has_its_reason(
    runs: pd.DataFrame, status: str, said: str
) -> None:
    """The error's own words, the limit that was met, the exit status."""
    reasons = runs[runs["status"] == status]["reason"]
    assert reasons.str.contains(said, regex=False).all()


def test_the_exit_code_says_that_a_run_failed(outcome: Outcome) -> None:
    """A sweep with failures is no success."""
    assert outcome.exit_code == 1
    assert outcome.n_failed == len(FAULTS)


def test_failures_are_told_by_reason(outcome: Outcome) -> None:
    """With how many runs there are to each."""
    text = outcome_text(outcome, None, [])
    table = text.partition("failures by reason:\n")[2].splitlines()
    counts = [int(line.split()[0]) for line in table[:5]]
    assert counts == [2, 1, 1, 1, 1]
    assert [line.split()[1] for line in table[:1]] == ["crash:"]


def test_results_around_a_fault_are_whole(
    shared_lab: Lab, runs: pd.DataFrame, outcome: Outcome
) -> None:
    """What ran beside or after it in the same slot has objective, trace and metric."""
    good = runs[runs["status"] == "ok"]
    with shared_lab.store() as store:
        assert good["objective_value"].notna().all()
        assert set(store.metric_table().index) == set(good["key"])
        assert set(good["key"]) <= set(store.traces()["key"])


def test_no_other_run_is_made_twice(shared_lab: Lab, outcome: Outcome) -> None:
    """A fault costs its own run only; a crash is tried again on a fresh child."""
    done = Counter(int(line.split()[1]) for line in shared_lab.done())
    assert set(done) == set(range(N_RUNS - 1))
    assert {number for number, n in done.items() if n > 1} <= {110, 141}
