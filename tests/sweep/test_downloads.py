"""A dataset whose files are published: from a local web server to a study's record."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nmflab.executors import Limits, make
from nmflab.materialise import open_dataset
from nmflab.registry import Registry, load
from nmflab.store import Store
from nmflab.sweep.materials import data_folder, materialise_all
from nmflab.sweep.nodes import node_text
from nmflab.sweep.plan import Data
from nmflab.testing.creator import PluginCreator
from nmflab.testing.publisher import Publisher, serving

SOURCE = '''
"""A dataset whose two files are published."""

from dataclasses import dataclass

import numpy as np

from nmflab.contracts import DataFile, Dataset, DatasetSpec, Origin
from nmflab.fetching import fetch, member
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

FILES = FILES_GIVEN
ORIGIN = Origin(
    page="https://example.org/tried",
    files=FILES,
    licence="For research only.",
    redistributable=False,
    citation="@misc{tried}",
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A table and the names of its columns.

    Parameters
    ----------
    says_its_licence : bool, default False
        Whether the dataset has a licence of its own.
    """

    says_its_licence: bool = False

    def load(self, rng):
        """Fetch, read."""
        table, names = (fetch(file, ORIGIN) for file in FILES)
        rows = [line.split(",") for line in member(table, "X.csv").decode().split()]
        return Dataset(
            X=np.array(rows, dtype=float),
            column_names=member(names, "names.txt").decode().split(),
            extras={"licence": "its own"} if self.says_its_licence else {},
        )


@hookimpl
def nmflab_datasets():
    """Declare it."""
    yield DatasetSpec(name="published", dataset=Published, origin=ORIGIN)
'''

TABLE, NAMES = b"1,2,3\n4,5,6\n7,8,1\n", b"a b c"
COMMAND = (sys.executable, "-m", "nmflab")
NODE = {"name": "published", "seed": 0}
GOOD = {"name": "movie_ratings", "seed": 0}


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an empty cache and without a mirror; ask no proxy."""
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("NMFLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """Return a web server that runs for one test."""
    with serving() as publisher:
        yield publisher


@pytest.fixture
def registry(publisher: Publisher, plugins: PluginCreator) -> Registry:
    """Return a registry in which the dataset's files are served."""
    return load(only=[install(plugins, publisher), "dataset.movie_ratings"])


def install(plugins: PluginCreator, publisher: Publisher) -> str:
    """Install the dataset with its files served; return its entry point."""
    files = (publisher.file("X.csv", TABLE), publisher.file("names.txt", NAMES))
    return plugins.add("published", SOURCE.replace("FILES_GIVEN", repr(files)))


def loaded(registry: Registry, *nodes: dict[str, Any]) -> list[Data]:
    """Return what becomes of some datasets."""
    with make("serial", registry=registry) as executor:
        data = materialise_all(nodes, registry, executor, Limits())
    return [data[node_text(node)] for node in nodes]


def extras(data: Data) -> dict[str, Any]:
    """Return what is known of a dataset beside its matrix."""
    assert data.folder is not None, data.error
    return dict(open_dataset(data.folder).extras)


def test_files_are_fetched_and_loaded(registry: Registry, publisher: Publisher) -> None:
    """Each once, though the loader fetches them, too."""
    [data] = loaded(registry, NODE)
    assert data.error is None
    assert data.facts["n_samples"] == 3
    assert publisher.requests == ["X.csv", "names.txt"]


def test_the_publishers_terms_stand_among_the_extras(registry: Registry) -> None:
    """Licence, citation and page, with a word on passing on."""
    [data] = loaded(registry, NODE)
    assert extras(data) == {
        "licence": "For research only. These data may not be passed on.",
        "citation": "@misc{tried}",
        "source": "https://example.org/tried",
    }


def test_what_a_dataset_says_itself_is_kept(registry: Registry) -> None:
    """The publisher's terms fill in only."""
    [data] = loaded(registry, {**NODE, "says_its_licence": True})
    assert extras(data)["licence"] == "its own"
    assert extras(data)["citation"] == "@misc{tried}"


def test_a_file_that_cannot_be_had_costs_its_dataset_only(
    registry: Registry, publisher: Publisher
) -> None:
    """The others are loaded; the reason names the file."""
    del publisher.content["names.txt"]
    bad, good = loaded(registry, NODE, GOOD)
    assert good.error is None
    assert bad.folder is None
    assert bad.error is not None
    assert bad.error.startswith(
        "dataset published could not be loaded: names.txt could not be downloaded"
    )
    assert bad.traceback is not None


def test_views_of_one_dataset_ask_once_for_what_cannot_be_had(
    registry: Registry, publisher: Publisher
) -> None:
    """A dead server is waited for once; each view has its reason."""
    del publisher.content["X.csv"]
    one, other = loaded(registry, NODE, {**NODE, "says_its_licence": True})
    assert one.error == other.error
    assert one.error is not None
    assert publisher.requests == ["X.csv"]


def test_what_was_fetched_before_a_failure_is_not_fetched_again(
    registry: Registry, publisher: Publisher
) -> None:
    """The next sweep asks for what is missing."""
    del publisher.content["names.txt"]
    loaded(registry, NODE)
    publisher.content["names.txt"] = NAMES
    [data] = loaded(registry, NODE)
    assert data.error is None
    assert publisher.requests == ["X.csv", "names.txt", "names.txt"]


def test_a_dataset_that_is_ready_needs_its_files_no_more(
    registry: Registry, publisher: Publisher
) -> None:
    """Downloads may be deleted to make room: they are known by their checksums."""
    [first] = loaded(registry, NODE)
    for path in (Path(os.environ["NMFLAB_CACHE"]) / "files" / "tried").iterdir():
        path.unlink()
    [again] = loaded(registry, NODE)
    assert again == first
    assert len(publisher.requests) == 2


def test_a_changed_copy_in_the_mirror_is_another_dataset(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read again, and refused where it is no longer the right one."""
    copy = tmp_path / "mirror" / "tried" / "X.csv"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(TABLE)
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path / "mirror"))
    [first] = loaded(registry, NODE)
    assert first.folder == data_folder(registry, NODE)
    copy.write_bytes(TABLE + b"1,1,1\n")
    [again] = loaded(registry, NODE)
    assert again.error is not None
    assert f"{copy} (in your mirror" in again.error
    assert sha256(TABLE).hexdigest() in again.error


@dataclass
class Swept:
    """Two commands: the first with the publisher there, the second without."""

    folder: Path
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]
    requests: list[str]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Sweep by the command line, with children; then into another study, offline."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "installed").mkdir()
    environment = {
        **os.environ,
        "NMFLAB_CACHE": str(folder / "cache"),
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(folder / "installed"),
    }
    environment.pop("NMFLAB_DATA", None)

    def command(study: str, seed: int) -> subprocess.CompletedProcess[str]:
        words = ["dataset=published", f"dataset.seed={seed}", "solver=mu"]
        words += ["n_components=2", "stop.max_steps=5", "report=false"]
        return subprocess.run(
            [*COMMAND, *words, "executor.n_jobs=1", f"study={study}"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    with serving() as publisher:
        install(PluginCreator(folder / "installed"), publisher)
        first = command("online", 0)
    # Another seed of the dataset, so that it is loaded anew from its files.
    return Swept(folder, first, command("offline", 1), publisher.requests)


def test_a_sweep_downloads_and_runs(swept: Swept) -> None:
    """From an address to results."""
    assert swept.first.returncode == 0, swept.first.stdout + swept.first.stderr
    assert swept.requests == ["X.csv", "names.txt"]


def test_the_user_of_a_sweep_sees_terms_and_progress(swept: Swept) -> None:
    """On the command's own stderr, not in a child's captured output."""
    text = " ".join(swept.first.stderr.split())
    assert "For research only. These data may not be passed on." in text
    assert "downloading X.csv (18 bytes) downloading names.txt (5 bytes)" in text


def test_a_later_sweep_needs_no_network(swept: Swept) -> None:
    """The publisher is gone, the cache is not."""
    assert swept.second.returncode == 0, swept.second.stdout + swept.second.stderr
    assert "downloading" not in swept.second.stderr
    with Store.open(swept.folder / "studies" / "offline") as store:
        assert set(store.runs()["status"]) == {"ok"}
