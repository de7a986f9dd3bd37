"""A small study made by the real commands, and ways to write to its record."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nmflab import cli
from nmflab.session import registry

ASKED = (
    "dataset=movie_ratings,purchase_patterns",
    "solver=apg,mu",
    "n_components=2",
    "seed=0,1",
    "metrics=[rmse,hoyer_sparseness,top_features]",
    "executor.name=serial",
    "report=false",
    "stop.max_steps=6",
)
"""Eight runs: two data sets, two solvers, two seeds."""

Typed = Callable[..., tuple[int, str, str]]
Tampered = Callable[..., None]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study, made once and never written to."""
    folder = tmp_path_factory.mktemp("made") / "studies" / "small"
    registry.cache_clear()
    assert cli.main([*ASKED, f"study={folder}"]) == 0
    return folder


@pytest.fixture
def study(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the study as ``studies/small`` of an empty working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(made_once, tmp_path / "studies" / "small")
    return Path("studies/small")


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return a function that runs a command: exit code, output, errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def written(folder: Path, statement: str, values: tuple[Any, ...] = ()) -> int:
    """Write to the store of a study by hand; return how many rows were changed."""
    with closing(sqlite3.connect(folder / "runs.sqlite")) as db, db:
        return db.execute(statement, values).rowcount


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the store of a study."""
    with closing(sqlite3.connect(folder / "runs.sqlite")) as db:
        return db.execute(query).fetchall()


def with_sweep(folder: Path, column: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON column of a study's only command."""
    ((text,),) = read(folder, f"SELECT {column} FROM sweeps")
    changed = json.dumps(change(json.loads(text)))
    assert written(folder, f"UPDATE sweeps SET {column}=?", (changed,)) == 1
