"""What a report reads: a study's file as DataFrames, factors and datasets."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nmflab.contracts import TRACE_COLUMNS, Factors, Mask, Matrix
from nmflab.store import over_seeds
from nmflab.store.schema import (
    LABELS,
    RESULTS,
    TEXT_RESULTS,
    StoreError,
    absent_results,
    connect,
    unpack,
)

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One command: what was asked, where it ran, and what its plan said.

    Parameters
    ----------
    id : int
    started, finished : str
        ISO 8601, UTC; `finished` is None for a sweep that was interrupted.
    command : list of str
        The overrides, as typed.
    base : mapping
        The resolved configuration that the runs' changes are applied to.
    provenance : mapping
        Versions, host, CPU, BLAS, threads, git commit.
    notes : list of str
        Collapsed axes, reused runs, caps.
    plugin_failures : list of mapping
    """

    id: int
    started: str
    finished: str | None
    command: list[str]
    base: Mapping[str, Any]
    provenance: Mapping[str, Any]
    notes: list[str]
    plugin_failures: list[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """A dataset as the store keeps it; X and mask only where they are small."""

    fingerprint: str
    label: str
    config: Mapping[str, Any]
    facts: Mapping[str, Any]
    row_names: list[str] | None
    column_names: list[str] | None
    row_labels: npt.NDArray[Any] | None
    extras: Mapping[str, Any]
    X: Matrix | csr_array | None
    mask: Mask | None

    @property
    def licence(self) -> str | None:
        """The terms of use, where the data state them."""
        return self.extras.get("licence")

    @property
    def citation(self) -> str | None:
        """How the data's authors ask to be cited."""
        return self.extras.get("citation")


class Store:
    """A study's file, for reading.

    Parameters
    ----------
    folder : Path
        The study's folder.
    db : sqlite3.Connection, optional
        The writer's own, where nobody else can open the file (network file systems).

    Raises
    ------
    StoreError
        If there is no study there, or it is from a newer nmflab.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection | None = None) -> None:
        self.folder = folder
        self._db = db or connect(folder / "runs.sqlite", write=False)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the study in `folder`."""
        return cls(folder)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The study's name: that of its folder."""
        return self.folder.resolve().name

    def sweeps(self) -> list[Sweep]:
        """Return every command given to this study, oldest first."""
        rows = self._db.execute(
            "SELECT id, started, finished, command, base, provenance, notes,"
            " plugin_failures FROM sweeps ORDER BY id"
        )
        return [
            Sweep(
                id=row[0],
                started=row[1],
                finished=row[2],
                command=json.loads(row[3]),
                base=json.loads(row[4]),
                provenance=json.loads(row[5]),
                notes=json.loads(row[6]),
                plugin_failures=json.loads(row[7]),
            )
            for row in rows
        ]

    def runs(
        self, sweep: int | None = None, *, all_sweeps: bool = False
    ) -> pd.DataFrame:
        """Return one row a planned run: labels, status and results.

        Parameters
        ----------
        sweep : int, optional
            Default: the last one.
        all_sweeps : bool, default False
            Every run of the study, each once, labelled as its last sweep did.
        """
        import pandas as pd

        labels = ", ".join(f'p."{name}"' for name in LABELS)
        absent = absent_results(self._db)
        results = ", ".join(
            f"NULL AS {name}" if name in absent else f"r.{name}" for name in RESULTS
        )
        if all_sweeps:
            where = "p.sweep = (SELECT max(sweep) FROM plan q WHERE q.key = p.key)"
        else:
            number = (
                "(SELECT max(id) FROM sweeps)" if sweep is None else str(int(sweep))
            )
            where = f"p.sweep = {number}"
        frame = self._frame(
            f"SELECT p.key, p.ordinal, p.sweep, {labels}, {results},"
            " (r.sweep IS NOT NULL AND r.sweep <> p.sweep) AS reused"
            f" FROM plan p LEFT JOIN runs r ON r.key = p.key WHERE {where}"
            " ORDER BY p.sweep, p.ordinal"
        )
        frame["status"] = frame["status"].fillna("left")
        for column in set(RESULTS) - TEXT_RESULTS:  # all-NULL columns come as objects
            frame[column] = pd.to_numeric(frame[column])
        frame["reused"] = frame["reused"].astype(bool)
        return frame

    def made(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield key, status and limits of every run that has a row."""
        for key, status, limits in self._db.execute(
            "SELECT key, status, limits FROM runs"
        ):
            yield key, status, json.loads(limits or "{}")

    def metrics(self, keys: Sequence[str] | None = None) -> pd.DataFrame:
        """Return measured values in long form: key, name, value, text, problem."""
        frame = self._frame("SELECT key, name, value, text, problem FROM metrics")
        return frame if keys is None else frame[frame["key"].isin(keys)]

    def metric_table(self, keys: Sequence[str] | None = None) -> pd.DataFrame:
        """Return numeric metrics, one column each, indexed by key."""
        frame = self.metrics(keys)
        frame = frame[frame["value"].notna()]
        return frame.pivot(index="key", columns="name", values="value")

    def group_metrics(self) -> pd.DataFrame:
        """Return metrics over seeds in long form, one row a value or a problem.

        Columns: group (a hash of what its runs agree in), every label but the seed,
        name, value, text, problem, n_runs, and keys, the list of its runs by seed.
        """
        return over_seeds.frame(self._db)

    def metric_info(self) -> dict[str, dict[str, Any]]:
        """Return direction, range, unit and documentation of each metric."""
        rows = self._db.execute("SELECT name, info FROM metric_info")
        return {name: json.loads(info) for name, info in rows}

    def traces(self, keys: Sequence[str] | None = None) -> pd.DataFrame:
        """Return every evaluation of the runs asked for: key and `TRACE_COLUMNS`."""
        import pandas as pd

        parts = []
        for key, points in self._selected("SELECT key, points FROM traces", keys):
            points = unpack(points)
            frame = pd.DataFrame(points, columns=list(TRACE_COLUMNS))
            frame.insert(0, "key", key)
            parts.append(frame)
        if not parts:
            return pd.DataFrame(columns=["key", *TRACE_COLUMNS])
        return pd.concat(parts, ignore_index=True)

    def factors(self, key: str) -> Factors | None:
        """Return a run's factors in float64, or None where none were kept.

        Raises
        ------
        StoreError
            If its file is gone or is not the one that was recorded.
        """
        row = self._db.execute(
            "SELECT W, H, row_offset, column_offset, path, sha256 FROM factors"
            " WHERE key=?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        arrays = self._from_file(*row[4:]) if row[4] else [unpack(b) for b in row[:4]]
        W, H, row_offset, column_offset = (
            None if a is None else a.astype(np.float64) for a in arrays
        )
        assert W is not None
        assert H is not None
        return Factors(W, H, row_offset, column_offset)

    def _from_file(self, path: str, sha256: str) -> list[npt.NDArray[Any] | None]:
        file = self.folder / "factors" / Path(path).name
        try:
            content = file.read_bytes()
        except OSError as error:
            raise StoreError(
                f"the factors {file} are gone ({error.strerror}); run the sweep again"
                " with retry=ok to make them anew"
            ) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError(
                f"the factors {file} are not the ones that were recorded (sha256"
                " differs); restore the file, or run the sweep again with retry=ok"
            )
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            names = ("W", "H", "row_offset", "column_offset")
            return [loaded.get(name) for name in names]

    def config(self, key: str) -> dict[str, Any]:
        """Return the full resolved configuration of a run."""
        row = self._db.execute(
            "SELECT s.base, p.changes FROM plan p JOIN sweeps s ON s.id = p.sweep"
            " LEFT JOIN runs r ON r.key = p.key AND r.sweep = p.sweep WHERE p.key=?"
            " ORDER BY r.key IS NULL, p.sweep DESC LIMIT 1",
            (key,),
        ).fetchone()
        if row is None:
            raise StoreError(f"no run {key} in {self.folder}")
        return {**json.loads(row[0]), **json.loads(row[1])}

    def starts(self, key: str) -> list[dict[str, Any]]:
        """Return the restarts of a run, one entry a start."""
        return list(json.loads(self._field(key, "starts") or "[]"))

    def warnings(self, key: str) -> list[str]:
        """Return what the run warned of."""
        return list(json.loads(self._field(key, "warnings") or "[]"))

    def traceback(self, key: str) -> str | None:
        """Return the traceback of a run that raised."""
        text = self._field(key, "traceback")
        return None if text is None else str(text)

    def datasets(self) -> list[StoredDataset]:
        """Return every dataset of the study."""
        rows = self._db.execute("SELECT fingerprint FROM datasets ORDER BY rowid")
        return [self.dataset(fingerprint) for (fingerprint,) in rows.fetchall()]

    def dataset(self, fingerprint: str) -> StoredDataset:
        """Return one dataset by its fingerprint."""
        row = self._db.execute(
            "SELECT label, config, facts, names, row_labels, X, mask FROM datasets"
            " WHERE fingerprint=?",
            (fingerprint,),
        ).fetchone()
        if row is None:
            raise StoreError(f"no dataset {fingerprint} in {self.folder}")
        facts, names = json.loads(row[2]), json.loads(row[3])
        return StoredDataset(
            fingerprint=fingerprint,
            label=row[0],
            config=json.loads(row[1]),
            facts=facts,
            row_labels=unpack(row[4]),
            X=_unpack_matrix(row[5], facts["storage"]),
            mask=unpack(row[6]),
            **names,
        )

    def _field(self, key: str, column: str) -> Any:  # Any: whatever SQLite holds there
        row = self._db.execute(
            f"SELECT {column} FROM runs WHERE key=?", (key,)
        ).fetchone()
        return None if row is None else row[0]

    def _selected(
        self, query: str, keys: Sequence[str] | None
    ) -> sqlite3.Cursor | list[tuple[str, bytes]]:
        if keys is None:
            return self._db.execute(query)
        asked = (self._db.execute(f"{query} WHERE key=?", (key,)) for key in keys)
        return [row for cursor in asked for row in cursor]

    def _frame(self, query: str) -> pd.DataFrame:
        import pandas as pd

        return pd.read_sql_query(query, self._db)


def _unpack_matrix(blob: bytes | None, storage: str) -> Matrix | csr_array | None:
    if blob is None or storage == "dense":
        return unpack(blob)
    from scipy.sparse import csr_array

    with np.load(io.BytesIO(blob), allow_pickle=False) as parts:
        return csr_array(
            (parts["data"], parts["indices"], parts["indptr"]),
            shape=tuple(parts["shape"]),
        )
