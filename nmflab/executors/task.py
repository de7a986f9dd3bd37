"""One job on its way through a child process: its phases and their clocks."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from nmflab.executors.outcomes import MEASURES, Progress
from nmflab.executors.seam import Event, Limits, Started
from nmflab.wire import Arrays

START_LIMIT_S = 120.0  # for Python and the plugins to be imported, from a cold disk too
_QUICK_S = 1.0  # a crash sooner than this, in a used child, may be an earlier job's


class Phase(enum.Enum):
    """What a child is doing for its job."""

    STARTING = enum.auto()  # Python and nmflab are imported
    LOADING = enum.auto()  # the job was sent; its plugins are imported
    RUNNING = enum.auto()  # the clock of timeout_s runs
    MEASURING = enum.auto()  # the fit is safe; the clock of metrics_timeout_s runs


@dataclass
class Task:
    """A job, its limits, and how far it got."""

    progress: Progress
    limits: Limits
    arrays: Arrays
    submitted: float = field(default_factory=time.monotonic)
    phase: Phase = Phase.STARTING
    since: float = 0.0
    attempts: int = 0
    is_told: bool = False
    on_used_child: bool = False
    peak_mb: float = 0.0
    is_overdue: bool = False

    def enter(self, phase: Phase) -> None:
        """Begin a phase, and its clock."""
        self.phase, self.since, self.is_overdue = phase, time.monotonic(), False

    @property
    def plugins(self) -> frozenset[str]:
        """The plugins a child must have loaded for it."""
        return frozenset(self.progress.job.get("plugins", ()))

    def start(self) -> Iterator[Event]:
        """Let its own clock run."""
        measures = self.progress.job["type"] in MEASURES
        self.enter(Phase.MEASURING if measures else Phase.RUNNING)
        if not self.is_told:
            self.is_told = True
            yield Started(self.progress.key)

    @property
    def limit(self) -> tuple[str, float]:
        """The name and the seconds of the limit on the present phase."""
        limits = self.limits
        if self.phase is Phase.RUNNING:
            return "limits.timeout_s", limits.timeout_s or math.inf
        if self.phase is Phase.MEASURING:
            return "limits.metrics_timeout_s", limits.metrics_timeout_s or math.inf
        return "start-up limit", START_LIMIT_S

    @property
    def is_at_fault(self) -> bool:
        """Whether the end of its child is its own doing, as far as can be known.

        Not before its own code runs; and a used child that ends at once may have been
        dead or damaged before. On a fresh one a second try tells.
        """
        if self.phase in (Phase.STARTING, Phase.LOADING):
            return False
        is_early = time.monotonic() - self.since < _QUICK_S
        return self.progress.fitted or not (self.on_used_child and is_early)
