"""Nothing is fetched from outside: a cache, a mirror and a server of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nmflab.testing.publisher import Publisher, serving


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an empty cache and without a mirror; ask no proxy."""
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NMFLAB_DATA", raising=False)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """Return a web server that runs for one test."""
    with serving() as publisher:
        yield publisher


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that NMFLAB_DATA names, with the subfolder of the tests."""
    folder = tmp_path / "mirror"
    (folder / "tried").mkdir(parents=True)
    monkeypatch.setenv("NMFLAB_DATA", str(folder))
    return folder
