"""The tables of a study's SQLite file, and the few helpers both sides of it need."""

from __future__ import annotations

import io
import sqlite3
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SCHEMA_VERSION = 1
"""Raised when an older nmflab could not read a file; a new column is no reason to."""

LABELS = (
    "dataset",
    "weighting",
    "split",
    "objective",
    "init",
    "solver",
    "n_components",
    "seed",
    "dtype",
    "case",
)
"""The axes, in the order their labels stand in a plan row."""

RESULTS = (
    "status",
    "reason",
    "stop",
    "fingerprint",
    "started",
    "n_steps",
    "passes",
    "seconds",
    "cpu_seconds",
    "init_seconds",
    "init_cpu_seconds",
    "load_seconds",
    "objective_start",
    "objective_value",
    "own_objective",
    "kappa",
    "validation",
    "n_active",
    "n_reseeded",
    "start_hash",
    "n_starts",
    "n_rounds",
    "objective_median",
    "objective_rank_one",
    "refit_objective",
    "refit_steps",
    "refit_seconds",
    "refit_cpu_seconds",
    "beside",
    "threads",
    "peak_memory_mb",
    "minimises",
    "nonnegative",
)
"""What a finished run's row holds, beside its key and the sweep that ran it."""

TEXT_RESULTS = frozenset(
    {"status", "reason", "stop", "fingerprint", "started"}
    | {"start_hash", "minimises", "nonnegative"}
)

_columns = ", ".join(f"{c} {'TEXT' if c in TEXT_RESULTS else 'REAL'}" for c in RESULTS)
_labels = ", ".join(
    f'"{c}" {"INTEGER" if c in ("n_components", "seed") else "TEXT"}' for c in LABELS
)

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sweeps (
    id INTEGER PRIMARY KEY, started TEXT, finished TEXT, command TEXT, base TEXT,
    provenance TEXT, notes TEXT, plugin_failures TEXT);
CREATE TABLE IF NOT EXISTS plan (
    sweep INTEGER, ordinal INTEGER, key TEXT, {_labels}, changes TEXT,
    PRIMARY KEY (sweep, ordinal)) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS plan_key ON plan (sweep, key);
CREATE TABLE IF NOT EXISTS runs (
    key TEXT PRIMARY KEY, sweep INTEGER, {_columns}, limits TEXT, starts TEXT,
    warnings TEXT, traceback TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS metrics (
    key TEXT, name TEXT, value REAL, text TEXT, problem TEXT,
    PRIMARY KEY (key, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS measured (
    key TEXT, metric TEXT, digest TEXT, PRIMARY KEY (key, metric)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seed_groups (
    id TEXT, metric TEXT, digest TEXT, keys TEXT,
    PRIMARY KEY (id, metric)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seed_metrics (
    id TEXT, metric TEXT, name TEXT, value REAL, text TEXT, problem TEXT,
    PRIMARY KEY (id, metric, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS metric_info (name TEXT PRIMARY KEY, info TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS traces (key TEXT PRIMARY KEY, points BLOB);
CREATE TABLE IF NOT EXISTS factors (
    key TEXT PRIMARY KEY, W BLOB, H BLOB, row_offset BLOB, column_offset BLOB,
    path TEXT, sha256 TEXT);
CREATE TABLE IF NOT EXISTS datasets (
    fingerprint TEXT PRIMARY KEY, label TEXT, config TEXT, facts TEXT, names TEXT,
    row_labels BLOB, X BLOB, mask BLOB);
"""

LAST_PLANS = "SELECT max(sweep), key FROM plan GROUP BY key"
"""The last sweep that planned each run, and the run."""


class StoreError(RuntimeError):
    """A study's file cannot be used; the message says which, why and how to mend it."""


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open a study's file; WAL for writers, with exclusive locking where it needs it.

    Raises
    ------
    StoreError
        If the file is missing, not a study, from a newer nmflab, or cannot be written.
    """
    if not write and not path.exists():
        raise StoreError(
            f"no study at {path.parent}: there is no {path.name} in it; name a folder"
            " that a sweep wrote, such as studies/movie_ratings"
        )
    try:
        db = _connected(path, write=write)
        _check_version(db, path, write=write)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"cannot {'write' if write else 'read'} {path}: {error}; if it was copied"
            " while a sweep ran, copy it again; if the disk is full or read-only, set"
            " study=<another folder>"
        ) from error
    return db


def _connected(path: Path, *, write: bool) -> sqlite3.Connection:
    if not write:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError:  # no shared memory on most network file systems
        db.close()
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
    # In WAL a commit at NORMAL outlives the process; only a power cut can undo it.
    db.execute("PRAGMA synchronous=NORMAL")
    return db


def _check_version(db: sqlite3.Connection, path: Path, *, write: bool) -> None:
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if "meta" not in tables:
        if tables or not write:
            raise StoreError(f"{path} is an SQLite file, but not a study of nmflab's")
        db.executescript(SCHEMA)
        db.execute(
            "INSERT OR IGNORE INTO meta VALUES ('schema_version', ?)",
            (str(SCHEMA_VERSION),),
        )
    row = db.execute("SELECT value FROM meta WHERE name='schema_version'").fetchone()
    if row is None or int(row[0]) > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer nmflab (schema {row and row[0]}, this one"
            f" reads up to {SCHEMA_VERSION}); upgrade nmflab, or set"
            " study=<another folder>"
        )
    if write:
        db.executescript(SCHEMA)  # tables that an earlier nmflab did not have
        for column in absent_results(db):
            kind = "TEXT" if column in TEXT_RESULTS else "REAL"
            db.execute(f"ALTER TABLE runs ADD COLUMN {column} {kind}")


def absent_results(db: sqlite3.Connection) -> list[str]:
    """Return the columns of `RESULTS` that the file of an earlier nmflab lacks."""
    held = {row[1] for row in db.execute("PRAGMA table_info(runs)")}
    return [column for column in RESULTS if column not in held]


def pack(array: npt.NDArray[Any] | None) -> bytes | None:
    """Return an array as compressed npy bytes (never a pickle), or None."""
    if array is None:
        return None
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return zlib.compress(buffer.getvalue(), 1)


def unpack(blob: bytes | None) -> npt.NDArray[Any] | None:
    """Return what `pack` was given."""
    if blob is None:
        return None
    content = zlib.decompress(blob)
    end = 10 + int.from_bytes(content[8:10], "little")  # of version 1 of the format
    shape, fortran_order, dtype = _header(content[:end])
    values = np.frombuffer(content, dtype, offset=end)
    return values.reshape(shape, order="F" if fortran_order else "C").copy("K")


@lru_cache(maxsize=1024)
def _header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the shape, order and dtype that the beginning of npy bytes tells.

    Headers are alike, and NumPy takes longer to read one than a trace takes to unpack.
    """
    buffer = io.BytesIO(header)
    if np.lib.format.read_magic(buffer) != (1, 0):  # longer headers, other names
        raise StoreError("an array is stored in a format that nmflab does not write")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(buffer)
    if dtype.hasobject:
        raise StoreError(
            "an array of Python objects is stored there; nmflab reads none"
        )
    return shape, fortran_order, dtype
