"""Writing small plugins where Python finds them, for tests of the real door."""

from __future__ import annotations

import importlib
from pathlib import Path

from nmflab.registry import Registry, load

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
"""The start of a plugin's source: imports, contract version, a solver's class."""


def solver_hook(*records: str) -> str:
    """Return the source of a hook that yields these records."""
    lines = "".join(f"    yield {record}\n" for record in records)
    return f"\n@hookimpl\ndef nmflab_solvers():\n{lines}"


def solver_plugin(name: str) -> str:
    """Return the source of a sound plugin with one solver."""
    return HEADER + solver_hook(f'SolverSpec(name="{name}", solver=Mine)')


class PluginCreator:
    """Writes plugins where Python finds them: a module, and a dist-info beside it.

    What ``pip install`` leaves behind, without pip: the registry meets them through
    the same entry points as any installed plugin.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def add(
        self,
        entry_point: str,
        source: str,
        *,
        distribution: str | None = None,
        version: str = "1.0",
    ) -> str:
        """Install a plugin with this source and return its entry point's name."""
        module = entry_point.replace(".", "_") + "_plugin"
        (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        self.modules.append(module)
        self.add_metadata(
            distribution or f"dist-{entry_point}", version, {entry_point: module}
        )
        return entry_point

    def add_metadata(
        self, distribution: str, version: str, entries: dict[str, str]
    ) -> None:
        """Write a dist-info that names entry points of the group ``nmflab``."""
        stem = distribution.replace("-", "_")
        info = self.folder / f"{stem}-{version}.dist-info"
        info.mkdir()
        table = "".join(f"{name} = {module}\n" for name, module in entries.items())
        (info / "entry_points.txt").write_text(f"[nmflab]\n{table}", encoding="utf-8")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n",
            encoding="utf-8",
        )
        importlib.invalidate_caches()


def only_failure(registry: Registry) -> str:
    """Return the reason of the one failure there is."""
    assert len(registry.failures) == 1
    return registry.failures[0].reason


def load_beside_a_sound_one(plugins: PluginCreator, source: str) -> Registry:
    """Install a plugin beside a sound one, load both, and check the sound one."""
    plugins.add("sound", solver_plugin("sound_solver"))
    plugins.add("tried", source)
    registry = load(only=["sound", "tried"])
    assert registry.get("solver", "sound_solver").name == "sound_solver"
    return registry
