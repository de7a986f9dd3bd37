"""What is shown of a download."""

from __future__ import annotations

import sys

import pytest

from nmflab.fetching import progress
from nmflab.fetching.progress import Bar, Lines, megabytes, shown


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (76_760, "77 kB"), (4_944_040, "4.9 MB")],
)
def test_sizes_are_said_in_words(n_bytes: int, words: str) -> None:
    """In units of a thousand, as disks are sold."""
    assert megabytes(n_bytes) == words


def test_lines_come_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first at once; never more than the whole, which blocks may exceed."""
    with Lines("a.zip", 300_000) as told:
        told.update(100_000)
        monkeypatch.setattr(progress, "_EVERY_S", -1.0)
        told.update(100_000)
        told.update(200_000)
    assert capsys.readouterr().err.splitlines() == [
        "downloading a.zip (0.3 MB)",
        "downloading a.zip: 0.2 MB of 0.3 MB",
        "downloading a.zip: 0.3 MB of 0.3 MB",
    ]


def test_a_length_the_server_does_not_say_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only how much came."""
    monkeypatch.setattr(progress, "_EVERY_S", -1.0)
    with Lines("a.zip", 5) as told:
        told.total = 0
        told.update(200_000)
    assert capsys.readouterr().err.endswith("\ndownloading a.zip: 0.2 MB\n")


def test_a_bar_ends_at_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """As pooch tells it: blocks, then from 0 to all at once."""
    bar = Bar("[a].zip", 1)
    with bar:
        bar.total = 300_000
        bar.update(200_000)
        bar.reset()
        bar.update(bar.total)
        bar.close()
    assert bar.total == 300_000
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "[a].zip" in captured.err
    assert "300.0/300.0 kB" in captured.err


def test_a_bar_without_a_length_goes_by_the_size_declared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A length of 0 is none; at the end all is there."""
    with Bar("a.zip", 5000) as bar:
        bar.total = 0
        bar.update(1000)
        bar.reset()
        bar.update(0)
        bar.close()
    assert "5.0/5.0 kB" in capsys.readouterr().err


@pytest.mark.parametrize(("is_terminal", "kind"), [(True, Bar), (False, Lines)])
def test_a_bar_is_for_terminals(
    is_terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file would hold its control characters."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert isinstance(shown("a.zip", 10), kind)
