"""The tables of metrics over seeds: of groups of runs that differ by seed only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nmflab.store.schema import LABELS, LAST_PLANS

if TYPE_CHECKING:
    import pandas as pd

GROUP_LABELS = tuple(name for name in LABELS if name != "seed")
"""What the runs of a group agree in."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended well, as one of a group.

    Parameters
    ----------
    key : str
    seed : int
    case : str
    changes : str
        JSON: how it differs from the sweep's base.
    fingerprint : str
        Of its data.
    has_factors : bool
        Whether its factors were kept and are still there.
    file : mapping or None
        "path" and "sha256" of factors in a file of their own.
    """

    key: str
    seed: int
    case: str
    changes: str
    fingerprint: str
    has_factors: bool
    file: Mapping[str, str] | None


def finished(db: sqlite3.Connection, sweep: int, folder: Path) -> Iterator[Finished]:
    """Yield the runs of a sweep that ended well, by seed."""
    rows = db.execute(
        'SELECT p.key, p.seed, p."case", p.changes, r.fingerprint, f.key, f.path,'
        " f.sha256 FROM plan p JOIN runs r ON r.key = p.key LEFT JOIN factors f"
        " ON f.key = p.key WHERE p.sweep=? AND r.status='ok'"
        " ORDER BY p.seed, p.ordinal",
        (sweep,),
    )
    for key, seed, case, changes, fingerprint, kept, path, sha256 in rows.fetchall():
        file = {"path": path, "sha256": sha256} if path else None
        is_there = not path or (folder / "factors" / Path(path).name).exists()
        has = kept is not None and is_there
        yield Finished(key, seed, case or "", changes, fingerprint or "", has, file)


def digests(db: sqlite3.Connection, group: str) -> dict[str, str]:
    """Return what each metric of a group was computed from, as a hash."""
    rows = db.execute("SELECT metric, digest FROM seed_groups WHERE id=?", (group,))
    return dict(rows)


def add(
    db: sqlite3.Connection,
    group: str,
    keys: Sequence[str],
    values: Mapping[str, float | str],
    problems: Mapping[str, str],
    digests: Mapping[str, str],
) -> None:
    """Write a group's metrics in place of those it had; see `StudyWriter`."""
    for metric, digest in digests.items():
        db.execute("DELETE FROM seed_metrics WHERE id=? AND metric=?", (group, metric))
        db.execute(
            "INSERT OR REPLACE INTO seed_groups VALUES (?, ?, ?, ?)",
            (group, metric, digest, json.dumps(list(keys))),
        )
    rows: list[tuple[str, float | None, str | None, str | None]] = [
        (name, None, value, None)
        if isinstance(value, str)
        else (name, value, None, None)
        for name, value in values.items()
    ]
    rows += [(name, None, None, why) for name, why in problems.items()]
    db.executemany(
        "INSERT OR REPLACE INTO seed_metrics VALUES (?, ?, ?, ?, ?, ?)",
        ((group, _metric_of(row[0], digests), *row) for row in rows),
    )


def _metric_of(name: str, metrics: Collection[str]) -> str:
    """Return the metric that gave a value called ``<metric>_<suffix>``."""
    fitting = [m for m in metrics if name == m or name.startswith(f"{m}_")]
    return max(fitting, key=len, default=name)


def forget(db: sqlite3.Connection, keys: Collection[str]) -> None:
    """Take back what was measured over any of these runs."""
    gone = set(keys)
    rows = db.execute("SELECT id, metric, keys FROM seed_groups").fetchall()
    for group, metric, members in rows:
        if not gone.isdisjoint(json.loads(members)):
            for table in ("seed_groups", "seed_metrics"):
                db.execute(
                    f"DELETE FROM {table} WHERE id=? AND metric=?", (group, metric)
                )


def frame(db: sqlite3.Connection) -> pd.DataFrame:
    """Return every value of every group; see `Store.group_metrics`."""
    import pandas as pd

    labels = ", ".join(f'p."{name}"' for name in GROUP_LABELS)
    known = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    if "seed_groups" not in known:  # written by an earlier nmflab
        columns = ["group", *GROUP_LABELS, "name", "value", "text", "problem"]
        return pd.DataFrame(columns=[*columns, "n_runs", "keys"])
    found = pd.read_sql_query(
        f'SELECT g.id AS "group", {labels}, m.name, m.value, m.text, m.problem, g.keys'
        " FROM seed_groups g JOIN seed_metrics m ON m.id = g.id AND m.metric = g.metric"
        f" JOIN ({LAST_PLANS}) last ON last.key = json_extract(g.keys, '$[0]')"
        ' JOIN plan p ON p.sweep = last."max(sweep)" AND p.key = last.key'
        " ORDER BY p.sweep, p.ordinal, g.id, m.name",
        db,
    )
    found["value"] = pd.to_numeric(found["value"])
    keys = [json.loads(text) for text in found.pop("keys")]
    found["n_runs"] = [len(one) for one in keys]
    found["keys"] = pd.Series(keys, index=found.index, dtype=object)
    return found
