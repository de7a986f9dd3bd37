from __future__ import annotations

import pytest

from nmflab.registry import load
from nmflab.testing.creator import (
    HEADER,
    PluginCreator,
    load_beside_a_sound_one,
    only_failure,
    solver_hook,
    solver_plugin,
)


def test_a_syntax_error_is_reported_with_its_line(plugins: PluginCreator) -> None:
    """A module that is not Python costs that plugin alone."""
    registry = load_beside_a_sound_one(plugins, "NMFLAB_CONTRACT = 1\nthis is not\n")
    reason = only_failure(registry)
    assert "is not valid Python: invalid syntax" in reason
    assert "tried_plugin.py, line 2" in reason


def test_an_absent_library_is_named(plugins: PluginCreator) -> None:
    """A library imported at the top of a plugin, and not installed, is named."""
    registry = load_beside_a_sound_one(plugins, "import no_such_library_at_all\n")
    assert "needs 'no_such_library_at_all', which is not installed" in only_failure(
        registry
    )


def test_an_absent_module_is_named(plugins: PluginCreator) -> None:
    """An entry point that names no module says so."""
    plugins.add_metadata("hollow", "1.0", {"hollow": "hollow_package.part"})
    reason = only_failure(load(only=["hollow"]))
    assert reason.startswith("its module 'hollow_package.part' does not exist")


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("raise RuntimeError('no licence found')", "RuntimeError: no licence found"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_an_exception_at_import_is_reported(
    plugins: PluginCreator, statement: str, shown: str
) -> None:
    """Whatever a module raises, the program goes on, and the traceback is kept."""
    registry = load_beside_a_sound_one(plugins, statement + "\n")
    assert only_failure(registry).startswith(f"importing 'tried_plugin' raised {shown}")
    assert "Traceback" in registry.failures[0].traceback


def test_no_contract_version_is_reported_with_the_line_to_write(
    plugins: PluginCreator,
) -> None:
    """A plugin without NMFLAB_CONTRACT learns what to write."""
    source = solver_plugin("mine").replace("NMFLAB_CONTRACT = 1", "")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == (
        "names no contract version; write NMFLAB_CONTRACT = 1 at the top of the module"
    )


def test_another_contract_version_names_both(plugins: PluginCreator) -> None:
    """A plugin for another version is left out, with both versions."""
    source = solver_plugin("mine").replace("NMFLAB_CONTRACT = 1", "NMFLAB_CONTRACT = 7")
    registry = load_beside_a_sound_one(plugins, source)
    reason = only_failure(registry)
    assert "written for contract version 7, this nmflab has version 1" in reason
    assert "mine" not in registry.solvers


def test_a_misspelt_hook_is_reported_with_the_right_name(
    plugins: PluginCreator,
) -> None:
    """A function marked as a hook that is none is found by its mark."""
    source = solver_plugin("mine").replace("def nmflab_solvers", "def nmflab_solver")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == (
        "there is no hook named 'nmflab_solver'; did you mean 'nmflab_solvers'?"
    )


def test_a_hook_without_its_mark_is_reported(plugins: PluginCreator) -> None:
    """A function named like a hook, but unmarked, would never be called."""
    source = solver_plugin("mine").replace("@hookimpl", "")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == "'nmflab_solvers' lacks its @hookimpl, so it is never called"


def test_a_plugin_without_any_hook_is_reported(plugins: PluginCreator) -> None:
    """A module that offers nothing is a mistake."""
    reason = only_failure(load_beside_a_sound_one(plugins, HEADER))
    assert reason.startswith("implements no hook, so it offers nothing")


def test_a_hook_that_asks_for_an_unknown_argument_is_reported(
    plugins: PluginCreator,
) -> None:
    """Hooks are called by the arguments of their specification."""
    source = solver_plugin("mine").replace("nmflab_solvers()", "nmflab_solvers(config)")
    assert "config" in only_failure(load_beside_a_sound_one(plugins, source))


def test_a_hook_that_raises_half_way_adds_nothing(plugins: PluginCreator) -> None:
    """All records of a plugin, or none."""
    source = solver_plugin("first") + "    raise OSError('half way')\n"
    registry = load_beside_a_sound_one(plugins, source)
    assert only_failure(registry) == "raised OSError: half way"
    assert list(registry.solvers) == ["sound_solver"]


def test_one_bad_hook_takes_the_plugin_s_other_records_along(
    plugins: PluginCreator,
) -> None:
    """All records of a plugin, or none: over its hooks, too."""
    source = solver_plugin("first") + (
        "\n@hookimpl\ndef nmflab_metrics():\n    yield 'no record'\n"
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert "not a MetricSpec" in only_failure(registry)
    assert list(registry.solvers) == ["sound_solver"]


def test_a_hook_that_returns_nothing_is_reported(plugins: PluginCreator) -> None:
    """A forgotten ``yield`` is found."""
    source = HEADER + "\n@hookimpl\ndef nmflab_solvers():\n    SolverSpec\n"
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == "nmflab_solvers returned None; yield SolverSpec from it"


def test_one_name_twice_in_one_plugin_is_a_fault(plugins: PluginCreator) -> None:
    """A plugin that contradicts itself is left out."""
    record = 'SolverSpec(name="mine", solver=Mine)'
    registry = load_beside_a_sound_one(plugins, HEADER + solver_hook(record, record))
    assert only_failure(registry) == "declares the solver mine more than once"


def test_a_config_folder_must_exist(plugins: PluginCreator) -> None:
    """A folder that was not shipped is a fault of the plugin."""
    source = HEADER + (
        "\n@hookimpl\ndef nmflab_config_dirs():\n    yield Path('no/such/folder')\n"
    )
    assert "which is no folder" in only_failure(
        load_beside_a_sound_one(plugins, source)
    )
