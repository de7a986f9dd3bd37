"""Fixtures for reading files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nmflab_datasets.file import File

from nmflab.contracts import Dataset


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Dataset]:
    """Return a function that writes a file and loads it."""

    def read(name: str, content: bytes | str, **options: Any) -> Dataset:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return File(path=str(path), **options).load(np.random.default_rng(0))

    return read


@pytest.fixture
def real_file() -> Callable[[str], Path]:
    """Return a function that finds a published file, or skips where it is absent."""

    def real_file(name: str) -> Path:
        path = Path(os.environ.get("NMFLAB_DATA", "")) / name
        if "NMFLAB_DATA" not in os.environ or not path.is_file():
            pytest.skip(f"NMFLAB_DATA holds no {name}")
        return path

    return real_file
