"""What a report reads: a study's file as DataFrames, factors and datasets."""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from nmflab.contracts import TRACE_COLUMNS, Factors, Matrix
from nmflab.store import over_seeds
from nmflab.store.records import StoredDataset, Sweep
from nmflab.store.schema import (
    LABELS,
    LAST_PLANS,
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

    from nmflab.store.merging.facts import Merge, Study

_A_TIME = 500
"""Keys in one query: SQLite takes a limited number of parameters."""


class Store:
    """A study's file, for reading.

    Parameters
    ----------
    folder : Path
        The study's folder.
    db : sqlite3.Connection, optional
        The writer's own, where nobody else can open the file (network file systems).
    address : str, optional
        See `address`; by default the folder.

    Raises
    ------
    StoreError
        If there is no study there, or it is from a newer nmflab.
    """

    def __init__(
        self,
        folder: Path,
        db: sqlite3.Connection | None = None,
        *,
        address: str | None = None,
    ) -> None:
        self.folder = folder
        self._address = address
        self._db = db or connect(folder / "runs.sqlite", write=False)

    @staticmethod
    def open(folder: Path, *, address: str | None = None) -> Store:
        """Open the study in `folder`."""
        return Store(folder, address=address)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The study's name: that of its folder."""
        return self.folder.resolve().name

    @property
    def address(self) -> str:
        """What a reader of its report types to name the study in a command."""
        return self._address or str(self.folder)

    @property
    def left_out(self) -> list[str]:
        """What an archive does not hold of the study it was made of, in sentences."""
        row = self._db.execute(
            "SELECT value FROM meta WHERE name='left_out'"
        ).fetchone()
        return [] if row is None else list(json.loads(row[0]))

    @property
    def merge(self) -> Merge | None:
        """What was merged to make this study; None for one by itself."""
        return None

    def studies_of(self) -> dict[str, Study]:
        """Return which of several merged studies each run is from, by key."""
        return {}

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
            where = f"(p.sweep, p.key) IN ({LAST_PLANS})"
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

    def asked(self, *, all_sweeps: bool = False) -> list[Sweep]:
        """Return the commands a report is about: the last one, or all."""
        sweeps = self.sweeps()
        return sweeps if all_sweeps else sweeps[-1:]

    def twins(self) -> pd.DataFrame:
        """Return the runs left out because another study of a merge has them, too.

        Columns as of `runs`; empty, without columns, for a study by itself.
        """
        import pandas as pd

        return pd.DataFrame()

    def makers(self) -> dict[str, int]:
        """Return which sweep made each run, by key."""
        return dict(self._db.execute("SELECT key, sweep FROM runs").fetchall())

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
        frame = self._frame(
            "SELECT key, name, value FROM metrics WHERE value IS NOT NULL"
        )
        frame = frame if keys is None else frame[frame["key"].isin(keys)]
        return frame.pivot(index="key", columns="name", values="value")

    def problems(self) -> pd.DataFrame:
        """Return the metrics that could not be measured: key, name, problem."""
        return self._frame(
            "SELECT key, name, problem FROM metrics WHERE problem IS NOT NULL"
        )

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
        for key, points in self.each_trace(keys):
            frame = pd.DataFrame(points, columns=list(TRACE_COLUMNS))
            frame.insert(0, "key", key)
            parts.append(frame)
        if not parts:
            return pd.DataFrame(columns=["key", *TRACE_COLUMNS])
        return pd.concat(parts, ignore_index=True)

    def each_trace(
        self, keys: Sequence[str] | None = None
    ) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
        """Yield key and trace of the runs asked for, one in memory at a time.

        Runs without a trace are left out; the order is that of the file.

        Parameters
        ----------
        keys : sequence of str, optional
            Default: every run of the study.

        Yields
        ------
        (str, ndarray of shape (n_points, 8))
            Columns `TRACE_COLUMNS`.
        """
        for key, blob in self._selected("SELECT key, points FROM traces", keys):
            points = unpack(blob)
            assert points is not None
            yield key, points

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
            " LEFT JOIN runs r ON r.key = p.key AND r.sweep = p.sweep"
            # The index of plan begins with the sweep: without it every row is read.
            " WHERE p.sweep IN (SELECT id FROM sweeps) AND p.key=?"
            " ORDER BY r.key IS NULL, p.sweep DESC LIMIT 1",
            (key,),
        ).fetchone()
        if row is None:
            raise StoreError(f"no run {key} in {self.folder}")
        return {**json.loads(row[0]), **json.loads(row[1])}

    def configs(self, sweep: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield key and full resolved configuration of the planned runs.

        What runs have in common is shared by them: it is not to be written to.

        Parameters
        ----------
        sweep : int, optional
            Those that a sweep planned, as it did; default: every run, as `config` does.
        """
        bases = {one.id: one.base for one in self.sweeps()}
        where = "" if sweep is None else f"WHERE p.sweep = {int(sweep)}"
        rows = self._db.execute(
            "SELECT p.key, p.sweep, p.changes FROM plan p LEFT JOIN runs r"
            f" ON r.key = p.key AND r.sweep = p.sweep {where}"
            " ORDER BY r.key IS NULL, p.sweep DESC, p.ordinal"
        )
        seen: set[str] = set()
        for key, planned, changes in rows:
            if key not in seen:
                seen.add(key)
                yield key, {**bases[planned], **json.loads(changes)}

    def starts(self, key: str) -> list[dict[str, Any]]:
        """Return the restarts of a run, one entry a start."""
        return list(json.loads(self._field(key, "starts") or "[]"))

    def warnings(self, key: str) -> list[str]:
        """Return what the run warned of."""
        return list(json.loads(self._field(key, "warnings") or "[]"))

    def all_warnings(self) -> dict[str, list[str]]:
        """Return what runs warned of, by key; of those only that warned."""
        rows = self._db.execute("SELECT key, warnings FROM runs WHERE warnings <> '[]'")
        return {key: json.loads(said) for key, said in rows}

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
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the rows of a query whose key is asked for, some hundreds a query."""
        if keys is None:
            yield from self._db.execute(query)
            return
        for first in range(0, len(keys), _A_TIME):
            some = keys[first : first + _A_TIME]
            marks = ", ".join("?" * len(some))
            yield from self._db.execute(f"{query} WHERE key IN ({marks})", tuple(some))

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
