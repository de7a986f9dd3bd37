from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nmflab.registry import PluginError, UnknownPlugin, load
from nmflab.testing.creator import (
    HEADER,
    PluginCreator,
    load_beside_a_sound_one,
    only_failure,
    solver_plugin,
)


def test_a_sound_plugin_is_found_by_kind_and_name(plugins: PluginCreator) -> None:
    """An entry point is all it takes."""
    plugins.add("tried", solver_plugin("mine"), distribution="My.Dist", version="2.1")
    registry = load(only=["tried"])
    assert list(registry.solvers) == ["mine"]
    owner = registry.owners["solver", "mine"]
    assert (owner.entry_point, owner.module) == ("tried", "tried_plugin")
    assert (owner.distribution, owner.version) == ("My.Dist", "2.1")
    assert registry.failures == []


def test_only_imports_nothing_else(plugins: PluginCreator) -> None:
    """A child that needs one plugin does not pay for the others."""
    plugins.add("wanted", solver_plugin("wanted"))
    plugins.add("unwanted", solver_plugin("unwanted"))
    assert list(load(only=["wanted"]).solvers) == ["wanted"]
    assert "unwanted_plugin" not in sys.modules


def test_two_owners_of_one_name_are_both_named_and_neither_wins(
    plugins: PluginCreator,
) -> None:
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


def test_one_name_in_two_kinds_is_no_conflict(plugins: PluginCreator) -> None:
    """A solver and an init may both be called sklearn."""
    source = solver_plugin("mine") + (
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Start:\n    def start(self, problem, n_components, rng): ...\n"
        "\n@hookimpl\ndef nmflab_initializations():\n"
        '    yield InitSpec(name="mine", initialization=Start)\n'
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert registry.failures == []
    assert registry.get("init", "mine").name == "mine"


def test_a_distribution_met_twice_counts_once(
    plugins: PluginCreator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def test_a_dist_info_without_metadata_harms_nobody(plugins: PluginCreator) -> None:
    """What a half-removed installation leaves is no reason to stop."""
    plugins.add("tried", solver_plugin("mine"))
    (plugins.folder / "dist_tried-1.0.dist-info" / "METADATA").unlink()
    assert list(load(only=["tried"]).solvers) == ["mine"]


@pytest.mark.parametrize("word", ["tried", "my_dist", "other, My.Dist"])
def test_a_plugin_is_disabled_by_entry_point_or_distribution(
    plugins: PluginCreator, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    """NMFLAB_DISABLE_PLUGINS leaves a plugin out before it is imported."""
    monkeypatch.setenv("NMFLAB_DISABLE_PLUGINS", word)
    plugins.add("tried", solver_plugin("tried"), distribution="my-dist")
    registry = load(only=["tried"])
    assert registry.solvers == {}
    assert "tried_plugin" not in sys.modules
    with pytest.raises(UnknownPlugin, match="disabled by NMFLAB_DISABLE_PLUGINS"):
        registry.get("solver", "tried")


def test_strict_mode_lists_every_failure(plugins: PluginCreator) -> None:
    """In strict mode nothing is used unless all can be."""
    plugins.add("sound", solver_plugin("mine"))
    plugins.add("first", "raise ValueError('first fault')\n")
    plugins.add("second", "raise ValueError('second fault')\n")
    with pytest.raises(PluginError, match=r"(?s)first fault.*second fault") as error:
        load(only=["sound", "first", "second"], strict=True)
    assert len(error.value.failures) == 2


@pytest.mark.parametrize(("value", "fatal"), [("1", True), ("0", False), ("", False)])
def test_strict_mode_by_environment(
    plugins: PluginCreator, monkeypatch: pytest.MonkeyPatch, value: str, fatal: bool
) -> None:
    """NMFLAB_STRICT=1 makes every command strict; 0 does not."""
    monkeypatch.setenv("NMFLAB_STRICT", value)
    plugins.add("tried", "raise ValueError('a fault')\n")
    if fatal:
        with pytest.raises(PluginError, match="a fault"):
            load(only=["tried"])
    else:
        assert len(load(only=["tried"]).failures) == 1


def test_strict_mode_accepts_sound_plugins(plugins: PluginCreator) -> None:
    """Strictness is about faults only."""
    plugins.add("sound", solver_plugin("mine"))
    assert list(load(only=["sound"], strict=True).solvers) == ["mine"]


def test_sections_and_config_folders_are_collected(plugins: PluginCreator) -> None:
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


def test_a_plugin_may_draw_a_dataset(plugins: PluginCreator) -> None:
    """Its drawing stands among the parts of the report, once for each dataset."""
    source = HEADER + (
        "from nmflab.contracts import FeatureDrawing\n"
        "\n@hookimpl\ndef nmflab_report_sections():\n"
        "    yield FeatureDrawing(dataset='mine', draw=str)\n"
    )
    registry = load_beside_a_sound_one(plugins, source)
    assert [part.name for part in registry.sections] == ["drawing_of_mine"]


def test_a_drawing_that_cannot_be_called_is_a_fault(plugins: PluginCreator) -> None:
    """The failure says of which dataset."""
    plugins.add(
        "mine",
        HEADER + "from nmflab.contracts import FeatureDrawing\n"
        "\n@hookimpl\ndef nmflab_report_sections():\n"
        "    yield FeatureDrawing(dataset='mine', draw='svg')\n",
    )
    (failure,) = load(only=["mine"]).failures
    assert "drawing of 'mine': 'draw' is not callable" in failure.reason


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
    """The plugins that nmflab brings load without a fault."""
    assert [str(failure) for failure in load().failures] == []
