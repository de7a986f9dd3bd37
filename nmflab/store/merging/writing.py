"""The tables of a merge: the small ones copied, the large ones seen through."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from nmflab.store.merging.facts import Study
from nmflab.store.merging.inputs import columns, tables
from nmflab.store.merging.planned import Row
from nmflab.store.schema import LABELS

_BY_KEY = ("runs", "metrics", "measured")


def write(
    db: sqlite3.Connection,
    studies: Sequence[Study],
    rows: Sequence[Row],
    before: Mapping[int, int],
) -> None:
    """Fill the merge with the studies' rows under their new keys and labels."""
    db.execute("CREATE TABLE keymap (key PRIMARY KEY, study, original, twin_of)")
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO keymap VALUES (?, ?, ?, ?)",
        ((row.new_key, row.study.number, row.key, row.twin_of) for row in rows),
    )
    db.execute("CREATE INDEX keymap_of ON keymap (study, original)")
    marks = ", ".join("?" * (len(LABELS) + 4))
    db.executemany(
        f"INSERT INTO plan VALUES ({marks})",
        (
            (r.sweep, r.ordinal, r.new_key, *(r.labels[n] for n in LABELS), r.changes)
            for r in rows
        ),
    )
    for study in studies:
        _copy_sweeps(db, study, before[study.number])
        for table in _BY_KEY:
            _copy_by_key(db, study, table, before[study.number])
        _copy_groups(db, study)
        _copy_datasets(db, study, rows)
        db.execute(
            "INSERT OR IGNORE INTO metric_info SELECT name, info FROM"
            f" s{study.number}.metric_info"
        )
    db.execute("COMMIT")
    for table in ("traces", "factors"):
        _see_through(db, studies, table)


def _copy_sweeps(db: sqlite3.Connection, study: Study, before: int) -> None:
    names = ", ".join(columns(db, study, "sweeps")[1:])
    db.execute(
        f"INSERT INTO sweeps (id, {names}) SELECT id + {before}, {names}"
        f" FROM s{study.number}.sweeps"
    )


def _copy_by_key(db: sqlite3.Connection, study: Study, table: str, before: int) -> None:
    if table not in tables(db, study):
        return  # of an earlier nmflab
    held = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
    shared = [c for c in columns(db, study, table) if c in held and c != "key"]
    read = [f"t.sweep + {before}" if c == "sweep" else f"t.{c}" for c in shared]
    db.execute(
        f"INSERT INTO {table} (key, {', '.join(shared)}) SELECT m.key,"
        f" {', '.join(read)} FROM s{study.number}.{table} t JOIN keymap m"
        f" ON m.study = {study.number} AND m.original = t.key"
    )


def _copy_groups(db: sqlite3.Connection, study: Study) -> None:
    """Copy the metrics over seeds of groups that no other study has whole."""
    if "seed_groups" not in tables(db, study):
        return
    at = f"s{study.number}"
    known = db.execute(
        "SELECT original, coalesce(twin_of, key) FROM keymap WHERE study=?",
        (study.number,),
    )
    new: dict[str, str] = dict(known.fetchall())
    held = {(metric, keys) for metric, keys in _held(db)}
    rows = db.execute(f"SELECT id, metric, digest, keys FROM {at}.seed_groups")
    for group, metric, digest, keys in rows.fetchall():
        members = json.loads(keys)
        if not members or not all(key in new for key in members):
            continue
        mapped = json.dumps([new[key] for key in members])
        if (metric, mapped) in held:
            continue
        name = f"{group}@{study.number + 1}"
        db.execute(
            "INSERT INTO seed_groups VALUES (?, ?, ?, ?)",
            (name, metric, digest, mapped),
        )
        db.execute(
            "INSERT INTO seed_metrics SELECT ?, metric, name, value, text, problem"
            f" FROM {at}.seed_metrics WHERE id=? AND metric=?",
            (name, group, metric),
        )


def _held(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT metric, keys FROM main.seed_groups").fetchall()


def _copy_datasets(db: sqlite3.Connection, study: Study, rows: Sequence[Row]) -> None:
    db.execute(f"INSERT OR IGNORE INTO datasets SELECT * FROM s{study.number}.datasets")
    named = {
        row.meanings["data"]: row.labels["dataset"]
        for row in rows
        if row.study.number == study.number
    }
    db.executemany(
        "UPDATE main.datasets SET label=? WHERE fingerprint=?",
        ((label, fingerprint) for fingerprint, label in named.items()),
    )


def _see_through(db: sqlite3.Connection, studies: Sequence[Study], table: str) -> None:
    """Make a table of all studies' rows that copies none: it shadows the empty one."""
    rest = ", ".join(
        f"t.{row[1]}" for row in db.execute(f"PRAGMA main.table_info({table})")
    ).removeprefix("t.key, ")
    parts = (
        f"SELECT m.key AS key, {rest} FROM main.keymap m JOIN s{study.number}.{table} t"
        f" ON t.key = m.original WHERE m.study = {study.number}"
        for study in studies
    )
    db.execute(f"CREATE TEMP VIEW {table} AS {' UNION ALL '.join(parts)}")


def unlike_metrics(db: sqlite3.Connection, studies: Sequence[Study]) -> list[str]:
    """Return the metrics whose values were computed in different ways."""
    rows = db.execute(
        "SELECT m.metric FROM main.measured m JOIN main.keymap k ON k.key = m.key"
        " GROUP BY m.metric HAVING count(DISTINCT m.digest) > 1"
        " AND count(DISTINCT k.study) > 1 ORDER BY m.metric"
    )
    return [metric for (metric,) in rows] if len(studies) > 1 else []
