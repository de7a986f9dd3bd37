from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from nmflab.config import ConfigError
from nmflab.store import StudyWriter
from nmflab.summary import dry_run_text, outcome_text
from nmflab.sweep import jobs
from nmflab.sweep.coordinator import Coordinator
from nmflab.sweep.outcome import DryRun

Lab = Any  # the class is in conftest.py, which cannot be imported
Nodes = Callable[..., list[dict[str, Any]]]

BROKEN_DATA = '''
from dataclasses import dataclass
from nmflab.contracts import DatasetSpec
from nmflab.hookspecs import hookimpl
NMFLAB_CONTRACT = 1

@dataclass(frozen=True, kw_only=True)
class Broken:
    """Data that are never there."""
    def load(self, rng):
        raise FileNotFoundError("the server is down")

@hookimpl
def nmflab_datasets():
    yield DatasetSpec(name="broken", dataset=Broken)
'''

LISTENER = """
import json
from nmflab.hookspecs import hookimpl
NMFLAB_CONTRACT = 1

@hookimpl
def nmflab_run_end(study, row):
    with open("told.txt", "a", encoding="utf-8") as told:
        told.write(json.dumps([study.name, dict(row)]) + "\\n")
"""


def written(lab: Lab, status: str, **limits: float | None) -> None:
    """Put a finished row of this status in the place of the only run's."""
    with lab.store() as store:
        [key] = store.runs()["key"]
    writer = StudyWriter(lab.study)
    record = {"status": status, "reason": "as written", "limits": limits}
    writer.add_fit(key, 1, record, {})
    writer.close()


def limits(lab: Lab, **changed: float | None) -> dict[str, Any]:
    """Return the setting `limits` with some of it changed."""
    return {"limits": {**lab.settings()["limits"], **changed}}


def test_every_planned_run_has_its_row(lab: Lab, nodes: Nodes) -> None:
    """With a status, a reason and its results."""
    outcome = lab.run(solver=nodes(0, 1), seed=[0, 1])
    assert outcome.counts == {"ok": 4}
    assert outcome.exit_code == 0
    with lab.store() as store:
        runs = store.runs()
        assert list(runs["reason"]) == ["did its one step"] * 4
        assert runs["objective_value"].notna().all()
        assert len(store.metric_table()) == 4
        assert store.sweeps()[0].finished is not None


def test_rows_are_made_seed_by_seed(lab: Lab, nodes: Nodes) -> None:
    """A sweep stopped early has every solver once."""
    lab.run(solver=nodes(0, 1), seed=[0, 1])
    assert lab.done() == ["tried 0", "tried 1", "tried 0", "tried 1"]


def test_a_finished_sweep_is_not_made_again(lab: Lab, nodes: Nodes) -> None:
    """Every run is reused, and that is said."""
    lab.run(solver=nodes(0, 1, 2))
    lab.done()
    outcome = lab.run(solver=nodes(0, 1, 2))
    assert lab.done() == []
    assert outcome.counts == {"ok": 3}
    assert outcome.notes == ["3 runs were already done and are reused"]


def test_a_larger_sweep_makes_what_is_missing(lab: Lab, nodes: Nodes) -> None:
    """And nothing else."""
    lab.run(solver=nodes(1))
    lab.done()
    lab.run(solver=nodes(0, 1, 2))
    assert lab.done() == ["tried 0", "tried 2"]


def test_fail_fast_stops_at_the_first_failure(lab: Lab, nodes: Nodes) -> None:
    """What came before is kept, what comes after is left, and the reason is said."""
    solver = [*nodes(0), *nodes(1, fault="error"), *nodes(2, 3)]
    outcome = lab.run({"fail_fast": True}, solver=solver)
    assert outcome.counts == {"ok": 1, "error": 1, "left": 2}
    assert outcome.exit_code == 1
    [note] = outcome.notes
    assert note.startswith("stopped by fail_fast: ")
    assert "this is not to its liking" in note
    with lab.store() as store:
        assert store.sweeps()[0].finished is None


def test_without_fail_fast_a_failure_costs_one_run(lab: Lab, nodes: Nodes) -> None:
    """The others are made, and the failures are told by reason."""
    solver = [*nodes(0, 1, fault="error"), *nodes(2, 3)]
    outcome = lab.run(solver=solver)
    assert outcome.counts == {"ok": 2, "error": 2}
    assert outcome.exit_code == 1
    [(reason, n)] = outcome.failures
    assert n == 2
    text = outcome_text(outcome, None, ["solver=tried"])
    assert f"failures by reason:\n      2  {reason}\n" in text
    assert "log.txt" not in text  # nothing was printed, so there is nothing to read
    (lab.study / "log.txt").write_text("12:00:00 a said so\n", encoding="utf-8")
    text = outcome_text(outcome, None, ["solver=tried"])
    assert f"what they printed is in {lab.study / 'log.txt'}" in text


def test_limits_that_this_process_cannot_hold_are_said(lab: Lab, nodes: Nodes) -> None:
    """Serial runs go on for as long as they like."""
    limits = {**lab.settings()["limits"], "timeout_s": 60.0}
    outcome = lab.run({"limits": limits}, solver=nodes(0))
    assert any("limits.timeout_s and" in note for note in outcome.notes)


def test_a_failure_is_kept_until_it_is_asked_for(lab: Lab, nodes: Nodes) -> None:
    """`retry=error` makes it again; the note says so before that."""
    solver = [*nodes(0), *nodes(1, fault="unless mended")]
    lab.run(solver=solver)
    (lab.folder / "mended").touch()
    lab.done()
    kept = lab.run(solver=solver)
    assert lab.done() == []
    assert kept.notes == [
        "2 runs were already done and are reused; 1 of them failed: retry=error makes"
        " them again"
    ]
    again = lab.run({"retry": ["error"]}, solver=solver)
    assert lab.done() == ["tried 1"]
    assert again.counts == {"ok": 2}
    assert "1 runs are made again (retry, or a raised limit)" in again.notes


def test_a_status_that_does_not_exist_cannot_be_retried(lab: Lab) -> None:
    """Those that do are named."""
    with pytest.raises(ConfigError, match=r"retry=failed: no such status; choose from"):
        lab.run({"retry": ["failed"]})


@pytest.mark.parametrize(
    ("status", "limit", "now", "is_made"),
    [
        ("timeout", "timeout_s", 1.0, False),
        ("timeout", "timeout_s", 0.5, False),
        ("timeout", "timeout_s", 2.0, True),
        ("timeout", "timeout_s", None, True),
        ("oom", "memory_mb", 1.0, False),
        ("oom", "memory_mb", 2.0, True),
        ("oom", "memory_mb", None, True),
        ("timeout", "memory_mb", 2.0, False),
        ("crash", "timeout_s", 2.0, False),
    ],
)
def test_a_run_that_met_a_limit_is_made_again_when_it_is_raised(
    lab: Lab, nodes: Nodes, status: str, limit: str, now: float | None, is_made: bool
) -> None:
    """And not otherwise: it would meet it again."""
    lab.run(solver=nodes(0))
    written(lab, status, **{limit: 1.0})
    lab.done()
    lab.run(limits(lab, **{limit: now}), solver=nodes(0))
    assert lab.done() == (["tried 0"] if is_made else [])
    assert lab.statuses() == (["ok"] if is_made else [status])


def test_the_limits_a_run_was_made_within_are_recorded(lab: Lab, nodes: Nodes) -> None:
    """What a later sweep compares its own with."""
    lab.run(limits(lab, timeout_s=7.0, memory_mb=500.0), solver=nodes(0))
    with lab.store() as store:
        [(_, _, recorded)] = store.made()
    assert recorded == {"timeout_s": 7.0, "memory_mb": 500.0}


def test_a_metric_added_later_is_computed_from_stored_factors(
    lab: Lab, nodes: Nodes
) -> None:
    """No run is made again for it, and values from before stay."""
    lab.run(solver=nodes(0, 1))
    lab.done()
    outcome = lab.run({"metrics": ["relative_error", "rmse"]}, solver=nodes(0, 1))
    assert lab.done() == []
    assert "metrics were computed from stored factors" in outcome.notes
    with lab.store() as store:
        table = store.metric_table()
        assert table[["relative_error_all", "rmse_all"]].notna().all(axis=None)
        assert len(table) == 2
        assert store.metric_info()["rmse"]["direction"] == "lower"


def test_a_metric_added_later_is_that_of_a_run_that_had_it_at_once(
    lab: Lab, nodes: Nodes
) -> None:
    """To the last bit: the stored factors are those that were measured."""
    lab.run({"metrics": ["rmse"]}, solver=nodes(0))
    with lab.store() as store:
        at_once = store.metric_table()["rmse_all"].iloc[0]
    lab.study = lab.folder / "other"
    lab.run({"metrics": []}, solver=nodes(0))
    lab.run({"metrics": ["rmse"]}, solver=nodes(0))
    with lab.store() as store:
        assert store.metric_table()["rmse_all"].iloc[0] == at_once


def test_a_metric_is_measured_again_when_its_parameters_change(
    lab: Lab, nodes: Nodes
) -> None:
    """Its values depend on them; the run does not."""
    asked = {"metrics": ["top_features"], "metric": {"top_features": {"n_top": 1}}}
    lab.run(asked, solver=nodes(0))
    with lab.store() as store:
        before = store.metrics().set_index("name")["text"].dropna().to_dict()
    lab.done()
    asked["metric"] = {"top_features": {"n_top": 2}}
    lab.run(asked, solver=nodes(0))
    with lab.store() as store:
        after = store.metrics().set_index("name")["text"].dropna().to_dict()
    assert lab.done() == []
    assert before
    assert all(after[name] != before[name] for name in before)


def test_what_cannot_be_measured_any_more_is_said(lab: Lab, nodes: Nodes) -> None:
    """Without factors a metric that comes later has no value."""
    kept = {"save": {"factors": "none", "max_gb": 5.0}}
    lab.run(kept, solver=nodes(0, 1))
    outcome = lab.run({**kept, "metrics": ["rmse"]}, solver=nodes(0, 1))
    assert outcome.notes[-1] == (
        "2 runs have no value of metric rmse, since their factors were not kept;"
        " retry=ok makes them again"
    )


def test_a_changed_solver_re_runs_its_own_runs_only(lab: Lab, nodes: Nodes) -> None:
    """The note says what changed."""
    lab.install("steady")
    solver = [*nodes(0, 1), {"name": "steady", "number": 5}]
    lab.run(solver=solver)
    lab.done()
    lab.edit("tried", "SCALE = 1.0", "SCALE = 2.0")
    outcome = lab.run(solver=solver)
    assert lab.done() == ["tried 0", "tried 1"]
    assert outcome.counts == {"ok": 3}
    assert outcome.notes == [
        "1 runs were already done and are reused",
        "results from before are not used where these changed: the source of solver"
        " tried",
    ]


def test_a_changed_comment_re_runs_nothing(lab: Lab, nodes: Nodes) -> None:
    """Nor does a docstring."""
    lab.run(solver=nodes(0))
    lab.done()
    lab.edit("tried", '"""Yield the start, scaled."""', '"""Yield it."""  # Better.')
    lab.run(solver=nodes(0))
    assert lab.done() == []


def test_a_solver_changed_back_finds_its_old_results(lab: Lab, nodes: Nodes) -> None:
    """Nothing is thrown away."""
    lab.run(solver=nodes(0))
    lab.edit("tried", "SCALE = 1.0", "SCALE = 2.0")
    lab.run(solver=nodes(0))
    lab.edit("tried", "SCALE = 2.0", "SCALE = 1.0")
    lab.done()
    lab.run(solver=nodes(0))
    assert lab.done() == []


def test_other_data_under_the_same_plugin_are_no_change(lab: Lab, nodes: Nodes) -> None:
    """A parameter that is asked for is not something that changed behind one's back."""
    as_zero = {"missing_as_zero": True}
    [given] = lab.space().axes["dataset"]
    lab.run(as_zero, solver=nodes(0), dataset=[{**given, "zeros": "values"}])
    other = [{**given, "zeros": "missing"}]
    assert lab.run(as_zero, solver=nodes(0), dataset=other).notes == []


def test_the_hook_is_told_of_every_run_after_its_row_is_there(
    lab: Lab, nodes: Nodes
) -> None:
    """With its key, status and configuration."""
    lab.install("listener", LISTENER)
    lab.run(solver=[*nodes(0), *nodes(1, fault="error")])
    lines = (lab.folder / "told.txt").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert [study for study, _ in told] == ["study", "study"]
    rows = [row for _, row in told]
    assert [row["status"] for row in rows] == ["ok", "error"]
    assert [row["config"]["solver"]["number"] for row in rows] == [0, 1]
    with lab.store() as store:
        assert [row["key"] for row in rows] == list(store.runs()["key"])


def test_the_run_log_has_a_line_for_every_run(lab: Lab, nodes: Nodes) -> None:
    """The bundled plugin that uses the hook."""
    lab.run(solver=nodes(0, 1, 2))
    lines = (lab.study / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["ok"] * 3


def test_a_hook_that_raises_loses_nothing(lab: Lab, nodes: Nodes) -> None:
    """The sweep goes on."""
    lab.install("listener", LISTENER.replace('open("told.txt"', 'open("no/told.txt"'))
    assert lab.run(solver=nodes(0, 1)).counts == {"ok": 2}


def test_a_dataset_that_fails_costs_its_own_runs(lab: Lab, nodes: Nodes) -> None:
    """They are rows with the reason and the traceback; the others are made."""
    lab.install("data", BROKEN_DATA)
    good = lab.space().axes["dataset"]
    both = [*good, {"name": "broken", "seed": 0}]
    outcome = lab.run(solver=nodes(0, 1), dataset=both)
    assert outcome.counts == {"ok": 2, "error": 2}
    assert outcome.exit_code == 1
    reason = "dataset broken could not be loaded: the server is down"
    assert outcome.failures == [(f"error: {reason}", 2)]
    with lab.store() as store:
        runs = store.runs()
        [key, _] = runs[runs["status"] == "error"]["key"]
        assert "FileNotFoundError" in str(store.traceback(key))


def test_a_dataset_that_failed_is_tried_again(lab: Lab, nodes: Nodes) -> None:
    """The server may be up by now; no retry is needed."""
    lab.install("data", BROKEN_DATA)
    broken = [{"name": "broken", "seed": 0}]
    assert lab.run(solver=nodes(0), dataset=broken).counts == {"error": 1}
    fixed = "return Dataset(X=np.ones((5, 4)))"
    lab.edit("data", 'raise FileNotFoundError("the server is down")', fixed)
    imports = "import numpy as np\nfrom nmflab.contracts import Dataset, DatasetSpec"
    lab.edit("data", "from nmflab.contracts import DatasetSpec", imports)
    assert lab.run(solver=nodes(0), dataset=broken).counts == {"ok": 1}


def test_an_unfit_pair_is_a_row_with_its_reason(lab: Lab, nodes: Nodes) -> None:
    """It is no failure, but a sweep of nothing else has made nothing."""
    loss = [{"loss": "kullback_leibler"}]
    outcome = lab.run(solver=nodes(0), objective=loss)
    assert outcome.counts == {"skipped": 1}
    assert outcome.exit_code == 1
    assert outcome.failures == []
    with lab.store() as store:
        [reason] = store.runs()["reason"]
    assert reason.startswith("solver tried cannot take objective kullback_leibler")


def test_factors_are_kept_by_default(lab: Lab, nodes: Nodes) -> None:
    """Those of every run."""
    lab.run(solver=nodes(0, 1))
    with lab.store() as store:
        assert all(store.factors(key) for key in store.runs()["key"])


def test_no_factors_are_kept_where_none_are_wanted(lab: Lab, nodes: Nodes) -> None:
    """Metrics are measured all the same."""
    outcome = lab.run({"save": {"factors": "none", "max_gb": 5.0}}, solver=nodes(0))
    with lab.store() as store:
        [key] = store.runs()["key"]
        assert store.factors(key) is None
        assert len(store.metric_table()) == 1
    assert outcome.notes == []


@pytest.mark.parametrize("inline_bytes", [10**6, 10])
def test_factors_are_kept_up_to_the_cap(
    lab: Lab, nodes: Nodes, monkeypatch: pytest.MonkeyPatch, inline_bytes: int
) -> None:
    """In rows or in files; that later runs have none is said, and they are made."""
    monkeypatch.setattr(jobs, "INLINE_BYTES", inline_bytes)
    lab.run(solver=nodes(9))
    sizes = [file.stat().st_size for file in lab.study.glob("factors/*.npz")]
    one = sizes[0] if sizes else 8 * (5 * 2 + 2 * 4)  # bytes of W and H
    lab.study = lab.folder / "capped"
    save = {"factors": "all", "max_gb": 1.5 * one / 1e9}
    outcome = lab.run({"save": save}, solver=nodes(0, 1, 2))
    assert outcome.counts == {"ok": 3}
    [note] = outcome.notes
    assert note.startswith("factors are kept up to save.max_gb=")
    with lab.store() as store:
        kept = [store.factors(key) is not None for key in store.runs()["key"]]
        assert len(store.metric_table()) == 3
    assert kept == [True, False, False]
    n_files = len(list(lab.study.glob("factors/*.npz")))
    assert n_files == (1 if inline_bytes == 10 else 0)


def test_the_cap_holds_for_the_study_not_for_a_sweep(lab: Lab, nodes: Nodes) -> None:
    """A second command does not start from zero."""
    lab.run(solver=nodes(0))
    room_for_one = 1.5 * 8 * (5 * 2 + 2 * 4)  # bytes of W and H
    save = {"factors": "all", "max_gb": room_for_one / 1e9}
    lab.run({"save": save}, solver=nodes(0, 1))
    with lab.store() as store:
        kept = [store.factors(key) is not None for key in store.runs()["key"]]
    assert kept == [True, False]


def test_a_sweep_records_what_was_asked_and_where(lab: Lab, nodes: Nodes) -> None:
    """Command, base configuration, versions, host, origins of the results."""
    lab.run(solver=nodes(0))
    with lab.store() as store:
        [sweep] = store.sweeps()
        [key] = store.runs()["key"]
        config = store.config(key)
        [dataset] = store.datasets()
    assert sweep.command == ["seed=0"]
    assert {"host", "cpu", "threads", "git", "blas", "versions"} <= set(
        sweep.provenance
    )
    assert "numpy" in sweep.provenance["versions"]
    assert "the source of solver tried" in sweep.provenance["origins"]
    assert config["solver"] == {"name": "tried", "number": 0}
    assert config["limits"] == lab.settings()["limits"]
    assert (dataset.label, dataset.X.shape) == ("movie_ratings", (5, 4))


def test_a_summary_can_be_read_without_a_tool(lab: Lab, nodes: Nodes) -> None:
    """`study.yaml` holds configuration, data, versions and plugin failures."""
    lab.install("broken", "NMFLAB_CONTRACT = 99\n")
    lab.run(solver=nodes(0))
    summary = yaml.safe_load((lab.study / "study.yaml").read_text(encoding="utf-8"))
    assert summary["config"]["solver"] == {"name": "tried", "number": 0}
    assert re.fullmatch("[0-9a-f]{32}", summary["data"]["movie_ratings"])
    failures = [one["entry_point"] for one in summary["plugin_failures"]]
    assert failures == ["broken"]


def test_a_dry_run_makes_nothing(lab: Lab, nodes: Nodes) -> None:
    """No run, and no study."""
    dry = lab.coordinator(solver=nodes(0, 1)).dry_run()
    assert lab.done() == []
    assert not lab.study.exists()
    assert isinstance(dry, DryRun)
    assert (dry.n_runs, dry.n_done, dry.skipped) == (2, 0, {})


def test_a_dry_run_tells_what_is_done_skipped_and_left(lab: Lab, nodes: Nodes) -> None:
    """And the first few that would be made."""
    lab.run(solver=nodes(0))
    losses = [{"loss": "frobenius"}, {"loss": "kullback_leibler"}]
    dry = lab.coordinator(solver=nodes(0, 1), objective=losses).dry_run()
    assert (dry.n_runs, dry.n_done, sum(dry.skipped.values())) == (4, 1, 2)
    text = dry_run_text(dry)
    assert text.startswith("4 runs: 1 already done, 2 skipped, 1 to be made\n")
    assert "2 skipped: solver tried" in text or "1 skipped: solver tried" in text
    assert "movie_ratings, frobenius, init random, solver tried(number=1)" in text


def test_a_dry_run_counts_what_would_be_made_again(lab: Lab, nodes: Nodes) -> None:
    """The same rule decides as in the run itself."""
    lab.run(solver=nodes(0, fault="error"))
    asked = {"solver": nodes(0, fault="error")}
    assert lab.coordinator(**asked).dry_run().n_done == 1
    assert lab.coordinator({"retry": ["error"]}, **asked).dry_run().n_done == 0


def test_what_a_plugin_refuses_leaves_no_study(lab: Lab) -> None:
    """Parameters are checked before anything is written."""
    with pytest.raises(ConfigError, match="Tried has no parameter 'nubmer'"):
        lab.run(solver=[{"name": "tried", "nubmer": 1}])
    assert not lab.study.exists()


def test_a_setting_of_one_case_is_checked_as_well(lab: Lab) -> None:
    """Not only those of the first."""
    stop = {**lab.settings()["stop"], "kkt": -1.0}
    spaces = [lab.space(case="a"), lab.space({"stop": stop}, case="b")]
    with pytest.raises(ConfigError, match=r"stop\.kkt must be > 0, got -1"):
        Coordinator(spaces, lab.registry, quiet=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"restarts": 0}, "restarts must be > 0, got 0"),
        ({"halving": 1}, "halving must be a whole number >= 2, got 1"),
        (
            {"restarts": 3000, "halving": 2},
            "halving=2 with restarts=3000 needs stop.max_steps of at least",
        ),
        ({"metrics": ["rsme"]}, "no metric named 'rsme'"),
        ({"save": {"factors": "all", "max_gb": -1.0}}, "save.max_gb must be > 0"),
        ({"executor": {"name": "local", "n_jobs": 0}}, "executor.n_jobs must be > 0"),
        ({"stop": {"kkt": None, "max_steps": None}}, "every criterion is null"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    lab: Lab, settings: dict[str, Any], message: str
) -> None:
    """Before anything is written; the key and the value are named."""
    with pytest.raises((ConfigError, LookupError), match=re.escape(message)):
        lab.run(settings)
    assert not lab.study.exists()


def test_the_study_is_named_after_its_data_by_default(lab: Lab, nodes: Nodes) -> None:
    """Under `studies`, where no name is given."""
    outcome = lab.run({"study": None}, solver=nodes(0))
    assert str(outcome.folder) == "studies/movie_ratings"


def test_two_cases_that_ask_for_the_same_are_said(lab: Lab) -> None:
    """The second would otherwise be a silent gap."""
    spaces = [lab.space(case="a"), lab.space(case="b")]
    outcome = Coordinator(spaces, lab.registry, quiet=True).run()
    assert outcome.counts == {"ok": 1}
    assert outcome.notes == [
        "case b asks for runs that were asked for already: each is made once"
        " (1 left out)"
    ]
