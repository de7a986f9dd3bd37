from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nmflab.registry import PluginError, Registry, UnknownPlugin, load

HEADER = """
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from nmflab.contracts import *
from nmflab.hookspecs import hookimpl
NMFLAB_CONTRACT = 1

@dataclass(frozen=True, kw_only=True)
class Mine:
    '''A solver that yields its start.'''
    step: float = 1.0
    def iterate(self, problem, init, rng):
        yield init
"""


def solver_hook(*records: str) -> str:
    """Return the source of a hook that yields these records."""
    lines = "".join(f"    yield {record}\n" for record in records)
    return f"\n@hookimpl\ndef nmflab_solvers():\n{lines}"


def solver_plugin(name: str) -> str:
    """Return the source of a sound plugin with one solver."""
    return HEADER + solver_hook(f'SolverSpec(name="{name}", solver=Mine)')


def only_failure(registry: Registry) -> str:
    """Return the reason of the one failure there is."""
    assert len(registry.failures) == 1
    return registry.failures[0].reason


def load_beside_a_sound_one(plugins, source: str) -> Registry:  # noqa: ANN001
    """Install a plugin beside a sound one, load both, and check the sound one."""
    plugins.add("sound", solver_plugin("sound_solver"))
    plugins.add("tried", source)
    registry = load(only=["sound", "tried"])
    assert registry.get("solver", "sound_solver").name == "sound_solver"
    return registry


def test_a_sound_plugin_is_found_by_kind_and_name(plugins) -> None:
    """An entry point is all it takes."""
    plugins.add("tried", solver_plugin("mine"), distribution="My.Dist", version="2.1")
    registry = load(only=["tried"])
    assert list(registry.solvers) == ["mine"]
    owner = registry.owners["solver", "mine"]
    assert (owner.entry_point, owner.module) == ("tried", "tried_plugin")
    assert (owner.distribution, owner.version) == ("My.Dist", "2.1")
    assert registry.failures == []


def test_only_imports_nothing_else(plugins) -> None:
    """A child that needs one plugin does not pay for the others."""
    plugins.add("wanted", solver_plugin("wanted"))
    plugins.add("unwanted", solver_plugin("unwanted"))
    assert list(load(only=["wanted"]).solvers) == ["wanted"]
    assert "unwanted_plugin" not in sys.modules


def test_a_syntax_error_is_reported_with_its_line(plugins) -> None:
    """A module that is not Python costs that plugin alone."""
    registry = load_beside_a_sound_one(plugins, "NMFLAB_CONTRACT = 1\nthis is not\n")
    reason = only_failure(registry)
    assert "is not valid Python: invalid syntax" in reason
    assert "tried_plugin.py, line 2" in reason


def test_an_absent_library_is_named(plugins) -> None:
    """A library imported at the top of a plugin, and not installed, is named."""
    registry = load_beside_a_sound_one(plugins, "import no_such_library_at_all\n")
    assert "needs 'no_such_library_at_all', which is not installed" in only_failure(
        registry
    )


def test_an_absent_module_is_named(plugins) -> None:
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
    plugins, statement: str, shown: str
) -> None:
    """Whatever a module raises, the program goes on, and the traceback is kept."""
    registry = load_beside_a_sound_one(plugins, statement + "\n")
    assert only_failure(registry).startswith(f"importing 'tried_plugin' raised {shown}")
    assert "Traceback" in registry.failures[0].traceback


def test_no_contract_version_is_reported_with_the_line_to_write(plugins) -> None:
    """A plugin without NMFLAB_CONTRACT learns what to write."""
    source = solver_plugin("mine").replace("NMFLAB_CONTRACT = 1", "")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == (
        "names no contract version; write NMFLAB_CONTRACT = 1 at the top of the module"
    )


def test_another_contract_version_names_both(plugins) -> None:
    """A plugin for another version is left out, with both versions."""
    source = solver_plugin("mine").replace("NMFLAB_CONTRACT = 1", "NMFLAB_CONTRACT = 7")
    registry = load_beside_a_sound_one(plugins, source)
    reason = only_failure(registry)
    assert "written for contract version 7, this nmflab has version 1" in reason
    assert "mine" not in registry.solvers


def test_a_misspelt_hook_is_reported_with_the_right_name(plugins) -> None:
    """A function marked as a hook that is none is found by its mark."""
    source = solver_plugin("mine").replace("def nmflab_solvers", "def nmflab_solver")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == (
        "there is no hook named 'nmflab_solver'; did you mean 'nmflab_solvers'?"
    )


def test_a_hook_without_its_mark_is_reported(plugins) -> None:
    """A function named like a hook, but unmarked, would never be called."""
    source = solver_plugin("mine").replace("@hookimpl", "")
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == "'nmflab_solvers' lacks its @hookimpl, so it is never called"


def test_a_plugin_without_any_hook_is_reported(plugins) -> None:
    """A module that offers nothing is a mistake."""
    reason = only_failure(load_beside_a_sound_one(plugins, HEADER))
    assert reason.startswith("implements no hook, so it offers nothing")


def test_a_hook_that_asks_for_an_unknown_argument_is_reported(plugins) -> None:
    """Hooks are called by the arguments of their specification."""
    source = solver_plugin("mine").replace("nmflab_solvers()", "nmflab_solvers(config)")
    assert "config" in only_failure(load_beside_a_sound_one(plugins, source))


def test_a_hook_that_raises_half_way_adds_nothing(plugins) -> None:
    """All records of a plugin, or none."""
    source = solver_plugin("first") + "    raise OSError('half way')\n"
    registry = load_beside_a_sound_one(plugins, source)
    assert only_failure(registry) == "raised OSError: half way"
    assert list(registry.solvers) == ["sound_solver"]


def test_one_bad_hook_takes_the_plugin_s_other_records_along(plugins) -> None:
    """All records of a plugin, or none: over its hooks, too."""
    source = solver_plugin("first") + (
        "\n@hookimpl\ndef nmflab_metrics():\n    yield 'no record'\n"
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert "not a MetricSpec" in only_failure(registry)
    assert list(registry.solvers) == ["sound_solver"]


def test_a_hook_that_returns_nothing_is_reported(plugins) -> None:
    """A forgotten ``yield`` is found."""
    source = HEADER + "\n@hookimpl\ndef nmflab_solvers():\n    SolverSpec\n"
    reason = only_failure(load_beside_a_sound_one(plugins, source))
    assert reason == "nmflab_solvers returned None; yield SolverSpec from it"


CLASS = "@dataclass(frozen=True, kw_only=True)\nclass Odd:\n"
METHOD = "    def iterate(self, problem, init, rng):\n        yield init\n"
RECORD = 'SolverSpec(name="odd", solver=Odd)'


@pytest.mark.parametrize(
    ("source", "record", "reason"),
    [
        ("", "'mine'", "yielded 'mine' (str), not a SolverSpec"),
        ("", 'MetricSpec(name="mine", metric=Mine)', "not a SolverSpec"),
        ("", 'SolverSpec(name="Fast-Hals", solver=Mine)', "a name is in snake_case"),
        ("", 'SolverSpec(name="odd", solver=Mine())', "is not a class"),
        ("class Odd:\n" + METHOD, RECORD, "Odd is not a frozen dataclass"),
        ("@dataclass\nclass Odd:\n" + METHOD, RECORD, "not a frozen dataclass"),
        ("class Odd(Mine): pass\n", RECORD, "not a frozen dataclass"),
        (
            "@dataclass(frozen=True)\nclass Odd:\n    a: int = 1\n" + METHOD,
            RECORD,
            "field 'a' is not keyword-only",
        ),
        (CLASS + "    a: int = 1\n", RECORD, "Odd has no method 'iterate'"),
        (CLASS + "    name: str = ''\n" + METHOD, RECORD, "this name is reserved"),
        (CLASS + "    a: list = ()\n" + METHOD, RECORD, "field 'a' has type list"),
        (CLASS + "    a: int | str = 1\n" + METHOD, RECORD, "has type int | str"),
        (CLASS + "    a: Path | None = None\n" + METHOD, RECORD, "'a' has type"),
        (CLASS + "    a: 'Absent' = 1\n" + METHOD, RECORD, "'Absent' is not defined"),
        (CLASS + "    a: int = 'x'\n" + METHOD, RECORD, "default 'x', which is no int"),
        (CLASS + "    a: int = True\n" + METHOD, RECORD, "default True, which is no"),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, takes=Takes(losses={"l7"}))',
            "takes.losses holds 'l7'; allowed: beta, frobenius",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, takes=Takes(losses="frobenius"))',
            "takes.losses='frobenius' is not a set",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, promises=Promises(init="mine"))',
            "promises.init holds 'mine'",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, examples=(Mine,))',
            "is not a Mine; list configured instances",
        ),
        (
            "",
            'SolverSpec(name="odd", solver=Mine, requires=("not a name",))',
            "requires='not a name' is not a requirement",
        ),
    ],
)
def test_a_record_that_breaks_the_contract_is_reported(
    plugins, source: str, record: str, reason: str
) -> None:
    """A wrong record, class or field is found at start-up, and said."""
    registry = load_beside_a_sound_one(plugins, HEADER + source + solver_hook(record))
    assert reason in only_failure(registry)


def test_every_allowed_type_is_allowed(plugins) -> None:
    """int, float, bool, str, Enum, each or None, and a frozen dataclass of them."""
    source = HEADER + (
        "class Colour(Enum):\n    red = 1\n"
        "@dataclass(frozen=True, kw_only=True)\nclass Inner:\n    x: float | None = None\n"
        + CLASS
        + "    a: int\n    b: float = 1\n    c: bool = True\n    d: str = '???'\n"
        "    e: Colour = Colour.red\n    f: Inner = Inner()\n    g: int | None = None\n"
        "    h: 'float | None' = 2.0\n" + METHOD + solver_hook(RECORD)
    )
    assert load_beside_a_sound_one(plugins, source).failures == []


def test_a_dataset_may_not_call_a_field_seed(plugins) -> None:
    """``dataset.seed`` is the framework's own: it makes the generator of `load`."""
    source = HEADER + (
        CLASS + "    seed: int = 0\n    def load(self, rng): ...\n"
        "\n@hookimpl\ndef nmflab_datasets():\n"
        '    yield DatasetSpec(name="odd", dataset=Odd)\n'
    )
    assert "field 'seed': this name is reserved" in only_failure(
        load_beside_a_sound_one(plugins, source)
    )


def test_an_unmet_requirement_costs_its_record_alone(plugins) -> None:
    """What needs an absent library is left out with the command that brings it."""
    source = HEADER + solver_hook(
        'SolverSpec(name="with_it", solver=Mine, requires=("no-such-library>=2",))',
        'SolverSpec(name="without", solver=Mine)',
        'SolverSpec(name="old", solver=Mine, requires=("numpy>=1", "numpy<1"))',
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert sorted(registry.solvers) == ["sound_solver", "without"]
    assert [failure.reason for failure in registry.failures] == [
        "solver 'with_it' needs no-such-library>=2: pip install 'no-such-library>=2'",
        "solver 'old' needs numpy<1: pip install 'numpy<1'",
    ]
    with pytest.raises(UnknownPlugin, match="needs no-such-library>=2: pip install"):
        registry.get("solver", "with_it")


def test_a_requirement_for_another_system_is_not_asked_for(plugins) -> None:
    """A requirement with a marker that does not hold is met."""
    requirement = 'no-such-library; python_version < "3"'
    record = f"SolverSpec(name='mine', solver=Mine, requires=({requirement!r},))"
    registry = load_beside_a_sound_one(plugins, HEADER + solver_hook(record))
    assert registry.failures == []


def test_two_owners_of_one_name_are_both_named_and_neither_wins(plugins) -> None:
    """Nothing is overwritten: the name is unusable until one owner goes."""
    plugins.add("one", solver_plugin("twin"), distribution="dist-one", version="1.1")
    plugins.add("two", solver_plugin("twin"), distribution="dist-two", version="2.2")
    registry = load_beside_a_sound_one(plugins, solver_plugin("other"))
    registry = load(only=["one", "two", "sound"])
    assert sorted(registry.solvers) == ["sound_solver"]
    with pytest.raises(UnknownPlugin) as error:
        registry.get("solver", "twin")
    for owner in (
        "'one' (dist-one 1.1, module one_plugin)",
        "'two' (dist-two 2.2, module two_plugin)",
    ):
        assert owner in str(error.value)
        assert owner in only_failure(registry)


def test_one_name_in_two_kinds_is_no_conflict(plugins) -> None:
    """A solver and an init may both be called sklearn."""
    source = solver_plugin("mine") + (
        CLASS + "    def start(self, problem, n_components, rng): ...\n"
        "\n@hookimpl\ndef nmflab_initializations():\n"
        '    yield InitSpec(name="mine", initialization=Odd)\n'
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert registry.failures == []
    assert registry.get("init", "mine").name == "mine"


def test_one_name_twice_in_one_plugin_is_a_fault(plugins) -> None:
    """A plugin that contradicts itself is left out."""
    record = 'SolverSpec(name="mine", solver=Mine)'
    registry = load_beside_a_sound_one(plugins, HEADER + solver_hook(record, record))
    assert only_failure(registry) == "declares the solver mine more than once"


def test_a_distribution_met_twice_counts_once(
    plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable install beside a wheel is one plugin, not a conflict."""
    plugins.add("tried", solver_plugin("mine"), distribution="my-dist")
    again = tmp_path / "again"
    again.mkdir()
    plugins.folder = again
    plugins.add_metadata("My_Dist", "0.9", {"tried": "tried_plugin"})
    monkeypatch.syspath_prepend(again)
    registry = load(only=["tried"])
    assert registry.failures == []
    assert registry.owners["solver", "mine"].version == "0.9"  # the first on the path


def test_a_dist_info_without_metadata_harms_nobody(plugins) -> None:
    """What a half-removed installation leaves is no reason to stop."""
    plugins.add("tried", solver_plugin("mine"))
    (plugins.folder / "dist_tried-1.0.dist-info" / "METADATA").unlink()
    assert list(load(only=["tried"]).solvers) == ["mine"]


@pytest.mark.parametrize("word", ["tried", "my_dist", "other, My.Dist"])
def test_a_plugin_is_disabled_by_entry_point_or_distribution(
    plugins, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """NMFLAB_DISABLE_PLUGINS leaves a plugin out before it is imported."""
    monkeypatch.setenv("NMFLAB_DISABLE_PLUGINS", word)
    plugins.add("tried", solver_plugin("tried"), distribution="my-dist")
    registry = load(only=["tried"])
    assert registry.solvers == {}
    assert "tried_plugin" not in sys.modules
    with pytest.raises(UnknownPlugin, match="disabled by NMFLAB_DISABLE_PLUGINS"):
        registry.get("solver", "tried")


def test_strict_mode_lists_every_failure(plugins) -> None:
    """In strict mode nothing is used unless all can be."""
    plugins.add("sound", solver_plugin("mine"))
    plugins.add("first", "raise ValueError('first fault')\n")
    plugins.add("second", "raise ValueError('second fault')\n")
    with pytest.raises(PluginError, match=r"(?s)first fault.*second fault") as error:
        load(only=["sound", "first", "second"], strict=True)
    assert len(error.value.failures) == 2


@pytest.mark.parametrize(("value", "fatal"), [("1", True), ("0", False), ("", False)])
def test_strict_mode_by_environment(
    plugins, monkeypatch: pytest.MonkeyPatch, value: str, fatal: bool
) -> None:
    """NMFLAB_STRICT=1 makes every command strict; 0 does not."""
    monkeypatch.setenv("NMFLAB_STRICT", value)
    plugins.add("tried", "raise ValueError('a fault')\n")
    if fatal:
        with pytest.raises(PluginError, match="a fault"):
            load(only=["tried"])
    else:
        assert len(load(only=["tried"]).failures) == 1


def test_strict_mode_accepts_sound_plugins(plugins) -> None:
    """Strictness is about faults only."""
    plugins.add("sound", solver_plugin("mine"))
    assert list(load(only=["sound"], strict=True).solvers) == ["mine"]


def test_an_unknown_name_gets_the_nearest(plugins) -> None:
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
    plugins, entry_point: str
) -> None:
    """What a failed plugin would have provided leads to its reason."""
    plugins.add(entry_point, "raise ValueError('the reason')\n")
    with pytest.raises(UnknownPlugin, match=f"'{entry_point}'.*the reason"):
        load(only=[entry_point]).get("solver", "mine")


def test_a_failed_plugin_of_another_kind_is_not_blamed(plugins) -> None:
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


def test_each_listener_is_told_of_a_run(plugins, tmp_path: Path) -> None:
    """`run_end` hands on the study's folder and the row."""
    body = "(study / row['key']).touch()"
    plugins.add("tried", LISTENER.format(body=body))
    load(only=["tried"]).run_end(tmp_path, {"key": "k1"})
    assert (tmp_path / "k1").exists()


def test_a_listener_that_raises_is_reported_once_and_stops_nobody(
    plugins, tmp_path: Path, caplog: pytest.LogCaptureFixture
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


def test_sections_and_config_folders_are_collected(plugins) -> None:
    """The other two hooks land in the registry."""
    source = HEADER + (
        "\n@hookimpl\ndef nmflab_report_sections():\n"
        "    yield ReportSection(name='mine', title='Mine', render=str)\n"
        "\n@hookimpl\ndef nmflab_config_dirs():\n"
        "    yield Path(__file__).parent\n"
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert [section.name for section in registry.sections] == ["mine"]
    assert registry.config_dirs == [plugins.folder]


def test_a_config_folder_must_exist(plugins) -> None:
    """A folder that was not shipped is a fault of the plugin."""
    source = HEADER + (
        "\n@hookimpl\ndef nmflab_config_dirs():\n    yield Path('no/such/folder')\n"
    )
    assert "which is no folder" in only_failure(
        load_beside_a_sound_one(plugins, source)
    )


def test_loading_imports_nothing_heavy() -> None:
    """All bundled plugins are opened on NumPy alone: start-up stays quick."""
    heavy = "scipy sklearn pandas numba torch hydra omegaconf altair matplotlib"
    code = (
        "import sys, nmflab.registry as r; found = r.load()\n"
        "assert len(found.plugins) > 1, found.failures\n"
        f"print(*[name for name in {heavy.split()} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == []


def test_every_bundled_plugin_is_sound() -> None:
    """nmflab's own plugins load without a fault."""
    assert [str(failure) for failure in load().failures] == []
