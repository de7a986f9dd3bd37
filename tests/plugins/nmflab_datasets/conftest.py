"""Fixtures for reading files."""

from __future__ import annotations

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
