"""The curves of the convergence figure that papers on NMF print.

The mean over shared starts of the error above the best known, a line a solver.

References
----------
A. M. S. Ang, N. Gillis, "Accelerating Nonnegative Matrix Factorization Algorithms Using
Extrapolation", Neural Computation 31(2), 2019 (section 4: ``E(t) = e(t) − e_min`` with
``e = ‖X − WH‖_F / ‖X‖_F``, averaged over starts).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nmflab.report.drawing.curves import Vector, held, one_start
from nmflab.report.drawing.pencil import panel_names
from nmflab.report.papers.scale import Scale, scale_of
from nmflab.report.papers.starts import Shared, shared_starts
from nmflab.report.reading.contests import Contest, contests
from nmflab.report.reading.groups import Group, group_runs
from nmflab.report.reading.machines import on_machine
from nmflab.report.reading.material import Material

POINTS = 120
FLOOR = 1e-10
"""Smallest error above the best that is drawn: below it, rounding is."""

MOST_FIGURES = 24
LOG_FROM = 10.0
"""Longest over shortest line from which the clock's axis is logarithmic."""

TITLES = {
    "cpu_seconds": "CPU time (s)",
    "seconds": "Wall-clock time (s)",
    "step": "Iterations",
}


@dataclass(frozen=True)
class Axis:
    """The lines against one clock.

    Parameters
    ----------
    clock : str
        A key of `TITLES`.
    at : ndarray of shape (n_points,)
        Common to all lines.
    lines : mapping of variant to ndarray of shape (n_points,)
        NaN beyond a line's end and where it is below `FLOOR`.
    ends : mapping of variant to float
        Where the last run of each line stopped.
    log : bool
        Whether the clock's axis is logarithmic.
    """

    clock: str
    at: Vector
    lines: Mapping[str, Vector]
    ends: Mapping[str, float]
    log: bool


@dataclass(frozen=True)
class Curves:
    """One figure: a data set, an objective, a size, an init, a machine.

    Parameters
    ----------
    contest : Contest
    group : Group
        Any of its groups.
    machine : str
        The label of the machine, where the report is of several; else "".
    shared : Shared
    scale : Scale
    axes : tuple of Axis
        Against time, and against iterations.
    several_starts : bool
        Whether a run tried several starts.
    """

    contest: Contest
    group: Group
    machine: str
    shared: Shared
    scale: Scale
    axes: tuple[Axis, ...]
    several_starts: bool

    @property
    def name(self) -> str:
        """What it is of: data, what else differs, size, and machine."""
        where = f" · on {self.machine}" if self.machine else ""
        return f"{self.contest.name}{where}"


def all_curves(material: Material) -> tuple[list[Curves], list[str]]:
    """Return the figures there are, and what has none, in sentences.

    Where some comparisons have several solvers, those of a single one are left out; and
    so are those of a split, where some fit all cells.
    """
    found: list[Curves] = []
    missing: list[str] = []
    for part, machine in _by_machine(material):
        groups = group_runs(part)
        worth = _worth(contests(part, groups, panel_names(groups)), groups)
        for contest in worth[: MOST_FIGURES - len(found)]:
            curves = curves_of(part, groups, contest, machine)
            if curves is None:
                missing.append(f"no convergence figure of {contest.name}: {_NONE}")
            else:
                found.append(curves)
        if len(found) == MOST_FIGURES < len(worth):
            missing.append(
                f"convergence figures of the first {MOST_FIGURES} of {len(worth)}"
                " comparisons only"
            )
    return found, missing


_NONE = "no run of it was evaluated twice above the best known"


def _by_machine(material: Material) -> list[tuple[Material, str]]:
    machines = material.clocks.machines
    if not material.clocks.several:
        return [(material, "")]
    return [(on_machine(material, one), one.label) for one in machines]


def _worth(entered: Sequence[Contest], groups: Sequence[Group]) -> list[Contest]:
    """Return the comparisons that a paper would show."""
    splits = {group.signature: str(group.labels["split"]) for group in groups}
    whole = [one for one in entered if splits[one.number] in ("", "none")]
    shown = whole or list(entered)
    several = [one for one in shown if len({t.variant for t in one.trials}) > 1]
    return several or shown


def curves_of(
    material: Material, groups: Sequence[Group], contest: Contest, machine: str = ""
) -> Curves | None:
    """Return a contest's figure; None where no line can be drawn."""
    traces = _traces(material, contest)
    runs = material.runs.set_index("key")
    hashes = {str(k): str(v) for k, v in runs["start_hash"].dropna().items()}
    shared = shared_starts(contest, set(traces), hashes)
    if shared is None:
        return None
    keys = [key for of in shared.keys.values() for key in of.values()]
    scale = scale_of(material, contest, [traces[key] for key in keys])
    axes = [_axis(shared, traces, scale, clock) for clock in (contest.clock, "step")]
    if not all(any(map(_falls, axis.lines.values())) for axis in axes):
        return None
    return Curves(
        contest=contest,
        group=next(group for group in groups if group.signature == contest.number),
        machine=machine,
        shared=shared,
        scale=scale,
        axes=tuple(axes),
        several_starts=bool((runs.loc[keys, "n_starts"].fillna(1) > 1).any()),
    )


def _falls(line: Vector) -> bool:
    """Return whether a line is more than where it began."""
    known = line[np.isfinite(line)]
    return bool(known.max() > known.min())


def _traces(material: Material, contest: Contest) -> dict[str, pd.DataFrame]:
    """Return the traces of at least two points, by run."""
    frames = material.store.traces([trial.key for trial in contest.trials])
    known = {str(key): one_start(frame) for key, frame in frames.groupby("key")}
    return {key: frame for key, frame in known.items() if len(frame) > 1}


def _axis(
    shared: Shared, traces: Mapping[str, pd.DataFrame], scale: Scale, clock: str
) -> Axis:
    """Return the means over the shared starts, on one grid of the clock."""
    runs = {
        variant: [_run(traces[key], scale, clock) for key in of.values()]
        for variant, of in shared.keys.items()
    }
    ends = {name: max(x[-1] for x, _ in those) for name, those in runs.items()}
    longest, shortest = max(ends.values()), min(ends.values())
    log = shortest > 0 and longest / shortest >= LOG_FROM
    first = min(
        (x[x > 0].min() for of in runs.values() for x, _ in of if x[-1] > 0),
        default=0.0,
    )
    if not first:
        return Axis(clock, np.empty(0), {}, {}, log=False)
    even = (
        np.geomspace(first, longest, POINTS) if log else np.linspace(0, longest, POINTS)
    )
    at = np.union1d(even[even <= longest], list(ends.values()))
    lines: dict[str, Vector] = {}
    for name, those in runs.items():
        mean = held(those, at).mean(axis=0)
        mean[(at > ends[name]) | (mean <= FLOOR)] = np.nan
        if np.isfinite(mean).sum() > 1:
            lines[name] = mean
    return Axis(clock, at, lines, {name: ends[name] for name in lines}, bool(log))


def _run(trace: pd.DataFrame, scale: Scale, clock: str) -> tuple[Vector, Vector]:
    lowest = np.minimum.accumulate(trace["objective"].to_numpy(float))
    return trace[clock].to_numpy(float), scale.above(lowest)
