from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from nmflab.provenance import git_state, provenance, version_of


def git(*arguments: str) -> None:
    """Run git in the working folder, as nobody in particular."""
    identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_a_record_says_what_a_result_was_made_with() -> None:
    """Plain values, which the store writes as JSON."""
    record = json.loads(json.dumps(provenance(3)))
    assert record["threads"] == 3
    assert record["versions"]["numpy"] == version_of("numpy")
    for key in ("python", "platform", "host", "cpu", "cores"):
        assert record[key]
    assert all(lib["internal_api"] for lib in record["blas"])


def test_what_is_not_installed_is_absent() -> None:
    """A requirement may be optional."""
    assert version_of("no-such-distribution") == "absent"


@pytest.fixture
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder outside any repository, with no settings of anybody's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-config"))


@pytest.mark.usefixtures("_in_folder")
def test_outside_a_repository_there_is_no_commit() -> None:
    """Most studies are made in some folder."""
    assert git_state() is None


@pytest.mark.usefixtures("_in_folder")
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_repository_is_told_by_commit_and_whether_it_is_dirty(tmp_path: Path) -> None:
    """A dirty one is not what its commit says."""
    git("init")
    git("commit", "--allow-empty", "-m", "First")
    clean = git_state()
    assert clean is not None
    assert (len(clean["commit"]), clean["dirty"]) == (40, False)
    (tmp_path / "new").touch()
    assert git_state() == {**clean, "dirty": True}
