"""Fixtures shared by the whole suite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nmflab.testing.creator import PluginCreator


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
