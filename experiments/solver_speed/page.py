"""The page of results: where it was measured, how, and the tables."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from figures import table
from measured import Measured
from rows import (
    cmfrec_rows,
    footprint_rows,
    gap_rows,
    lower_everywhere,
    reference_rows,
    several_rows,
    thread_rows,
)

RACE = (
    "problem",
    "ours / peer",
    "ours, cpu-s",
    "peer, cpu-s",
    "ratio, median of seeds (range)",
    "ours got there",
    "aim",
)
GAP = (
    "problem",
    "solver",
    "to 1e-2, cpu-s (reached)",
    "itself left out",
    "over ours (range)",
    "to 1e-3, cpu-s (reached)",
    "itself left out",
    "over ours (range)",
    "lowest gap",
)
FOOTPRINT = (
    "problem",
    "solver",
    "an iteration, cpu-s",
    "over ours",
    "aim",
    "peak MB",
    "on tiny data",
    "X and factors, MB",
    "difference over those",
    "aim",
)
SEVERAL = (
    "problem",
    "dtype",
    "seed",
    "default run's objective",
    "best of several",
    "relative",
    "lower",
    "starts tried",
    "share of its cpu-s",
)
THREADS = (
    "problem",
    "dtype",
    "ours on 1, s",
    "on 2",
    "peer on 1, s",
    "on 2",
    "ratio on 1 (range)",
    "ratio on 2 (range)",
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """How and where it was measured.

    Parameters
    ----------
    began : datetime
    load : float
        Load of the machine over the minute before.
    seeds, repeats : int
    quick : bool
    """

    began: datetime
    load: float
    seeds: int
    repeats: int
    quick: bool


def page(
    measured: Sequence[Measured], session: Session, complaints: Sequence[str]
) -> str:
    """Return the page; complaints say in sentences what was left out or failed."""
    parts = [
        ["# Speed of the solvers: results"],
        _where(session),
        [f"- {sentence}" for sentence in dict.fromkeys(complaints)],
        ["## To the objective one call of scikit-learn ends at"],
        table(RACE, reference_rows(measured)),
        ["## Ratings, to 1e-2 above the best known objective, against cmfrec"],
        table(RACE, cmfrec_rows(measured)),
        ["## One iteration: time and memory"],
        table(FOOTPRINT, footprint_rows(measured)),
        ["## Several starts within the time of one default run of scikit-learn"],
        [lower_everywhere(measured)],
        table(SEVERAL, several_rows(measured)),
        ["## One and two threads: wall seconds to the same objectives"],
        table(THREADS, thread_rows(measured)),
        ["## All solvers, to a gap above the best known objective"],
        table(GAP, gap_rows(measured)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _where(session: Session) -> list[str]:
    from nmflab.provenance import cpu, version_of

    versions = ", ".join(
        f"{name} {version_of(name)}"
        for name in ("numpy", "scipy", "scikit-learn", "numba", "cmfrec")
    )
    lines = [
        f"{session.began:%Y-%m-%d}. {cpu()}, Python {platform.python_version()},"
        f" {versions}. {session.seeds} seeds; the pairs of the first two tables"
        f" {session.repeats} times. Load before: {session.load:.2f}.",
    ]
    if session.load > 0.5:
        lines.append("**The machine was not idle: trust magnitudes at most.**")
    if session.quick:
        lines.append("**Tiny data (`--quick`): none of these figures means anything.**")
    return lines
