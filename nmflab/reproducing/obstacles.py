"""What of a record cannot be run here, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nmflab.registry import Registry
from nmflab.reproducing.data import StudyData
from nmflab.reproducing.plugins import absent, why_no_node
from nmflab.reproducing.recorded_runs import Record, RecordedRun
from nmflab.sweep.nodes import node_text


@dataclass(frozen=True)
class Obstacle:
    """Why some runs, or a metric, are left out.

    Parameters
    ----------
    reason : str
        A sentence.
    runs : tuple of str
        Names of the runs; empty for a metric.
    """

    reason: str
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Runnable:
    """What can be run of what was asked for.

    Parameters
    ----------
    runs : list of RecordedRun
        With the data set to run on in their axes.
    obstacles : list of Obstacle
    notes : list of str
        Data taken from the study itself.
    """

    runs: list[RecordedRun]
    obstacles: list[Obstacle]
    notes: list[str]


def runnable(
    record: Record,
    runs: Sequence[RecordedRun],
    registry: Registry,
    settings: Mapping[str, Any],
) -> Runnable:
    """Return what can be run, and why the rest cannot; loads the data.

    Parameters
    ----------
    record : Record
    runs : sequence of RecordedRun
        Those asked for.
    registry : Registry
    settings : mapping
        Limits and executor are read.
    """
    checks = _Checks(record, registry)
    left = [(run, checks.why_not(run)) for run in runs]
    fitting = [run for run, why in left if why is None]
    data = StudyData(record, registry, settings, fitting)
    done = [(run, why or data.why_not(run)) for run, why in left]
    return Runnable(
        runs=[data.on_it(run) for run, why in done if why is None],
        obstacles=_by_reason(done),
        notes=data.notes,
    )


def _by_reason(done: Sequence[tuple[RecordedRun, str | None]]) -> list[Obstacle]:
    found: dict[str, list[str]] = {}
    for run, why in done:
        if why is not None:
            found.setdefault(why, []).append(run.name)
    return [Obstacle(reason, tuple(names)) for reason, names in found.items()]


def known_metrics(
    record: Record, registry: Registry, metrics: Sequence[str]
) -> tuple[list[str], list[Obstacle]]:
    """Return the metrics that are installed, and why the others are not measured."""
    found = [name for name in metrics if name in registry.metrics]
    missing = [name for name in metrics if name not in registry.metrics]
    return found, [
        Obstacle(f"not measured: {absent(record, registry, 'metric', name)}")
        for name in missing
    ]


class _Checks:
    """Whether the named choices of runs exist here and take their parameters."""

    def __init__(self, record: Record, registry: Registry) -> None:
        self._record, self._registry = record, registry
        self._known: dict[tuple[str, str], str | None] = {}

    def why_not(self, run: RecordedRun) -> str | None:
        """Return why a run cannot be made, its data apart."""
        for axis in ("solver", "init", "objective", "split", "weighting"):
            if (why := self._node(axis, run.axes[axis])) is not None:
                return why
        size = run.axes["n_components"]
        if not isinstance(size, int) or size < 1:
            return f"n_components={size!r} is no number of components"
        return None

    def _node(self, axis: str, node: Any) -> str | None:
        asked = (axis, node_text(node))
        if asked not in self._known:
            self._known[asked] = why_no_node(self._record, self._registry, axis, node)
        return self._known[asked]
