"""A recorded run, and the command it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nmflab.store import Store


@dataclass(frozen=True)
class RecordedRun:
    """A run as the record has it.

    Parameters
    ----------
    key : str
        "" where there is no store.
    name : str
        What tells it from the others.
    dataset, solver : str
        Their labels.
    axes : mapping
        The resolved node of each axis.
    settings : mapping
        Those that belong to a run (`nmflab.config.PER_RUN`).
    case : str
    status : str
        "" where there is no store.
    fingerprint : str or None
        Of its data.
    """

    key: str
    name: str
    dataset: str
    solver: str
    axes: Mapping[str, Any]
    settings: Mapping[str, Any]
    case: str
    status: str
    fingerprint: str | None


@dataclass(frozen=True)
class Record:
    """A command of a study, as it was resolved then.

    Parameters
    ----------
    title : str
    base : mapping
        The resolved configuration that runs differ from.
    provenance : mapping
    plugins : mapping
        "solver hals" to the distribution and version it came from, where that was kept.
    started : str
    runs : list of RecordedRun
    store : Store or None
        None where there is only a summary.
    sweep : int
        Number of the command; 0 without a store.
    is_whole : bool
        Whether every run is known, and not only the first.
    """

    title: str
    base: Mapping[str, Any]
    provenance: Mapping[str, Any]
    plugins: Mapping[str, Any]
    started: str
    runs: list[RecordedRun]
    store: Store | None
    sweep: int = 0
    is_whole: bool = True


def called(node: Any) -> str:  # Any: what a file may hold
    """Return the name of a node: of its plugin, or of its loss."""
    if not isinstance(node, Mapping):
        return str(node)
    return str(node.get("loss") or node.get("name"))


def mapping_in(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a record; an empty one where there is none."""
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}
