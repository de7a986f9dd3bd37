"""The planned runs of the studies to be merged, with what they mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nmflab.store.merging.facts import Study
from nmflab.store.merging.inputs import columns
from nmflab.store.schema import LABELS

GROUPS = ("dataset", "weighting", "split", "objective", "init", "solver")
"""Axes whose labels are short names of longer configurations."""

DIGITS = (
    "objective_value",
    "objective_start",
    "own_objective",
    "kappa",
    "n_steps",
    "validation",
    "n_active",
    "stop",
    "start_hash",
)
"""Figures of a run that are the same to the last bit where it was repeated exactly."""

LOOP = "nmflab's loop or numerics"


@dataclass(slots=True)
class Row:
    """One planned run.

    Parameters
    ----------
    study : Study
    sweep : int
        Its merged number.
    ordinal : int
    key : str
        As its study has it.
    labels : dict
        By axis; renamed on the way.
    changes : str
        JSON: what differs from the sweep's base.
    status : str
    digits : tuple
        In the order of `DIGITS`.
    meanings : dict of axis to str
        What its labels stand for, as text that can be compared; "data" is the
        fingerprint, "" where the data were never loaded.
    threads : object
        What was asked for.
    """

    study: Study
    sweep: int
    ordinal: int
    key: str
    labels: dict[str, Any]
    changes: str
    status: str
    digits: tuple[object, ...]
    meanings: dict[str, str] = field(default_factory=dict)
    threads: object = None
    new_key: str = ""
    twin_of: str | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What two studies that made the same run agree in."""
        return (*(self.labels[name] for name in LABELS), str(self.threads))


def planned(
    db: sqlite3.Connection, study: Study, before: int, settings: Sequence[str]
) -> Iterator[Row]:
    """Yield the runs that a study's reported sweeps planned, each once.

    Parameters
    ----------
    before : int
        What is added to the number of a sweep.
    settings : sequence of str
        Names of the settings that change a run's result.
    """
    at = f"s{study.number}"
    known = columns(db, study, "runs")
    digits = ", ".join(f"r.{c}" if c in known else "NULL" for c in DIGITS)
    labels = ", ".join(f'p."{name}"' for name in LABELS)
    sweeps = ", ".join(str(number - before) for number in study.sweeps)
    rows = db.execute(
        f"SELECT p.sweep, p.ordinal, p.key, p.changes, r.status, r.fingerprint,"
        f" {labels}, {digits} FROM {at}.plan p LEFT JOIN {at}.runs r ON r.key = p.key"
        f" JOIN (SELECT max(sweep) AS sweep, key FROM {at}.plan WHERE sweep IN"
        f" ({sweeps}) GROUP BY key) last ON last.sweep = p.sweep AND last.key = p.key"
        " ORDER BY p.sweep, p.ordinal"
    )
    read = _Meanings(db, study, settings)
    n = len(LABELS)
    for sweep, ordinal, key, changes, status, fingerprint, *rest in rows.fetchall():
        named = dict(zip(LABELS, rest[:n], strict=True))
        named["case"] = named["case"] or ""
        meanings = read.of(sweep, changes, fingerprint, named)
        yield Row(
            study=study,
            sweep=sweep + before,
            ordinal=ordinal,
            key=key,
            labels=named,
            changes=changes,
            status=status or "left",
            digits=tuple(rest[n:]),
            meanings=meanings,
            threads=read.threads(sweep),
        )


class _Meanings:
    """What the labels of a study's runs stand for."""

    def __init__(
        self, db: sqlite3.Connection, study: Study, settings: Sequence[str]
    ) -> None:
        at = f"s{study.number}"
        sweeps = db.execute(f"SELECT id, base, provenance FROM {at}.sweeps").fetchall()
        self._bases = {number: json.loads(base) for number, base, _ in sweeps}
        self._origins = {
            number: json.loads(said).get("origins") or {} for number, _, said in sweeps
        }
        named = db.execute(f"SELECT label, fingerprint FROM {at}.datasets").fetchall()
        self._prints: dict[str, str] = dict(named)
        self._settings = settings

    def threads(self, sweep: int) -> object:
        return (self._bases[sweep].get("limits") or {}).get("threads")

    def of(
        self,
        sweep: int,
        changes: str,
        fingerprint: str | None,
        labels: Mapping[str, Any],
    ) -> dict[str, str]:
        config = {**self._bases[sweep], **json.loads(changes)}
        # A label stands for itself where its configuration was not recorded.
        found = {axis: _text(config.get(axis, labels[axis])) for axis in GROUPS}
        settings = {name: config.get(name) for name in self._settings}
        found["data"] = fingerprint or self._prints.get(labels["dataset"], "")
        found["settings"] = _text(settings)
        for kind in ("init", "solver"):
            found[f"code of {kind}"] = self._source(sweep, kind, config.get(kind))
        return found

    def _source(self, sweep: int, kind: str, node: Any) -> str:  # Any: of JSON
        name = node.get("name") if isinstance(node, Mapping) else node
        origins = self._origins[sweep]
        own = origins.get(f"the source of {kind} {name}")
        # The loop is said of solvers alone: once is enough to keep runs apart.
        return _text([own, origins.get(LOOP)] if kind == "solver" else own)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
