"""The same events without a child, and nothing of this process disturbed."""

import numpy as np
import pytest

from nmflab.child import Duties
from nmflab.executors import Done, Failed, Fitted, Limits, Measured, Serial, Started


class Lab:
    """Duties that do what a test says, and remember what they were given."""

    def __init__(self, fit=None, measure=None):
        self.fit, self.measure, self.seen = fit, measure, []

    def run(self, job, registry, send, _arrays):
        """Fit, then measure what the job asks for."""
        self.seen.append(("run", sorted(job["metrics"]), registry))
        if self.fit is not None:
            self.fit()
        record = {"type": "fit", "key": job["key"], "status": "ok", "warnings": []}
        send(record, {"W": np.ones((2, 1)), "H": np.ones((1, 3))})
        self.metrics(job, registry, send, {})

    def metrics(self, job, registry, send, arrays):
        """Measure."""
        self.seen.append(("metrics", sorted(job["metrics"]), sorted(arrays)))
        if self.measure is not None and job["metrics"]:
            self.measure()
        values = dict.fromkeys(job["metrics"], 1.0)
        record = {"values": values, "problems": {}, "seconds": 0.0}
        send({"type": "metrics", "key": job["key"]} | record)

    def materialise(self, _job, _registry, _send, _arrays):
        """Fail."""
        raise OSError("no such file")

    def executor(self):
        """Return a serial executor that has these duties."""
        names = ("run", "metrics", "materialise")
        handlers = {name: getattr(self, name) for name in names}
        return Serial("registry", duties=Duties(lambda job: None, handlers))


def fail(error):
    """Return a function that raises."""

    def raising():
        raise error

    return raising


def test_a_fit_is_delivered_before_its_metrics_are_computed(lab):
    """Whoever stores events as they come keeps the fit, whatever the metrics do."""
    duties = Lab()
    executor = duties.executor()
    executor.submit(lab.run_job("k", factors_folder="factors"), Limits())
    assert executor.events() == [Started("k")]
    (fitted,) = executor.events()
    assert isinstance(fitted, Fitted)
    assert ("metrics", ["m"], ["H", "W"]) not in duties.seen
    measured, done = executor.events()
    assert measured.record["values"] == {"m": 1.0}
    assert done == Done("k")
    assert duties.seen[-1] == ("metrics", ["m"], ["H", "W"])
    assert executor.events() == []


def test_without_a_folder_for_factors_a_run_is_done_in_one_go(lab):
    """Large factors would be lost between the fit and its metrics."""
    duties = Lab()
    events = lab.drive(duties.executor(), [lab.run_job("k")])
    assert [type(event) for event in events] == [Started, Fitted, Measured, Done]
    assert duties.seen[0] == ("run", ["m"], "registry")


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), RecursionError()])
def test_what_a_plugin_raises_is_a_record(lab, error):
    """SystemExit too: a plugin does not end this process."""
    events = lab.drive(Lab(fit=fail(error)).executor(), [lab.run_job("k")])
    assert [type(event) for event in events] == [Started, Fitted, Done]
    assert events[1].record["status"] == "error"
    assert events[1].record["reason"].startswith(type(error).__name__)
    assert type(error).__name__ in events[1].record["traceback"]


def test_a_lack_of_memory_is_labelled_as_such(lab):
    """MemoryError is "oom" in this process as in a child."""
    events = lab.drive(Lab(fit=fail(MemoryError())).executor(), [lab.run_job("k")])
    assert events[1].record["status"] == "oom"


def test_what_a_metric_raises_leaves_the_status_alone(lab):
    """The fit stays ok; each metric asked for has the problem."""
    job = lab.run_job("k", factors_folder="factors")
    events = lab.drive(Lab(measure=fail(SystemExit(1))).executor(), [job])
    assert [type(event) for event in events] == [Started, Fitted, Measured, Done]
    assert events[1].record["status"] == "ok"
    assert events[2].record["problems"] == {"m": "SystemExit: 1"}


def test_a_dataset_that_fails_is_a_failure(lab):
    """One sentence under the folder's name, and the traceback beside it."""
    job = {"type": "materialise", "into": "folder", "dataset": {}}
    events = lab.drive(Lab().executor(), [job])
    assert [type(event) for event in events] == [Started, Failed, Done]
    assert events[1].reason == "OSError: no such file"


def test_an_interrupt_ends_the_job_and_goes_on_upwards(lab):
    """Ctrl-C may be meant; the job is given back, to be done again."""
    executor = Lab(fit=fail(KeyboardInterrupt())).executor()
    executor.submit(lab.run_job("k"), Limits())
    assert executor.events() == [Started("k")]
    with pytest.raises(KeyboardInterrupt):
        executor.events()
    assert [running.key for running in executor.running()] == ["k"]
    assert executor.events() == [Done("k", cancelled=True)]
    assert executor.running() == []


def test_limits_that_could_not_be_held_stand_in_the_record(lab):
    """A run without its limits says so."""
    limits = Limits(timeout_s=2, memory_mb=500)
    events = lab.drive(Lab().executor(), [lab.run_job("k")], limits)
    (warning,) = events[1].record["warnings"]
    assert "limits.timeout_s=2 and limits.memory_mb=500 could not be held" in warning


def test_what_a_run_prints_is_printed(lab, capsys):
    """Nothing is redirected in somebody's notebook."""
    lab.drive(Lab(fit=lambda: print("hello")).executor(), [lab.run_job("k")])
    assert capsys.readouterr().out == "hello\n"


def test_one_job_at_a_time(lab):
    """A second job is refused until the first is done."""
    with Lab().executor() as executor:
        assert (executor.capacity, executor.n_free) == (1, 1)
        executor.submit(lab.run_job("a"), Limits())
        assert executor.n_free == 0
        with pytest.raises(RuntimeError, match="the slot is busy"):
            executor.submit(lab.run_job("b"), Limits())
    with pytest.raises(RuntimeError, match="cancelled or closed"):
        executor.submit(lab.run_job("c"), Limits())


def test_cancel_now_gives_the_job_back(lab):
    """What had not begun yields only its end."""
    executor = Lab().executor()
    executor.submit(lab.run_job("a"), Limits())
    executor.cancel(now=True)
    assert executor.events() == [Done("a", cancelled=True)]
