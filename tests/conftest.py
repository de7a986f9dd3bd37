"""Fixtures shared by the whole suite."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.config_store import ConfigStore

from nmflab import session
from nmflab.config import GROUPS
from nmflab.testing.creator import PluginCreator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what reads real data where there is no folder of them; never download."""
    if os.environ.get("NMFLAB_DATA"):
        return
    skip = pytest.mark.skip(reason="NMFLAB_DATA names no folder of real data")
    for item in items:
        if item.get_closest_marker("data") is not None:
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache out of the tests, and the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NMFLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        # One for the whole suite: many tests have a cache of their own, and compiling
        # the kernels for each would take minutes.
        if "NUMBA_CACHE_DIR" not in os.environ:
            kernels = tmp_path_factory.mktemp("kernels")
            patched.setenv("NUMBA_CACHE_DIR", str(kernels))
        for name in ("NMFLAB_CONF", "NMFLAB_DISABLE_PLUGINS", "NMFLAB_STRICT"):
            patched.delenv(name, raising=False)
        patched.delenv("NMFLAB_DEBUG", raising=False)
        yield


@pytest.fixture
def fresh_session() -> Iterator[None]:
    """Let the commands of one test see what is installed just now, and no others."""

    def forget() -> None:
        session.registry.cache_clear()
        for group in GROUPS:
            ConfigStore.instance().repo.pop(group, None)

    forget()
    yield
    forget()


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
