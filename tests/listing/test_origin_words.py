"""What ``nmflab show dataset`` says of published data."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmflab.contracts import DataFile
from nmflab.listing import show_plugin
from nmflab.registry import load
from nmflab.testing.creator import PluginCreator

SOURCE = '''
from dataclasses import dataclass

from nmflab.contracts import *
from nmflab.hookspecs import hookimpl

NMFLAB_CONTRACT = 1

FILES = FILES_GIVEN
ORIGIN = Origin(
    page="https://example.org/tried",
    files=FILES,
    licence="For research only",
    redistributable=False,
    citation="@misc{tried,\\n  title = {Tried}\\n}",
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published table."""

    def load(self, rng):
        return None


@hookimpl
def nmflab_datasets():
    yield DatasetSpec(name="published", dataset=Published, origin=ORIGIN_GIVEN)
'''

FILE = DataFile(
    name="a.zip",
    mirror="tried/a.zip",
    size=4_944_040,
    url="https://example.org/a.zip",
    sha256="0123456789abcdef" * 4,
    members={"a.csv": "fedcba9876543210" * 4},
)


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from an empty cache and without a mirror."""
    monkeypatch.setenv("NMFLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NMFLAB_DATA", raising=False)


def shown(plugins: PluginCreator, *files: DataFile, origin: str = "ORIGIN") -> str:
    """Return what is shown of a dataset with these files."""
    source = SOURCE.replace("FILES_GIVEN", repr(files)).replace("ORIGIN_GIVEN", origin)
    return show_plugin(
        load(only=[plugins.add("tried", source)]), "dataset", "published"
    )


def test_all_there_is_to_know_before_a_download_is_shown(
    plugins: PluginCreator, tmp_path: Path
) -> None:
    """Page, terms, file with address and checksums, place, and how to cite."""
    text = shown(plugins, FILE).split("Published data\n")[1].split("\n\n")[0]
    assert text.splitlines() == [
        "  page: https://example.org/tried",
        "  terms: For research only. These data may not be passed on.",
        "  may be passed on: no",
        "  file: a.zip, 4,944,040 bytes (4.9 MB)",
        "      from https://example.org/a.zip",
        f"      sha256 {FILE.sha256}",
        "      member a.csv, sha256 fedcba9876543210…",
        "      not here yet; downloaded on first use:"
        f" {tmp_path / 'cache' / 'files' / 'tried' / 'a.zip'}",
        "  please cite:",
        "      @misc{tried,",
        "        title = {Tried}",
        "      }",
    ]


def test_a_copy_in_the_mirror_is_pointed_at(
    plugins: PluginCreator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what a run would read."""
    copy = tmp_path / "mirror" / "tried" / "a.zip"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"")
    monkeypatch.setenv("NMFLAB_DATA", str(tmp_path / "mirror"))
    assert f"here, in your mirror: {copy}" in shown(plugins, FILE)


def test_a_mirror_that_is_no_folder_does_not_stop_the_page(
    plugins: PluginCreator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told where the place would stand."""
    monkeypatch.setenv("NMFLAB_DATA", "/nowhere/at/all")
    assert "NMFLAB_DATA=/nowhere/at/all names no folder" in shown(plugins, FILE)


def test_a_copy_in_the_cache_is_pointed_at(
    plugins: PluginCreator, tmp_path: Path
) -> None:
    """Downloaded before, or put there by hand."""
    copy = tmp_path / "cache" / "files" / "tried" / "a.zip"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"")
    assert f"here, in the cache: {copy}" in shown(plugins, FILE)


def test_what_is_fetched_by_hand_is_said(plugins: PluginCreator) -> None:
    """Where there is no address, and no checksum of the whole."""
    file = DataFile(name="a.zip", mirror="tried/a.zip", size=1, contents="ab" * 32)
    text = shown(plugins, file)
    assert "from the page above, by hand" in text
    assert "sha256 not known as published; what it holds decides" in text
    assert "all it holds, sha256 abababababababab…" in text
    assert "not here yet; put there by hand" in text


def test_of_many_members_a_few_are_shown(plugins: PluginCreator) -> None:
    """The page stays a page."""
    many = {f"{i}.sgm": "0" * 64 for i in range(22)}
    file = DataFile(name="a.zip", mirror="a.zip", size=1, members=many)
    text = shown(plugins, file)
    assert text.count("member ") == 6
    assert "and 16 members more" in text


def test_an_origin_that_depends_on_parameters_is_that_of_the_defaults(
    plugins: PluginCreator,
) -> None:
    """And it is said so."""
    text = shown(plugins, FILE, origin="lambda dataset: ORIGIN")
    assert "Published data\n  by default:\n  page: https://example.org" in text


def test_what_is_generated_has_no_origin(plugins: PluginCreator) -> None:
    """Nothing is shown in its place."""
    assert "Published data" not in shown(plugins, FILE, origin="None")
