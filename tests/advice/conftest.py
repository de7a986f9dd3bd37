"""One small advised study, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nmflab
from nmflab.advice import Panel, panel
from nmflab.store import Store

TINY = (
    "advise=n_components",
    "executor.name=serial",
    "stop.max_steps=200",
    "metrics=[]",
)


def planted(n: int = 40, m: int = 24, r: int = 3, seed: int = 0) -> np.ndarray:
    """Return r components that share few features, and noise of a tenth."""
    rng = np.random.default_rng(seed)
    W = rng.random((n, r)) ** 2
    H = rng.random((r, m)) ** 2 * (rng.random((r, m)) < 0.7)
    X = W @ H
    noise = 0.1 * np.sqrt(np.mean(X**2)) * rng.standard_normal(X.shape)
    found: np.ndarray = np.maximum(X + noise, 0)
    return found


@pytest.fixture(scope="session")
def advise(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that runs an advised study and returns its folder."""

    def run(X: np.ndarray, *more: str, missing: str = "none") -> Path:
        folder = tmp_path_factory.mktemp("advised") / "s"
        arguments = (*TINY, *more, f"study={folder}")
        return nmflab.study(*arguments, X=X, missing=missing).folder

    return run


@pytest.fixture(scope="session")
def study(advise: Callable[..., Path]) -> Path:
    """Return a study of three planted components, sizes 2 to 4."""
    return advise(planted(), "n_components=2,3,4", "seed=0,1,2")


@pytest.fixture(scope="session")
def found(study: Path) -> Panel:
    """Return its panel."""
    return read(study)


def read(folder: Path) -> Panel:
    """Return the panel of a study."""
    with Store.open(folder) as store:
        made = panel(store)
    assert made is not None
    return made
