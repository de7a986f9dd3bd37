"""The folder of a reproduction: its own, marked, and never the study itself."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

from nmflab.config import AXES, ConfigError
from nmflab.reproducing.recorded_runs import Record
from nmflab.sweep.nodes import node_text

MARK = "reproduces.json"
"""Beside a reproduction's store: which record it was made from."""


def usual_folder(study: Path) -> Path:
    """Return the folder of a reproduction that was given none."""
    of = _study(study)
    return of.parent / f"{of.stem if of.is_file() else of.name}-reproduced"


def _study(given: Path) -> Path:
    """Return the folder of a study that is given by its summary; else what is given."""
    path = given.resolve()
    is_part = path.is_file() and (path.parent / "runs.sqlite").exists()
    return path.parent if is_part else path


def refuse_foreign(folder: Path, study: Path, record: Record) -> None:
    """Refuse a folder in the study itself, and one that holds anything else.

    Raises
    ------
    ConfigError
        Naming the folder.
    """
    old = _study(study)
    if folder.resolve() == old or old in folder.resolve().parents:
        raise ConfigError(
            f"reproduce: into={folder} lies in the study itself, which is left as it"
            " is; name another folder"
        )
    other = _marked(folder) != _digest(record)
    if folder.exists() and other and not _is_empty(folder):
        raise ConfigError(
            f"reproduce: {folder} holds something else than this study's reproduction;"
            " name another folder with into=, or remove it"
        )


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def claim(folder: Path, record: Record) -> None:
    """Mark a folder as that of this record's reproduction.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    mark = {"study": record.title, "started": record.started, "record": _digest(record)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(json.dumps(mark), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"reproduce: cannot write {folder}: {error.strerror or error}; name a"
            " folder that may be written with into="
        ) from error


def _marked(folder: Path) -> str | None:
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return str(found["record"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(record: Record) -> str:
    """Return a hash of what a record says was asked, and of which command it is."""
    said = {axis: record.base[axis] for axis in AXES}
    names = sorted(node_text([run.axes, run.case]) for run in record.runs)
    text = node_text([said, record.started if record.store else "", names])
    return blake2b(text.encode(), digest_size=16).hexdigest()
