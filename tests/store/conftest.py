"""A study to write to, and the records that tests write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nmflab.store import LABELS, StudyWriter

Arrays = dict[str, npt.NDArray[Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a study that is not there yet."""
    return tmp_path / "studies" / "tried"


@pytest.fixture
def writer(folder: Path) -> Iterator[StudyWriter]:
    """Open a study for writing."""
    writer = StudyWriter(folder)
    yield writer
    writer.close()


@pytest.fixture
def sweep(writer: StudyWriter) -> Callable[..., int]:
    """Return a function that records a sweep with a plan of some keys."""

    def begin(*keys: str, changes: str = "{}", **labels: Any) -> int:
        row = [labels.get(label, f"a {label}") for label in LABELS]
        row[LABELS.index("seed")] = labels.get("seed", 0)
        row[LABELS.index("n_components")] = labels.get("n_components", 2)
        number = writer.begin_sweep(
            command=["dataset=x"], base={"n_components": 2}, provenance={"host": "h"}
        )
        writer.add_plan(number, [(key, row, changes) for key in keys])
        return number

    return begin


@pytest.fixture
def arrays() -> Arrays:
    """Return a trace and factors, drawn once and for all."""
    rng = np.random.default_rng(0)
    return {
        "trace": rng.random((6, 8)),
        "W": rng.random((5, 2)),
        "H": rng.random((2, 4)).astype(np.float32),
    }
