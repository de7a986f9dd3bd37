from __future__ import annotations

import io
import sys

import pytest

from nmflab.sweep.progress import Bar, Plain, Quiet, progress


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines printed since last asked."""
    return capsys.readouterr().out.splitlines()


def test_a_pipe_gets_one_plain_line_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Done, failed, skipped, left, and how quick it was."""
    shown = progress(4, skipped=3, reused=0, failed=0, quiet=False)
    assert isinstance(shown, Plain)
    with shown:
        for status in ("ok", "crash", "ok"):
            shown.update(status, list)
    [line] = lines(capsys)
    assert line.startswith("2 done, 1 failed, 3 skipped, 1 left, ")
    assert line.endswith(" left")


def test_what_was_settled_before_counts_from_the_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Reused runs are done, and kept failures have failed."""
    with progress(0, skipped=1, reused=5, failed=2, quiet=False):
        pass
    assert lines(capsys) == ["5 done (5 reused), 2 failed, 1 skipped, 0 left"]


def test_a_long_sweep_says_what_is_running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last line is old; asked only then."""
    now = 0.0
    monkeypatch.setattr("nmflab.sweep.progress.time.monotonic", lambda: now)
    asked = 0

    def running() -> list[str]:
        nonlocal asked
        asked += 1
        return ["hals, n_components 4, seed 0: 7 s"]

    shown = progress(100, skipped=0, reused=0, failed=0, quiet=False)
    with shown:
        now = 5.0
        shown.update("ok", running)
        assert (lines(capsys), asked) == ([], 0)
        now = 20.0
        shown.update("ok", running)
        [line] = lines(capsys)
    assert line == (
        "2 done, 0 failed, 0 skipped, 98 left, 0.1/s, 16 min left; running: hals,"
        " n_components 4, seed 0: 7 s"
    )


def test_nothing_is_said_where_nothing_is_to_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In a notebook or a script, unless it is asked for."""
    shown = progress(1, skipped=0, reused=0, failed=0, quiet=True)
    assert isinstance(shown, Quiet)
    with shown:
        shown.update("ok", list)
        shown.say("interrupted")
    assert lines(capsys) == []


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same words beside it, and lines that stay above it."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    shown = progress(2, skipped=0, reused=0, failed=0, quiet=False)
    assert isinstance(shown, Bar)
    with shown:
        shown.update("ok", lambda: ["mu [bold], seed 0: 1 s"])
        shown.say("a line [that] stays")
        shown.update("error", list)
    assert "1 done, 1 failed, 0 skipped, 0 left" in terminal.getvalue()
    assert "a line [that] stays" in terminal.getvalue()
