"""Sweeps made under two hosts' names, merged and exported by the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from nmflab import cli
from nmflab.commands import sweep
from nmflab.store import MergedStore, Store

ASKED = ("dataset=movie_ratings", "init=random", "solver=hals,mu", "stop.max_steps=30")
QUICK = ("executor.name=serial", "report=false", "n_components=2")


def swept(monkeypatch: pytest.MonkeyPatch, host: str, study: str, *more: str) -> None:
    """Run a sweep as if on another machine."""
    monkeypatch.setattr("socket.gethostname", lambda: host)
    sweep([*ASKED, *QUICK, f"study={study}", *more], quiet=True)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave two studies below the working folder, with one seed in common."""
    monkeypatch.chdir(tmp_path)
    swept(monkeypatch, "alpha-host", "one", "seed=0,1")
    swept(monkeypatch, "beta-host", "two", "seed=1,2")


@pytest.mark.usefixtures("two")
def test_reports_are_merged_exported_and_merged_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The whole way: two machines, one report; an archive of one merges as it did."""
    assert cli.main(["report", "one", "two"]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page == Path("studies/one+two-report/index.html")
    text = (page.parent / "report.md").read_text(encoding="utf-8")
    assert "2 runs were made in one and in two with the same digits" in text
    assert "On alpha-host" in text
    assert "On beta-host" in text
    assert cli.main(["export", "one", "out=unpacked/one"]) == 0
    assert "unpacked/one (" in capsys.readouterr().out
    with MergedStore([Path("unpacked/one"), Path("studies/two")]) as store:
        hosts = [sweep.provenance["host"] for sweep in store.sweeps()]
        assert hosts == ["machine 1 of one", "beta-host"]
        assert len(store.runs()) == 6


@pytest.mark.usefixtures("two")
def test_a_sweep_records_what_its_plugins_ask_to_be_cited() -> None:
    """Kind by kind, with the distribution, the sources and the terms of the data."""
    with Store.open(Path("studies/one")) as store:
        (recorded,) = (one.provenance["plugins"] for one in store.sweeps())
    assert set(recorded["solver"]) == {"hals", "mu"}
    assert recorded["solver"]["hals"]["distribution"] == "nmflab"
    assert any("Cichocki" in told for told in recorded["solver"]["hals"]["references"])
    assert set(recorded["init"]) == {"random"}
    assert recorded["dataset"]["movie_ratings"]["terms"] == "generated"
    assert recorded["metric"]["relative_error"]["references"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export"], "export: 0 studies given; name one"),
        (["export", "a", "b"], "export: 2 studies given; name one"),
        (["export", "nowhere"], "no study at studies/nowhere"),
        (["report", "nowhere", "neither"], "no study at studies/nowhere"),
        (["report", "a", "all=perhaps"], "all=perhaps is neither true nor false"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 and one sentence."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert message in capsys.readouterr().err
