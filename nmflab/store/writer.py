"""The one writer of a study: the coordinator's side of the store."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import Dataset, Matrix
from nmflab.store import over_seeds
from nmflab.store.lock import StudyLock, now
from nmflab.store.reader import Store
from nmflab.store.schema import LABELS, RESULTS, StoreError, connect, pack

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_RUN_COLUMNS = ("key", "sweep", *RESULTS, "limits", "starts", "warnings", "traceback")
_INSERT_RUN = (
    f"INSERT OR REPLACE INTO runs ({', '.join(_RUN_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_RUN_COLUMNS))})"
)
_INSERT_PLAN = (
    f"INSERT OR IGNORE INTO plan VALUES ({', '.join('?' * (len(LABELS) + 4))})"
)
_EMPTY = {"limits": "{}", "starts": "[]", "warnings": "[]"}
X_CELLS = 100_000
"""A dense X is kept in the store up to this many cells."""

X_STORED = 1_000_000
"""A CSR is kept up to this many stored cells: recommendations are made from it."""

EXTRA_ENTRIES = 10_000
"""Extras that are arrays are kept, as lists, up to this many entries."""

PlanRow = tuple[str, Sequence[Any], str]
"""Key, labels in the order of `LABELS`, and the JSON of the changes to the base."""


class StudyWriter:
    """Writes a study; each record is on disk when the call returns.

    Parameters
    ----------
    folder : Path
        The study's folder; made where it is missing.

    Raises
    ------
    StoreError
        If the folder cannot be written, is locked, or is from a newer nmflab.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = StudyLock(folder)
            self._lock.acquire()
        except OSError as error:
            raise StoreError(
                f"cannot write the study's folder {folder}: {error.strerror or error};"
                " give one you can write with study=<folder>"
            ) from error
        try:
            self._db = connect(folder / "runs.sqlite", write=True)
        except BaseException:
            self._lock.release()
            raise
        self.reader = Store(folder, self._db)

    def close(self) -> None:
        """Close the file and give the lock back."""
        self._db.close()
        self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write several records as one; all of them are kept, or none.

        Raises
        ------
        StoreError
            If the file cannot be written, as on a full disk.
        """
        try:
            self._db.execute("BEGIN")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:  # SQLite has left it already on a full disk
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(
                    f"cannot write {self.folder / 'runs.sqlite'}: {error}; what was"
                    " written before is kept: free some space, and give the same"
                    " command again"
                ) from error
            raise

    def _write(self, statement: str, values: Sequence[Any]) -> int:
        """Write one record; return its row's number."""
        with self.transaction():
            return self._db.execute(statement, values).lastrowid or 0

    def begin_sweep(
        self,
        *,
        command: Sequence[str],
        base: Mapping[str, Any],
        provenance: Mapping[str, Any],
        plugin_failures: Sequence[Mapping[str, Any]] = (),
    ) -> int:
        """Record a command and return its number."""
        return self._write(
            "INSERT INTO sweeps (started, command, base, provenance, notes,"
            " plugin_failures) VALUES (?, ?, ?, ?, '[]', ?)",
            (
                now(),
                json.dumps(list(command)),
                json.dumps(base),
                json.dumps(provenance),
                json.dumps(list(plugin_failures)),
            ),
        )

    def set_notes(self, sweep: int, notes: Sequence[str]) -> None:
        """Record what the plan said: collapsed axes, reuse, caps."""
        self._write(
            "UPDATE sweeps SET notes=? WHERE id=?", (json.dumps(list(notes)), sweep)
        )

    def finish_sweep(self, sweep: int) -> None:
        """Record that every planned run has its row."""
        self._write("UPDATE sweeps SET finished=? WHERE id=?", (now(), sweep))

    def add_plan(self, sweep: int, rows: Iterable[PlanRow]) -> int:
        """Record the planned runs, in order, each key once; return how many."""
        with self.transaction():
            self._db.executemany(
                _INSERT_PLAN,
                (
                    (sweep, ordinal, key, *labels, changes)
                    for ordinal, (key, labels, changes) in enumerate(rows)
                ),
            )
        return int(
            self._db.execute(
                "SELECT count(*) FROM plan WHERE sweep=?", (sweep,)
            ).fetchone()[0]
        )

    def forget_sweep(self, sweep: int) -> None:
        """Take back a sweep that planned nothing (a dry run, a refused plan)."""
        with self.transaction():
            self._db.execute("DELETE FROM plan WHERE sweep=?", (sweep,))
            self._db.execute("DELETE FROM sweeps WHERE id=?", (sweep,))

    def counts(self, sweep: int) -> dict[str, int]:
        """Return the number of planned runs by status; "left" where there is no row."""
        rows = self._db.execute(
            "SELECT coalesce(r.status, 'left'), count(*) FROM plan p"
            " LEFT JOIN runs r ON r.key = p.key WHERE p.sweep=? GROUP BY 1",
            (sweep,),
        )
        return {status: int(n) for status, n in rows}

    def existing(self, sweep: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield key, status and limits of the planned runs that have a row."""
        rows = self._db.execute(
            "SELECT r.key, r.status, r.limits FROM plan p JOIN runs r ON r.key = p.key"
            " WHERE p.sweep=?",
            (sweep,),
        )
        for key, status, limits in rows:
            yield key, status, json.loads(limits or "{}")

    def forget_runs(self, keys: Iterable[str]) -> None:
        """Take back rows that are to be run again."""
        keys = list(keys)
        with self.transaction():
            over_seeds.forget(self._db, keys)
            for key in keys:
                for table in ("runs", "metrics", "measured", "traces", "factors"):
                    self._db.execute(f"DELETE FROM {table} WHERE key=?", (key,))

    def pending(self, sweep: int) -> Iterator[tuple[int, str, str]]:
        """Yield ordinal, key and changes of the planned runs without a row, in order.

        Reads a few at a time, so that memory does not grow with the plan.
        """
        last = -1
        while True:
            rows = self._db.execute(
                "SELECT p.ordinal, p.key, p.changes FROM plan p LEFT JOIN runs r"
                " ON r.key = p.key WHERE p.sweep=? AND p.ordinal>? AND r.key IS NULL"
                " ORDER BY p.ordinal LIMIT 200",
                (sweep, last),
            ).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]

    def unmeasured(
        self, sweep: int, digests: Mapping[str, str]
    ) -> Iterator[tuple[str, str, list[str]]]:
        """Yield key, changes and missing metrics of the sweep's finished runs."""
        done: dict[str, set[str]] = {}
        for metric, digest in digests.items():
            rows = self._db.execute(
                "SELECT p.key FROM plan p JOIN measured m ON m.key = p.key"
                " WHERE p.sweep=? AND m.metric=? AND m.digest=?",
                (sweep, metric, digest),
            )
            done[metric] = {key for (key,) in rows}
        rows = self._db.execute(
            "SELECT p.key, p.changes FROM plan p JOIN runs r ON r.key = p.key"
            " JOIN factors f ON f.key = p.key WHERE p.sweep=? AND r.status='ok'",
            (sweep,),
        )
        for key, changes in rows.fetchall():
            missing = [metric for metric in digests if key not in done[metric]]
            if missing:
                yield key, changes, missing

    def unmeasurable(self, sweep: int, digests: Mapping[str, str]) -> dict[str, int]:
        """Return, by metric, how many runs lack it and have no factors to get it."""
        counts = {}
        for metric, digest in digests.items():
            (counts[metric],) = self._db.execute(
                "SELECT count(*) FROM plan p JOIN runs r ON r.key = p.key"
                " LEFT JOIN factors f ON f.key = p.key LEFT JOIN measured m"
                " ON m.key = p.key AND m.metric=? AND m.digest=? WHERE p.sweep=?"
                " AND r.status='ok' AND f.key IS NULL AND m.key IS NULL",
                (metric, digest, sweep),
            ).fetchone()
        return {metric: n for metric, n in counts.items() if n}

    def add_fit(
        self,
        key: str,
        sweep: int,
        record: Mapping[str, Any],
        arrays: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        """Record a finished run with its trace and factors, replacing an older row."""
        with self.transaction():
            self._add_run(key, sweep, record)
            if (trace := arrays.get("trace")) is not None:
                self._db.execute(
                    "INSERT OR REPLACE INTO traces VALUES (?, ?)", (key, pack(trace))
                )
            self._add_factors(key, record.get("factors"), arrays)

    def _add_run(self, key: str, sweep: int, record: Mapping[str, Any]) -> None:
        values = [key, sweep, *(record.get(column) for column in RESULTS)]
        values += [
            json.dumps(value) if (value := record.get(column)) else empty
            for column, empty in (
                ("limits", "{}"),
                ("starts", "[]"),
                ("warnings", "[]"),
            )
        ]
        self._db.execute(_INSERT_RUN, (*values, record.get("traceback")))

    def _add_factors(
        self,
        key: str,
        stored: Mapping[str, str] | None,
        arrays: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        if stored is None and "W" not in arrays:
            return
        names = ("W", "H", "row_offset", "column_offset")
        where = (stored["path"], stored["sha256"]) if stored else (None, None)
        self._db.execute(
            "INSERT OR REPLACE INTO factors VALUES (?, ?, ?, ?, ?, ?, ?)",
            (key, *(pack(arrays.get(name)) for name in names), *where),
        )

    def add_records(
        self, sweep: int, records: Iterable[tuple[str, Mapping[str, Any]]]
    ) -> None:
        """Record runs that were never started: skipped, or without their dataset."""
        with self.transaction():
            for key, record in records:
                self._add_run(key, sweep, record)

    def factor_bytes(self) -> int:
        """Return how much room the study's factors take, files included."""
        (inline,) = self._db.execute(
            "SELECT total(length(W) + length(H)) FROM factors"
        ).fetchone()
        files = (self.folder / "factors").glob("*.npz")
        return int(inline) + sum(file.stat().st_size for file in files)

    def failures(self, sweep: int) -> list[tuple[str, int]]:
        """Return the failed runs of a sweep by "status: reason", commonest first."""
        reason = "r.status || ': ' || coalesce(r.reason, '')"
        return self._reasons(sweep, reason, "NOT IN ('ok', 'skipped')")

    def skipped(self, sweep: int) -> list[tuple[str, int]]:
        """Return the skipped runs of a sweep by reason, commonest first."""
        return self._reasons(sweep, "r.reason", "= 'skipped'")

    def _reasons(self, sweep: int, reason: str, status: str) -> list[tuple[str, int]]:
        rows = self._db.execute(
            f"SELECT {reason}, count(*) AS n FROM plan p JOIN runs r ON r.key = p.key"
            f" WHERE p.sweep=? AND r.status {status} GROUP BY 1 ORDER BY n DESC, 1",
            (sweep,),
        )
        return [(str(text), int(n)) for text, n in rows]

    def last_origins(self) -> dict[str, str]:
        """Return what each name last stood for, over all sweeps of the study."""
        origins: dict[str, str] = {}
        for (text,) in self._db.execute("SELECT provenance FROM sweeps ORDER BY id"):
            origins.update(json.loads(text).get("origins", {}))
        return origins

    def add_metrics(
        self,
        key: str,
        values: Mapping[str, float | str],
        problems: Mapping[str, str],
        digests: Mapping[str, str],
    ) -> None:
        """Record measured values, and why others could not be measured."""
        rows: list[tuple[str, str, float | None, str | None, str | None]] = [
            (key, name, None, value, None)
            if isinstance(value, str)
            else (key, name, value, None, None)
            for name, value in values.items()
        ]
        rows += [(key, name, None, None, why) for name, why in problems.items()]
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", rows
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO measured VALUES (?, ?, ?)",
                ((key, metric, digest) for metric, digest in digests.items()),
            )

    def finished(self, sweep: int) -> Iterator[over_seeds.Finished]:
        """Yield the runs of a sweep that ended well, by seed."""
        return over_seeds.finished(self._db, sweep, self.folder)

    def group_digests(self, group: str) -> dict[str, str]:
        """Return what each metric over a group's seeds was computed from, as a hash."""
        return over_seeds.digests(self._db, group)

    def add_group_metrics(
        self,
        group: str,
        keys: Sequence[str],
        values: Mapping[str, float | str],
        problems: Mapping[str, str],
        digests: Mapping[str, str],
    ) -> None:
        """Record metrics over the seeds of a group, in place of those it had.

        Parameters
        ----------
        group : str
            What its runs agree in, as a hash.
        keys : sequence of str
            The runs they are of.
        values, problems : mapping
            By ``<metric>`` or ``<metric>_<suffix>``.
        digests : mapping
            By metric: what its values depend on.
        """
        with self.transaction():
            over_seeds.add(self._db, group, keys, values, problems, digests)

    def add_metric_info(self, infos: Mapping[str, Mapping[str, Any]]) -> None:
        """Record what the metrics mean: direction, range, unit, documentation."""
        with self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO metric_info VALUES (?, ?)",
                ((name, json.dumps(info)) for name, info in infos.items()),
            )

    def add_dataset(
        self,
        label: str,
        config: Mapping[str, Any],
        facts: Mapping[str, Any],
        dataset: Dataset,
    ) -> None:
        """Record a dataset: facts, names and, where it is small, X itself."""
        names = {
            "row_names": _texts(dataset.row_names),
            "column_names": _texts(dataset.column_names),
            "extras": {
                key: value.tolist() if isinstance(value, np.ndarray) else value
                for key, value in dataset.extras.items()
                if not isinstance(value, np.ndarray) or value.size <= EXTRA_ENTRIES
            },
        }
        most = X_STORED if facts["storage"] == "csr" else X_CELLS
        small = int(facts["n_stored"]) <= most
        self._write(
            "INSERT OR REPLACE INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                facts["fingerprint"],
                label,
                json.dumps(config),
                json.dumps(facts),
                json.dumps(names),
                pack(dataset.row_labels),
                _pack_matrix(dataset.X) if small else None,
                pack(dataset.mask) if small else None,
            ),
        )


def _texts(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else [str(name) for name in names]


def _pack_matrix(X: Matrix | csr_array) -> bytes | None:
    if isinstance(X, np.ndarray):
        return pack(X)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        data=X.data,
        indices=X.indices,
        indptr=X.indptr,
        shape=np.array(X.shape),
    )
    return buffer.getvalue()
