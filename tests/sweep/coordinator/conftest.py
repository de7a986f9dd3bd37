"""Sweeps over a tiny matrix with a solver that does as it is told."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from nmflab import sources
from nmflab.config import AXES, RootConfig, plain
from nmflab.registry import Registry, load
from nmflab.store import Store
from nmflab.sweep import plan
from nmflab.sweep.coordinator import Coordinator
from nmflab.sweep.expand import Space
from nmflab.sweep.outcome import Outcome
from nmflab.testing.creator import PluginCreator

SOLVER = '''
"""A solver that yields its start, and what else its parameters say."""
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmflab.contracts import Factors, SolverSpec
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1
SCALE = 1.0


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Yields its start."""

    number: int = 0
    fault: str = "none"
    seconds: float = 0.0

    def iterate(self, problem, init, rng):
        """Yield the start, scaled."""
        if problem.shape == (5, 4):  # not when it is only warmed up
            with open(os.environ["TRIED_LOG"], "a", encoding="utf-8") as log:
                log.write(f"NAME {self.number}\\n")
            time.sleep(self.seconds)
            self.fail()
        if self.fault == "invalid":
            init = Factors(-init.W, init.H)
        yield Factors(SCALE * init.W, init.H)
        return "did its one step"

    def fail(self):
        """Fail as asked."""
        if self.fault == "error":
            raise ValueError("this is not to its liking")
        if self.fault == "unless mended" and not Path("mended").exists():
            raise ValueError("it is not mended yet")
        if self.fault == "timeout":
            time.sleep(600)
        if self.fault == "oom":
            np.ones(10**11).sum()
        if self.fault == "crash":
            os._exit(7)


@hookimpl
def nmflab_solvers():
    yield SolverSpec(name="NAME", solver=Tried)
'''

AXIS_NODES: dict[str, Any] = {
    "dataset": {"name": "movie_ratings", "seed": 0, "zeros": "values"},
    "weighting": {"name": "none"},
    "split": {"name": "none", "seed": 0},
    "objective": {"loss": "frobenius"},
    "init": {"name": "random"},
    "solver": {"name": "tried"},
    "n_components": 2,
    "seed": 0,
    "dtype": "float64",
}


def source_of(name: str) -> str:
    """Return the source of a plugin whose solver has this name."""
    return SOLVER.replace("NAME", name)


class Lab:
    """One study, the plugins it may use, and what their solvers have really done.

    Parameters
    ----------
    folder : Path
        Work is done in it; the study is its subfolder "study".
    creator : PluginCreator
    """

    def __init__(self, folder: Path, creator: PluginCreator) -> None:
        self.folder, self.study, self.creator = folder, folder / "study", creator
        self._log = folder / "done.txt"
        self._registry: Registry | None = None

    @property
    def registry(self) -> Registry:
        """What is installed, loaded once."""
        if self._registry is None:
            self._registry = load()
        return self._registry

    def install(self, name: str, source: str | None = None) -> None:
        """Install a plugin; by default one with a solver of this name."""
        self.creator.add(name, source_of(name) if source is None else source)
        self._registry = None

    def edit(self, name: str, before: str, after: str) -> None:
        """Change a plugin's source, as if by hand between two commands."""
        module = f"{name}_plugin"
        file = self.creator.folder / f"{module}.py"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        shutil.rmtree(self.creator.folder / "__pycache__", ignore_errors=True)
        forget()
        self._registry = None

    def settings(self, **changed: Any) -> dict[str, Any]:
        """Return all settings, those of the tests put in place."""
        settings = plain(OmegaConf.structured(RootConfig))
        for key in (*AXES, "cases", "case"):
            settings.pop(key, None)
        quick = {
            "study": str(self.study),
            "executor": {"name": "serial", "n_jobs": None},
            # None asked for, so none that this executor would not hold.
            "limits": {**settings["limits"], "timeout_s": None},
            "metrics": ["relative_error"],
            "report": False,
        }
        return {**settings, **quick, **changed}

    def space(
        self, settings: Mapping[str, Any] | None = None, case: str = "", **axes: Any
    ) -> Space:
        """Return a space; each axis given holds the list of its nodes."""
        nodes = {axis: axes.get(axis, [AXIS_NODES[axis]]) for axis in AXES}
        return Space(axes=nodes, settings=self.settings(**(settings or {})), case=case)

    def coordinator(
        self, settings: Mapping[str, Any] | None = None, **axes: Any
    ) -> Coordinator:
        """Return what runs one space of this study."""
        spaces = [self.space(settings, **axes)]
        return Coordinator(spaces, self.registry, command=["seed=0"], quiet=True)

    def run(self, settings: Mapping[str, Any] | None = None, **axes: Any) -> Outcome:
        """Run one space."""
        return self.coordinator(settings, **axes).run()

    def done(self) -> list[str]:
        """Return what the solvers were made to do since last asked: name, number."""
        if not self._log.exists():
            return []
        lines = self._log.read_text(encoding="utf-8").splitlines()
        self._log.unlink()
        return lines

    def store(self) -> Store:
        """Open the study for reading."""
        return Store.open(self.study)

    def statuses(self) -> list[str]:
        """Return the status of each run of the last sweep, in order."""
        with self.store() as store:
            return list(store.runs()["status"])


def forget() -> None:
    """Empty what is remembered of sources for the life of a process."""
    for function in (
        sources.source_hash,
        sources._parsed,
        sources._file,
        plan._environment,
    ):
        function.cache_clear()


def tried(*numbers: int, **parameters: Any) -> list[dict[str, Any]]:
    """Return nodes of the solver `tried`, one a number."""
    return [{"name": "tried", "number": n, **parameters} for n in numbers]


@pytest.fixture(scope="session")
def nodes() -> Callable[..., list[dict[str, Any]]]:
    """Return the function that makes nodes of the solver `tried`."""
    return tried


def make_lab(folder: Path, patched: pytest.MonkeyPatch) -> Lab:
    """Return a lab in a folder, with the plugin `tried` installed."""
    installed = folder / "installed"
    installed.mkdir()
    patched.syspath_prepend(installed)
    patched.setenv("PYTHONPATH", str(installed), prepend=os.pathsep)
    patched.setenv("TRIED_LOG", str(folder / "done.txt"))
    patched.chdir(folder)
    lab = Lab(folder, PluginCreator(installed))
    lab.install("tried")
    return lab


def close_lab(lab: Lab) -> None:
    """Take the lab's plugins out of the process."""
    for module in lab.creator.modules:
        sys.modules.pop(module, None)
    forget()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Return a lab of its own for one test."""
    lab = make_lab(tmp_path, monkeypatch)
    yield lab
    close_lab(lab)


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return one lab for all tests of a module."""
    with pytest.MonkeyPatch.context() as patched:
        lab = make_lab(tmp_path_factory.mktemp("lab"), patched)
        yield lab
        close_lab(lab)
