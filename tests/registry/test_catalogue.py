from __future__ import annotations

from pathlib import Path

import pytest

from nmflab.registry import Registry, UnknownPlugin, load
from nmflab.testing.creator import (
    HEADER,
    PluginCreator,
    only_failure,
    solver_hook,
)


def test_an_unknown_name_gets_the_nearest(plugins: PluginCreator) -> None:
    """The message names the key, what is installed and the nearest name."""
    plugins.add(
        "tried",
        HEADER
        + solver_hook(
            'SolverSpec(name="hals", solver=Mine)', 'SolverSpec(name="mu", solver=Mine)'
        ),
    )
    with pytest.raises(UnknownPlugin) as error:
        load(only=["tried"]).get("solver", "hal")
    assert str(error.value) == (
        "no solver named 'hal' (config key 'solver'); installed: hals, mu."
        " Did you mean 'hals'?"
    )


@pytest.mark.parametrize("entry_point", ["solver.mine", "mine"])
def test_an_unknown_name_points_at_the_plugin_that_failed(
    plugins: PluginCreator, entry_point: str
) -> None:
    """What a failed plugin would have provided leads to its reason."""
    plugins.add(entry_point, "raise ValueError('the reason')\n")
    with pytest.raises(UnknownPlugin, match=f"'{entry_point}'.*the reason"):
        load(only=[entry_point]).get("solver", "mine")


def test_a_failed_plugin_of_another_kind_is_not_blamed(plugins: PluginCreator) -> None:
    """``init.mine`` does not explain an absent solver."""
    plugins.add("init.mine", "raise ValueError('the reason')\n")
    with pytest.raises(UnknownPlugin) as error:
        load(only=["init.mine"]).get("solver", "mine")
    assert "the reason" not in str(error.value)
    assert "'nmflab list' says why" in str(error.value)


def test_an_unknown_kind_lists_the_kinds() -> None:
    """The kinds are the configuration's words."""
    with pytest.raises(UnknownPlugin, match="kinds: dataset, init, solver, metric"):
        Registry().get("algorithm", "hals")


LISTENER = (
    HEADER
    + """
@hookimpl
def nmflab_run_end(study, row):
    {body}
"""
)


def test_each_listener_is_told_of_a_run(plugins: PluginCreator, tmp_path: Path) -> None:
    """`run_end` hands on the study's folder and the row."""
    body = "(study / row['key']).touch()"
    plugins.add("tried", LISTENER.format(body=body))
    load(only=["tried"]).run_end(tmp_path, {"key": "k1"})
    assert (tmp_path / "k1").exists()


def test_a_listener_that_raises_is_reported_once_and_stops_nobody(
    plugins: PluginCreator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The other listeners hear of every run; the fault is logged and listed once."""
    plugins.add("broken", LISTENER.format(body="raise KeyError('lost')"))
    plugins.add("working", LISTENER.format(body="(study / row['key']).touch()"))
    registry = load(only=["broken", "working"])
    for key in ("k1", "k2"):
        registry.run_end(tmp_path, {"key": key})
        assert (tmp_path / key).exists()
    assert "nmflab_run_end raised KeyError: 'lost'" in only_failure(registry)
    assert len(caplog.records) == 1
