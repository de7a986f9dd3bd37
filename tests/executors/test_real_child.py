"""nmflab's own child, started as it is in use, does real runs."""

import subprocess
import sys

import numpy as np
import pytest

from nmflab.executors import Fitted, Limits, Materialised, Measured, make
from nmflab.registry import load

LIMITS = Limits(timeout_s=120, memory_mb=2000, threads=1, metrics_timeout_s=120)
PLUGINS = ["init.random", "solver.mu", "metric.reconstruction"]
NODE = {"name": "movie_ratings"}


def real_run(data, **more):
    """Return the job of one small fit."""
    axes = {
        "dataset": NODE,
        "weighting": {"name": "none"},
        "split": {"name": "none", "seed": 0},
        "objective": {"loss": "frobenius"},
        "init": {"name": "random"},
        "solver": {"name": "mu"},
        "n_components": 2,
        "seed": 3,
        "dtype": "float64",
    }
    stop = {"kkt": 1e-6, "max_steps": 20}
    settings = {"restarts": 1, "halving": None, "stop": stop}
    settings |= {"missing_as_zero": False, "trace": True}
    job = {"type": "run", "key": "0" * 32, "axes": axes, "settings": settings}
    job |= {"metrics": {"relative_error": {}}, "plugins": PLUGINS}
    job |= {"metrics_timeout_s": 60, "data": str(data), "inline_bytes": 10**6}
    return job | {"factors_folder": str(data.parent / "factors")} | more


@pytest.fixture(scope="module")
def outcome(tmp_path_factory, lab):
    """Return the events of a dataset and a run, begun in a folder with a trap in it."""
    folder = tmp_path_factory.mktemp("trap")
    (folder / "numpy.py").write_text("raise ImportError('not the real numpy')")
    with pytest.MonkeyPatch.context() as patch, make("local", n_jobs=1) as executor:
        patch.chdir(folder)
        data = folder / "data"
        job = {"type": "materialise", "dataset": NODE, "into": str(data)}
        job["plugins"] = ["dataset.movie_ratings"]
        events = lab.drive(executor, [job], LIMITS)
        events += lab.drive(executor, [real_run(data)], LIMITS)
    return data, events


def only(events, kind):
    """Return the one event of a kind."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def test_a_real_dataset_and_run_come_back(outcome):
    """Facts, a record with its trace and factors, and a metric."""
    _, events = outcome
    assert only(events, Materialised).facts["n_samples"] == 5
    fitted = only(events, Fitted)
    assert fitted.record["status"] == "ok"
    assert fitted.record["threads"] == 1
    assert fitted.arrays["W"].shape == (5, 2)
    assert fitted.arrays["trace"].shape[1] == 8
    assert 0 < only(events, Measured).record["values"]["relative_error_all"] < 1


def test_serial_and_local_agree_to_the_last_bit(outcome, lab):
    """The same factors and the same metric, in a child or in this process."""
    data, events = outcome
    with make("serial", registry=load(only=PLUGINS)) as executor:
        again = lab.drive(executor, [real_run(data)], Limits(threads=1))
    for name in ("W", "H"):
        here, there = (only(seen, Fitted).arrays[name] for seen in (again, events))
        assert np.array_equal(here, there)
    values = [only(seen, Measured).record["values"] for seen in (again, events)]
    assert values[0] == values[1]


def test_serial_measures_factors_too_large_to_send(outcome, lab):
    """They go by way of the file the fit wrote, and give the same metric."""
    data, events = outcome
    with make("serial", registry=load(only=PLUGINS)) as executor:
        again = lab.drive(executor, [real_run(data, inline_bytes=0)])
    assert only(again, Fitted).record["factors"] is not None
    values = [only(seen, Measured).record["values"] for seen in (again, events)]
    assert values[0] == values[1]


def test_metrics_can_be_added_later_in_a_child(outcome, lab):
    """From the factors of the stored run, sent along with the job."""
    data, events = outcome
    factors = {name: only(events, Fitted).arrays[name] for name in ("W", "H")}
    with make("local", n_jobs=1) as executor:
        executor.submit(real_run(data, type="metrics"), LIMITS, factors)
        later = lab.drive(executor, [])
    assert (
        only(later, Measured).record["values"]
        == (only(events, Measured).record["values"])
    )


def test_an_unknown_plugin_is_the_runs_own_error(outcome, lab):
    """A plugin missing in the child is a record with a sentence, not a crash."""
    job = real_run(outcome[0], plugins=["init.random"])
    with make("local", n_jobs=1) as executor:
        record = only(lab.drive(executor, [job], LIMITS), Fitted).record
    assert record["status"] == "error"
    assert "no solver named 'mu'" in record["reason"]


def test_a_child_imports_neither_hydra_nor_the_configuration():
    """Nor pandas, scikit-learn or the report: each would cost every child its start."""
    heavy = ("hydra", "omegaconf", "nmflab.config", "pandas", "sklearn", "numba")
    code = (
        "import sys; from nmflab import child; d = child.nmflab_duties();"
        f" d.prepare({{'plugins': {PLUGINS}}});"
        f" print([m for m in {heavy} if m in sys.modules])"
    )
    command = [sys.executable, "-P", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_importing_the_executors_does_not_import_the_run():
    """A command that reuses every run starts no child, and pays for none."""
    code = "import sys, nmflab.executors; print('nmflab.run' in sys.modules)"
    command = [sys.executable, "-P", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
