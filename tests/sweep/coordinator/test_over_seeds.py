"""Metrics over seeds: computed after the runs, from factors, and kept by group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from nmflab.sweep.outcome import Outcome

Lab = Any  # the class is in conftest.py, which cannot be imported
Nodes = Callable[..., list[dict[str, Any]]]

METRICS = '''
"""Metrics over seeds that tell what they were given."""
import os
import time
from dataclasses import dataclass

import numpy as np

from nmflab.contracts import MetricSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1


def told(what):
    with open(os.environ["TRIED_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{what}\\n")


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Spread of the sums of W over seeds."""

    scale: float = 1.0

    def compute(self, runs):
        """Return it, and which seeds there were."""
        told("spread of " + ",".join(str(run.config["seed"]) for run in runs))
        sums = [float(run.factors.W.sum()) for run in runs]
        same = len({id(run.problem) for run in runs}) == 1
        return {
            "": self.scale * (max(sums) - min(sums)),
            "seeds": ",".join(str(run.config["seed"]) for run in runs),
            "one_problem": same,
        }


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Number of runs."""

    def compute(self, runs):
        """Return it."""
        told(f"sizes of {len(runs)}")
        return len(runs)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Raises."""

    fault: str = "raise"

    def compute(self, runs):
        """Raise, or hang."""
        if self.fault == "hang":
            time.sleep(600)
        return 1 / 0


@hookimpl
def nmflab_metrics():
    for name, metric in (("spread", Spread), ("sizes", Sizes), ("broken", Broken)):
        yield MetricSpec(name=name, metric=metric, scope="seeds")
'''


@pytest.fixture
def seeded(lab: Lab) -> Lab:
    """Return a lab in which the metrics above are installed."""
    lab.install("over", METRICS)
    return lab


def asked(*metrics: str, **settings: Any) -> dict[str, Any]:
    """Return settings that ask for these metrics."""
    return {"metrics": ["relative_error", *metrics], **settings}


def run(lab: Lab, *metrics: str, seeds: int = 3, **settings: Any) -> Outcome:
    """Run `seeds` seeds of the solver `tried`."""
    nodes = [{"name": "tried", "number": 1}]
    chosen = asked(*metrics, metric={"spread": {}, "sizes": {}}, **settings)
    return lab.run(chosen, seed=list(range(seeds)), solver=nodes)


def table(lab: Lab) -> pd.DataFrame:
    """Return what is stored of groups."""
    with lab.store() as store:
        return store.group_metrics()


def values(lab: Lab) -> dict[str, Any]:
    """Return values and problems by name, for a study of one group."""
    frame = table(lab).set_index("name")[["problem", "text", "value"]]
    return {str(name): row.dropna().iloc[0] for name, row in frame.iterrows()}


def test_a_group_of_seeds_is_measured_after_its_runs(seeded: Lab) -> None:
    """From stored factors, in order of seeds, on one problem; and it is said."""
    outcome = run(seeded, "spread")
    found = table(seeded)
    assert list(found["name"]) == ["spread", "spread_one_problem", "spread_seeds"]
    assert values(seeded)["spread_seeds"] == "0,1,2"
    assert values(seeded)["spread_one_problem"] == 1.0
    with seeded.store() as store:
        runs = store.runs()
        sums = [store.factors(key).W.sum() for key in runs["key"]]
    assert values(seeded)["spread"] == max(sums) - min(sums)
    assert list(found["keys"][0]) == list(runs["key"])
    assert set(found["n_runs"]) == {3}
    assert found["solver"][0] == runs["solver"][0]
    note = "spread: computed over seeds from stored factors, for 1 setting"
    assert note in outcome.notes


def test_nothing_is_computed_twice(seeded: Lab) -> None:
    """The same command again measures nothing, and says nothing of it."""
    run(seeded, "spread")
    seeded.done()
    outcome = run(seeded, "spread")
    assert seeded.done() == []
    assert not [note for note in outcome.notes if "over seeds" in note]


def test_a_metric_added_later_is_the_only_one_computed(seeded: Lab) -> None:
    """No run is made again, no other metric measured again."""
    run(seeded, "spread")
    seeded.done()
    run(seeded, "spread", "sizes")
    assert seeded.done() == ["sizes of 3"]
    assert values(seeded)["sizes"] == 3.0
    assert values(seeded)["spread_seeds"] == "0,1,2"


def test_another_seed_measures_its_group_again(seeded: Lab) -> None:
    """In place of the values for fewer seeds."""
    run(seeded, "spread")
    seeded.done()
    run(seeded, "spread", seeds=4)
    assert seeded.done() == ["tried 1", "spread of 0,1,2,3"]
    assert values(seeded)["spread_seeds"] == "0,1,2,3"
    assert set(table(seeded)["n_runs"]) == {4}


def test_groups_that_gained_no_seed_are_left_alone(seeded: Lab, nodes: Nodes) -> None:
    """A solver added to the sweep makes a group of its own."""
    settings = asked("sizes")
    seeded.run(settings, seed=[0, 1], solver=nodes(1))
    seeded.done()
    seeded.run(settings, seed=[0, 1], solver=nodes(1, 2))
    assert seeded.done() == ["tried 2", "tried 2", "sizes of 2"]
    assert len(table(seeded)) == 2


def test_parameters_of_a_metric_measure_it_again(seeded: Lab) -> None:
    """Its old values are replaced."""
    run(seeded, "spread")
    before = values(seeded)["spread"]
    settings = asked("spread", metric={"spread": {"scale": 2.0}})
    seeded.run(settings, seed=[0, 1, 2], solver=[{"name": "tried", "number": 1}])
    assert values(seeded)["spread"] == 2.0 * before


def test_the_source_of_a_metric_measures_it_again(seeded: Lab) -> None:
    """Values by its old source are replaced."""
    run(seeded, "sizes")
    seeded.edit("over", "return len(runs)", "return -len(runs)")
    run(seeded, "sizes")
    assert values(seeded)["sizes"] == -3.0


def test_a_metric_that_raises_costs_itself_only(seeded: Lab) -> None:
    """Its problem is a sentence; the runs are as they were."""
    outcome = run(seeded, "broken", "sizes")
    assert outcome.exit_code == 0
    problem = "metric broken failed: ZeroDivisionError: division by zero"
    assert values(seeded) == {"broken": problem, "sizes": 3.0}


def test_one_seed_is_not_enough(seeded: Lab) -> None:
    """The metric does not apply, and the outcome says how many settings that are."""
    outcome = run(seeded, "sizes", seeds=1)
    assert values(seeded) == {"sizes": "not applicable: needs 2 seeds"}
    assert set(table(seeded)["n_runs"]) == {1}
    assert any(
        note.startswith("metrics over seeds need 2 seeds: 1 setting of one seed")
        for note in outcome.notes
    )


def test_failed_seeds_are_left_out(seeded: Lab) -> None:
    """A group is of the runs that ended well."""
    second = "Path(os.environ['TRIED_LOG']).read_text().count('tried') == 2"
    seeded.edit("tried", "            self.fail()", f"            {second} and 1 / 0")
    run(seeded, "sizes")
    assert seeded.statuses() == ["ok", "error", "ok"]
    assert values(seeded) == {"sizes": 2.0}


def test_without_factors_it_is_said_why(seeded: Lab) -> None:
    """Neither a value nor silence."""
    save = {"factors": "none", "max_gb": 5.0}
    outcome = run(seeded, "sizes", save=save)
    assert values(seeded)["sizes"] == (
        "not applicable: needs the factors of 2 seeds, and those of 0 of 3 runs were"
        " kept (save.factors)"
    )
    assert any("their factors were not kept" in note for note in outcome.notes)


def test_runs_made_again_take_their_groups_along(seeded: Lab) -> None:
    """Values over runs that were taken back are computed anew."""
    run(seeded, "sizes")
    seeded.done()
    run(seeded, "sizes", retry=["ok"])
    assert seeded.done() == ["tried 1", "tried 1", "tried 1", "sizes of 3"]


def test_a_metric_over_seeds_is_no_metric_of_a_run(seeded: Lab) -> None:
    """No run waits for it, none is said to lack it."""
    outcome = run(seeded, "sizes")
    with seeded.store() as store:
        assert set(store.metrics()["name"]) == {"relative_error_all"}
    assert not [note for note in outcome.notes if "no value of metric" in note]


def test_a_metric_that_hangs_is_ended_by_the_metrics_timeout(seeded: Lab) -> None:
    """In a child, as all metrics; the problem names the limit."""
    limits = {**seeded.settings()["limits"], "metrics_timeout_s": 0.5}
    chosen = asked("broken", metric={"broken": {"fault": "hang"}}, limits=limits)
    chosen["executor"] = {"name": "local", "n_jobs": 1}
    nodes = [{"name": "tried", "number": 1}]
    seeded.run(chosen, seed=[0, 1], solver=nodes)
    assert "limits.metrics_timeout_s=0.5" in values(seeded)["broken"]
    assert seeded.statuses() == ["ok", "ok"]
