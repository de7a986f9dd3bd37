"""Charts drawn beside the report are those that would be drawn in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from nmflab.report.content import Figure
from nmflab.report.formats.drawer import Drawer, drawings
from nmflab.report.formats.figures import render_svg
from nmflab.report.formats.slimming import slim

POINTS = Figure(
    "points",
    "Points",
    "",
    {
        "data": {"values": [{"x": 1, "name": "<b>ünï 🎬</b>"}]},
        "mark": "point",
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "name", "type": "nominal"},
        },
    },
)
BROKEN = Figure("broken", "Broken", "", {"mark": "no such mark", "data": {"url": 1}})


@pytest.fixture(scope="module")
def beside() -> Iterator[Drawer]:
    """Return a drawer with one process."""
    made = Drawer(1)
    yield made
    made.close()


def test_a_process_draws_what_this_one_would(beside: Drawer) -> None:
    """To the last byte, whatever the names are."""
    assert beside.draw(POINTS).result(60) == slim(render_svg(POINTS))


def test_figures_are_drawn_in_any_number(beside: Drawer) -> None:
    """More than a pipe holds, asked for at once."""
    begun = {str(i): beside.draw(POINTS) for i in range(12)}
    assert len({future.result(60) for future in begun.values()}) == 1


def test_a_chart_that_cannot_be_drawn_says_why_here(beside: Drawer) -> None:
    """The process goes on; the error is raised where the figure is asked for."""
    begun = {BROKEN.id: beside.draw(BROKEN)}
    assert begun[BROKEN.id].result(60) is None
    with pytest.raises(ValueError, match="Vega"):
        drawings([BROKEN], begun)
    assert beside.draw(POINTS).result(60) is not None


def test_without_processes_figures_are_drawn_here() -> None:
    """As on a machine of one core."""
    future = Drawer(0).draw(POINTS)
    assert future.result(0) is None
    assert drawings([POINTS], {POINTS.id: future}) == {
        "points": slim(render_svg(POINTS))
    }


def test_a_process_that_dies_takes_no_figure_with_it() -> None:
    """Those handed in before and after are answered, and drawn here."""
    drawer = Drawer(1)
    for process in drawer._processes:
        process.kill()
    begun: dict[str, Future[str | None]] = {}
    for at in range(3):
        begun[str(at)] = drawer.draw(POINTS)
    assert [future.result(60) for future in begun.values()] == [None] * 3
    drawer.close()
    assert drawings([POINTS], {POINTS.id: begun["0"]})["points"].startswith("<svg")


def test_a_program_that_is_no_python_is_not_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where Python is embedded, `sys.executable` is the host program."""
    monkeypatch.setattr(sys, "executable", "/usr/bin/host")
    started: list[Any] = Drawer(2)._processes
    assert started == []
