"""Fixtures shared by the whole suite."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


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


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginCreator]:
    """Install plugins for one test."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    creator = PluginCreator(folder)
    yield creator
    for module in creator.modules:
        sys.modules.pop(module, None)
