"""How a sweep ended, or would go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmflab.sweep.progress import FAILED


@dataclass(kw_only=True)
class Outcome:
    """How a sweep ended.

    Parameters
    ----------
    folder : Path
        The study's.
    counts : dict
        Planned runs by status; "left" for those an interrupt left out.
    notes : list of str
        What the plan said: collapsed axes, reuse, what changed.
    failures, skipped : list of (reason, count)
        The commonest reasons first.
    interrupted : bool
    sweep : int
        Its number in the study.
    """

    folder: Path
    counts: dict[str, int]
    notes: list[str] = field(default_factory=list)
    failures: list[tuple[str, int]] = field(default_factory=list)
    skipped: list[tuple[str, int]] = field(default_factory=list)
    interrupted: bool = False
    sweep: int = 0

    @property
    def n_failed(self) -> int:
        """Runs that ended as error, timeout, oom, crash or invalid."""
        return sum(self.counts.get(status, 0) for status in FAILED)

    @property
    def exit_code(self) -> int:
        """0: all fine; 1: a run failed, or none could be made; 130: interrupted."""
        if self.interrupted:
            return 130
        return 1 if self.n_failed or not self.counts.get("ok") else 0


@dataclass(kw_only=True)
class DryRun:
    """What a sweep would do.

    Parameters
    ----------
    folder : Path
    n_runs, n_done : int
        Planned runs, and those whose result the study already has.
    skipped : dict
        Reason to number of runs.
    first : list of tuple
        Labels of the first few runs that would be made.
    notes : list of str
    """

    folder: Path
    n_runs: int
    n_done: int
    skipped: dict[str, int]
    first: list[tuple[Any, ...]]
    notes: list[str]
