"""A copy of a study's file that holds only what may be passed on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmflab.store.schema import SCHEMA, SCHEMA_VERSION, connect

KEPT_EXTRAS = frozenset(
    {"licence", "citation", "source", "preparation"}
    | {"image_shape", "sample_shape", "rating_scale"}
)
"""Extras that tell of the data without holding any."""

_ORDER = {
    "sweeps": "id",
    "plan": "sweep, ordinal",
    "runs": "key",
    "metrics": "key, name",
    "measured": "key, metric",
    "seed_groups": "id, metric",
    "seed_metrics": "id, metric, name",
    "metric_info": "name",
    "traces": "key",
    "factors": "key",
    "datasets": "rowid",
}
"""What makes two copies of one study the same bytes."""

_JSON = frozenset(
    {"command", "base", "provenance", "notes", "plugin_failures", "changes"}
    | {"limits", "starts", "warnings", "config", "facts", "names", "info"}
)
_EXACT = frozenset({"key", "keys", "id", "digest", "sha256", "fingerprint", "path"})

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """What is left out of a copy, and what is done to the words in it.

    Parameters
    ----------
    told, key : callable
        Take a text, or the name of a field, and return it without what says whose
        machine it was made on.
    hosts : callable
        Takes a host's name and returns what it is called instead.
    withheld : collection of str
        Fingerprints of the data whose content is left out: X, mask, names, labels,
        extras; and of their runs the texts of metrics and the tracebacks.
    without_factors : collection of str
        Fingerprints of the data whose runs' factors are left out.
    names : collection of str
        Names of rows and columns that no text may quote.
    left_out : sequence of str
        The same in sentences, for the readers of the copy.
    """

    told: Callable[[str], str]
    key: Callable[[str], str]
    hosts: Callable[[str], str]
    withheld: Collection[str] = ()
    without_factors: Collection[str] = ()
    names: Collection[str] = ()
    left_out: Sequence[str] = ()


def cleaned_copy(folder: Path, target: Path, cleaning: Cleaning) -> list[str]:
    """Write a study's file anew; return the names of the factor files it refers to.

    Nothing that was left out, or deleted before, remains in free pages: every row is
    written into a new file, in an order that does not depend on how the study grew.

    Parameters
    ----------
    folder : Path
        The study; only read.
    target : Path
        The file to write; must not exist.
    cleaning : Cleaning

    Raises
    ------
    StoreError
        If there is no study in `folder`, or it is from a newer nmflab.
    """
    with (
        closing(connect(folder / "runs.sqlite", write=False)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as db,
    ):
        source.row_factory = sqlite3.Row
        source.execute("BEGIN")  # one moment of a study that may be growing
        db.executescript(f"PRAGMA journal_mode=OFF; {SCHEMA}")
        db.execute("BEGIN")
        db.execute(
            "INSERT INTO meta VALUES ('schema_version', ?)", (str(SCHEMA_VERSION),)
        )
        db.execute(
            "INSERT INTO meta VALUES ('left_out', ?)",
            (json.dumps(list(cleaning.left_out)),),
        )
        copy = _Copy(source, db, cleaning)
        for table in _ORDER:
            copy.table(table)
        db.execute("COMMIT")
        db.execute("VACUUM")
        return sorted(copy.files)


class _Copy:
    def __init__(
        self, source: sqlite3.Connection, db: sqlite3.Connection, cleaning: Cleaning
    ) -> None:
        self._source, self._db, self._how = source, db, cleaning
        self._kept = {
            row[0] for row in source.execute("SELECT name FROM sqlite_master")
        }
        runs = source.execute("SELECT key, fingerprint FROM runs").fetchall()
        self._withheld = {k for k, print_ in runs if print_ in cleaning.withheld}
        self._bare = {k for k, print_ in runs if print_ in cleaning.without_factors}
        self._quoted = {repr(name): "'…'" for name in cleaning.names}
        self.files: set[str] = set()

    def table(self, table: str) -> None:
        if table not in self._kept:
            return  # of an earlier nmflab
        held = {row[1] for row in self._db.execute(f"PRAGMA table_info({table})")}
        rows = self._source.execute(f"SELECT * FROM {table} ORDER BY {_ORDER[table]}")
        for row in self._rows(table, map(dict, rows)):
            names = [name for name in row if name in held]
            marks = ", ".join("?" * len(names))
            quoted = ", ".join(f'"{name}"' for name in names)
            self._db.execute(
                f"INSERT INTO {table} ({quoted}) VALUES ({marks})",
                [row[name] for name in names],
            )

    def _rows(self, table: str, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if self._left_out(table, row):
                continue
            if table == "runs" and row["key"] in self._withheld:
                row["traceback"] = None
            if table == "datasets" and row["fingerprint"] in self._how.withheld:
                _withhold(row)
            if table == "sweeps":
                row["provenance"] = self._anonymous(row["provenance"])
            if table == "factors" and row["path"]:
                row["path"] = f"factors/{Path(row['path']).name}"
                self.files.add(Path(row["path"]).name)
            yield {name: self._value(name, value) for name, value in row.items()}

    def _left_out(self, table: str, row: Row) -> bool:
        if table == "factors":
            return row["key"] in self._bare
        if table == "metrics":
            return row["text"] is not None and row["key"] in self._withheld
        if table == "seed_metrics" and row["text"] is not None:
            return row["id"] in self._groups()
        return False

    def _groups(self) -> set[str]:
        """Return the groups over seeds of withheld data."""
        rows = self._source.execute("SELECT id, keys FROM seed_groups").fetchall()
        return {
            g for g, keys in rows if not self._withheld.isdisjoint(json.loads(keys))
        }

    def _anonymous(self, text: str) -> str:
        provenance = json.loads(text)
        if provenance.get("host"):
            provenance["host"] = self._how.hosts(str(provenance["host"]))
        return json.dumps(provenance)

    def _value(self, name: str, value: Any) -> Any:  # Any: whatever SQLite holds
        if not isinstance(value, str) or name in _EXACT:
            return value
        if name in _JSON:
            return json.dumps(self.cleaned(json.loads(value)))
        return self._words(value)

    def cleaned(self, value: Any) -> Any:  # Any: of JSON
        """Return nested JSON with every text in it cleaned."""
        if isinstance(value, str):
            return self._words(value)
        if isinstance(value, list):
            return [self.cleaned(item) for item in value]
        if isinstance(value, dict):
            return {self._how.key(k): self.cleaned(item) for k, item in value.items()}
        return value

    def _words(self, text: str) -> str:
        if "'" in text or '"' in text:
            for quoted, instead in self._quoted.items():
                if quoted in text:
                    text = text.replace(quoted, instead)
        return self._how.told(text)


def _withhold(row: Row) -> None:
    """Take everything out of a data set's row that holds some of the data."""
    extras = json.loads(row["names"]).get("extras", {})
    kept = {name: value for name, value in extras.items() if name in KEPT_EXTRAS}
    row["names"] = json.dumps({"row_names": None, "column_names": None, "extras": kept})
    row["row_labels"] = row["X"] = row["mask"] = None
