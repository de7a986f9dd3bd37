"""What a merge found: studies, runs made twice, names that stood for two things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Study:
    """One of the studies merged.

    Parameters
    ----------
    number : int
        From 0, in the order they were named.
    folder : Path
    tag : str
        What it is called: its folder's name, made distinct.
    sweeps : tuple of int
        The merged numbers of its sweeps that are reported on.
    """

    number: int
    folder: Path
    tag: str
    sweeps: tuple[int, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """A run that two studies made with different digits; both are kept.

    Parameters
    ----------
    labels : mapping
        Its axes.
    studies : pair of str
        The tags of the first study that has it, and of the other.
    column : str
        The first figure that differs.
    values : pair
        As the two have it.
    """

    labels: Mapping[str, object]
    studies: tuple[str, str]
    column: str
    values: tuple[object, object]

    @property
    def relative(self) -> float | None:
        """``|a − b| / max(|a|, |b|)`` of two numbers; None for texts and gaps."""
        a, b = self.values
        if not (isinstance(a, float) and isinstance(b, float)):
            return None
        return abs(a - b) / (max(abs(a), abs(b)) or 1.0)


@dataclass(frozen=True)
class Renamed:
    """A name that stands for different things in different studies.

    Parameters
    ----------
    axis, name : str
    why : {"data", "code", "parameters"}
        What differs: the data's fingerprint, the source, or parameters and settings.
    names : mapping of str to sequence of str
        What it is called in the merge, and by which studies' tags.
    """

    axis: str
    name: str
    why: Literal["data", "code", "parameters"]
    names: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Stood:
    """A run that one study finished and another did not; the finished one counts."""

    labels: Mapping[str, object]
    study: str
    other: str
    status: str


@dataclass(frozen=True)
class Merge:
    """What was merged, and what a reader must know of it.

    Parameters
    ----------
    studies : sequence of Study
    twins : mapping of (tag, tag) to int
        Runs that two studies made with the same digits; each is counted once.
    conflicts : sequence of Conflict
    renamed : sequence of Renamed
    stood : sequence of Stood
    metrics : sequence of str
        Metrics that were not computed by the same code and parameters everywhere.
    """

    studies: Sequence[Study]
    twins: Mapping[tuple[str, str], int] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    renamed: Sequence[Renamed] = ()
    stood: Sequence[Stood] = ()
    metrics: Sequence[str] = ()
