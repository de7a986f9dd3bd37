"""The studies to be merged: checked, named, and attached to one connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from nmflab.store.merging.facts import Study
from nmflab.store.schema import SCHEMA, StoreError, connect

MOST = 10
"""Files that SQLite attaches to one connection, unless built otherwise."""


def checked(folders: Sequence[Path]) -> list[Study]:
    """Return the studies in these folders.

    Raises
    ------
    StoreError
        If one is no study or from a newer nmflab, is named twice, or there are too
        many of them.
    """
    if len(folders) > MOST:
        raise StoreError(
            f"{len(folders)} studies are named; {MOST} can be merged at a time: merge"
            " fewer, or run them into one study"
        )
    seen: dict[Path, Path] = {}
    for folder in folders:
        where = folder.resolve()
        if where in seen:
            raise StoreError(
                f"{folder} is the same study as {seen[where]}: name each one once"
            )
        seen[where] = folder
        with closing(connect(folder / "runs.sqlite", write=False)):
            pass
    tags = tags_of(list(seen))
    return [Study(n, f, tags[n]) for n, f in enumerate(folders)]


def tags_of(folders: Sequence[Path]) -> list[str]:
    """Return what tells the folders apart: their names, else with those above.

    ``a/movies`` and ``b/movies`` are called so; ``a/movies`` and ``a/texts`` are
    ``movies`` and ``texts``.
    """
    return [_told(folder, folders) for folder in folders]


def _told(folder: Path, folders: Sequence[Path]) -> str:
    for depth in range(1, len(folder.parts)):
        end = folder.parts[-depth:]
        if sum(other.parts[-depth:] == end for other in folders) == 1:
            return "/".join(end)
    return str(folder)


def attached(studies: Sequence[Study]) -> sqlite3.Connection:
    """Return an empty store in memory with the studies beside it as s0, s1..."""
    db = sqlite3.connect(":memory:", uri=True, isolation_level=None)
    db.executescript(SCHEMA)
    for study in studies:
        uri = (study.folder / "runs.sqlite").absolute().as_uri()
        db.execute(f"ATTACH ? AS s{study.number}", (f"{uri}?mode=ro",))
    return db


def tables(db: sqlite3.Connection, study: Study) -> set[str]:
    """Return the tables that a study's file has."""
    rows = db.execute(f"SELECT name FROM s{study.number}.sqlite_master")
    return {name for (name,) in rows}


def columns(db: sqlite3.Connection, study: Study, table: str) -> list[str]:
    """Return the columns that a table of a study has."""
    return [row[1] for row in db.execute(f"PRAGMA s{study.number}.table_info({table})")]
