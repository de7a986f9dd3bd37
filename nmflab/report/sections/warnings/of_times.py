"""Warnings of times that are no basis for a comparison of speed."""

from __future__ import annotations

from collections.abc import Iterator

from nmflab.report.content import Prose
from nmflab.report.numbers import count, number
from nmflab.report.reading.material import Material

WAITING = 1.25
"""Wall-clock over CPU seconds from which a run of one thread had to wait."""

SHORTEST = 0.05
"""Runs of fewer CPU seconds are not looked at: their times are mostly rounding."""


def beside(material: Material) -> Iterator[Prose]:
    """Yield how many runs shared the machine with runs of the same sweep."""
    runs = material.finished
    n = int((runs["beside"] > 0).sum())
    if not n:
        return
    most = int(runs["beside"].max())
    yield Prose(
        f"{count(n, 'run')} shared the machine with other runs of the sweep, up to"
        f" {most} at a time. Wall-clock seconds are then no basis for a comparison of"
        " speed, and CPU seconds are too long where memory was shared; convergence is"
        " drawn against CPU seconds where runs have one thread. Use executor.n_jobs=1"
        " to compare times.",
        "warning",
    )


def waiting(material: Material) -> Iterator[Prose]:
    """Yield that something else kept the machine busy, by wall-clock over CPU time."""
    runs = material.finished
    runs = runs[(runs["threads"] <= 1) & (runs["cpu_seconds"] >= SHORTEST)]
    ratio = runs["seconds"] / runs["cpu_seconds"]
    slow = ratio[ratio > WAITING]
    if slow.empty:
        return
    yield Prose(
        f"{count(len(slow), 'run')} of {len(runs):,} with one thread waited for the"
        f" processor: wall-clock seconds came to {number(float(slow.median()), 2)}"
        f" times the CPU seconds (median; {number(float(slow.max()), 2)} at most). The"
        " machine was busy with something else, so times are longer than the solvers"
        " need. Compare CPU seconds, or run again on an idle machine.",
        "warning",
    )
